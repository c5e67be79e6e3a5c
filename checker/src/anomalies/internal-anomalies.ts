import type { DirectFindings } from "./anomaly.js";
import { APPEND, DIVERGENT_READ, type ListAppendHistory } from "./list-append-history.js";
import { readElement, readLength, type VersionOrders } from "./version-orders.js";
import { elementText, keyText, operationText, readText, transactionName } from "./words.js";

/**
 * What a transaction contradicts by itself: axiom INT of Cerone, Bernardi and Gotsman (2015), and reads of
 * what it appends only later. Linear, but for a read after k own appends to its key, which costs k.
 */
export class InternalChecker {
  readonly #history: ListAppendHistory;
  readonly #orders: VersionOrders;
  readonly #findings: DirectFindings;
  /** By key: the last micro-operation on it; and by micro-operation: the one before it on its key. */
  readonly #last: Int32Array;
  readonly #previous: Int32Array;

  constructor(history: ListAppendHistory, orders: VersionOrders, findings: DirectFindings) {
    this.#history = history;
    this.#orders = orders;
    this.#findings = findings;
    this.#last = new Int32Array(history.keys.length).fill(-1);
    this.#previous = new Int32Array(history.kind.length).fill(-1);
  }

  check(t: number): void {
    const { operations, kind, key } = this.#history;
    const start = operations[t] as number;
    for (let i = start; i < (operations[t + 1] as number); i++) {
      const k = key[i] as number;
      const previous = this.#last[k] as number;
      this.#last[k] = i;
      if (previous < start) continue;
      this.#previous[i] = previous;
      if (kind[i] === APPEND) this.#checkFutureReads(t, i);
      else this.#checkRead(t, i);
    }
  }

  /** The earlier read of this key with this transaction's later append in it, if there is one. */
  #checkFutureReads(t: number, append: number): void {
    const { kind, key, argument } = this.#history;
    const element = argument[append] as number;
    for (let i = this.#previous[append] as number; i >= 0; i = this.#previous[i] as number) {
      if (kind[i] === APPEND || !this.#contains(i, element)) continue;
      this.#findings.add("future-read", () => ({
        transactions: [this.#history.log.eventIndex[t] as number],
        key: this.#history.keys[key[i] as number] ?? "",
        elements: [this.#history.elements[element] ?? ""],
        text: `${transactionName(this.#history, t)} ${this.#saw(i)} before it appended ${elementText(this.#history, element)} itself`,
      }));
      return;
    }
  }

  #contains(read: number, element: number): boolean {
    const position = this.#orders.position[element] as number;
    const length = readLength(this.#history, read);
    if (position >= 0 && position < length && readElement(this.#history, read, position) === element)
      return true;
    if (this.#orders.seen[element] === 0 || (position >= 0 && this.#history.kind[read] !== DIVERGENT_READ))
      return false;
    for (let offset = 0; offset < length; offset++)
      if (readElement(this.#history, read, offset) === element) return true;
    return false;
  }

  #checkRead(t: number, read: number): void {
    const { kind, argument } = this.#history;
    // Backwards: own appends must be the list's end, and an earlier read exactly what is before them.
    let remaining = readLength(this.#history, read);
    let i = this.#previous[read] as number;
    for (; i >= 0 && kind[i] === APPEND; i = this.#previous[i] as number) {
      remaining--;
      if (remaining < 0 || readElement(this.#history, read, remaining) !== argument[i])
        return this.#contradiction(t, read, i);
    }
    if (i < 0) return;
    if (readLength(this.#history, i) !== remaining) return this.#contradiction(t, read, i);
    for (let offset = 0; offset < remaining; offset++) {
      if (readElement(this.#history, i, offset) !== readElement(this.#history, read, offset))
        return this.#contradiction(t, read, i);
    }
  }

  #contradiction(t: number, read: number, earlier: number): void {
    this.#findings.add("internal", () => ({
      transactions: [this.#history.log.eventIndex[t] as number],
      key: this.#history.keys[this.#history.key[read] as number] ?? "",
      elements: [],
      text: `${transactionName(this.#history, t)} ${this.#saw(read)}, which its own earlier “${operationText(this.#history, earlier)}” contradicts`,
    }));
  }

  #saw(read: number): string {
    return `read ${keyText(this.#history, this.#history.key[read] as number)} as ${readText(this.#history, read)}`;
  }
}
