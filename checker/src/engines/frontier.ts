import { ConfigurationSet } from "./configurations.js";
import { at } from "../operation.js";
import { Paths, ROOT } from "./paths.js";
import type { Engine, EngineLimits, EngineOutcome } from "../engine.js";
import type { Problem } from "../problem.js";

/**
 * Just-in-time linearization (Lowe, "Testing for linearizability", 2017): walks once through the calls
 * and returns and keeps every configuration that can be reached; an operation is linearized only when a
 * return, its own or another's, forces it. Wing and Gong's search with Lowe's memoization, but breadth
 * first: all configurations of one moment are known together, so that their number is bounded by the
 * operations open at a time, not by the history's length, and dominated ones can be dropped.
 *
 * What keeps the crashed operations, open for ever, from multiplying the configurations:
 * - ConfigurationSet drops rows that have less of them left at the same point;
 * - interchangeable ones are taken in order of call: in any legal order two such can be swapped;
 * - one that would leave the state as it is is not taken: not taking it is as good.
 *
 * Operations that never change the state (`readOnly`) are taken at once where their answer is possible:
 * whatever an order does with them, it can also do after. Not so an operation that merely happens to
 * leave this state unchanged, a write of the present value: another order may need it later.
 */
export class FrontierEngine implements Engine {
  readonly name = "frontier";
  settledReturns = 0;
  configurations = 0;
  readonly #problem: Problem;
  readonly #limits: EngineLimits;
  readonly #keyLength: number;
  readonly #paths = new Paths();
  #current: ConfigurationSet;
  #next: ConfigurationSet;
  /** Configurations from which the operation that is returning has still to be linearized. */
  readonly #closure: ConfigurationSet;
  readonly #row: Int32Array;
  readonly #base: Int32Array;
  /** Operations taken on the way to #row, still without a node. */
  readonly #taken: number[] = [];
  /** Open operations that will return, by time of return; those that never change the state apart. */
  readonly #openUpdates: number[] = [];
  readonly #openReads: number[] = [];
  /** By group: how many have been called. */
  readonly #crashedCalled: Int32Array;
  readonly #seenClass: Float64Array;
  #seenStamp = 0;
  #unyielded = 0;

  constructor(problem: Problem, limits: EngineLimits) {
    this.#problem = problem;
    this.#limits = limits;
    this.#keyLength = 1 + Math.ceil(problem.slotCount / 32);
    const groups = problem.crashedGroups.length;
    const set = (): ConfigurationSet => new ConfigurationSet(this.#keyLength, problem.coveredBy);
    this.#current = set();
    this.#next = set();
    this.#closure = set();
    this.#row = new Int32Array(this.#current.stride);
    this.#base = new Int32Array(this.#current.stride);
    this.#crashedCalled = new Int32Array(groups);
    this.#seenClass = new Float64Array(problem.classes.length);
  }

  get bytes(): number {
    return this.#current.bytes + this.#next.bytes + this.#closure.bytes + this.#paths.bytes;
  }

  /** Yields often (well under a millisecond apart), so that the caller can look at clock and limits. */
  *run(): Generator<undefined, EngineOutcome> {
    const { events, states } = this.#problem;
    this.#row.fill(0);
    this.#row[0] = states.initial;
    this.#current.nodes[this.#current.add(this.#row)] = ROOT;
    for (const event of events) {
      const operation = event >> 1;
      if ((event & 1) === 0) {
        this.#open(operation);
        continue;
      }
      yield* this.#settleReturn(operation);
      if (this.#isFull()) return { type: "full" };
      if (this.#next.count === 0) return this.#illegal(operation);
      this.#close(operation);
      this.settledReturns++;
    }
    return { type: "ok", order: this.#paths.to(this.#anyNode()) };
  }

  #open(operation: number): void {
    const { returnAt, readOnly, crashedGroup } = this.#problem;
    const group = crashedGroup[operation] as number;
    if (group !== -1) {
      this.#crashedCalled[group] = (this.#crashedCalled[group] as number) + 1;
      return;
    }
    if (readOnly[operation] === 1) {
      this.#openReads.push(operation);
      return;
    }
    const end = returnAt[operation] as number;
    const later = this.#openUpdates.findIndex((other) => (returnAt[other] as number) > end);
    this.#openUpdates.splice(later === -1 ? this.#openUpdates.length : later, 0, operation);
  }

  #close(operation: number): void {
    const open = this.#problem.readOnly[operation] === 1 ? this.#openReads : this.#openUpdates;
    open.splice(open.indexOf(operation), 1);
    [this.#current, this.#next] = [this.#next, this.#current];
    if (this.#paths.isLoose()) this.#paths.compact(this.#current.nodes, this.#current.count);
  }

  /** From #current to #next: every way to have `operation` linearized, with no more than that needed. */
  *#settleReturn(operation: number): Generator<undefined, void> {
    this.#next.clear();
    this.#closure.clear();
    const { stride } = this.#current;
    for (let i = 0; i < this.#current.count && !this.#isFull(); i++) {
      if (this.#current.isDead(i)) continue;
      this.#row.set(this.#current.rows.subarray(i * stride, (i + 1) * stride));
      this.#taken.length = 0;
      this.#place(operation, this.#current.nodes[i] as number);
      if (this.#isTimeToYield()) yield;
    }
    // First in, first out: rows that used few crashed operations tend to come before those they dominate.
    for (let i = 0; i < this.#closure.count && !this.#isFull(); i++) {
      if (this.#closure.isDead(i)) continue;
      this.#base.set(this.#closure.rows.subarray(i * stride, (i + 1) * stride));
      this.#linearizeReturning(operation, this.#closure.nodes[i] as number);
      this.#linearizeCrashed(operation, this.#closure.nodes[i] as number);
      if (this.#isTimeToYield()) yield;
    }
  }

  #linearizeReturning(returning: number, node: number): void {
    const { classes, slots, states } = this.#problem;
    const state = this.#base[0] as number;
    const stamp = ++this.#seenStamp;
    for (const operation of this.#openUpdates) {
      if (this.#isTaken(this.#base, operation)) continue;
      const kind = classes[operation] as number;
      // Of operations that act alike the one that returns first goes first: in any legal order that has
      // them the other way round the two can be swapped, since both have been called.
      if (this.#seenClass[kind] === stamp) continue;
      this.#seenClass[kind] = stamp;
      for (const after of states.next(kind, state)) {
        this.#row.set(this.#base);
        this.#row[0] = after;
        setBit(this.#row, slots[operation] as number);
        this.#taken.length = 0;
        this.#taken.push(operation);
        this.#place(returning, node);
      }
    }
  }

  #linearizeCrashed(returning: number, node: number): void {
    const { classes, crashedGroups, states } = this.#problem;
    const state = this.#base[0] as number;
    for (let group = 0; group < crashedGroups.length; group++) {
      const column = this.#keyLength + group;
      const used = this.#base[column] as number;
      if (used === this.#crashedCalled[group]) continue;
      const operation = at(at(crashedGroups, group), used);
      for (const after of states.next(classes[operation] as number, state)) {
        if (after === state) continue;
        this.#row.set(this.#base);
        this.#row[0] = after;
        this.#row[column] = used + 1;
        this.#taken.length = 0;
        this.#taken.push(operation);
        this.#place(returning, node);
      }
    }
  }

  /** Takes the open reads that #row allows, then files it by whether `returning` is linearized in it. */
  #place(returning: number, node: number): void {
    const { classes, slots, states } = this.#problem;
    const state = this.#row[0] as number;
    for (const read of this.#openReads) {
      if (this.#isTaken(this.#row, read)) continue;
      if (states.next(classes[read] as number, state).length === 0) continue;
      setBit(this.#row, slots[read] as number);
      this.#taken.push(read);
    }
    const settled = this.#isTaken(this.#row, returning);
    // Its bit is free for another operation from here on.
    if (settled) clearBit(this.#row, slots[returning] as number);
    const set = settled ? this.#next : this.#closure;
    const number = set.add(this.#row);
    this.#unyielded++;
    if (number === -1) return;
    this.configurations++;
    let end = node;
    for (const operation of this.#taken) end = this.#paths.add(end, operation);
    set.nodes[number] = end;
  }

  #isTaken(row: Int32Array, operation: number): boolean {
    const slot = this.#problem.slots[operation] as number;
    return (((row[1 + (slot >> 5)] as number) >>> (slot & 31)) & 1) === 1;
  }

  #isFull(): boolean {
    return this.#limits.isFull();
  }

  #isTimeToYield(): boolean {
    if (this.#unyielded * 10 + this.#next.work + this.#closure.work < 20_000) return false;
    this.#unyielded = this.#next.work = this.#closure.work = 0;
    return true;
  }

  #anyNode(): number {
    for (let i = 0; i < this.#current.count; i++) {
      if (!this.#current.isDead(i)) return this.#current.nodes[i] as number;
    }
    throw new Error("no configuration left at the end of a legal history");
  }

  /** #closure now holds every configuration that was possible, and from none did a way go on. */
  #illegal(operation: number): EngineOutcome {
    const lengths = this.#paths.lengths();
    const length = (node: number): number => (node === ROOT ? 0 : (lengths[node] as number));
    const longest = new Map<number, number>();
    for (let i = 0; i < this.#closure.count; i++) {
      if (this.#closure.isDead(i)) continue;
      const state = this.#closure.rows[i * this.#closure.stride] as number;
      const node = this.#closure.nodes[i] as number;
      const known = longest.get(state);
      if (known === undefined || length(node) > length(known)) longest.set(state, node);
    }
    const nodes = [...longest.values()].toSorted((a, b) => length(b) - length(a));
    return {
      type: "illegal",
      operation,
      orders: nodes.slice(0, ORDERS_KEPT).map((node) => this.#paths.to(node)),
      stateCount: nodes.length,
    };
  }
}

const ORDERS_KEPT = 16;

function setBit(row: Int32Array, slot: number): void {
  const word = 1 + (slot >> 5);
  row[word] = (row[word] as number) | (1 << (slot & 31));
}

function clearBit(row: Int32Array, slot: number): void {
  const word = 1 + (slot >> 5);
  row[word] = (row[word] as number) & ~(1 << (slot & 31));
}
