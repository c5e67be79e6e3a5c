import type { DirectFindings } from "./anomaly.js";
import { findDirectAnomalies } from "./direct-anomalies.js";
import { type GraphBuilder, RW, VIA, WR, WW } from "./graph.js";
import { APPEND, type ListAppendHistory, READ } from "./list-append-history.js";
import { COMMITTED } from "./transactions.js";
import {
  inferVersionOrders,
  isComplete,
  mayHaveHappened,
  readElement,
  readLength,
  type VersionOrders,
} from "./version-orders.js";
import { elementText, keyText, readText, transactionName, transactionOperations } from "./words.js";
import type { Evidence, Workload } from "./workload.js";

/** Edges to each of so few appends are added one by one; to more, through an auxiliary node. */
const FEW = 4;

/**
 * Data dependencies of list-append transactions. In the agreed order of a key's versions: ww from the
 * transaction of one version to that of the next; wr from the transaction of a read's last element to the
 * reader; rw from the reader of a version to the transaction of the next one. What nobody read comes after
 * what was read last. Elements of aborted transactions and of nobody are passed over.
 */
export class ListAppendWorkload implements Workload {
  readonly name = "list-append";
  readonly #history: ListAppendHistory;
  readonly #orders: VersionOrders;

  constructor(history: ListAppendHistory) {
    this.#history = history;
    this.#orders = inferVersionOrders(history);
  }

  get log(): ListAppendHistory["log"] {
    return this.#history.log;
  }

  get expectedDependencies(): number {
    return 2 * this.#history.kind.length;
  }

  findDirectAnomalies(findings: DirectFindings): void {
    findDirectAnomalies(this.#history, this.#orders, findings);
  }

  addDependencies(graph: GraphBuilder): void {
    const { keys } = this.#history;
    for (let key = 0; key < keys.length; key++) this.#addVersions(graph, key);
    this.#addReads(graph);
  }

  #addVersions(graph: GraphBuilder, key: number): void {
    const { longest, longestStart, writer } = this.#history;
    const start = longestStart[key] as number;
    const agreed = this.#orders.agreed[key] as number;
    let previous = -1;
    for (let slot = start; slot < start + agreed; slot++) {
      if (!mayHaveHappened(this.#history, longest[slot] as number)) continue;
      const t = writer[longest[slot] as number] as number;
      if (previous >= 0 && previous !== t) graph.addEdge(previous, t, WW);
      previous = t;
    }
    if (previous < 0 || !isComplete(this.#history, this.#orders, key)) return;
    for (const t of this.#unseenWriters(key)) if (t !== previous) graph.addEdge(previous, t, WW);
  }

  #addReads(graph: GraphBuilder): void {
    const { log, operations, kind, key, writer } = this.#history;
    /** Reads of the last version, by key, where nobody read all appends: readers, each once. */
    const lastReaders = new Map<number, number[]>();
    for (let t = 0; t < log.count; t++) {
      if (log.outcome[t] !== COMMITTED) continue;
      for (let i = operations[t] as number; i < (operations[t + 1] as number); i++) {
        if (kind[i] === APPEND) continue;
        const length = readLength(this.#history, i);
        const last = this.#lastSeen(i);
        if (last >= 0 && writer[last] !== t) graph.addEdge(writer[last] as number, t, WR);
        if (kind[i] !== READ) continue;
        const next = this.#nextVersion(key[i] as number, length);
        if (next >= 0) {
          const by = writer[next] as number;
          if (by !== t) graph.addEdge(t, by, RW);
        } else if (this.#readLastVersion(key[i] as number, length)) {
          const readers = lastReaders.get(key[i] as number);
          if (readers === undefined) lastReaders.set(key[i] as number, [t]);
          else if (readers.at(-1) !== t) readers.push(t);
        }
      }
    }
    for (const [k, readers] of lastReaders) addAntiDependencies(graph, readers, this.#unseenWriters(k));
  }

  /** The last element of a read that no aborted transaction appended; -1: none. */
  #lastSeen(read: number): number {
    for (let offset = readLength(this.#history, read) - 1; offset >= 0; offset--) {
      const element = readElement(this.#history, read, offset);
      if (mayHaveHappened(this.#history, element)) return element;
    }
    return -1;
  }

  /** The element of the version after the one of this length; -1: none, or none that is known. */
  #nextVersion(key: number, length: number): number {
    if (length >= (this.#orders.agreed[key] as number)) return -1;
    return this.#orders.next[(this.#history.longestStart[key] as number) + length] as number;
  }

  /** Whether appends that nobody read came after a read of this length. */
  #readLastVersion(key: number, length: number): boolean {
    const { unseenStart } = this.#orders;
    return (
      unseenStart[key] !== unseenStart[key + 1] &&
      isComplete(this.#history, this.#orders, key) &&
      this.#nextVersion(key, length) < 0
    );
  }

  #unseenWriters(key: number): number[] {
    const { unseenStart, unseen } = this.#orders;
    const writers: number[] = [];
    for (let i = unseenStart[key] as number; i < (unseenStart[key + 1] as number); i++) {
      const by = this.#history.writer[unseen[i] as number] as number;
      // Appends are in order of transactions.
      if (writers.at(-1) !== by) writers.push(by);
    }
    return writers;
  }

  evidence(from: number, to: number, kind: number): Evidence {
    const found =
      kind === WW
        ? this.#evidenceWw(from, to)
        : kind === WR
          ? this.#evidenceWr(from, to)
          : this.#evidenceRw(from, to);
    if (found === undefined)
      throw new Error(`no evidence of kind ${kind} that ${this.#name(from)} precedes ${this.#name(to)}`);
    return found;
  }

  #evidenceWw(from: number, to: number): Evidence | undefined {
    for (const i of this.#operationsOf(to, APPEND)) {
      const element = this.#history.argument[i] as number;
      const key = this.#history.key[i] as number;
      const previous = this.#previousVersion(key, element);
      if (previous < 0 || this.#history.writer[previous] !== from) continue;
      const [a, b] = [elementText(this.#history, previous), elementText(this.#history, element)];
      const where = keyText(this.#history, key);
      const how = this.#orders.seen[element] === 0 ? ", which no read shows, so that it came last" : "";
      return {
        key: where,
        text: `${this.#name(to)} appended ${b} to ${where} after ${this.#name(from)} had appended ${a}${how}`,
        label: `${where}: ${b} after ${a}`,
      };
    }
    return undefined;
  }

  /** The version before the one that this element made; -1: none. */
  #previousVersion(key: number, element: number): number {
    const { longest, longestStart } = this.#history;
    let position = this.#orders.position[element] as number;
    if (position < 0) {
      if (this.#orders.seen[element] === 1 || !isComplete(this.#history, this.#orders, key)) return -1;
      position = this.#orders.agreed[key] as number;
    }
    for (let i = position - 1; i >= 0; i--) {
      const previous = longest[(longestStart[key] as number) + i] as number;
      if (mayHaveHappened(this.#history, previous)) return previous;
    }
    return -1;
  }

  #evidenceWr(from: number, to: number): Evidence | undefined {
    for (const i of this.#readsOf(to)) {
      const last = this.#lastSeen(i);
      if (last < 0 || this.#history.writer[last] !== from) continue;
      const [where, element] = [
        keyText(this.#history, this.#history.key[i] as number),
        elementText(this.#history, last),
      ];
      const read = readText(this.#history, i);
      return {
        key: where,
        text: `${this.#name(to)} read ${where} as ${read}, with ${this.#name(from)}'s append of ${element}`,
        label: `${where}: read ${element}`,
      };
    }
    return undefined;
  }

  #evidenceRw(from: number, to: number): Evidence | undefined {
    for (const i of this.#operationsOf(from, READ)) {
      const key = this.#history.key[i] as number;
      const length = readLength(this.#history, i);
      const next = this.#nextVersion(key, length);
      const last = this.#readLastVersion(key, length);
      for (const append of this.#operationsOf(to, APPEND)) {
        const element = this.#history.argument[append] as number;
        const unseen = last && this.#history.key[append] === key && this.#orders.seen[element] === 0;
        if (element !== next && !unseen) continue;
        const [where, text] = [keyText(this.#history, key), elementText(this.#history, element)];
        const read = readText(this.#history, i);
        const how = unseen ? ", which no read shows" : "";
        return {
          key: where,
          text: `${this.#name(from)} read ${where} as ${read}, without ${this.#name(to)}'s append of ${text}${how}`,
          label: `${where}: did not see ${text}`,
        };
      }
    }
    return undefined;
  }

  #operationsOf(t: number, kind: number): number[] {
    const found: number[] = [];
    const { operations } = this.#history;
    for (let i = operations[t] as number; i < (operations[t + 1] as number); i++)
      if (this.#history.kind[i] === kind) found.push(i);
    return found;
  }

  #readsOf(t: number): number[] {
    const found: number[] = [];
    const { operations } = this.#history;
    for (let i = operations[t] as number; i < (operations[t + 1] as number); i++)
      if (this.#history.kind[i] !== APPEND) found.push(i);
    return found;
  }

  transactionName(transaction: number): string {
    return transactionName(this.#history, transaction);
  }

  #name(t: number): string {
    return transactionName(this.#history, t);
  }

  describe(transaction: number): readonly string[] {
    return transactionOperations(this.#history, transaction);
  }
}

/**
 * rw from each reader of a key's last version to each transaction whose append nobody read, but to itself. Many
 * to many are brought through an auxiliary node, so that a database that loses all appends does not
 * make the graph quadratic. Those that are both reader and appender lost an update: a star among them has
 * an edge each way, hence all their cycles of two, and the same components as all pairs would.
 */
function addAntiDependencies(
  graph: GraphBuilder,
  readers: readonly number[],
  writers: readonly number[],
): void {
  if (readers.length <= FEW || writers.length <= FEW) {
    for (const reader of readers)
      for (const writer of writers) if (reader !== writer) graph.addEdge(reader, writer, RW);
    return;
  }
  const [readerSet, writerSet] = [new Set(readers), new Set(writers)];
  const both = readers.filter((t) => writerSet.has(t));
  const onlyRead = readers.filter((t) => !writerSet.has(t));
  const onlyWrote = writers.filter((t) => !readerSet.has(t));
  join(graph, onlyRead, writers);
  join(graph, both, onlyWrote);
  const [centre, ...others] = both;
  if (centre === undefined) return;
  for (const other of others) {
    graph.addEdge(centre, other, RW);
    graph.addEdge(other, centre, RW);
  }
}

function join(graph: GraphBuilder, readers: readonly number[], writers: readonly number[]): void {
  if (readers.length === 0 || writers.length === 0) return;
  const node = graph.addAuxiliaryNode();
  for (const reader of readers) graph.addEdge(reader, node, RW);
  for (const writer of writers) graph.addEdge(node, writer, VIA);
}
