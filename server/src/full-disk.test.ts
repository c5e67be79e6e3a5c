import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { etcdserverpb } from "@gauntlet/proto";
import { afterAll, describe, expect, test } from "vitest";
import { ServerProcess, freePorts, until } from "./testing/cluster.js";
import { NodeClient, bytes } from "./testing/grpc.js";
import { smallDisk } from "./testing/small-disk.js";

const disk = smallDisk(16);
if (disk === null)
  process.stdout.write("skipped: a server on a full disk, for nothing may be mounted here\n");

const VALUE = Buffer.alloc(60_000, "x");
const NO_SPACE = "etcdserver: mvcc: database space exceeded";

describe.skipIf(disk === null)("a server on a disk without a free byte", () => {
  if (disk === null) return;
  const dataDir = join(disk.path, "data");
  const servers: ServerProcess[] = [];

  afterAll(async () => {
    for (const server of servers) await server.end("SIGKILL");
    disk.unmount();
  });

  test("starts after a kill, answers reads, refuses writes, and takes them again when there is room", async () => {
    const [clients = 0, peers = 0, metrics = 0] = await freePorts(3);
    const url = (port: number) => `http://127.0.0.1:${port}`;
    const start = (): ServerProcess => {
      const server = new ServerProcess([
        "--name=n1",
        `--data-dir=${dataDir}`,
        `--initial-cluster=n1=${url(peers)}`,
        `--listen-client-url=${url(clients)}`,
        `--listen-peer-url=${url(peers)}`,
        `--listen-metrics-url=${url(metrics)}`,
        "--segment-bytes=1000000",
        "--checkpoint-log-bytes=300000",
        "--election-timeout-ms=500",
        "--heartbeat-interval-ms=50",
      ]);
      servers.push(server);
      return server;
    };
    const client = new NodeClient(`127.0.0.1:${clients}`);
    const put = (key: string) => client.put({ key: bytes(key), value: VALUE });
    const has = async (key: string, serializable: boolean): Promise<boolean> => {
      const { kvs } = await client.range({ key: bytes(key), serializable });
      return kvs?.length === 1 && VALUE.equals(kvs[0]?.value ?? new Uint8Array());
    };

    const first = start();
    await until("it takes a write", () => put("0"));
    for (let at = 1; at < 12; at += 1) await put(String(at));
    expect(first.logged("checkpoint written").length).toBeGreaterThan(0);
    await disk.fill();
    let last = "";
    const refusal = await until("it refuses writes", async () => {
      const key = `full ${Number(last.slice(5)) + 1}`;
      const failure = await put(key).then(
        () => null,
        (error: { details: string }) => error,
      );
      if (failure === null) last = key;
      return failure;
    });
    expect(refusal).toMatchObject({ details: NO_SPACE });
    await first.end("SIGKILL");
    // Not even what the next start gives back by itself.
    await rm(join(dataDir, "prepared.tmp"), { force: true });
    await disk.fill();

    const second = start();
    await until("it answers linearizable reads", () => has("0", false));
    for (const serializable of [true, false]) {
      for (const key of ["0", "11", ...(last === "" ? [] : [last])])
        expect(await has(key, serializable)).toBe(true);
    }
    await expect(put("refused")).rejects.toMatchObject({ details: NO_SPACE });
    expect((await client.alarm({})).alarms).toMatchObject([{ alarm: etcdserverpb.AlarmType.NOSPACE }]);
    expect(await (await fetch(`${url(metrics)}/health`)).json()).toMatchObject({ reason: "ALARM NOSPACE" });

    await disk.makeRoom();
    await until("it takes writes by itself", () => put("again"));
    expect((await client.alarm({})).alarms ?? []).toEqual([]);
    expect((await client.range({ key: bytes("refused") })).kvs ?? []).toEqual([]);
    expect(await second.end("SIGTERM")).toBe(0);
    expect(await readFile(join(dataDir, "member.json"), "utf8")).toContain('"name":"n1"');
    client.close();
  }, 120_000);
});
