import { mkdtemp, open, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CONFIRMATION } from "./accept-loss.js";
import { ConfigError, HelpShown } from "./config.js";
import { isCommand, runCommand } from "./commands.js";
import { ServerProcess, TestCluster, until } from "./testing/cluster.js";
import type { TestNode } from "./testing/cluster.js";
import { bytes } from "./testing/grpc.js";

/** Of tests with processes, on a machine that does other things too. */
const LIMIT_MS = 180_000;

let cluster: TestCluster | null = null;
let empty: string;

beforeEach(async () => {
  empty = await mkdtemp(join(tmpdir(), "gauntlet-"));
});

afterEach(async () => {
  await cluster?.stop();
  cluster = null;
  await rm(empty, { recursive: true, force: true });
});

async function run(...argv: string[]): Promise<{ code: number; lines: string[] }> {
  let text = "";
  const code = await runCommand(argv, (more) => (text += more));
  return { code, lines: text.split("\n").filter((line) => line !== "") };
}

test("flags are the server's, other words are commands", () => {
  expect([["--name", "n1"], [], ["wal"], ["state"], ["rebuild"], ["accept-loss"]].map(isCommand)).toEqual([
    false,
    false,
    true,
    true,
    true,
    true,
  ]);
});

describe("what is wrong is told in one line", () => {
  test.each([
    [["wal"], "--help says more"],
    [["wal", "cut"], "unknown command 'cut'"],
    [["rebuild"], "--data-dir"],
    [["accept-loss", "--data-dir", "/nowhere"], "--yes-i-may-lose-acknowledged-writes"],
    [["wal", "verify", "--data-dir"], "argument missing"],
  ])("%j: %s", async (argv, message) => {
    const failed = await runCommand(argv, () => undefined).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ConfigError);
    expect(String(failed)).toContain(message);
    expect(String(failed)).not.toContain("\n");
  });

  test("a directory that is not there is not made", async () => {
    const absent = join(empty, "typo");
    for (const words of [
      ["wal", "dump"],
      ["wal", "verify"],
      ["state", "verify"],
      ["rebuild"],
      ["accept-loss", CONFIRMATION],
    ]) {
      await expect(run(...words, "--data-dir", absent)).rejects.toThrow("--data-dir: cannot use");
    }
    expect(await readdir(empty)).toEqual([]);
  });

  test("a directory of nobody cannot be rebuilt, and has no state", async () => {
    await expect(run("rebuild", "--data-dir", empty)).rejects.toThrow("belongs to no member yet");
    await expect(run("state", "verify", "--data-dir", empty)).rejects.toThrow("has no state");
  });

  test("help is shown", async () => {
    let help = "";
    await expect(runCommand(["wal", "--help"], (text) => (help += text))).rejects.toThrow(HelpShown);
    expect(help).toContain("verify");
  });
});

function dataDirOf(running: TestCluster, node: TestNode): string {
  return join(running.directory, node.name);
}

async function putSome(node: TestNode, prefix: string): Promise<void> {
  for (let at = 0; at < 20; at++) await node.client.put({ key: bytes(`${prefix}/${at}`), value: bytes("x") });
}

async function keysAt(node: TestNode, prefix: string): Promise<number> {
  const range = { key: bytes(`${prefix}/`), range_end: bytes(`${prefix}0`), serializable: true };
  return Number((await node.client.range(range)).count);
}

test(
  "a log and a state that a server uses can be looked at; damage has a place and exit code 1",
  async () => {
    cluster = await TestCluster.start(1);
    const [node] = cluster.nodes;
    if (node === undefined) throw new Error("there is a node");
    await putSome(node, "a");
    const dataDir = dataDirOf(cluster, node);
    const sound = await run("wal", "verify", "--data-dir", dataDir);
    expect([sound.code, sound.lines.length]).toEqual([0, 1]);
    const { lines } = await run("wal", "dump", "--json", "--data-dir", dataDir);
    const entries = lines
      .map((line) => JSON.parse(line) as { type: string })
      .filter(({ type }) => type === "entry");
    expect(entries.length).toBeGreaterThanOrEqual(20);
    expect((await run("wal", "dump", "--data-dir", dataDir)).lines).toHaveLength(lines.length);
    const state = await run("state", "verify", "--data-dir", dataDir);
    expect([state.code, state.lines.at(-1)]).toEqual([0, expect.stringContaining("sound:")]);

    await node.end("SIGKILL");
    const segment = (await readdir(dataDir)).find((name) => name.endsWith(".wal")) ?? "";
    const record = JSON.parse(lines[3] ?? "") as { offset: number; bytes: number };
    const file = await open(join(dataDir, segment), "r+");
    await file.write(Buffer.from([0xee]), 0, 1, record.offset + record.bytes - 1);
    await file.close();
    const damaged = await run("wal", "verify", "--data-dir", dataDir);
    expect([damaged.code, damaged.lines.length]).toEqual([1, 1]);
    expect(damaged.lines[0]).toContain(segment);
    expect(await processCode("wal", "verify", "--data-dir", dataDir)).toBe(1);
  },
  LIMIT_MS,
);

function processCode(...argv: string[]): Promise<number | null> {
  return new ServerProcess(argv).exit();
}

test(
  "a member whose state is not that of the others stays down until it is rebuilt, and gets all back",
  async () => {
    cluster = await TestCluster.start(3);
    const running = cluster;
    const [victim] = await running.followers();
    if (victim === undefined) throw new Error("there are followers");
    await putSome(victim, "before");
    const dataDir = dataDirOf(running, victim);
    expect(await processCode("rebuild", "--data-dir", dataDir)).toBe(1);
    await victim.end("SIGTERM");
    // What a member leaves behind that found out about itself.
    await writeFile(join(dataDir, "corrupt"), "{}\n");
    victim.start();
    const refused = victim.process;
    expect(await victim.exit()).toBe(1);
    expect(refused?.stderr).toContain("gauntlet-server rebuild --data-dir");
    expect(await processCode("rebuild", "--data-dir", dataDir)).toBe(0);
    victim.start();
    await running.leader();
    await putSome(victim, "after");
    await until("it has what it had, and more", async () => {
      const counts = await Promise.all([keysAt(victim, "before"), keysAt(victim, "after")]);
      return counts.every((count) => count === 20) ? true : null;
    });
    const hashes = await until("all have applied the same", async () => {
      const all = await Promise.all(running.nodes.map((node) => node.client.hashKV({})));
      const distinct = new Set(all.map(({ hash }) => hash));
      return distinct.size === 1 ? distinct : null;
    });
    expect(hashes.size).toBe(1);
  },
  LIMIT_MS,
);
