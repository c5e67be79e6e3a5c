import type { CheckResult, HistoryEvent, NodeSample } from "@gauntlet/histories";
import type { Disturbance } from "../run/disturbances.js";
import { secondsOf } from "../text.js";
import {
  acknowledgedWrites,
  type Interval,
  invokedIn,
  lengthOf,
  longestGap,
  type ServedOperation,
  servedOperations,
  stopText,
} from "./operations.js";
import { jolts, moments, quorums, untilAnswered, wholeTimes } from "./quorums.js";
import { type Grounds, stalled } from "./recovery.js";

/** What etcd and our server need at most for one election: a timeout of 1 s, drawn up to twice as long. */
const ELECTION_MS = 2_000;
/** Elections that may be lost, to split votes and a busy machine, before writes go on. */
const MAX_ELECTIONS = 5;
/** A shorter time says nothing about elections. */
const MIN_WATCHED_MS = 10_000;
/** Terms that may begin under a whole quorum: so many, one each so often, and one for each thing that was done. */
const FREE_ELECTIONS = 3;
const FREE_ELECTION_EVERY_MS = 10_000;
/** Rounds of samples further apart say that the rig's machine stood still: what happened then proves nothing. */
const MAX_ROUND_MS = 2_500;

/** In the details: many quorums see the same. */
const MAX_TOLD = 10;

export interface ProgressFacts {
  readonly nodes: readonly string[];
  readonly disturbances: readonly Disturbance[];
  readonly samples: readonly NodeSample[];
  /** The longest that an operation may take: a process that asked a lost leader is busy for so long. */
  readonly operationMs: number;
  readonly mainEndMs: number;
}

interface Stop extends Interval {
  readonly quorum: readonly string[];
}

interface Unrest extends Interval {
  readonly quorum: readonly string[];
  /** Rounds of samples in which a new term was seen, and how many are allowed. */
  readonly elections: number;
  readonly allowed: number;
}

/**
 * Liveness: while a quorum of voters is whole and hears itself, faults of the others must neither stop writes for longer
 * than MAX_ELECTIONS elections and one operation, counted from the last thing that was done to anybody, nor depose
 * leader after leader. Judged are only times in which nothing was done to the quorum for a while (wholeTimes), for
 * writes besides only those in which no other node limps (one may lead, and be slow), and every node of the quorum was
 * tried. Details: bounds, judged time, stops and unrest.
 */
export function checkProgress(
  history: readonly HistoryEvent[],
  facts: ProgressFacts,
  grounds: Grounds,
): CheckResult {
  const base = { name: "progress", kind: "liveness" } as const;
  const operations = servedOperations(history);
  const lastMs = operations.at(-1)?.invokedMs ?? 0;
  const watched = { fromMs: 0, toMs: Math.min(facts.mainEndMs, lastMs) };
  const felt = untilAnswered(facts.disturbances, facts.samples);
  const whole = quorums(facts.nodes).map((quorum) => ({
    quorum,
    times: wholeTimes(quorum, felt, watched),
  }));
  const stopMs = MAX_ELECTIONS * ELECTION_MS + facts.operationMs;
  const stops = findStops(operations, facts, whole, stopMs);
  const { judged, unrest } = findUnrest(facts, whole);
  const allowed = `${MAX_ELECTIONS} elections of ${secondsOf(ELECTION_MS)} and an operation of ${secondsOf(facts.operationMs)}`;
  const bounds = { electionMs: ELECTION_MS, maxElections: MAX_ELECTIONS, stopMs };
  const details = { ...bounds, judged, stops: stops.slice(0, MAX_TOLD), unrest: unrest.slice(0, MAX_TOLD) };
  const [stop] = stops.toSorted((a, b) => lengthOf(b) - lengthOf(a));
  const [worst] = unrest.toSorted((a, b) => b.elections - b.allowed - (a.elections - a.allowed));
  const findings = [
    ...(stop === undefined
      ? []
      : [
          `${stopText(stop)}, though ${stop.quorum.join(", ")} were whole and heard each other; allowed are ${allowed}`,
        ]),
    ...(worst === undefined
      ? []
      : [
          `${worst.elections} new terms were seen from ${secondsOf(worst.fromMs)} to ${secondsOf(worst.toMs)}, though ${worst.quorum.join(", ")} were whole and heard each other; allowed are ${worst.allowed}`,
        ]),
  ];
  if (findings.length > 0) return { ...base, ...stalled(findings.join("; "), grounds), details };
  return { ...base, verdict: "valid", reason: clean(whole, judged, allowed), details };
}

type Whole = readonly { readonly quorum: readonly string[]; readonly times: readonly Interval[] }[];

function clean(whole: Whole, { elections, ms }: Judged, allowed: string): string {
  const anyMs = Math.max(
    0,
    ...whole.map(({ times }) => times.reduce((sum, each) => sum + lengthOf(each), 0)),
  );
  if (anyMs === 0) return "at no time was a quorum surely whole, so nothing could be asked of it";
  const terms = ms === 0 ? "" : `, nor did it see more than ${elections} new terms in ${secondsOf(ms)}`;
  return `a quorum was whole for ${secondsOf(anyMs)}, in which writes did not stop for longer than ${allowed}${terms}`;
}

/** Writes that stopped: between two things that were done to anybody, or after the last. */
function findStops(
  operations: readonly ServedOperation[],
  { disturbances, nodes, mainEndMs }: ProgressFacts,
  whole: Whole,
  stopMs: number,
): readonly Stop[] {
  const writes = acknowledgedWrites(operations);
  const tries = operations.filter(({ isWrite }) => isWrite);
  const limping = disturbances.filter(({ kind }) => kind === "limp");
  const borders = [0, ...moments(disturbances).filter((at) => at > 0 && at < mainEndMs), mainEndMs];
  return borders.flatMap((fromMs, i): Stop[] => {
    const toMs = borders[i + 1] ?? fromMs;
    const limps = limping.some(
      (harm) => harm.fromMs < toMs && (harm.toMs ?? Number.POSITIVE_INFINITY) > fromMs,
    );
    if (toMs - fromMs <= stopMs || limps) return [];
    const found = whole.flatMap(({ quorum, times }) =>
      times.flatMap((time): Stop[] => {
        const judged = { fromMs: Math.max(fromMs, time.fromMs), toMs: Math.min(toMs, time.toMs) };
        if (lengthOf(judged) <= stopMs) return [];
        const gap = longestGap(judged, writes);
        const tried = invokedIn(gap, tries);
        const isTried = quorum.every((node) => tried.some((each) => each.node === node));
        const stop = { ...gap, fromMs: Math.max(gap.fromMs, tried[0]?.invokedMs ?? gap.toMs), quorum };
        return isTried && nodes.length > 0 && lengthOf(stop) > stopMs ? [stop] : [];
      }),
    );
    // One that several quorums saw is told once.
    return found.toSorted((a, b) => lengthOf(b) - lengthOf(a)).slice(0, 1);
  });
}

interface Judged {
  /** The most new terms that any whole quorum saw within one time, and how long that was. */
  readonly elections: number;
  readonly ms: number;
}

function findUnrest(
  { samples, disturbances }: ProgressFacts,
  whole: Whole,
): { readonly judged: Judged; readonly unrest: readonly Unrest[] } {
  const rounds = roundsOf(samples);
  const done = jolts(disturbances);
  const seen = whole.flatMap(({ quorum, times }) =>
    times
      .filter((time) => lengthOf(time) >= MIN_WATCHED_MS)
      .map((time): Unrest => {
        const excused = done.filter((at) => at >= time.fromMs && at < time.toMs).length;
        const free = FREE_ELECTIONS + Math.floor(lengthOf(time) / FREE_ELECTION_EVERY_MS);
        return { ...time, quorum, elections: electionsIn(rounds, quorum, time), allowed: free + excused };
      }),
  );
  const [most] = seen.toSorted((a, b) => b.elections - a.elections || lengthOf(b) - lengthOf(a));
  return {
    judged: { elections: most?.elections ?? 0, ms: most === undefined ? 0 : lengthOf(most) },
    unrest: seen.filter(({ elections, allowed }) => elections > allowed),
  };
}

interface Round {
  readonly atMs: number;
  readonly terms: ReadonlyMap<string, number>;
}

function roundsOf(samples: readonly NodeSample[]): readonly Round[] {
  const rounds = new Map<number, Map<string, number>>();
  for (const { time, node, term } of samples) {
    const terms = rounds.get(time) ?? new Map<string, number>();
    if (term !== null) terms.set(node, term);
    rounds.set(time, terms);
  }
  return [...rounds].map(([time, terms]) => ({ atMs: time / 1e6, terms }));
}

/** Rounds in which the quorum's newest term is not that of the round before; a term that jumped counts once. */
function electionsIn(rounds: readonly Round[], quorum: readonly string[], time: Interval): number {
  let elections = 0;
  let beforeMs: number | null = null;
  let newest: number | null = null;
  for (const { atMs, terms } of rounds) {
    if (atMs < time.fromMs || atMs >= time.toMs) continue;
    const known = quorum.flatMap((node) => terms.get(node) ?? []);
    const term = Math.max(newest ?? 0, ...known);
    const isLate = beforeMs !== null && atMs - beforeMs > MAX_ROUND_MS;
    if (newest !== null && term > newest && !isLate) elections += 1;
    if (known.length > 0) newest = term;
    beforeMs = atMs;
  }
  return elections;
}
