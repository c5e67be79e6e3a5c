import type { HistoryEvent } from "../checks/check.js";
import { InputError } from "../operation.js";
import { IntVector } from "./int-vector.js";
import { show } from "./show.js";
import { COMMITTED, indexOf, pairTransactions, type TransactionLog } from "./transactions.js";

/** What names a key or an element. 1 and "1" are two. */
export type Scalar = string | number;

export const APPEND = 0;
/** A read that returned a prefix of the longest read of its key. `argument`: its length. */
export const READ = 1;
/** A read that is no prefix of the longest one. `argument`: its position in `divergent`. */
export const DIVERGENT_READ = 2;

/**
 * A history of list-append transactions as columns: about 100 bytes a transaction, however long the lists
 * it read, for all reads of a key share the longest one. Elements are numbered over all keys.
 */
export interface ListAppendHistory {
  readonly log: TransactionLog;
  readonly keys: readonly Scalar[];
  /** Micro-operations of transaction t: from operations[t] to operations[t + 1]. */
  readonly operations: Int32Array;
  /** APPEND, READ or DIVERGENT_READ. Reads only of committed transactions: of others they say nothing. */
  readonly kind: Uint8Array;
  readonly key: Int32Array;
  /** Of an append: its element. */
  readonly argument: Int32Array;
  readonly elements: readonly Scalar[];
  /** Who appended an element; -1: nobody did. */
  readonly writer: Int32Array;
  /** The longest read of key k: elements longest[longestStart[k]] to longest[longestStart[k + 1]]. */
  readonly longestStart: Int32Array;
  readonly longest: Int32Array;
  /** Which transaction did the longest read of a key; -1: only empty reads, or none. */
  readonly longestReader: Int32Array;
  readonly divergent: readonly (readonly number[])[];
}

/**
 * Reads and validates a history (checks/check.ts) whose values are lists of `["append", key, element]` and
 * `["r", key, list]`; a list that is null is empty in a committed transaction and unknown elsewhere. A
 * colon before the names, as EDN has it, is accepted. Throws InputError, with the event's position and index,
 * for anything else: also for an element appended twice to one key, since then a read of it would not
 * say whose append it saw. Linear in the history, lists read included.
 */
export function parseListAppend(history: readonly HistoryEvent[]): ListAppendHistory {
  return new Parser(history).parse();
}

type MicroOperation = readonly [f: unknown, key: unknown, value: unknown];
const NO_ELEMENTS: readonly Scalar[] = [];

class Parser {
  readonly #history: readonly HistoryEvent[];
  readonly #log: TransactionLog;
  readonly #keyIds = new Map<Scalar, number>();
  readonly #keys: Scalar[] = [];
  readonly #elementIds: Map<Scalar, number>[] = [];
  readonly #elements: Scalar[] = [];
  readonly #writer = new IntVector();
  readonly #kind: IntVector;
  readonly #key: IntVector;
  readonly #argument: IntVector;
  readonly #longest: (readonly Scalar[])[] = [];
  readonly #longestReader = new IntVector();
  readonly #divergent: number[][] = [];
  /** Some read is no prefix of another one of its key. */
  #divergence = false;

  constructor(history: readonly HistoryEvent[]) {
    this.#history = history;
    this.#log = pairTransactions(history);
    const expected = 3 * this.#log.count + 16;
    this.#kind = new IntVector(expected);
    this.#key = new IntVector(expected);
    this.#argument = new IntVector(expected);
  }

  parse(): ListAppendHistory {
    const log = this.#log;
    const operations = new Int32Array(log.count + 1);
    for (let t = 0; t < log.count; t++) {
      this.#transaction(t);
      operations[t + 1] = this.#kind.length;
    }
    const [kind, argument] = [new Uint8Array(this.#kind.view()), this.#argument.finish()];
    // Which reads are no prefixes can be told only now that the longest ones are known.
    for (let t = 0; this.#divergence && t < log.count; t++) {
      if (log.outcome[t] === COMMITTED) this.#compareReads(t, operations[t] as number, kind, argument);
    }
    const { longestStart, longest } = this.#internLongest();
    return {
      log,
      keys: this.#keys,
      operations,
      kind,
      key: this.#key.finish(),
      argument,
      elements: this.#elements,
      writer: this.#writer.finish(),
      longestStart,
      longest,
      longestReader: this.#longestReader.finish(),
      divergent: this.#divergent,
    };
  }

  #transaction(t: number): void {
    const log = this.#log;
    const [invoked, completed] = [log.invokedAt[t] as number, log.completedAt[t] as number];
    const committed = log.outcome[t] === COMMITTED;
    // A completion that is not ok often carries no value: what was attempted stands in the invocation.
    const position = committed || invoked < 0 ? completed : invoked;
    const list = this.#microOperations(position);
    if (committed && invoked >= 0) this.#compareWithInvocation(list, position, invoked);
    for (let i = 0; i < list.length; i++) {
      const operation = this.#microOperation(list[i], position);
      const key = this.#internKey(operation[1], position);
      if (isAppend(operation[0])) this.#append(t, key, operation[2], position);
      else if (committed) this.#read(t, key, this.#listRead(operation[2], position));
      else this.#listRead(operation[2], position);
    }
  }

  #microOperations(position: number): readonly unknown[] {
    const value = (this.#history[position] as HistoryEvent).value;
    if (Array.isArray(value)) return value;
    return this.#fail(position, `its value ${show(value)} is not a list of micro-operations`);
  }

  #microOperation(operation: unknown, position: number): MicroOperation {
    if (!Array.isArray(operation) || operation.length < 2 || operation.length > 3)
      return this.#fail(position, `${show(operation)} is not ["append", key, element] or ["r", key, list]`);
    const f: unknown = operation[0];
    if (!isAppend(f) && !isRead(f))
      return this.#fail(position, `micro-operation ${show(f)} is neither "append" nor "r"`);
    return operation as unknown as MicroOperation;
  }

  #internKey(key: unknown, position: number): number {
    if (!isScalar(key)) return this.#fail(position, `key ${show(key)} is neither a string nor a number`);
    let id = this.#keyIds.get(key);
    if (id === undefined) {
      id = this.#keys.length;
      this.#keyIds.set(key, id);
      this.#keys.push(key);
      this.#elementIds.push(new Map());
      this.#longest.push(NO_ELEMENTS);
      this.#longestReader.push(-1);
    }
    return id;
  }

  #internElement(key: number, element: Scalar, writer: number): number {
    const id = this.#elements.length;
    (this.#elementIds[key] as Map<Scalar, number>).set(element, id);
    this.#elements.push(element);
    this.#writer.push(writer);
    return id;
  }

  #append(t: number, key: number, element: unknown, position: number): void {
    if (!isScalar(element))
      return this.#fail(position, `element ${show(element)} is neither a string nor a number`);
    const known = (this.#elementIds[key] as Map<Scalar, number>).get(element);
    if (known !== undefined) {
      const other = this.#log.eventIndex[this.#writer.get(known)] as number;
      const where = `${show(element)} is appended to ${show(this.#keys[key])} here and in transaction ${other}`;
      return this.#fail(position, `${where}: elements must be unique for each key`);
    }
    this.#kind.push(APPEND);
    this.#key.push(key);
    this.#argument.push(this.#internElement(key, element, t));
  }

  #listRead(value: unknown, position: number): readonly Scalar[] {
    if (value === null || value === undefined) return NO_ELEMENTS;
    if (Array.isArray(value)) return value as readonly Scalar[];
    return this.#fail(position, `a read returned ${show(value)}, which is neither a list nor null`);
  }

  #read(t: number, key: number, list: readonly Scalar[]): void {
    const longest = this.#longest[key] as readonly Scalar[];
    // Prefixes of a list that the longest one extends are prefixes of that one too.
    const grows = list.length > longest.length;
    if (!(grows ? isPrefix(longest, list) : isPrefix(list, longest))) this.#divergence = true;
    if (grows) {
      this.#longest[key] = list;
      this.#longestReader.set(key, t);
    }
    this.#kind.push(READ);
    this.#key.push(key);
    this.#argument.push(list.length);
  }

  #compareReads(t: number, from: number, kind: Uint8Array, argument: Int32Array): void {
    const position = this.#log.completedAt[t] as number;
    const list = this.#microOperations(position);
    for (let i = 0; i < list.length; i++) {
      if (kind[from + i] !== READ) continue;
      const read = this.#listRead((list[i] as MicroOperation)[2], position);
      const key = this.#key.get(from + i);
      if (isPrefix(read, this.#longest[key] as readonly Scalar[])) continue;
      kind[from + i] = DIVERGENT_READ;
      argument[from + i] = this.#divergent.length;
      this.#divergent.push(this.#internRead(key, read, position));
    }
  }

  #internRead(key: number, read: readonly Scalar[], position: number): number[] {
    const ids = this.#elementIds[key] as Map<Scalar, number>;
    const list: number[] = [];
    for (let i = 0; i < read.length; i++) {
      const element: unknown = read[i];
      if (!isScalar(element))
        return this.#fail(
          position,
          `a read returned ${show(element)}, neither a string nor a number, in its list`,
        );
      list.push(ids.get(element) ?? this.#internElement(key, element, -1));
    }
    return list;
  }

  #internLongest(): { longestStart: Int32Array; longest: Int32Array } {
    const longestStart = new Int32Array(this.#keys.length + 1);
    const longest = new IntVector();
    for (let key = 0; key < this.#keys.length; key++) {
      const reader = this.#longestReader.get(key);
      const position = reader < 0 ? 0 : (this.#log.completedAt[reader] as number);
      const read = this.#internRead(key, this.#longest[key] as readonly Scalar[], position);
      for (const element of read) longest.push(element);
      longestStart[key + 1] = longest.length;
    }
    return { longestStart, longest: longest.finish() };
  }

  /** A completion must be of what was invoked: the same micro-operations, the reads filled in. */
  #compareWithInvocation(list: readonly unknown[], position: number, invoked: number): void {
    const attempted = this.#microOperations(invoked);
    if (attempted.length !== list.length)
      return this.#fail(
        position,
        `it has ${list.length} micro-operations, its invocation ${attempted.length}`,
      );
    for (let i = 0; i < list.length; i++) {
      if (list[i] === attempted[i]) continue;
      const [done, asked] = [
        this.#microOperation(list[i], position),
        this.#microOperation(attempted[i], invoked),
      ];
      const same = isAppend(done[0]) === isAppend(asked[0]) && done[1] === asked[1];
      if (!same || (isAppend(done[0]) && done[2] !== asked[2]))
        return this.#fail(position, `${show(done)} is not what was invoked, ${show(asked)}`);
    }
  }

  #fail(position: number, problem: string): never {
    throw new InputError(position, indexOf(this.#history[position] as HistoryEvent, position), problem);
  }
}

function isAppend(f: unknown): boolean {
  return f === "append" || f === ":append";
}

function isRead(f: unknown): boolean {
  return f === "r" || f === ":r";
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === "string" || (typeof value === "number" && Number.isFinite(value));
}

function isPrefix(read: readonly Scalar[], longest: readonly Scalar[]): boolean {
  if (read === longest) return true;
  for (let i = 0; i < read.length; i++) if (read[i] !== longest[i]) return false;
  return true;
}
