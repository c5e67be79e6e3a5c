import type { Client } from "@gauntlet/workloads";
import type { Failure } from "../result.js";
import type { LastingFault } from "../scenario.js";
import type { Loop } from "../world/loop.js";

/**
 * What may be demanded after the heal, though something stays broken for ever.
 *
 * Let Q be a quorum whose members all hear each other. A leader in Q hears Q within every election timeout, so
 * CheckQuorum keeps it; the members of Q hear the leader, so they let nobody call an election, and whoever is
 * outside needs one of them to win even a pre-vote: terms stand still. Without a leader, some member of Q whose log is
 * not behind the rest of Q is the first to time out sooner or later, and wins. That needs of the nodes outside Q:
 *
 * - down: they say nothing.
 * - stalled: what they would say waits for their disks, but for what needs no write; asking for pre-votes is that, and
 *   they hear the leader. One that leads when its disk stalls could go on committing with the disks of Q, and
 *   applies and answers nothing: it has to step down, and may not stand as long as its disk stalls.
 * - deaf: they are heard and hear nothing. As followers and candidates they only ask for pre-votes, which raise
 *   no term and restart no timer. One that leads when it goes deaf keeps Q quiet with its heartbeats and commits
 *   nothing: CheckQuorum ends that within a timeout, and without CheckQuorum it lasts for ever.
 * - cut: two nodes do not hear each other, and everybody else hears both. Either may lead, and then the other is
 *   outside Q: it asks for pre-votes for ever, and without PreVote and CheckQuorum it deposes the leader as often as
 *   it times out. It knows no leader, so writes are demanded through one of the two only.
 *
 * Where no quorum hears itself whole (a chain, a ring, a bridge of one node), Raft may elect for ever although some
 * node could lead (Ng, Haridi, Carbone: Omni-Paxos, EuroSys 2023, section 2): nothing is demanded there.
 */
export interface Demand {
  /** Hear each other and everybody who leads: a write through each of them must succeed. */
  readonly core: readonly string[];
  /** A write through one of them must succeed; empty: none is demanded. */
  readonly either: readonly string[];
}

/** `unable`: nodes that cannot serve any more by right, as their disks are damaged. Null: no quorum is left. */
export function demandOf(
  nodes: readonly string[],
  lasting: LastingFault,
  unable: readonly string[],
): Demand | null {
  const able = nodes.filter((node) => !unable.includes(node));
  if (lasting.type === "none") return enough(nodes, { core: able, either: [] });
  if (lasting.type === "cut") {
    const either = lasting.between.filter((node) => able.includes(node));
    const core = able.filter((node) => !either.includes(node));
    // Only one of the two can be counted on.
    if (either.length === 2) return core.length * 2 + 2 > nodes.length ? { core, either } : null;
    return enough(nodes, { core: able, either: [] });
  }
  return enough(nodes, { core: able.filter((node) => !lasting.nodes.includes(node)), either: [] });
}

function enough(nodes: readonly string[], demand: Demand): Demand | null {
  return demand.core.length * 2 > nodes.length ? demand : null;
}

/** What the world shows of its cluster while it is waited for. */
export interface HealedWorld {
  readonly loop: Loop;
  /** A new client of this node. */
  connect(node: string): Client;
  /** The highest term of these nodes, and which of them leads it; null: none. */
  leadership(nodes: readonly string[]): { readonly term: number; readonly leader: string | null };
}

export interface ProgressOptions {
  readonly boundMs: number;
  /** So long neither term nor leader may change: longer than the longest election timeout. */
  readonly stretchMs: number;
}

const RETRY_MS = 100;
/** A write that timed out may still be queued: to go on asking at once keeps a cluster with small windows busy for ever. */
const MAX_RETRY_MS = 6400;
/** Outside every workload's keys, so these writes are no part of the history. */
const PROBE_KEY_PREFIX = "gauntlet-probe/";

/** Null: the cluster made progress in time. */
export async function demandProgress(
  world: HealedWorld,
  { core, either }: Demand,
  { boundMs, stretchMs }: ProgressOptions,
): Promise<Failure | null> {
  const { loop } = world;
  const beganMs = loop.nowMs;
  const isOpen = (): boolean => loop.nowMs - beganMs < boundMs;
  const fail = (name: string, what: string): Failure => {
    return { kind: "liveness", name, what: `${what} within ${boundMs} ms of the heal`, atMs: loop.nowMs };
  };
  const written = core.map((node) => writeThrough(world, node, isOpen));
  const silent = (await Promise.all(written)).filter((problem) => problem !== null);
  if (silent.length > 0) return fail("writes", `no write succeeded at ${silent.join(", ")}`);
  if (either.length > 0) {
    let isTaken = false;
    const tries = either.map(async (node) => {
      const problem = await writeThrough(world, node, () => isOpen() && !isTaken);
      isTaken ||= problem === null;
      return problem;
    });
    const problems = await Promise.all(tries);
    if (!isTaken) return fail("writes", `no write succeeded at either of ${problems.join(", ")}`);
  }
  const candidates = [...core, ...either];
  const first = world.leadership(candidates);
  if (await settles(world, candidates, stretchMs, isOpen)) return null;
  const { term, leader } = world.leadership(candidates);
  if (term === first.term && leader === null) {
    return fail("no-leader", `none of ${candidates.join(", ")} came to lead (the term stands at ${term})`);
  }
  const last = `the last is ${term}, ${leader === null ? "without a leader" : `led by ${leader}`}`;
  return fail("endless-elections", `the term never stood still for ${stretchMs} ms (${last})`);
}

/** Null when a write was taken, else the node and its last error. */
async function writeThrough(world: HealedWorld, node: string, isOpen: () => boolean): Promise<string | null> {
  const client = world.connect(node);
  let lastError = "never tried";
  for (let retryMs = RETRY_MS; isOpen(); retryMs = Math.min(2 * retryMs, MAX_RETRY_MS)) {
    const outcome = await client.write(PROBE_KEY_PREFIX + node, "probe");
    if (outcome.type === "ok") return null;
    lastError = `${outcome.error.code}: ${outcome.error.message}`;
    await world.loop.sleep(retryMs);
  }
  return `${node} (${lastError})`;
}

/** One write that belongs to no workload, however it ends. */
export async function probe(world: HealedWorld, node: string): Promise<void> {
  await world.connect(node).write(PROBE_KEY_PREFIX + node, "probe");
}

async function settles(
  world: HealedWorld,
  nodes: readonly string[],
  stretchMs: number,
  isOpen: () => boolean,
): Promise<boolean> {
  const { loop } = world;
  let seen = world.leadership(nodes);
  let sinceMs = loop.nowMs;
  while (isOpen()) {
    await loop.sleep(RETRY_MS);
    const now = world.leadership(nodes);
    if (now.leader === null || now.term !== seen.term || now.leader !== seen.leader) sinceMs = loop.nowMs;
    else if (loop.nowMs - sinceMs >= stretchMs) return true;
    seen = now;
  }
  return false;
}
