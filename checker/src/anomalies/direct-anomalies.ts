import type { DirectAnomaly, DirectFindings, DirectType } from "./anomaly.js";
import { InternalChecker } from "./internal-anomalies.js";
import { APPEND, DIVERGENT_READ, type ListAppendHistory, READ } from "./list-append-history.js";
import { ABORTED, COMMITTED } from "./transactions.js";
import { isComplete, readElement, readLength, type VersionOrders } from "./version-orders.js";
import { elementText, keyText, readText, transactionName } from "./words.js";

/** Finds what needs no graph (anomaly.ts). Linear in micro-operations and in elements of versions. */
export function findDirectAnomalies(
  history: ListAppendHistory,
  orders: VersionOrders,
  findings: DirectFindings,
): void {
  new DirectSearch(history, orders, findings).run();
}

class DirectSearch {
  readonly #history: ListAppendHistory;
  readonly #orders: VersionOrders;
  readonly #findings: DirectFindings;
  /** By key, in its longest read: the first element that nobody appended, of an aborted transaction, repeated. */
  readonly #firstGarbage: Int32Array;
  readonly #firstAborted: Int32Array;
  readonly #firstRepeated: Int32Array;
  /** By element: its transaction appended to the key again after it. */
  readonly #intermediate: Uint8Array;

  constructor(history: ListAppendHistory, orders: VersionOrders, findings: DirectFindings) {
    this.#history = history;
    this.#orders = orders;
    this.#findings = findings;
    this.#intermediate = new Uint8Array(history.elements.length);
    const keys = history.keys.length;
    this.#firstGarbage = new Int32Array(keys).fill(-1);
    this.#firstAborted = new Int32Array(keys).fill(-1);
    this.#firstRepeated = new Int32Array(keys).fill(-1);
  }

  run(): void {
    this.#appendsOfOneTransaction();
    for (let key = 0; key < this.#history.keys.length; key++) this.#longestRead(key);
    const { log, operations, kind } = this.#history;
    const internal = new InternalChecker(this.#history, this.#orders, this.#findings);
    for (let t = 0; t < log.count; t++) {
      if (log.outcome[t] !== COMMITTED) continue;
      for (let i = operations[t] as number; i < (operations[t + 1] as number); i++)
        if (kind[i] !== APPEND) this.#read(t, i);
      internal.check(t);
      this.#fracturedRead(t);
    }
    this.#lostUpdates();
  }

  #appendsOfOneTransaction(): void {
    const { log, operations, kind, key, argument } = this.#history;
    const last = new Int32Array(this.#history.keys.length).fill(-1);
    for (let t = 0; t < log.count; t++) {
      const start = operations[t] as number;
      for (let i = start; i < (operations[t + 1] as number); i++) {
        if (kind[i] !== APPEND) continue;
        const previous = last[key[i] as number] as number;
        if (previous >= start) {
          this.#intermediate[argument[previous] as number] = 1;
          if (log.outcome[t] !== ABORTED) this.#ownOrder(t, argument[previous] as number, i);
        }
        last[key[i] as number] = i;
      }
    }
  }

  /** What a transaction appended first must be in every list before what it appended later. */
  #ownOrder(t: number, earlier: number, append: number): void {
    const later = this.#history.argument[append] as number;
    const [first, second] = [
      this.#orders.position[earlier] as number,
      this.#orders.position[later] as number,
    ];
    if (second < 0 || (first >= 0 && first < second)) return;
    const key = this.#history.key[append] as number;
    this.#add("reordered-appends", [t], key, [earlier, later], () => {
      const [a, b] = [elementText(this.#history, earlier), elementText(this.#history, later)];
      const shown = first < 0 ? `without ${a}` : `before ${a}`;
      return `${this.#name(t)} appended ${a} and then ${b} to ${keyText(this.#history, key)}, but reads show ${b} ${shown}`;
    });
  }

  #longestRead(key: number): void {
    const { longest, longestStart, log, writer } = this.#history;
    const [start, end] = [longestStart[key] as number, longestStart[key + 1] as number];
    const agreed = this.#orders.agreed[key] as number;
    // Without contradiction nothing is repeated.
    const met = isComplete(this.#history, this.#orders, key) ? undefined : new Set<number>();
    let aborted = -1;
    for (let slot = start; slot < end; slot++) {
      const element = longest[slot] as number;
      const offset = slot - start;
      if (met?.has(element) === true && this.#firstRepeated[key] === -1) this.#firstRepeated[key] = offset;
      met?.add(element);
      const by = writer[element] as number;
      if (by < 0) {
        if (this.#firstGarbage[key] === -1) this.#firstGarbage[key] = offset;
      } else if (log.outcome[by] === ABORTED) {
        if (this.#firstAborted[key] === -1) this.#firstAborted[key] = offset;
        aborted = element;
      } else if (log.outcome[by] === COMMITTED && aborted >= 0) {
        if (offset < agreed) this.#dirtyUpdate(key, aborted, element);
        aborted = -1;
      }
    }
  }

  #dirtyUpdate(key: number, aborted: number, element: number): void {
    const { writer } = this.#history;
    const [first, second] = [writer[aborted] as number, writer[element] as number];
    this.#add("dirty-update", [second, first], key, [aborted, element], () => {
      const [a, b] = [elementText(this.#history, aborted), elementText(this.#history, element)];
      const where = keyText(this.#history, key);
      return `${this.#name(second)} appended ${b} to a list ${where} that holds ${a}, of ${this.#name(first)}, which aborted`;
    });
  }

  #read(t: number, i: number): void {
    const key = this.#history.key[i] as number;
    const length = readLength(this.#history, i);
    if (this.#history.kind[i] === READ) {
      if (within(this.#firstGarbage[key], length)) this.#garbage(t, i, this.#firstGarbage[key] as number);
      if (within(this.#firstAborted[key], length)) this.#abortedRead(t, i, this.#firstAborted[key] as number);
      if (within(this.#firstRepeated[key], length)) this.#repeated(t, i, this.#firstRepeated[key] as number);
    } else {
      this.#divergentRead(t, i, length);
    }
    if (length === 0) return;
    const last = readElement(this.#history, i, length - 1);
    const by = this.#history.writer[last] as number;
    if (by < 0 || by === t || this.#intermediate[last] === 0) return;
    this.#add("G1b", [t, by], key, [last], () => {
      const element = elementText(this.#history, last);
      return `${this.#saw(t, i)}, which ends with ${element}, but ${this.#name(by)} went on to append more to it`;
    });
  }

  #divergentRead(t: number, i: number, length: number): void {
    const { log, writer } = this.#history;
    const key = this.#history.key[i] as number;
    const met = new Set<number>();
    let [garbage, aborted, repeated] = [-1, -1, -1];
    for (let offset = length - 1; offset >= 0; offset--) {
      const element = readElement(this.#history, i, offset);
      const by = writer[element] as number;
      if (by < 0) garbage = offset;
      else if (log.outcome[by] === ABORTED) aborted = offset;
      if (met.has(element)) repeated = offset;
      met.add(element);
    }
    if (garbage >= 0) this.#garbage(t, i, garbage);
    if (aborted >= 0) this.#abortedRead(t, i, aborted);
    if (repeated >= 0) this.#repeated(t, i, repeated);
    const reader = this.#history.longestReader[key] as number;
    this.#add("incompatible-order", [t, reader], key, [], () => {
      const other = this.#longestReadText(reader, key);
      return `${this.#saw(t, i)}, ${this.#name(reader)} read it as ${other}: neither is a prefix of the other`;
    });
  }

  #longestReadText(reader: number, key: number): string {
    const { operations, longestStart } = this.#history;
    const length = (longestStart[key + 1] as number) - (longestStart[key] as number);
    for (let i = operations[reader] as number; i < (operations[reader + 1] as number); i++) {
      const isRead = this.#history.kind[i] === READ && this.#history.key[i] === key;
      if (isRead && readLength(this.#history, i) === length) return readText(this.#history, i);
    }
    throw new Error(`${this.#name(reader)} has no longest read of ${keyText(this.#history, key)}`);
  }

  #garbage(t: number, i: number, offset: number): void {
    const element = readElement(this.#history, i, offset);
    this.#add("garbage-read", [t], this.#history.key[i] as number, [element], () => {
      const text = elementText(this.#history, element);
      return `${this.#saw(t, i)}, but no transaction of the history appended ${text} to it`;
    });
  }

  #abortedRead(t: number, i: number, offset: number): void {
    const element = readElement(this.#history, i, offset);
    const by = this.#history.writer[element] as number;
    this.#add("G1a", [t, by], this.#history.key[i] as number, [element], () => {
      const text = elementText(this.#history, element);
      return `${this.#saw(t, i)}, with ${text}, which ${this.#name(by)} appended and which then aborted`;
    });
  }

  #repeated(t: number, i: number, offset: number): void {
    const element = readElement(this.#history, i, offset);
    this.#add("duplicate-elements", [t], this.#history.key[i] as number, [element], () => {
      return `${this.#saw(t, i)}, with ${elementText(this.#history, element)} twice, though it was appended once`;
    });
  }

  /**
   * Read atomic: having read T1's version of one key, a transaction must not miss what T1 appended to another.
   */
  #fracturedRead(t: number): void {
    const { operations, kind, key, writer, argument } = this.#history;
    const [start, end] = [operations[t] as number, operations[t + 1] as number];
    for (let i = start; i < end; i++) {
      const length = kind[i] === APPEND ? 0 : readLength(this.#history, i);
      if (length === 0) continue;
      const by = writer[readElement(this.#history, i, length - 1)] as number;
      if (by < 0 || by === t || this.#history.log.outcome[by] === ABORTED) continue;
      const last = operations[by + 1] as number;
      for (let j = operations[by] as number; j < last; j++) {
        if (kind[j] !== APPEND || key[j] === key[i]) continue;
        const missed = this.#readWithout(t, key[j] as number, argument[j] as number);
        if (missed >= 0) this.#fractured(t, by, i, missed, argument[j] as number);
      }
    }
  }

  /** A read by t of the key that certainly came before the append of the element; -1: none. */
  #readWithout(t: number, key: number, element: number): number {
    const { operations, kind } = this.#history;
    const position = this.#orders.position[element] as number;
    const known =
      position >= 0 || (this.#orders.seen[element] === 0 && isComplete(this.#history, this.#orders, key));
    if (!known) return -1;
    for (let i = operations[t] as number; i < (operations[t + 1] as number); i++) {
      if (kind[i] !== READ || this.#history.key[i] !== key) continue;
      if (position === -1 || readLength(this.#history, i) <= position) return i;
    }
    return -1;
  }

  #fractured(t: number, by: number, seen: number, missed: number, element: number): void {
    const key = this.#history.key[missed] as number;
    this.#add("fractured-read", [t, by], key, [element], () => {
      const what = `${this.#saw(t, seen)}, as ${this.#name(by)} left it`;
      const not = `${keyText(this.#history, key)} as ${readText(this.#history, missed)}`;
      return `${what}, but read ${not}, without ${this.#name(by)}'s append of ${elementText(this.#history, element)}`;
    });
  }

  #lostUpdates(): void {
    const { log, operations, kind, key } = this.#history;
    /** By version of a key: the first transaction that read it and appended to it. */
    const first = new Int32Array(this.#history.longest.length + this.#history.keys.length).fill(-1);
    const divergent = new Map<string, number>();
    const done = new Int32Array(this.#history.keys.length).fill(-1);
    const readBy = new Int32Array(this.#history.keys.length).fill(-1);
    for (let t = 0; t < log.count; t++) {
      if (log.outcome[t] !== COMMITTED) continue;
      const start = operations[t] as number;
      for (let i = start; i < (operations[t + 1] as number); i++) {
        const k = key[i] as number;
        if (kind[i] !== APPEND) {
          if ((readBy[k] as number) < start) readBy[k] = i;
          continue;
        }
        // Only the first access counts: a read before any append of its own.
        if ((done[k] as number) >= start) continue;
        done[k] = i;
        if ((readBy[k] as number) < start) continue;
        this.#updated(t, readBy[k] as number, first, divergent);
      }
    }
  }

  #updated(t: number, read: number, first: Int32Array, divergent: Map<string, number>): void {
    const key = this.#history.key[read] as number;
    let other: number;
    if (this.#history.kind[read] === DIVERGENT_READ) {
      const list = this.#history.divergent[this.#history.argument[read] as number] as readonly number[];
      const version = `${key}:${list.join()}`;
      other = divergent.get(version) ?? -1;
      if (other < 0) divergent.set(version, t);
    } else {
      // Key k has one version more than its longest read has elements.
      const slot = (this.#history.longestStart[key] as number) + key + readLength(this.#history, read);
      other = first[slot] as number;
      if (other < 0) first[slot] = t;
    }
    if (other < 0) return;
    this.#add("lost-update", [t, other], key, [], () => {
      const version = `${keyText(this.#history, key)} as ${readText(this.#history, read)}`;
      return `${this.#name(other)} and ${this.#name(t)} both read ${version} and then appended to it`;
    });
  }

  #saw(t: number, i: number): string {
    return `${this.#name(t)} read ${keyText(this.#history, this.#history.key[i] as number)} as ${readText(this.#history, i)}`;
  }

  #name(t: number): string {
    return transactionName(this.#history, t);
  }

  #add(
    type: DirectType,
    who: readonly number[],
    key: number,
    what: readonly number[],
    text: () => string,
  ): void {
    const { log, keys, elements } = this.#history;
    this.#findings.add(
      type,
      (): Omit<DirectAnomaly, "type"> => ({
        transactions: who.map((t) => log.eventIndex[t] as number),
        key: keys[key] ?? "",
        elements: what.map((element) => elements[element] ?? ""),
        text: text(),
      }),
    );
  }
}

function within(offset: number | undefined, length: number): boolean {
  return offset !== undefined && offset >= 0 && offset < length;
}
