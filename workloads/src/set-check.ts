import { type CheckResult, type EventPair, type HistoryEvent, pairEvents } from "@gauntlet/histories";
import { setFull, type SetFullDetails } from "porcupine-ts/checks";
import { nameOf, resultOf, runCheck, violation } from "./evidence.js";

export const SET = "set";
export const APPLIED_ONCE = "applied-once";

/** `details` of a failed check of sets, beside `kind` and `operations`: those of the first set that failed. */
export interface SetEvidence extends SetFullDetails {
  readonly set: string;
}

/**
 * Each set is linearizable: no acknowledged element is lost or stale, none is there that was never added or whose add failed, and
 * the reads are of one set that grows. `unknown` where an acknowledged element was never looked for.
 */
export function checkSet(history: readonly HistoryEvent[]): CheckResult {
  const sets = bySet(history);
  let [elements, unread] = [0, 0];
  for (const [set, events] of sets) {
    const report = runCheck(setFull({ linearizable: true }), events);
    const { details } = report;
    if (report.verdict === "illegal") {
      const told = { ...report, reason: `${set}: ${report.reason}`, details: { ...details, set } };
      return resultOf<SetEvidence>(SET, told, concerned);
    }
    elements += details.read;
    unread += neverLookedFor(pairEvents(events));
  }
  const base = { name: SET, kind: "safety" } as const;
  if (unread > 0) {
    const reason = `${unread} acknowledged elements were never looked for: no read began after they were added`;
    return { ...base, verdict: "unknown", reason };
  }
  if (elements === 0)
    return { ...base, verdict: "unknown", reason: "no read showed anything, so nothing was checked" };
  const reason = `${elements} elements of ${sets.size} sets, none lost, stale or unexpected`;
  return { ...base, verdict: "valid", reason };
}

function bySet(history: readonly HistoryEvent[]): ReadonlyMap<string, readonly HistoryEvent[]> {
  const sets = new Map<string, HistoryEvent[]>();
  for (const event of history) {
    const { key, process } = event;
    if (key === undefined || process === "nemesis") continue;
    const events = sets.get(key);
    if (events === undefined) sets.set(key, [event]);
    else events.push(event);
  }
  return sets;
}

/** Of the worst of what is wrong, the operations of the first example. */
function concerned({
  lost,
  unexpected,
  duplicated,
  stale,
  incomparable,
  reordered,
}: SetFullDetails): number[] {
  const [gone, strange, double, late] = [
    lost.first[0],
    unexpected.first[0],
    duplicated.first[0],
    stale.first[0],
  ];
  const [fork, swap] = [incomparable?.first[0], reordered?.first[0]];
  const named =
    (gone && [gone.firstMissingFrom, gone.known, gone.add, gone.lastSeenIn]) ??
    (strange && [strange.read, strange.add]) ??
    (double && [double.read]) ??
    (late && [late.lastMissingFrom, late.known, late.seenAgainIn]) ??
    // Which of the two is wrong, nobody can say: the later one shows it.
    fork?.reads.toSorted((a, b) => (b.completion ?? 0) - (a.completion ?? 0)) ??
    (swap && [swap.read, swap.acknowledged, swap.add]) ??
    [];
  return named.flatMap((operation) => (operation === null ? [] : [operation.index]));
}

/** Acknowledged elements that no read showed, and that no read that was answered could have been expected to show. */
function neverLookedFor(operations: readonly EventPair[]): number {
  const reads = operations.filter(
    ({ invoke, completion }) => invoke.f === "read" && completion?.type === "ok",
  );
  const lastBegun = reads.at(-1)?.invoke.index ?? -1;
  const late = operations.flatMap(({ invoke: { f, value }, completion }) =>
    f === "add" && completion?.type === "ok" && completion.index > lastBegun ? [value] : [],
  );
  if (late.length === 0) return 0;
  const seen = new Set(reads.flatMap(({ completion }) => elementsOf(completion?.value)));
  return late.filter((element) => !seen.has(element)).length;
}

export function elementsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/**
 * An element is written by one add alone, so its revision is the one that its add was acknowledged with, and the same in every
 * read. Another one shows a write that took effect twice, though the set is the same as if it had done so once.
 * Undefined where no read tells revisions.
 */
export function checkAppliedOnce(history: readonly HistoryEvent[]): CheckResult | undefined {
  const once = new AppliedOnce();
  for (const { invoke, completion } of pairEvents(history)) {
    const found = completion?.type === "ok" ? once.push(invoke, completion) : undefined;
    if (found !== undefined) return found;
  }
  if (once.elements === 0) return undefined;
  const reason = `each of ${once.elements} elements had one revision from first to last`;
  return { name: APPLIED_ONCE, kind: "safety", verdict: "valid", reason };
}

/** The same, operation by operation. */
export class AppliedOnce {
  /** By set and element: the revision, and who told it. */
  readonly #told = new Map<string, { readonly revision: number; readonly by: number }>();

  get elements(): number {
    return this.#told.size;
  }

  /** An operation that was answered. */
  push(invoke: HistoryEvent, ok: HistoryEvent): CheckResult | undefined {
    if (ok.f === "add")
      return ok.revision === undefined ? undefined : this.#tell(invoke, ok.value, ok.revision);
    const revisions = elementsOf(ok["modRevisions"]);
    for (const [at, element] of elementsOf(ok.value).entries()) {
      const revision = revisions[at];
      const found = typeof revision === "number" ? this.#tell(invoke, element, revision) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #tell(invoke: HistoryEvent, element: unknown, revision: number): CheckResult | undefined {
    const id = `${invoke.key ?? ""}/${String(element)}`;
    const told = this.#told.get(id);
    if (told === undefined) {
      this.#told.set(id, { revision, by: invoke.index });
      return undefined;
    }
    if (told.revision === revision) return undefined;
    const reason =
      `element ${String(element)} of ${invoke.key ?? ""} was written once, but ${nameOf(invoke)} has it at revision ` +
      `${revision} and the operation of event ${told.by} at ${told.revision}: its write took effect twice`;
    return violation(APPLIED_ONCE, reason, [invoke.index, told.by]);
  }
}
