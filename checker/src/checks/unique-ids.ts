import type { Check, CheckReport, HistoryEvent } from "./check.js";
import { at } from "../operation.js";
import {
  describeRef,
  type OperationRef,
  operationError,
  type PairedOperation,
  pairOperations,
  refOf,
} from "./pair.js";
import { EVIDENCE_SHOWN, type Sample, Sampler } from "./sample.js";
import { describeValue, Interner, type PlainValue, plainValue } from "./value.js";
import { counted } from "./words.js";

export interface DuplicateId {
  readonly id: PlainValue;
  readonly operations: Sample<OperationRef>;
}

export interface UniqueIdsDetails {
  readonly attempted: number;
  readonly acknowledged: number;
  /** Distinct ids acknowledged more than once, in order of their first repetition. */
  readonly duplicates: Sample<DuplicateId>;
  /** Least and greatest id; null unless all are numbers or all are strings (which compare by code unit). */
  readonly min: number | string | null;
  readonly max: number | string | null;
}

/**
 * `generate` returns an id: illegal if an id was acknowledged twice, unknown if none was. Ids of crashed
 * operations are not known and not judged. Linear. After Jepsen's unique-ids.
 */
export function uniqueIds(): Check<UniqueIdsDetails> {
  return { name: "unique-ids", run: (history) => runUniqueIds(history) };
}

function runUniqueIds(history: readonly HistoryEvent[]): CheckReport<UniqueIdsDetails> {
  const operations = pairOperations(history, { functions: ["generate"], intervals: false });
  const acknowledged = operations.filter(({ outcome }) => outcome === "ok");
  const interner = new Interner();
  const firsts: PairedOperation[] = [];
  const repeats = new Map<number, PairedOperation[]>();
  for (const operation of acknowledged) {
    const position = interner.idOf(operation.completion?.value, (problem) =>
      operationError(operation, `no usable id: ${problem}`),
    );
    const first = firsts[position];
    if (first === undefined) firsts.push(operation);
    else if (repeats.get(position)?.push(operation) === undefined) repeats.set(position, [first, operation]);
  }
  const duplicates = new Sampler<DuplicateId>();
  for (const operations of repeats.values()) {
    const id = plainValue(operations[0]?.completion?.value);
    const first = operations.slice(0, EVIDENCE_SHOWN).map(refOf);
    duplicates.add(() => ({ id, operations: { count: operations.length, first } }));
  }
  const details = {
    attempted: operations.length,
    acknowledged: acknowledged.length,
    duplicates: duplicates.sample(),
    ...extremes(firsts.map(({ completion }) => completion?.value)),
  };
  return { name: "unique-ids", ...conclusion(details), details };
}

function extremes(ids: readonly unknown[]): Pick<UniqueIdsDetails, "min" | "max"> {
  const least = <T extends number | string>(list: readonly T[]): T | null =>
    list.length === 0 ? null : list.reduce((a, b) => (b < a ? b : a));
  const greatest = <T extends number | string>(list: readonly T[]): T | null =>
    list.length === 0 ? null : list.reduce((a, b) => (b > a ? b : a));
  if (ids.every((id) => typeof id === "number")) return { min: least(ids), max: greatest(ids) };
  if (ids.every((id) => typeof id === "string")) return { min: least(ids), max: greatest(ids) };
  return { min: null, max: null };
}

function conclusion(details: UniqueIdsDetails): Pick<CheckReport, "verdict" | "reason"> {
  const { attempted, acknowledged, duplicates } = details;
  const first = duplicates.first[0];
  if (first !== undefined) {
    const { count, first: shown } = first.operations;
    const [one, other] = [describeRef(at(shown, 0)), describeRef(at(shown, 1))];
    const more = count > 2 ? ` and ${count - 2} more` : "";
    const ids = counted(duplicates.count, "id was", "ids were");
    return {
      verdict: "illegal",
      reason: `${ids} given out more than once: ${describeValue(first.id)} by ${one} and ${other}${more}`,
    };
  }
  if (acknowledged === 0)
    return {
      verdict: "unknown",
      reason: `no id was acknowledged (${attempted} asked for), so nothing was checked`,
    };
  return { verdict: "ok", reason: `${counted(acknowledged, "id")} acknowledged, none twice` };
}
