import { messageOf } from "./errors.js";
import type { Hosts, NodeName, NodeView } from "./hosts.js";
import type { Random } from "./random.js";
import { didYouMean } from "./suggest.js";
import { type Clock, pause } from "./run/clock.js";

/** What a schedule may say instead of names; resolved when the fault happens. */
export const TARGET_WORDS = [
  "leader",
  "follower",
  "one",
  "minority-third",
  "minority",
  "majority",
  "all",
  "spare",
] as const;
export type TargetWord = (typeof TARGET_WORDS)[number];

/** A TargetWord, the name of one node, or several names. */
export type Target = string | readonly NodeName[];

export const NODE_NAME_PATTERN = /^n[1-9]\d{0,3}$/;
export const TARGET_HELP = `${TARGET_WORDS.join(", ")}, a node such as n2, or a list such as [n1, n3]`;

/** How long a fault waits for a leader (or a follower) to be seen before it is skipped: as long as it would last, within these. */
export const ROLE_WAIT_MS = 3_000;
const MOST_ROLE_WAIT_MS = 10_000;
const ROLE_POLL_MS = 100;

/** Largest number of nodes that is less than a third of all: 1 of 5, 2 of 7, 0 of 3. */
export function minorityThirdSize(nodes: number): number {
  return Math.max(0, Math.ceil(nodes / 3) - 1);
}

/** Largest number of nodes that is no quorum: 2 of 5, 1 of 4, 0 of 2. */
export function minoritySize(nodes: number): number {
  return Math.floor((nodes - 1) / 2);
}

/** Smallest number of nodes that is a quorum: 3 of 5, 3 of 4. */
export function majoritySize(nodes: number): number {
  return Math.floor(nodes / 2) + 1;
}

export function isTargetWord(text: string): text is TargetWord {
  return (TARGET_WORDS as readonly string[]).includes(text);
}

/** The nodes that a target names whatever happens; null when that is known only at run time. */
export function staticNodes(target: Target): readonly NodeName[] | null {
  if (typeof target !== "string") return target;
  return isTargetWord(target) ? null : [target];
}

/** What is wrong with a written target, or null. */
export function targetProblem(written: unknown): string | null {
  if (typeof written === "string") {
    if (isTargetWord(written) || NODE_NAME_PATTERN.test(written)) return null;
    return `unknown target "${written}"${didYouMean(written, TARGET_WORDS)}; allowed: ${TARGET_HELP}`;
  }
  if (!Array.isArray(written)) return `expected ${TARGET_HELP}`;
  if (written.length === 0) return `an empty list names no node; allowed: ${TARGET_HELP}`;
  const odd: unknown = written.find((name) => typeof name !== "string" || !NODE_NAME_PATTERN.test(name));
  if (odd !== undefined) return `${JSON.stringify(odd)} is no node name; a list takes names such as n1`;
  if (new Set(written).size < written.length) return "names a node twice";
  return null;
}

export type Views = ReadonlyMap<NodeName, NodeView>;

export type Resolution =
  /** `waitedMs`: 0 where the first look told. */
  | { readonly nodes: readonly NodeName[]; readonly views: Views; readonly waitedMs: number }
  | { readonly nodes: null; readonly reason: string };

/**
 * The nodes that the target means now, with what every node said of itself at that moment. `leader` and
 * `follower` are waited for, as long as the fault would last, 3 s at least and 10 s at most; every other target
 * needs no answer from the nodes.
 */
export async function resolveTarget(
  target: Target,
  context: {
    readonly hosts: Hosts;
    readonly clock: Clock;
    readonly random: Random;
    readonly signal: AbortSignal;
    /** How long the fault would last. */
    readonly forMs: number;
  },
): Promise<Resolution> {
  const { hosts, clock, random, signal, forMs } = context;
  const sinceMs = clock.nowMs();
  const waitMs = Math.min(Math.max(ROLE_WAIT_MS, forMs), MOST_ROLE_WAIT_MS);
  for (let waited = false; ; waited = true) {
    const { views, problem } = await look(hosts);
    const chosen = choose(target, { first: hosts.nodes, spares: hosts.members?.spares ?? [] }, views, random);
    if (chosen.nodes !== null) {
      return { nodes: chosen.nodes, views, waitedMs: waited ? Math.round(clock.nowMs() - sinceMs) : 0 };
    }
    const tellsProblem = problem === null ? "" : ` (${problem})`;
    if (!chosen.mayChange) return { nodes: null, reason: `${chosen.reason}${tellsProblem}` };
    if (clock.nowMs() - sinceMs >= waitMs) {
      return { nodes: null, reason: `${chosen.reason} after ${waitMs} ms of waiting${tellsProblem}` };
    }
    if (!(await pause(clock, ROLE_POLL_MS, signal))) return { nodes: null, reason: "the run ended first" };
  }
}

async function look(hosts: Hosts): Promise<{ views: Views; problem: string | null }> {
  try {
    return { views: await hosts.view(), problem: null };
  } catch (error) {
    return { views: new Map(), problem: messageOf(error) };
  }
}

type Choice =
  | { readonly nodes: readonly NodeName[] }
  | { readonly nodes: null; readonly reason: string; readonly mayChange: boolean };

interface Machines {
  readonly first: readonly NodeName[];
  readonly spares: readonly NodeName[];
}

function choose(target: Target, { first: all, spares }: Machines, views: Views, random: Random): Choice {
  const named = staticNodes(target);
  if (named !== null) {
    const missing = named.filter((name) => !all.includes(name) && !spares.includes(name));
    if (missing.length === 0) return { nodes: named };
    return { nodes: null, reason: `the cluster has no ${missing.join(", ")}`, mayChange: false };
  }
  const word = target as TargetWord;
  switch (word) {
    case "all":
      return { nodes: all };
    case "one":
      return { nodes: [random.pick(all)] };
    case "minority-third":
      return some(
        random.sample(all, minorityThirdSize(all.length)),
        `no node is less than a third of ${all.length} nodes`,
      );
    case "minority":
      return some(random.sample(all, minoritySize(all.length)), `${all.length} nodes have no minority`);
    case "majority":
      return { nodes: random.sample(all, majoritySize(all.length)) };
    case "spare": {
      // The view tells of spares that have joined.
      const free = spares.filter((name) => !views.has(name));
      return some(free.length === 0 ? [] : [random.pick(free)], "no spare machine is free");
    }
    case "leader":
      return leaderOf(views);
    case "follower": {
      const followers = all.filter((name) => views.get(name)?.role === "follower");
      if (followers.length > 0) return { nodes: [random.pick(followers)] };
      return { nodes: null, reason: "no follower was seen", mayChange: true };
    }
    default:
      return word satisfies never;
  }
}

function some(nodes: readonly NodeName[], otherwise: string): Choice {
  return nodes.length > 0 ? { nodes } : { nodes: null, reason: otherwise, mayChange: false };
}

/** The one node that leads, or null. */
export function leaderIn(views: Views): NodeName | null {
  const names = claimants(views);
  return names.length === 1 ? (names[0] ?? null) : null;
}

/** An isolated old leader may go on claiming: only a claim to the highest term that anybody knows counts. */
function claimants(views: Views): NodeName[] {
  const highest = Math.max(...[...views.values()].map((view) => view.term ?? -1));
  const leaders = [...views].filter(([, view]) => view.role === "leader" && view.term === highest);
  return leaders.map(([name]) => name);
}

function leaderOf(views: Views): Choice {
  const highest = Math.max(...[...views.values()].map((view) => view.term ?? -1));
  const names = claimants(views);
  if (names.length === 1) return { nodes: names };
  const reason =
    names.length === 0
      ? "no leader of the highest term was seen"
      : `${names.join(" and ")} both claim to lead term ${highest}`;
  return { nodes: null, reason, mayChange: true };
}
