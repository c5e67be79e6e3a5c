import { setTimeout as sleep } from "node:timers/promises";
import { until, type LocalCluster, type LocalNode } from "./local-cluster.js";
import { Writers } from "./writers.js";

/** What is done to replace one node, in this order. */
export const STEPS = ["add", "start", "promote", "remove"] as const;
export type Step = (typeof STEPS)[number];

export interface Replacement {
  /** For each node that was replaced, the longest time without an acknowledged write that ended in each of the steps, in milliseconds. */
  readonly stretchesMs: readonly Readonly<Record<Step, number>>[];
  /** The same of the load alone, before anything is replaced. */
  readonly undisturbedMs: number;
  /** Of all replacements. */
  readonly totalMs: number;
  readonly acknowledged: number;
  /** Of the acknowledged ones: what cannot be read in the end. */
  readonly lost: number;
}

const WRITERS = 16;
/** Connections are made, and servers compile what they run often. */
const WARM_UP_MS = 5000;
const UNDISTURBED_MS = 5000;
/** Behind each step: what it leads to, as an election, is counted to it. */
const SETTLE_MS = 2000;

/**
 * Replaces all nodes of the cluster, one after another, while `WRITERS` closed loops write to it: a new one is added as a learner, started and
 * promoted, and then the old one removed. Whoever leads is not asked to hand over before it is removed. Refusals ("not in sync", "unhealthy", …)
 * are asked again.
 */
export async function measureReplacement(cluster: LocalCluster): Promise<Replacement> {
  const founders = [...cluster.nodes];
  let serving: readonly LocalNode[] = founders;
  const writers = new Writers(WRITERS, () => serving);
  const take = async (): Promise<number> => {
    await sleep(SETTLE_MS);
    return writers.takeStretch();
  };
  try {
    await sleep(WARM_UP_MS);
    writers.takeStretch();
    await sleep(UNDISTURBED_MS);
    const undisturbedMs = await take();
    const stretchesMs: Record<Step, number>[] = [];
    const startedMs = performance.now();
    for (const old of founders) {
      const newcomer = await cluster.newcomer();
      const asked = serving.find((node) => node !== old) ?? old;
      const id = await added(asked, newcomer);
      const add = await take();
      newcomer.start();
      await until(`${newcomer.plan.name} answers`, () => newcomer.client.status());
      const start = await take();
      await until(`${newcomer.plan.name} is promoted`, () => asked.client.memberPromote({ id }));
      const promote = await take();
      serving = [...serving, newcomer];
      await removed(newcomer, old);
      serving = serving.filter((node) => node !== old);
      stretchesMs.push({ add, start, promote, remove: await take() });
    }
    const totalMs = performance.now() - startedMs;
    await writers.stop();
    const lost = await countLost(serving, writers.acknowledged);
    return { stretchesMs, undisturbedMs, totalMs, acknowledged: writers.acknowledged.length, lost };
  } finally {
    await writers.stop();
  }
}

/** As a learner; resolves to its id. An attempt that was answered with an error may have done it. */
async function added(asked: LocalNode, newcomer: LocalNode): Promise<bigint> {
  return until(`${newcomer.plan.name} is added`, async () => {
    const { members } = await asked.client.memberList({ linearizable: true });
    const known = members.find(({ peerUrls }) => peerUrls.includes(newcomer.peerUrl));
    if (known !== undefined) return known.id;
    const { member } = await asked.client.memberAdd({ peerUrls: [newcomer.peerUrl], isLearner: true });
    return member.id;
  });
}

/** Resolves when its process has ended. */
async function removed(asked: LocalNode, old: LocalNode): Promise<void> {
  await until(`${old.plan.name} is removed`, async () => {
    const { members } = await asked.client.memberList({ linearizable: true });
    const known = members.find(({ peerUrls }) => peerUrls.includes(old.peerUrl));
    if (known !== undefined) await asked.client.memberRemove({ id: known.id });
    return true;
  });
  await old.ended();
}

/** Of these keys: each node is asked for all, and a key is lost that any of them does not have. */
async function countLost(nodes: readonly LocalNode[], keys: readonly string[]): Promise<number> {
  const missing = new Set<string>();
  for (const node of nodes) {
    const { kvs } = await until(`${node.plan.name} can be read`, () =>
      node.client.range({ key: "writer-", rangeEnd: "writer.", keysOnly: true }, { deadlineMs: 30_000 }),
    );
    const stored = new Set(kvs.map(({ key }) => Buffer.from(key).toString()));
    for (const key of keys) if (!stored.has(key)) missing.add(key);
  }
  return missing.size;
}
