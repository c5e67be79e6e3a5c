import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { CONFIRMATION } from "./accept-loss.js";
import { ServerProcess, TestCluster, until } from "./testing/cluster.js";
import type { TestNode } from "./testing/cluster.js";
import { bytes } from "./testing/grpc.js";

const KEYS = 20;

let cluster: TestCluster | null = null;

afterEach(async () => {
  await cluster?.stop();
  cluster = null;
});

const dataDirOf = (running: TestCluster, { name }: TestNode) => join(running.directory, name);

/** A byte in the middle of what was written, with intact records before and behind it. */
async function damage(dataDir: string): Promise<void> {
  const segment = (await readdir(dataDir)).find((name) => /^\d+\.wal$/.test(name)) ?? "";
  const log = await readFile(join(dataDir, segment));
  const middle = Math.floor(log.findLastIndex((byte) => byte !== 0) / 2);
  log.writeUInt8(log.readUInt8(middle) ^ 1, middle);
  await writeFile(join(dataDir, segment), log);
}

async function command(...argv: string[]) {
  const run = new ServerProcess(argv);
  return { code: await run.exit(), stdout: run.stdout, stderr: run.stderr };
}

const accept = (running: TestCluster, node: TestNode) =>
  command("accept-loss", "--data-dir", dataDirOf(running, node), CONFIRMATION);

/** On a machine that does other things, too, a call may come to nothing. */
function written(node: TestNode, key: string): Promise<unknown> {
  return until(`${key} is written`, () => node.client.put({ key: bytes(key), value: bytes("v") }));
}

async function allKeysAt(node: TestNode): Promise<boolean> {
  const { count } = await node.client.range({
    key: bytes("key"),
    range_end: bytes("kez"),
    serializable: true,
  });
  return Number(count) === KEYS;
}

test("three damaged members of five wait and say so; one of them accepts its loss, and the cluster goes on with all that the whole ones have", async () => {
  const running = (cluster = await TestCluster.start(5, undefined, ["--segment-bytes=262144"]));
  const leader = await running.leader();
  for (let at = 0; at < KEYS; at++) await written(leader, `key ${at}`);
  await until("all have it", async () =>
    (await Promise.all(running.nodes.map(allKeysAt))).every((has) => has) ? true : null,
  );
  for (const node of running.nodes) await node.end("SIGTERM");
  const [accepting, second, third, ...whole] = running.nodes;
  const [intact] = whole;
  if (accepting === undefined || second === undefined || third === undefined || intact === undefined)
    throw new Error("there are five");
  const damaged = [accepting, second, third];
  for (const node of damaged) await damage(dataDirOf(running, node));
  for (const node of running.nodes) node.start();

  await until("it says that it waits in vain", async () => {
    const response = await fetch(`${accepting.metricsUrl}/health`);
    const { reason } = (await response.json()) as { reason: string };
    return reason.includes("accept-loss") && reason.startsWith("RAFT NO LEADER: ") ? true : null;
  });
  const metrics = await (await fetch(`${accepting.metricsUrl}/metrics`)).text();
  expect(metrics).toMatch(/^gauntlet_raft_recovering 1$/m);
  expect(metrics).toMatch(/^gauntlet_raft_stranded 1$/m);
  const said = () =>
    accepting.process?.stdout
      .split("\n")
      .filter((line) => line.includes("no leader comes to give them back"));
  expect(said()).toHaveLength(1);

  // Of a server that runs.
  expect(await accept(running, accepting)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("in use"),
  });
  await accepting.end("SIGTERM");
  await intact.end("SIGTERM");
  const unconfirmed = await command("accept-loss", "--data-dir", dataDirOf(running, accepting));
  expect(unconfirmed).toMatchObject({ code: 64, stderr: expect.stringContaining(CONFIRMATION) });
  expect(await accept(running, intact)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("has lost nothing"),
  });
  const accepted = await accept(running, accepting);
  expect(accepted).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("votes again with what it has"),
  });
  expect(accepted.stdout).toContain("a leader needs 3 that are whole");
  accepting.start();
  intact.start();

  await running.leader();
  await until("all have all that was written, the damaged ones too", async () =>
    (await Promise.all(running.nodes.map(allKeysAt))).every((has) => has) ? true : null,
  );
  await written(intact, "key 0");
  await until("nobody recovers any more", async () => {
    const texts = await Promise.all(
      running.nodes.map(async ({ metricsUrl }) => (await fetch(`${metricsUrl}/metrics`)).text()),
    );
    return texts.every((text) => /^gauntlet_raft_recovering 0$/m.test(text)) ? true : null;
  });

  // It is for clusters without a leader only.
  await second.end("SIGTERM");
  await damage(dataDirOf(running, second));
  const refused = await accept(running, second);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("the cluster has a leader") });
  second.start();
  await until("it gets everything from that one", async () => ((await allKeysAt(second)) ? true : null));
}, 300_000);
