import { cp, mkdir, mkdtemp, readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { execFileSync, spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ServerProcess, freePorts, until } from "./testing/cluster.js";
import { NodeClient, bytes } from "./testing/grpc.js";

/**
 * The built program on data directories as people leave them: it starts with all that was acknowledged, or ends with 1 and one line
 * that says what to do. (wal/damage.test.ts has every byte of small logs.)
 */
const KEYS = ["1", "2", "3", "4"];
const isRoot = process.getuid?.() === 0;
const mayMount = isRoot && spawnSync("unshare", ["--mount", "true"]).status === 0;
if (!mayMount)
  process.stdout.write("skipped: directories of others or read-only, which only root can make here\n");

let root: string;
let ports: readonly number[];
let sound: string;
let count = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "gauntlet-bad-"));
  ports = await freePorts(3);
  sound = join(root, "sound");
  const server = start(sound);
  const client = new NodeClient(`127.0.0.1:${ports[0]}`);
  // Several segments: each value is half of one.
  for (const key of KEYS) {
    await until(`${key} is written`, () => client.put({ key: bytes(key), value: Buffer.alloc(70_000, key) }));
  }
  client.close();
  await server.end("SIGTERM");
}, 120_000);

afterAll(() => rm(root, { recursive: true, force: true }));

function start(dataDir: string, prefix: readonly string[] = []): ServerProcess {
  const [clients = 0, peers = 0, metrics = 0] = ports;
  const url = (port: number) => `http://127.0.0.1:${port}`;
  const args = [
    "--name=n1",
    `--data-dir=${dataDir}`,
    `--initial-cluster=n1=${url(peers)}`,
    `--listen-client-url=${url(clients)}`,
    `--listen-peer-url=${url(peers)}`,
    `--listen-metrics-url=${url(metrics)}`,
    "--segment-bytes=150000",
    "--election-timeout-ms=500",
    "--heartbeat-interval-ms=50",
  ];
  const [program, ...words] = prefix;
  if (program === undefined) return new ServerProcess(args);
  return new ServerProcess(["-e", LAUNCH, program, ...words, process.execPath, SERVER, ...args], []);
}

const SERVER = new URL("../bin/gauntlet-server.js", import.meta.url).pathname;
/** Another program with the server as its argument, in the place of the server. */
const LAUNCH = `const { status, stdout, stderr } = require("node:child_process").spawnSync(process.argv[1], process.argv.slice(2));
process.stdout.write(stdout); process.stderr.write(stderr); process.exit(status ?? 1);`;

async function directory(change: (path: string) => unknown): Promise<string> {
  const path = join(root, `case-${++count}`);
  await cp(sound, path, { recursive: true });
  await change(path);
  return path;
}

/** The line with which it refuses; null: it serves, and has all that was acknowledged. */
async function outcome(path: string, prefix: readonly string[] = []): Promise<string | null> {
  const server = start(path, prefix);
  const client = new NodeClient(`127.0.0.1:${ports[0]}`);
  let ended = false;
  const exit = server.exit().then((code) => ((ended = true), code));
  try {
    await until("it serves or ends", async () => {
      if (ended) return true;
      await client.range({ key: bytes("1") });
      return true;
    });
    if (!ended) {
      for (const key of KEYS) {
        const { kvs } = await client.range({ key: bytes(key) });
        if (kvs?.length !== 1) throw new Error(`it serves without key ${key}`);
      }
      return null;
    }
    expect(await exit).toBe(1);
    expect(server.stderr).toMatch(/^gauntlet-server: [^\n]+\n$/);
    expect(server.stdout).not.toContain('"stack"');
    return server.stderr;
  } finally {
    client.close();
    await server.end("SIGKILL");
    await exit;
  }
}

async function segments(path: string): Promise<string[]> {
  return (await readdir(path))
    .filter((name) => /^\d+\.wal$/.test(name))
    .toSorted()
    .map((name) => join(path, name));
}

const COPY = /from a copy/;

test.each<[string, (path: string) => unknown, RegExp]>([
  ["the first segment is missing", async (path) => rm((await segments(path))[0] ?? ""), COPY],
  ["a segment in the middle is missing", async (path) => rm((await segments(path))[1] ?? ""), COPY],
  ["the last segment is missing", async (path) => rm((await segments(path)).at(-1) ?? ""), COPY],
  [
    "all segments are missing",
    async (path) => Promise.all((await segments(path)).map((name) => rm(name))),
    COPY,
  ],
  [
    "a segment is a directory",
    (path) => mkdir(join(path, "0000000000000099.wal")),
    /a directory stands where a file.*99\.wal/,
  ],
  [
    "member.json is a directory",
    async (path) => {
      await rm(join(path, "member.json"));
      await mkdir(join(path, "member.json"));
    },
    /a directory stands where a file.*member\.json/,
  ],
  [
    "the state is a file",
    async (path) => {
      await rm(join(path, "state-0"), { recursive: true });
      await writeFile(join(path, "state-0"), "x");
    },
    /a file stands where a directory is needed: .*state-0/,
  ],
  ["it was marked as corrupt", (path) => writeFile(join(path, "corrupt"), ""), /gauntlet-server rebuild/],
])(
  "refused with what to do: %s",
  async (_what, change, line) => {
    const path = await directory(change);
    expect(await outcome(path)).toMatch(line);
    // Nothing got worse by it.
    expect(await outcome(path)).toMatch(line);
  },
  120_000,
);

test.each<[string, (path: string) => unknown]>([
  ["member.json is empty", (path) => truncate(join(path, "member.json"))],
  ["member.json is damaged", (path) => writeFile(join(path, "member.json"), "{{{")],
  ["a state without its data, beside a whole log", (path) => rm(join(path, "state-0", "data.mdb"))],
  [
    "files that are not the server's",
    async (path) => {
      await writeFile(join(path, "notes.txt"), "x");
      await mkdir(join(path, "lost+found"));
    },
  ],
])(
  "served, with all that was acknowledged: %s",
  async (_what, change) => {
    expect(await outcome(await directory(change))).toBeNull();
  },
  120_000,
);

test("a log cut at some bytes, or with some byte flipped, is served whole or refused", async () => {
  let refused = 0;
  for (const share of [0.1, 0.5, 0.9, 0.999]) {
    for (const how of ["cut", "flipped"]) {
      const path = await directory(async (each) => {
        const [segment = ""] = (await segments(each)).slice(-2);
        const log = await readFile(segment);
        const at = Math.floor(share * log.findLastIndex((byte) => byte !== 0));
        if (how === "cut") return truncate(segment, at);
        log.writeUInt8(log.readUInt8(at) ^ 1, at);
        return writeFile(segment, log);
      });
      // Alone it has nobody to get anything from.
      const line = await outcome(path);
      expect(line ?? "served whole").toMatch(/served whole|from a copy/);
      refused += Number(line !== null);
    }
  }
  expect(refused).toBeGreaterThan(0);
}, 240_000);

test.runIf(isRoot)(
  "without rights it says who has to have them",
  async () => {
    const path = await directory(() => undefined);
    execFileSync("chmod", ["-R", "a+rX", root]);
    const nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
    expect(await outcome(path, nobody)).toMatch(
      /EACCES.*must belong to the user who runs the server, uid 65534/,
    );
  },
  60_000,
);

test.runIf(mayMount)(
  "on a read-only file system it says so",
  async () => {
    const path = await directory(() => undefined);
    const readOnly = [
      "unshare",
      "--mount",
      "sh",
      "-c",
      `mount --bind "${root}" "${root}" && mount -o remount,bind,ro "${root}" && exec "$@"`,
      "sh",
    ];
    expect(await outcome(path, readOnly)).toMatch(/EROFS.*a server has to write there/);
    expect(await outcome(join(root, "new"), readOnly)).toMatch(
      /cannot be made there: the file system may be read-only/,
    );
  },
  60_000,
);
