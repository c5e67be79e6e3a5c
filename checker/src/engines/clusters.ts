import type { RegisterInput, RegisterOutput, RegisterView, Scalar } from "../model.js";
import type { Operation } from "../operation.js";

/** What an operation is to the engine of unique writes. */
export const SAYS_NOTHING = 0;
export const READ = 1;
/** A write, or a cas that may have changed the value: the writer of its cluster. */
export const UPDATE = 2;
export const FAILED_CAS = 3;

export const NONE = -1;
/** The cluster of the initial value; it has no writer among the operations. */
export const INITIAL = 0;

/**
 * A register's history by values: a cluster is the operation that wrote a value, and those that observed it. Only
 * for histories in which no observed value was written twice; the initial value counts as written, once, before all.
 */
export class Clusters {
  /** By operation: one of the kinds above. */
  readonly kind: Uint8Array;
  /** By operation: the cluster of the value read or written; of a cas that failed, of the value that was not there. */
  readonly cluster: Int32Array;
  /** By cluster: the operation that wrote it, or NONE. */
  readonly writer: Int32Array;
  /** By cluster: the cluster that its writer, a cas, found; NONE: written outright. */
  readonly from: Int32Array;
  count = 1;
  hasCas = false;
  /** Operations of the kind FAILED_CAS that returned. */
  failedCas = 0;
  /** Why the history is not of this sort; undefined while it is. */
  unsuitable: string | undefined;
  readonly #operations: readonly Operation<unknown, unknown>[];
  readonly #view: RegisterView<unknown, unknown>;
  readonly #byValue: ClusterTable;
  /** By cluster: bits OBSERVED and REPEATED. */
  readonly #marks: Uint8Array;

  constructor(operations: readonly Operation<unknown, unknown>[], view: RegisterView<unknown, unknown>) {
    const size = operations.length;
    this.#operations = operations;
    this.#view = view;
    this.#byValue = new ClusterTable(2 * size);
    this.#byValue.set(view.initial, INITIAL);
    this.kind = new Uint8Array(size);
    this.cluster = new Int32Array(size);
    // An operation names two values at most, the initial value comes on top.
    this.writer = new Int32Array(2 * size + 1).fill(NONE);
    this.from = new Int32Array(2 * size + 1).fill(NONE);
    this.#marks = new Uint8Array(2 * size + 1);
  }

  get bytes(): number {
    return 23 * this.kind.length + this.#byValue.bytes;
  }

  /** Takes the operations of these positions; false at the first value that makes the history unsuitable. */
  scan(start: number, end: number): boolean {
    for (let i = start; i < end; i++) {
      const { input, output, return: returned } = this.#operations[i] as Operation<unknown, unknown>;
      const asked = this.#view.input(input);
      if (asked.f === "write") this.#write(i, asked.value, NONE);
      else this.#observe(i, asked, returned === undefined ? undefined : this.#view.output(output));
      if (this.unsuitable !== undefined) return false;
    }
    return true;
  }

  #observe(
    operation: number,
    input: Exclude<RegisterInput, { readonly f: "write" }>,
    output: RegisterOutput | undefined,
  ): void {
    if (input.f === "read") {
      if (output === undefined) return;
      if (output.value === undefined) return this.#refuse("a read does not say what it returned");
      this.kind[operation] = READ;
      this.cluster[operation] = this.#observed(output.value);
      return;
    }
    if (output !== undefined && output.succeeded === undefined)
      return this.#refuse("a cas does not say whether it succeeded");
    const from = this.#observed(input.from);
    if (output?.succeeded === false) {
      this.kind[operation] = FAILED_CAS;
      this.cluster[operation] = from;
      this.failedCas++;
      return;
    }
    this.hasCas = true;
    this.#write(operation, input.to, from);
  }

  #observed(value: Scalar): number {
    const cluster = this.#byValue.get(value) ?? this.#add(value);
    const marks = (this.#marks[cluster] as number) | OBSERVED;
    this.#marks[cluster] = marks;
    if (marks === (OBSERVED | REPEATED)) this.#refuseTwice(value);
    return cluster;
  }

  #write(operation: number, value: Scalar, from: number): void {
    let cluster = this.#byValue.get(value);
    if (cluster === undefined) cluster = this.#add(value);
    else if (cluster === INITIAL || this.writer[cluster] !== NONE) {
      if (((this.#marks[cluster] as number) & OBSERVED) !== 0) return this.#refuseTwice(value);
      this.#marks[cluster] = REPEATED;
      // Nobody can tell the two apart, or from any other value, so they may as well differ.
      cluster = this.count++;
    }
    this.kind[operation] = UPDATE;
    this.cluster[operation] = cluster;
    this.writer[cluster] = operation;
    this.from[cluster] = from;
  }

  #add(value: Scalar): number {
    const cluster = this.count++;
    this.#byValue.set(value, cluster);
    return cluster;
  }

  #refuseTwice(value: Scalar): void {
    const shown = value === null ? "absent" : JSON.stringify(value);
    this.#refuse(`a value that was observed, ${shown}, may have come about in two ways`);
  }

  #refuse(reason: string): void {
    this.unsuitable = reason;
  }
}

const OBSERVED = 1;
const REPEATED = 2;
/** As measured, about. */
const MAP_ENTRY_BYTES = 40;

/** A map from values to clusters; small integers, which most recorders write, are looked up without hashing. */
class ClusterTable {
  /** By integer: its cluster plus one; 0: none. */
  readonly #small: Int32Array;
  readonly #others = new Map<Scalar, number>();

  constructor(smallIntegers: number) {
    this.#small = new Int32Array(smallIntegers);
  }

  get bytes(): number {
    return 4 * this.#small.length + MAP_ENTRY_BYTES * this.#others.size;
  }

  get(value: Scalar): number | undefined {
    if (!this.#isSmall(value)) return this.#others.get(value);
    const stored = this.#small[value] as number;
    return stored === 0 ? undefined : stored - 1;
  }

  set(value: Scalar, cluster: number): void {
    if (this.#isSmall(value)) this.#small[value] = cluster + 1;
    else this.#others.set(value, cluster);
  }

  #isSmall(value: Scalar): value is number {
    return typeof value === "number" && value >= 0 && value < this.#small.length && Number.isInteger(value);
  }
}
