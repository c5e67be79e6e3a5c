import { type CheckResult, HistoryError, type HistoryEvent, type RunResults } from "@gauntlet/histories";
import type { ShownOperation, Violation } from "@gauntlet/ui";
import { type MinimalPart, minimalPartSvg, minimalPartText } from "@gauntlet/workloads";
import { z } from "zod";
import { scanHistory } from "./history-scan.js";
import { operationText, outcomeOf, valueText } from "./operations.js";

/**
 * The evidence that checks give, as far as it is drawn. Read as data, since another version may have written it;
 * what does not fit is told in words alone.
 */
const keyFailure = z.object({
  key: z.string(),
  failedAt: z.number(),
  reason: z.string(),
  required: z.array(z.number()).default([]),
  optional: z.array(z.number()).default([]),
  isMinimal: z.boolean().default(false),
  checks: z.number().default(0),
});
const evidence = z.union([
  z.object({ kind: z.literal("linearizability"), failures: z.array(keyFailure) }),
  z.object({ kind: z.literal("revisions"), event: z.number(), contradicts: z.number() }),
  z.object({ kind: z.string(), operations: z.array(z.number()) }),
]);
type KeyFailure = z.infer<typeof keyFailure>;

/** One violation before the history was read: which operations to look for, by the index of either of their events. */
interface Wanted {
  readonly check: string;
  readonly name: string;
  readonly reason: string;
  readonly culprit: number | null;
  readonly required: readonly number[];
  readonly around: readonly number[];
  readonly failure: KeyFailure | null;
}

interface Pair {
  readonly invoke: HistoryEvent;
  end: HistoryEvent | null;
}

const VIOLATIONS = 12;
const OPERATIONS = 40;

/** Draws the operations of a key that failed. Throws HistoryError where the evidence does not fit the history. */
export type Draw = (operations: readonly HistoryEvent[], part: MinimalPart, title: string) => string;

/** For a terminal. */
export const drawText: Draw = (operations, part) => minimalPartText(operations, part);

const DRAW_SVG: Draw = (operations, part, title) => minimalPartSvg(operations, title, part);

/** What went wrong, the few operations with it. The history is read once, and no more of it is held than is shown. */
export async function violationsOf(
  results: RunResults,
  historyPath: string,
  draw: Draw = DRAW_SVG,
): Promise<readonly Violation[]> {
  const wanted = results.checks
    .filter(({ verdict }) => verdict === "invalid")
    .flatMap(wantedBy)
    .slice(0, VIOLATIONS);
  const events = new Set(
    wanted.flatMap(({ culprit, required, around }) => [culprit ?? -1, ...required, ...around]),
  );
  const pairs = events.size === 0 ? new Map<number, Pair>() : await pairsOf(historyPath, events);
  return wanted.map((each) => violation(each, pairs, draw));
}

function wantedBy({ name, kind, reason, details }: CheckResult): readonly Wanted[] {
  const parsed = evidence.safeParse(details);
  const base = { check: name, name: "", reason, culprit: null, required: [], around: [], failure: null };
  if (!parsed.success) return kind === "safety" ? [base] : [];
  const { data } = parsed;
  if ("failures" in data) {
    return data.failures.map((failure) => ({
      ...base,
      name: `key ${failure.key}`,
      reason: failure.reason,
      culprit: failure.failedAt,
      required: failure.required.filter((event) => event !== failure.failedAt).slice(0, OPERATIONS),
      around: failure.optional.filter((event) => event !== failure.failedAt).slice(0, OPERATIONS),
      failure,
    }));
  }
  if ("event" in data) return [{ ...base, culprit: data.event, required: [data.contradicts] }];
  const [culprit = null, ...required] = data.operations.slice(0, OPERATIONS);
  return [{ ...base, culprit, required }];
}

/** By the index of each of its events. */
async function pairsOf(historyPath: string, events: ReadonlySet<number>): Promise<ReadonlyMap<number, Pair>> {
  const open = new Map<number | "nemesis", Pair>();
  const found = new Map<number, Pair>();
  const last = Math.max(...events);
  const waiting = new Set<Pair>();
  await scanHistory(historyPath, 0, (event) => {
    if (event.process === "nemesis") return "go on";
    if (event.type === "invoke") {
      const pair: Pair = { invoke: event, end: null };
      open.set(event.process, pair);
      if (events.has(event.index)) {
        found.set(event.index, pair);
        waiting.add(pair);
      }
      return "go on";
    }
    const pair = open.get(event.process);
    open.delete(event.process);
    if (pair === undefined) return "go on";
    pair.end = event;
    waiting.delete(pair);
    if (events.has(event.index)) found.set(event.index, pair);
    return event.index > last && waiting.size === 0 ? "enough" : "go on";
  });
  return found;
}

function violation(wanted: Wanted, pairs: ReadonlyMap<number, Pair>, draw: Draw): Violation {
  const parts = [
    ...(wanted.culprit === null ? [] : [[wanted.culprit, "culprit"] as const]),
    ...wanted.required.map((event) => [event, "required"] as const),
    ...wanted.around.map((event) => [event, "around"] as const),
  ];
  const shown = new Map<Pair, ShownOperation>();
  for (const [event, part] of parts) {
    const pair = pairs.get(event);
    if (pair !== undefined && !shown.has(pair)) shown.set(pair, operation(pair, part));
  }
  const { check, name, reason, failure } = wanted;
  return {
    check,
    name,
    reason,
    facts: factsOf(wanted, pairs),
    operations: [...shown.values()].toSorted((a, b) => a.id - b.id),
    picture: failure === null ? null : pictureOf(failure, [...shown.keys()], draw),
  };
}

function operation({ invoke, end }: Pair, part: ShownOperation["part"]): ShownOperation {
  const revision = end?.revision;
  return {
    id: invoke.index,
    process: Number(invoke.process),
    node: invoke.node ?? end?.node ?? null,
    key: invoke.key ?? null,
    text: `${operationText(invoke, end)}${revision === undefined ? "" : ` @${revision}`}`,
    startMs: invoke.time / 1e6,
    endMs: end === null ? null : end.time / 1e6,
    outcome: outcomeOf(end),
    part,
    error: end?.error === undefined ? null : `${end.error.code}: ${valueText(end.error.message)}`,
  };
}

function factsOf(
  { failure, culprit, required }: Wanted,
  pairs: ReadonlyMap<number, Pair>,
): readonly string[] {
  const facts: string[] = [];
  const pair = culprit === null ? undefined : pairs.get(culprit);
  if (failure !== null && !failure.isMinimal && required.length > 0)
    facts.push("Time ran out before every operation was left out that could be.");
  if (pair?.end?.revision !== undefined)
    facts.push("The number after @ is the store's revision in the answer.");
  return facts;
}

/** Null also where the evidence does not fit the history. */
function pictureOf(failure: KeyFailure, pairs: readonly Pair[], draw: Draw): string | null {
  const events = pairs
    .flatMap(({ invoke, end }) => (end === null ? [invoke] : [invoke, end]))
    .toSorted((a, b) => a.index - b.index);
  try {
    return draw(events, failure, `key ${failure.key}: the operations that contradict one another`);
  } catch (error) {
    if (error instanceof HistoryError) return null;
    throw error;
  }
}
