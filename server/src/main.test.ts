import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverBundle } from "./bundle.js";
import { ServerProcess, freePorts, until } from "./testing/cluster.js";
import { NodeClient, bytes } from "./testing/grpc.js";

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "gauntlet-"));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

interface Flags {
  readonly client: number;
  readonly peer: number;
  readonly metrics: number;
  readonly dataDir: string;
  readonly cluster?: string;
  readonly token?: string;
}

async function flags(dataDir: string): Promise<Flags> {
  const [client = 0, peer = 0, metrics = 0] = await freePorts(3);
  return { client, peer, metrics, dataDir: join(directory, dataDir) };
}

function args({ client, peer, metrics, dataDir, cluster, token = "test" }: Flags, name = "n1"): string[] {
  return [
    `--name=${name}`,
    `--data-dir=${dataDir}`,
    `--initial-cluster=${cluster ?? `${name}=http://127.0.0.1:${peer}`}`,
    `--initial-cluster-token=${token}`,
    `--listen-client-url=http://127.0.0.1:${client}`,
    `--listen-peer-url=http://127.0.0.1:${peer}`,
    `--listen-metrics-url=http://127.0.0.1:${metrics}`,
    "--heartbeat-interval-ms=20",
    "--election-timeout-ms=200",
  ];
}

async function withServer<Result>(server: ServerProcess, use: () => Promise<Result>): Promise<Result> {
  try {
    return await use();
  } finally {
    await server.end("SIGKILL");
  }
}

async function putSoon(address: string, key: string, value: Uint8Array): Promise<void> {
  const client = new NodeClient(address);
  await until("a put succeeds", () => client.put({ key: bytes(key), value }));
  client.close();
}

describe("a start that cannot be", () => {
  async function failure(argv: readonly string[]): Promise<[number | null, string]> {
    const server = new ServerProcess(argv);
    return [await server.exit(), server.stderr];
  }

  test("for a wrong flag exits with 64 and one line", async () => {
    const given = args(await flags("wrong-flag"));
    expect(await failure([...given, "--election-timeout-ms=soon"])).toEqual([
      64,
      'gauntlet-server: --election-timeout-ms: must be a whole number, got "soon"\n',
    ]);
  });

  test("for a port in use names the address and the flag", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    for (const [field, flag] of [
      ["client", "--listen-client-url"],
      ["peer", "--listen-peer-url"],
      ["metrics", "--listen-metrics-url"],
    ] as const) {
      const given = args({ ...(await flags(`taken-${field}`)), [field]: port });
      const [code, text] = await failure(given);
      const line = `${flag}: cannot listen on 127.0.0.1:${port}: the port is in use by another process`;
      expect([code, text]).toEqual([1, `gauntlet-server: ${line}\n`]);
    }
    taken.close();
  });

  test("for a data directory that is a file says so", async () => {
    const plan = await flags("file");
    await writeFile(plan.dataDir, "");
    for (const dataDir of [plan.dataDir, join(plan.dataDir, "below")]) {
      const reason = "a file stands where a directory is needed";
      expect(await failure(args({ ...plan, dataDir }))).toEqual([
        1,
        `gauntlet-server: --data-dir: cannot use ${dataDir}: ${reason}\n`,
      ]);
    }
  });

  test("for a directory of another member, or in use, says which", async () => {
    const plan = await flags("taken-directory");
    const first = new ServerProcess(args(plan));
    await withServer(first, async () => {
      await putSoon(`127.0.0.1:${plan.client}`, "a", bytes("b"));
      const second = { ...(await flags("unused")), dataDir: plan.dataDir };
      expect(await failure(args(second))).toEqual([
        1,
        `gauntlet-server: ${plan.dataDir} is in use by another gauntlet-server\n`,
      ]);
    });
    const [code, text] = await failure(args(plan, "n2"));
    expect([code, text.split("\n").length]).toEqual([1, 2]);
    expect(text).toContain("member");
  });
});

test("members of two clusters refuse each other, and both say so once", async () => {
  const one = await flags("cluster-one");
  const other = await flags("cluster-two");
  const cluster = `n1=http://127.0.0.1:${one.peer},n2=http://127.0.0.1:${other.peer}`;
  const first = new ServerProcess(args({ ...one, cluster, token: "one" }, "n1"));
  const second = new ServerProcess(args({ ...other, cluster, token: "two" }, "n2"));
  await withServer(first, () =>
    withServer(second, async () => {
      const told = (server: ServerProcess, message: string) => async () =>
        server.logged(message).length > 0 ? true : null;
      for (const server of [first, second]) {
        await until("the dialler is told", told(server, "peer refused"));
        await until("the receiver says so", told(server, "peer stream refused"));
      }
      // Several dials later there is still one line of each.
      await new Promise((resolve) => setTimeout(resolve, 700));
      for (const server of [first, second]) {
        expect(server.logged("peer refused")).toHaveLength(1);
        expect(server.logged("peer stream refused")).toHaveLength(1);
        expect(String(server.logged("peer refused")[0]?.["reason"])).toContain("--initial-cluster-token");
      }
    }),
  );
});

test("the server works as one bundled file, far from its packages", async () => {
  const outfile = join(directory, "server.cjs");
  await build({
    ...serverBundle,
    entryPoints: [fileURLToPath(new URL("main.ts", import.meta.url))],
    outfile,
  });
  const plan = await flags("bundled");
  const server = new ServerProcess(args(plan), [outfile]);
  await withServer(server, async () => {
    const address = `127.0.0.1:${plan.client}`;
    await putSoon(address, "a", bytes("b"));
    const client = new NodeClient(address);
    const { kvs } = await client.range({ key: bytes("a") });
    expect(kvs?.map(({ mod_revision }) => String(mod_revision))).toEqual(["2"]);
    // A 64-bit number that a double cannot hold: bundled without long.js it would arrive rounded.
    const future = client.range({ key: bytes("a"), revision: 2 ** 60 });
    await expect(future).rejects.toMatchObject({ details: expect.stringContaining("future revision") });
    client.close();
  });
});
