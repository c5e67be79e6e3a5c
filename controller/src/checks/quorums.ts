import type { NodeSample } from "@gauntlet/histories";
import type { Disturbance } from "../run/disturbances.js";
import { firstFrom, type Interval, without } from "./operations.js";

/** What was undone may still be felt: connections are dialled again, a server starts and catches up. */
export const SETTLE_MS = 5_000;

/** Every smallest majority of the voters. */
export function quorums(nodes: readonly string[]): readonly (readonly string[])[] {
  const size = Math.floor(nodes.length / 2) + 1;
  const choose = (from: number, left: number): string[][] =>
    left === 0
      ? [[]]
      : nodes
          .slice(from, nodes.length - left + 1)
          .flatMap((node, i) => choose(from + i + 1, left - 1).map((rest) => [node, ...rest]));
  return choose(0, size);
}

/**
 * What nodes were down for counts until they answer again: on a busy machine a server needs its time to start. `toMs` is null for
 * one that never did.
 */
export function untilAnswered(
  disturbances: readonly Disturbance[],
  samples: readonly NodeSample[],
): readonly Disturbance[] {
  const answers = new Map<string, number[]>();
  for (const { node, term, time } of samples) {
    if (term !== null) {
      const known = answers.get(node) ?? [];
      known.push(time / 1e6);
      answers.set(node, known);
    }
  }
  return disturbances.map((harm) => {
    if (harm.kind !== "down" || harm.toMs === null) return harm;
    const known = answers.get(harm.node) ?? [];
    return { ...harm, toMs: known[firstFrom(known, harm.toMs)] ?? null };
  });
}

/**
 * The times within the interval in which nothing had been done to any node of the quorum, and to no link between two of
 * them, for SETTLE_MS. A change of members ends them for good: nobody here knows who votes then.
 */
export function wholeTimes(
  quorum: readonly string[],
  disturbances: readonly Disturbance[],
  within: Interval,
): readonly Interval[] {
  const harms = disturbances.flatMap((harm): Interval[] => {
    switch (harm.kind) {
      case "transfer":
        return [];
      case "change":
        return [{ fromMs: harm.fromMs, toMs: Number.POSITIVE_INFINITY }];
      case "cut":
        if (!quorum.includes(harm.node) || !quorum.includes(harm.peer)) return [];
        break;
      case "down":
      case "limp":
        if (!quorum.includes(harm.node)) return [];
        break;
    }
    return [{ fromMs: harm.fromMs, toMs: (harm.toMs ?? Number.POSITIVE_INFINITY) + SETTLE_MS }];
  });
  return without(within, harms);
}

/** The moments at which anything was done or undone, in order. */
export function moments(disturbances: readonly Disturbance[]): readonly number[] {
  return disturbances
    .flatMap(({ fromMs, toMs }) => [fromMs, ...(toMs === null ? [] : [toMs])])
    .toSorted((a, b) => a - b);
}

/** Calls of one fault come one after the other. */
const ONE_JOLT_MS = 1_000;

/** The same, what happened within a second of the first as one: each may cost the cluster its leader. */
export function jolts(disturbances: readonly Disturbance[]): readonly number[] {
  const firsts: number[] = [];
  for (const moment of moments(disturbances)) {
    if (moment - (firsts.at(-1) ?? Number.NEGATIVE_INFINITY) > ONE_JOLT_MS) firsts.push(moment);
  }
  return firsts;
}
