import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "@gauntlet/client";
import { fill, keyOf } from "./large-state.js";
import { until, type LocalCluster, type LocalNode } from "./local-cluster.js";
import { url, type NodePlan } from "./system.js";
import type { Turns } from "./turns.js";

const VALUE_BYTES = 1024;
/** The light load: so many closed loops, over all nodes. */
const WRITERS = 4;
/** At least, and until each server has written a checkpoint. */
const LIGHT_LOAD_MS = 20_000;
const POLL_MS = 1000;
const LIMIT_MS = 15 * 60_000;
const MIB = 1024 * 1024;

/** Label and unit ("what|unit") with one figure. */
type Figures = Map<string, readonly number[]>;

/** Where a server that is measured so notes its turns. */
export function turnsFileOf({ dataDir }: NodePlan): string {
  return `${dataDir}.turns`;
}

/**
 * Fills the cluster with `keys` keys of 1 KiB; lets a light load write, and checkpoints with it; adds a learner, which gets
 * the whole state under the same load; kills a follower and starts it again. Of each phase: what its clients waited
 * for, and, where servers note their turns (turns.ts), what held up their event loops.
 */
export async function measureSnapshot(cluster: LocalCluster, keys: number): Promise<Figures> {
  const figures: Figures = new Map();
  const record = (what: string, unit: string, value: number): void => {
    figures.set(`${what}|${unit}`, [value]);
  };
  const stateMib = (keys * VALUE_BYTES) / MIB;
  const leader = await cluster.leader();
  const voters = [...cluster.nodes];
  const followers = voters.filter((node) => node !== leader);

  const fillingMs = await timed(() => fill(cluster, keys, Buffer.alloc(VALUE_BYTES, "v")));
  record("filling, 100 keys a transaction", "MiB/s", (stateMib / fillingMs) * 1000);

  const light = await phase(voters, keys, () => Promise.all([sleep(LIGHT_LOAD_MS), haveCheckpoints(voters)]));
  recordClients("light load", light);
  await recordServers("light load and checkpoints", light, voters);

  const learner = await cluster.newcomer();
  await leader.client.memberAdd({ peerUrls: [learner.peerUrl], isLearner: true });
  const joining = await phase(voters, keys, async () => {
    learner.start();
    await hasAllKeys(learner, keys);
  });
  record("a learner gets the state, in all", "ms", joining.endMs - joining.beginMs);
  record("a learner gets the state", "MiB/s", (stateMib / (joining.endMs - joining.beginMs)) * 1000);
  record("resident memory of the learner, at its peak", "MiB", (await learner.peakResidentBytes()) / MIB);
  record("resident memory of the learner, afterwards", "MiB", (await learner.residentBytes()) / MIB);
  recordClients("while a learner gets the state", joining);
  await recordServers("sending (leader)", joining, [leader]);
  await recordServers("beside it (followers)", joining, followers);
  await recordServers("receiving, then loading (learner)", joining, [learner]);

  const [follower] = followers;
  if (follower === undefined) throw new Error("a cluster of one has no follower");
  await follower.kill();
  const restart = await phase(voters, keys, async () => {
    follower.start();
    await hasAllKeys(follower, keys);
  });
  record("restart of a follower", "ms", restart.endMs - restart.beginMs);
  recordClients("while a follower restarts", restart);
  await recordServers("loading (follower)", restart, [follower]);
  return figures;

  function recordClients(what: string, { writes, longestMs, longestPauseMs }: Phase): void {
    record(`${what}: writes of ${WRITERS} clients`, "in all", writes);
    record(`${what}: longest write`, "ms", longestMs);
    record(`${what}: longest without an acknowledged write`, "ms", longestPauseMs);
  }

  async function recordServers(what: string, span: Phase, nodes: readonly LocalNode[]): Promise<void> {
    const turns = (await Promise.all(nodes.map((node) => turnsOf(node, span)))).flat();
    if (turns.length === 0) return;
    const longest = (of: (each: Turns) => number): number => Math.max(...turns.map(of));
    record(
      `${what}: longest turn`,
      "ms",
      longest(({ turnMs }) => turnMs),
    );
    record(
      `${what}: longest turn, processor time`,
      "ms",
      longest(({ cpuMs }) => cpuMs),
    );
    record(
      `${what}: longest pause of the collector`,
      "ms",
      longest(({ collectorMs }) => collectorMs),
    );
  }
}

interface Phase {
  /** Since the Unix epoch, as of servers on this machine. */
  readonly beginMs: number;
  readonly endMs: number;
  readonly writes: number;
  readonly longestMs: number;
  readonly longestPauseMs: number;
}

/** What a light load of the voters that run sees while `work` is done. */
async function phase(
  voters: readonly LocalNode[],
  keys: number,
  work: () => Promise<unknown>,
): Promise<Phase> {
  const endpoints = voters.filter((node) => node.isRunning).map((node) => node.endpoint);
  const value = Buffer.alloc(VALUE_BYTES, "w");
  let [writes, longestMs, longestPauseMs] = [0, 0, 0];
  const load = { running: true };
  let acknowledgedMs = performance.now();
  const acknowledged = (): void => {
    const nowMs = performance.now();
    longestPauseMs = Math.max(longestPauseMs, nowMs - acknowledgedMs);
    acknowledgedMs = nowMs;
  };
  const write = async (writer: number): Promise<void> => {
    const endpoint = endpoints[writer % endpoints.length] ?? "";
    const client = connect({ endpoint, deadlineMs: 30_000 });
    try {
      for (let number = writer; load.running; number += WRITERS) {
        const sentMs = performance.now();
        await client.put({ key: keyOf((number * 7919) % keys), value });
        longestMs = Math.max(longestMs, performance.now() - sentMs);
        writes += 1;
        acknowledged();
      }
    } finally {
      client.close();
    }
  };
  const beginMs = Date.now();
  const writers = Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  try {
    await Promise.race([work(), writers]);
  } finally {
    load.running = false;
  }
  const endMs = Date.now();
  await writers;
  acknowledged();
  return { beginMs, endMs, writes, longestMs, longestPauseMs };
}

/** Resolves when each node has written a checkpoint more; at once where servers do not tell. */
async function haveCheckpoints(nodes: readonly LocalNode[]): Promise<void> {
  const before = await Promise.all(nodes.map(checkpointsOf));
  const deadlineMs = performance.now() + LIMIT_MS;
  while (performance.now() < deadlineMs) {
    const now = await Promise.all(nodes.map(checkpointsOf));
    if (now.every((count, at) => count === null || count > (before[at] ?? 0))) return;
    await sleep(POLL_MS);
  }
  throw new Error(`not within ${LIMIT_MS / 1000} s: a checkpoint of each node`);
}

async function checkpointsOf({ plan }: LocalNode): Promise<number | null> {
  const response = await fetch(`${url(plan.metricsPort)}/metrics`);
  const [, count] = /^gauntlet_checkpoint_seconds_count(?:\{.*\})? (\d+)$/m.exec(await response.text()) ?? [];
  return count === undefined ? null : Number(count);
}

async function hasAllKeys(node: LocalNode, keys: number): Promise<void> {
  const all = async (): Promise<true | null> => {
    const { count } = await node.client.range({ key: keyOf(keys - 1), serializable: true });
    return count === 1 ? true : null;
  };
  await until("the node has all keys", all, LIMIT_MS);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beginMs = performance.now();
  await work();
  return performance.now() - beginMs;
}

/** None: its server does not note them. */
async function turnsOf({ plan }: LocalNode, { beginMs, endMs }: Phase): Promise<readonly Turns[]> {
  const text = await readFile(turnsFileOf(plan), "utf8").catch(() => "");
  const turns = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Turns);
  return turns.filter(({ atMs }) => atMs > beginMs && atMs <= endMs + 1000);
}
