import { at } from "../operation.js";
import type { HistoryEvent } from "./check.js";
import { operationError, type PairedOperation, pairOperations, updateValue } from "./pair.js";
import { Sampler } from "./sample.js";
import { Interner } from "./value.js";

/** What a history of a set says of one element. Reads are named by rank: in order of their begin. */
export interface SetElement {
  readonly value: unknown;
  /** Its add that began first, of those that may have happened; undefined if all failed or none was tried. */
  add: PairedOperation | undefined;
  failedAdd: PairedOperation | undefined;
  /** Its add that was acknowledged first. */
  acknowledged: PairedOperation | undefined;
  /** The read with it that ended first. */
  seenFirst: PairedOperation | undefined;
  /** Rank of the last read with it, and of the last read without it before that; -1: none. */
  lastPresent: number;
  lastGap: number;
}

export interface DuplicateElement {
  readonly element: SetElement;
  readonly read: PairedOperation;
  readonly times: number;
}

export interface SetHistory {
  readonly elements: readonly SetElement[];
  /** Answered reads in order of their begin: the rank is the position. */
  readonly reads: readonly PairedOperation[];
  /** Per read the elements, each once, as positions in `elements`. Empty unless asked for. */
  readonly contents: readonly Int32Array[];
  readonly duplicates: Sampler<DuplicateElement>;
  readonly readsAttempted: number;
}

/**
 * Goes once through all elements of all reads: linear in the recording. Absences are never visited:
 * per element it keeps the last read with it and the end of the last gap between two such reads.
 */
export function readSetHistory(history: readonly HistoryEvent[], keepContents: boolean): SetHistory {
  const operations = pairOperations(history, { functions: ["add", "read"], intervals: true });
  const interner = new Interner();
  const elements: SetElement[] = [];
  for (const operation of operations) {
    if (operation.f === "add") noteAdd(interner, elements, operation);
  }
  const attempted = operations.filter(({ f }) => f === "read");
  const reads = attempted.filter(({ outcome }) => outcome === "ok");
  const duplicates = new Sampler<DuplicateElement>();
  const contents: Int32Array[] = [];
  for (const [rank, read] of reads.entries()) {
    const ids = noteRead(interner, elements, read, rank, duplicates);
    if (keepContents) contents.push(Int32Array.from(ids));
  }
  return { elements, reads, contents, duplicates, readsAttempted: attempted.length };
}

function noteAdd(interner: Interner, elements: SetElement[], add: PairedOperation): void {
  const value = updateValue(add);
  const id = interner.idOf(value, (problem) => operationError(add, problem));
  const element = (elements[id] ??= newElement(value));
  if (add.outcome === "fail") {
    element.failedAdd ??= add;
    return;
  }
  element.add ??= add;
  if (add.outcome !== "ok") return;
  if (element.acknowledged === undefined || add.end < element.acknowledged.end) element.acknowledged = add;
}

function noteRead(
  interner: Interner,
  elements: SetElement[],
  read: PairedOperation,
  rank: number,
  duplicates: Sampler<DuplicateElement>,
): number[] {
  const value = read.completion?.value;
  if (!Array.isArray(value) && !(value instanceof Set))
    throw operationError(read, "a read of a set returns an array of its elements");
  const ids: number[] = [];
  const again = new Map<number, number>();
  const fail = (problem: string): Error => operationError(read, problem);
  for (const item of value as Iterable<unknown>) {
    const id = interner.idOf(item, fail);
    const element = (elements[id] ??= newElement(item));
    if (element.lastPresent === rank) {
      again.set(id, (again.get(id) ?? 1) + 1);
      continue;
    }
    if (element.lastPresent < rank - 1) element.lastGap = rank - 1;
    element.lastPresent = rank;
    if (element.seenFirst === undefined || read.end < element.seenFirst.end) element.seenFirst = read;
    ids.push(id);
  }
  for (const [id, times] of again) duplicates.add(() => ({ element: at(elements, id), read, times }));
  return ids;
}

function newElement(value: unknown): SetElement {
  return {
    value,
    add: undefined,
    failedAdd: undefined,
    acknowledged: undefined,
    seenFirst: undefined,
    lastPresent: -1,
    lastGap: -1,
  };
}
