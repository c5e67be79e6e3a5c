import { APPEND, DIVERGENT_READ, type ListAppendHistory, READ } from "./list-append-history.js";
import { ABORTED } from "./transactions.js";

/**
 * The order of a key's versions, as far as its reads agree on it: the longest read, up to where some other read
 * diverges from it or an element repeats. (Elle goes on with the longest read; an order that other reads
 * contradict is no evidence.) An element that no read returned comes after all that were read, if
 * its transaction committed at all.
 */
export interface VersionOrders {
  /** By key: so many elements of the longest read are in an order that nothing contradicts. */
  readonly agreed: Int32Array;
  /** By element: its position in the agreed order; -1: not in it. */
  readonly position: Int32Array;
  /** By element: whether a committed read returned it. */
  readonly seen: Uint8Array;
  /**
   * By position in `longest`: the first element from there on, within the agreed order, that a transaction
   * which may have happened appended; -1: none.
   */
  readonly next: Int32Array;
  /** Appends to key k that nobody read: unseen[unseenStart[k]] to unseen[unseenStart[k + 1]]. Elements. */
  readonly unseenStart: Int32Array;
  readonly unseen: Int32Array;
}

export function inferVersionOrders(history: ListAppendHistory): VersionOrders {
  const { keys, elements, longest, longestStart } = history;
  const seen = new Uint8Array(elements.length);
  for (const element of longest) seen[element] = 1;
  for (const read of history.divergent) for (const element of read) seen[element] = 1;
  const agreed = agreedLengths(history);
  const position = new Int32Array(elements.length).fill(-1);
  const next = new Int32Array(longest.length).fill(-1);
  for (let key = 0; key < keys.length; key++) {
    const start = longestStart[key] as number;
    let following = -1;
    for (let i = (agreed[key] as number) - 1; i >= 0; i--) {
      const element = longest[start + i] as number;
      position[element] = i;
      if (mayHaveHappened(history, element)) following = element;
      next[start + i] = following;
    }
  }
  return { agreed, position, seen, next, ...unseenAppends(history, seen) };
}

/** Somebody appended it who did not abort. */
export function mayHaveHappened({ log, writer }: ListAppendHistory, element: number): boolean {
  const transaction = writer[element] as number;
  return transaction >= 0 && log.outcome[transaction] !== ABORTED;
}

function agreedLengths(history: ListAppendHistory): Int32Array {
  const { keys, longest, longestStart } = history;
  const agreed = new Int32Array(keys.length);
  const lastKey = new Int32Array(history.elements.length).fill(-1);
  for (let key = 0; key < keys.length; key++) {
    const [start, end] = [longestStart[key] as number, longestStart[key + 1] as number];
    let slot = start;
    // An element belongs to one key, so having met it at all in this list means twice.
    for (; slot < end && lastKey[longest[slot] as number] !== key; slot++)
      lastKey[longest[slot] as number] = key;
    agreed[key] = slot - start;
  }
  for (let i = 0; i < history.kind.length; i++) {
    if (history.kind[i] !== DIVERGENT_READ) continue;
    const key = history.key[i] as number;
    const read = history.divergent[history.argument[i] as number] as readonly number[];
    const start = longestStart[key] as number;
    let common = 0;
    while (common < read.length && read[common] === longest[start + common]) common++;
    agreed[key] = Math.min(agreed[key] as number, common);
  }
  return agreed;
}

function unseenAppends(
  history: ListAppendHistory,
  seen: Uint8Array,
): { unseenStart: Int32Array; unseen: Int32Array } {
  const { keys, kind, key, argument } = history;
  const isUnseen = (i: number): boolean =>
    kind[i] === APPEND &&
    seen[argument[i] as number] === 0 &&
    mayHaveHappened(history, argument[i] as number);
  const unseenStart = new Int32Array(keys.length + 1);
  for (let i = 0; i < kind.length; i++) {
    if (isUnseen(i))
      unseenStart[(key[i] as number) + 1] = (unseenStart[(key[i] as number) + 1] as number) + 1;
  }
  for (let k = 0; k < keys.length; k++)
    unseenStart[k + 1] = (unseenStart[k + 1] as number) + (unseenStart[k] as number);
  const unseen = new Int32Array(unseenStart[keys.length] as number);
  const slots = unseenStart.slice();
  for (let i = 0; i < kind.length; i++) {
    if (!isUnseen(i)) continue;
    const slot = slots[key[i] as number] as number;
    slots[key[i] as number] = slot + 1;
    unseen[slot] = argument[i] as number;
  }
  return { unseenStart, unseen };
}

/** Nothing contradicts the longest read of the key, so that what was not read comes after it. */
export function isComplete(history: ListAppendHistory, orders: VersionOrders, key: number): boolean {
  const length = (history.longestStart[key + 1] as number) - (history.longestStart[key] as number);
  return orders.agreed[key] === length;
}

/** The length of a list that micro-operation i, a read, returned. */
export function readLength(history: ListAppendHistory, i: number): number {
  const argument = history.argument[i] as number;
  return history.kind[i] === READ ? argument : (history.divergent[argument] as readonly number[]).length;
}

/** Element number `offset` of the list that micro-operation i, a read, returned. */
export function readElement(history: ListAppendHistory, i: number, offset: number): number {
  const argument = history.argument[i] as number;
  if (history.kind[i] === DIVERGENT_READ)
    return (history.divergent[argument] as readonly number[])[offset] as number;
  return history.longest[(history.longestStart[history.key[i] as number] as number) + offset] as number;
}
