import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ServerProcess, TestCluster, until } from "./testing/cluster.js";
import type { TestNode } from "./testing/cluster.js";

const MIB = 1024 * 1024;
/** More than a leader keeps in memory for those who lag. */
const WRITES = 20;

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start(3, undefined, [
    `--checkpoint-log-bytes=${2 * MIB}`,
    `--segment-bytes=${4 * MIB}`,
  ]);
}, 120_000);

afterAll(() => cluster.stop(), 60_000);

async function write(count: number, prefix: string): Promise<void> {
  const leader = await cluster.leader();
  for (let at = 0; at < count; at += 1) {
    await leader.client.put({ key: Buffer.from(`${prefix} ${at}`), value: Buffer.alloc(MIB, at) });
  }
}

/** It has what all have, by its own account. */
async function caughtUp(node: TestNode): Promise<void> {
  const leader = await cluster.leader();
  await until("the node has the same state", async () => {
    const [own, other] = await Promise.all([node, leader].map(({ client }) => client.hashKV({})));
    return own?.hash === other?.hash && String(own?.header?.revision) === String(other?.header?.revision)
      ? true
      : null;
  });
}

async function walSegments(node: TestNode): Promise<string[]> {
  const names = await readdir(join(cluster.directory, node.name));
  return names.filter((name) => /^\d+\.wal$/.test(name)).toSorted();
}

test("logs are cut, and a process that was away for longer is sent the state", async () => {
  const [away] = await cluster.followers();
  if (away === undefined) throw new Error("there is no follower");
  await away.end("SIGKILL");
  await write(WRITES, "away");
  const leader = await cluster.leader();
  await until("the leader's log is cut", async () =>
    (await walSegments(leader))[0]?.startsWith("0000000000000001") ? null : true,
  );
  away.start();
  await caughtUp(away);
  expect(away.process?.logged("snapshot installed")).toHaveLength(1);
  // Attempts may fail, as before they are connected; one arrived.
  await until("its sender knows", async () => {
    const sent = cluster.running.flatMap((node) => node.process?.logged("snapshot sent") ?? []);
    return sent.filter((line) => (line["error"] ?? null) === null).length === 1 ? true : null;
  });
  await write(3, "after");
  await caughtUp(away);
}, 120_000);

test("a process that is killed begins with its checkpoint", async () => {
  const [node] = await cluster.followers();
  if (node === undefined) throw new Error("there is no follower");
  const written = () => node.process?.logged("checkpoint written") ?? [];
  const before = written().length;
  await write(3, "checkpoint");
  const checkpoint = await until("it writes another one", async () => written()[before] ?? null);
  await node.end("SIGKILL");
  node.start();
  await caughtUp(node);
  expect(node.process?.logged("snapshot installed")).toEqual([]);
  expect(Number(checkpoint["index"])).toBeGreaterThan(0);
}, 120_000);

test("a process whose log is damaged says so, and gets what it lost from the others", async () => {
  const [node] = await cluster.followers();
  if (node === undefined) throw new Error("there is no follower");
  const leader = await cluster.leader();
  // Too little for another checkpoint.
  for (let at = 0; at < 10; at += 1) await leader.client.put({ key: Buffer.from(`before the damage ${at}`) });
  await caughtUp(node);
  await node.end("SIGTERM");
  const name = (await walSegments(node)).at(-1) ?? "";
  const path = join(cluster.directory, node.name, name);
  const bytes = await readFile(path);
  const end = bytes.findLastIndex((byte) => byte !== 0);
  bytes.writeUInt8(bytes.readUInt8(Math.floor(end / 2)) ^ 1, Math.floor(end / 2));
  await writeFile(path, bytes);
  await write(1, "meanwhile");
  node.start();
  await caughtUp(node);
  const said =
    node.process?.logged("damage on disk: begun anew; what is lost comes from the other members") ?? [];
  expect(said.map((line) => String(line["reason"]))).toEqual([expect.stringContaining(name)]);
  await until("it votes again", async () =>
    node.process?.logged("all that was lost is back: this member votes again").length === 1 ? true : null,
  );
}, 120_000);

test("a process that is marked as corrupt stays down until it is rebuilt by one command", async () => {
  const [node] = await cluster.followers();
  if (node === undefined) throw new Error("there is no follower");
  await node.end("SIGTERM");
  await writeFile(join(cluster.directory, node.name, "corrupt"), "{}");
  node.start();
  expect(await node.process?.exit()).toBe(1);
  expect(node.process?.stderr).toContain("gauntlet-server rebuild");
  await node.end("SIGKILL");
  const rebuild = new ServerProcess(["rebuild", "--data-dir", join(cluster.directory, node.name)]);
  expect(await rebuild.exit()).toBe(0);
  expect(rebuild.stdout).toContain("begins anew");
  await write(2, "meanwhile");
  node.start();
  await caughtUp(node);
}, 120_000);
