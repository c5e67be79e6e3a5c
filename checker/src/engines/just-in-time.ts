import { IMPOSSIBLE, SEVERAL, type States } from "../states.js";
import { Columns } from "./columns.js";
import { ConfigurationSet, Layout } from "./configurations.js";
import { type CrashedGroup, CrashedGroups } from "./crashed-groups.js";
import { isSet, OpenOperations } from "./open-operations.js";
import { decode, HIDDEN, MAYBE, PLAIN, WRITE } from "./orders.js";
import { Paths, ROOT } from "./paths.js";

/**
 * Just-in-time linearization (Lowe, "Testing for linearizability", 2017), fed one call or return at a time: keeps every
 * configuration that can be reached; an operation is linearized only when a return, its own or another's, forces
 * it. Wing and Gong's search with Lowe's memoization, but breadth first: all configurations of one moment are known
 * together, so that their number is bounded by the operations open at a time, not by the history's length, and
 * dominated ones can be dropped (configurations.ts).
 *
 * What keeps them few, each with the reason why an order that needs what is left out can be turned into one that does not:
 * - Operations that never change the state are taken as soon as their answer is possible: whatever an order does
 *   with them, it can also do after.
 * - An open write may be hidden: when another write is linearized, it may have come just before, and nobody saw it; so
 *   may a write of the very value that is there. It then has both its bits, and the choice is made when it returns.
 *   (To take it at once instead would be wrong: another order may need it later.)
 * - So a write is linearized before its return only if something sees it there: an open read, or an update that is no
 *   write. Where a write is next, it is hidden by that. The same goes for a crashed operation of any kind, which could be left out.
 * - Of open operations that act alike the one that returns first goes first, of crashed ones that called first: two
 *   such can be swapped. A crashed operation that would leave the state as it is is not taken, but for a write, which
 *   may be what hides an open one.
 */
export class JustInTime {
  /** Configurations added in all. */
  configurations = 0;
  /** Grows with the time spent. */
  work = 0;
  readonly #states: States;
  readonly #open: OpenOperations;
  readonly #crashed: CrashedGroups;
  readonly #layout = new Layout();
  readonly #columns: Columns;
  readonly #paths = new Paths();
  #current = new ConfigurationSet(this.#layout);
  #next = new ConfigurationSet(this.#layout);
  /** Configurations from which the operation that is returning has still to be linearized. */
  readonly #closure = new ConfigurationSet(this.#layout);
  #row = new Int32Array(16);
  #base = new Int32Array(16);
  #gained = new Int32Array(1);
  /** By class: the base for which it was last tried. */
  #seen = new Float64Array(64);
  #seenStamp = 0;
  /** The slot whose operation is returning. */
  #returning = -1;
  #nextCurrent = 0;
  #nextBase = 0;
  /** Crashed groups that are worth a try during this return; undefined: not known yet. */
  #worthTrying: readonly CrashedGroup[] | undefined;
  /** Leaves out nothing that the state could be, for the evidence. */
  #tryAll = false;
  #returns = 0;
  /** The beginning of the paths is forgotten. */
  #isCut = false;
  #statesWhenCompacted = 0;

  constructor(states: States) {
    this.#states = states;
    this.#open = new OpenOperations(states);
    this.#crashed = new CrashedGroups(states);
    this.#columns = new Columns(this.#layout, states, this.#crashed, [
      this.#current,
      this.#next,
      this.#closure,
    ]);
    this.#row[0] = states.initial;
    this.#current.nodes[this.#current.add(this.#row)] = ROOT;
  }

  get bytes(): number {
    const sets = this.#current.bytes + this.#next.bytes + this.#closure.bytes;
    return sets + this.#paths.bytes + this.#open.bytes + this.#states.bytes;
  }

  /** A call of an operation that will return; `deadline` rises with the time of its return. Returns what `begin` wants. */
  open(operation: number, operationClass: number, deadline: number): number {
    assertFits(operation);
    const { words } = this.#open;
    const slot = this.#open.open(operation, operationClass, deadline);
    if (words !== this.#open.words) this.#adopt(this.#columns.widen(this.#open.words));
    const bit = 1 << (slot & 31);
    const word = slot >> 5;
    if (this.#states.isReadOnly(operationClass)) return slot;
    const { rows, count } = this.#current;
    const place = 1 + this.#layout.words + word;
    for (let at = place; at < count * this.#layout.stride; at += this.#layout.stride)
      rows[at] = (rows[at] as number) | bit;
    return slot;
  }

  /** A call of an operation that never returns, and that may change the state. */
  crash(operation: number, operationClass: number): void {
    assertFits(operation);
    this.#crashed.add(operation, operationClass);
  }

  /** The operation that `open` gave this slot returns: call `advance` until it has settled that. */
  begin(slot: number): void {
    this.#returning = slot;
    this.#nextCurrent = this.#nextBase = 0;
    this.#worthTrying = undefined;
    this.#layout.exact = this.#open.otherBits;
    this.#next.clear();
    this.#closure.clear();
  }

  /** Works for about `budget` units. `failed`: no order is left; `orders` says which there were. */
  advance(budget: number): "unsettled" | "settled" | "failed" {
    if (this.#nextCurrent === 0 && this.#settleInPlace()) {
      this.#open.close(this.#returning);
      return "settled";
    }
    if (!this.#search(budget)) return "unsettled";
    if (this.#next.count === 0) return "failed";
    this.#open.close(this.#returning);
    this.#next.dropDead();
    [this.#current, this.#next] = [this.#next, this.#current];
    if ((++this.#returns & 15) === 0) {
      const sources = this.#columns.drop(this.#current);
      if (sources !== undefined) this.#adopt(sources);
    }
    if (this.#paths.isLoose()) this.#paths.compact(this.#current.nodes, this.#current.count);
    return "settled";
  }

  /** A legal order of all that has returned. */
  anyOrder(): number[] {
    return decode(this.#paths.to(this.#current.nodes[0] as number));
  }

  /**
   * After `failed`: legal orders of all that had returned before, one for each state, the longest first (or their ends, once
   * `compact` has cut them), at most so many; states that were possible, and how many (work for this is bounded).
   */
  orders(most: number): {
    readonly orders: number[][];
    readonly states: number[];
    readonly stateCount: number;
  } {
    this.#tryAll = true;
    this.begin(this.#returning);
    this.#search(EVIDENCE_BUDGET);
    this.#tryAll = false;
    const lengths = this.#paths.lengths();
    const length = (node: number): number => (node === ROOT ? 0 : (lengths[node] as number));
    const longest = new Map<number, number>();
    for (let i = 0; i < this.#closure.count; i++) {
      if (this.#closure.isDead(i)) continue;
      const state = this.#closure.rows[i * this.#layout.stride] as number;
      const node = this.#closure.nodes[i] as number;
      const known = longest.get(state);
      if (known === undefined || length(node) > length(known)) longest.set(state, node);
    }
    const nodes = [...longest].toSorted(([, a], [, b]) => length(b) - length(a)).slice(0, most);
    const orders = nodes.map(([, node]) => decode(this.#paths.to(node), this.#isCut));
    return {
      orders: orders.toSorted((a, b) => b.length - a.length),
      states: nodes.map(([state]) => state),
      stateCount: longest.size,
    };
  }

  /**
   * Between two returns of a history whose length nobody knows: forgets the part of the orders that all configurations have
   * in common, but for a tail, and states and classes that are not in use, once there are many of those. Returns what
   * is still in use; undefined: nothing was done.
   */
  compact(): Remainder | undefined {
    const states = this.#states.count + this.#states.classCount;
    const hasManyStates = states > Math.max(4096, 2 * this.#statesWhenCompacted);
    if (!hasManyStates && !this.#paths.isLong()) return undefined;
    const { nodes, count } = this.#current;
    this.#paths.compact(nodes, count);
    this.#paths.cut(nodes, count, TAIL);
    this.#isCut = true;
    const operations = new Set(this.#open.heldOperations());
    for (const code of this.#paths.held()) operations.add(Math.floor(code / 4));
    for (const group of this.#crashed.groups)
      for (const operation of group.operations) operations.add(operation);
    return { operations, classes: hasManyStates ? this.#renumber() : undefined };
  }

  #renumber(): Int32Array {
    const { rows, count } = this.#current;
    const { stride } = this.#layout;
    const inUse = new Set<number>();
    for (let at = 0; at < count * stride; at += stride) inUse.add(rows[at] as number);
    const { states, classes } = this.#states.keep(
      [...inUse],
      [...this.#open.inUse(), ...this.#crashed.inUse()],
    );
    for (let at = 0; at < count * stride; at += stride) rows[at] = states[rows[at] as number] as number;
    this.#open.renumber(classes);
    this.#crashed.renumber(classes);
    this.#statesWhenCompacted = this.#states.count + this.#states.classCount;
    return classes;
  }

  /** Where the returning operation can only be taken, and always can, the rows stay apart: nothing is to be compared. */
  #settleInPlace(): boolean {
    const { rows, nodes, count } = this.#current;
    const { stride, words } = this.#layout;
    const slot = this.#returning;
    const taken = 1 + (slot >> 5);
    const bit = 1 << (slot & 31);
    const isRead = isSet(this.#open.readBits, slot);
    const operationClass = this.#open.classes[slot] as number;
    const wasTaken = ((rows[taken] as number) & bit) !== 0;
    for (let start = 0; start < count * stride; start += stride) {
      if ((((rows[start + taken] as number) & bit) !== 0) !== wasTaken) return false;
      if (wasTaken) {
        if (((rows[start + words + taken] as number) & bit) !== 0) return false;
      } else if (!isRead || this.#states.step(operationClass, rows[start] as number) === IMPOSSIBLE)
        return false;
    }
    const code = (this.#open.operations[slot] as number) * 4 + PLAIN;
    for (let i = 0; i < count; i++) {
      if (wasTaken) rows[i * stride + taken] = (rows[i * stride + taken] as number) & ~bit;
      else nodes[i] = this.#paths.add(nodes[i] as number, code);
    }
    this.work += count;
    return true;
  }

  /** From #current to #next: every way to have the returning operation linearized. False: not done yet. */
  #search(budget: number): boolean {
    const limit = this.work + budget;
    while (this.#nextCurrent < this.#current.count) {
      if (this.work > limit) return false;
      copyRow(this.#row, this.#current.rows, this.#nextCurrent, this.#layout.stride);
      this.#place(this.#current.nodes[this.#nextCurrent++] as number, NOTHING);
    }
    if (this.#crashed.groups.length > 0) this.#worthTrying ??= this.#findWorthTrying();
    // First in, first out: rows that used few crashed operations tend to come before those they dominate.
    while (this.#nextBase < this.#closure.count) {
      if (this.work > limit) return false;
      const base = this.#nextBase++;
      if (this.#closure.isDead(base)) continue;
      copyRow(this.#base, this.#closure.rows, base, this.#layout.stride);
      this.#linearizeOpen(this.#closure.nodes[base] as number);
      if (this.#crashed.groups.length > 0) this.#linearizeCrashed(this.#closure.nodes[base] as number);
    }
    return true;
  }

  #linearizeOpen(node: number): void {
    const { words } = this.#layout;
    const { updates, classes, overwrites, operations } = this.#open;
    const state = this.#base[0] as number;
    const stamp = ++this.#seenStamp;
    if (this.#seen.length < this.#states.classCount)
      this.#seen = new Float64Array(2 * this.#states.classCount);
    for (let i = 0; i < updates.length; i++) {
      const slot = updates[i] as number;
      const word = slot >> 5;
      const bit = 1 << (slot & 31);
      if (((this.#base[1 + words + word] as number) & bit) === 0) continue;
      const operationClass = classes[slot] as number;
      if (this.#seen[operationClass] === stamp) continue;
      this.#seen[operationClass] = stamp;
      const after = this.#states.step(operationClass, state);
      if (after === IMPOSSIBLE) continue;
      const isWrite = overwrites[slot] === true;
      if (isWrite && slot !== this.#returning && !this.#isSeen(after)) continue;
      const code = (operations[slot] as number) * 4 + (isWrite ? WRITE : PLAIN);
      const successors = after === SEVERAL ? this.#states.next(operationClass, state) : undefined;
      for (let s = 0; s < (successors?.length ?? 1); s++) {
        this.#copyBase(successors?.[s] ?? after);
        this.#row[1 + word] = (this.#row[1 + word] as number) | bit;
        this.#row[1 + words + word] = (this.#row[1 + words + word] as number) & ~bit;
        if (isWrite) this.#hideOpenWrites();
        this.#place(node, code);
      }
    }
  }

  #linearizeCrashed(node: number): void {
    const state = this.#base[0] as number;
    for (const group of this.#worthTrying ?? []) {
      const { operationClass, operations } = group;
      const used = group.column === -1 ? 0 : (this.#base[this.#layout.countsAt + group.column] as number);
      if (used === operations.length) continue;
      const after = this.#states.step(operationClass, state);
      if (after === IMPOSSIBLE) continue;
      const isWrite = this.#states.overwrites(operationClass);
      // One that leaves the state as it is is of no use, but that a write hides open ones.
      if (after === state && !isWrite) continue;
      const code = (operations[used] as number) * 4 + (isWrite ? WRITE : PLAIN);
      for (const to of after === SEVERAL ? this.#states.next(operationClass, state) : [after]) {
        if ((to === state && !isWrite) || !this.#isSeen(to)) continue;
        if (group.column === -1) this.#adopt(this.#columns.add(group));
        this.#copyBase(to);
        this.#row[this.#layout.countsAt + group.column] = used + 1;
        if (isWrite) this.#hideOpenWrites();
        this.#place(node, code);
      }
    }
  }

  /** Whether something that #base has not taken would see this state, directly or by way of crashed operations. */
  #isSeen(state: number): boolean {
    if (this.#tryAll) return true;
    const reach = this.#crashed.reach(state);
    if (reach === undefined) return this.#isSeenAt(state);
    if (reach.length === 0) return true;
    for (let i = 0; i < reach.length; i++) if (this.#isSeenAt(reach[i] as number)) return true;
    return false;
  }

  #isSeenAt(state: number): boolean {
    const { words } = this.#layout;
    this.#open.look(state);
    const { free, possible, readBits, otherBits } = this.#open;
    for (let word = 0; word < words; word++) {
      const read = (free[state * words + word] as number) & (readBits[word] as number);
      const update = (possible[state * words + word] as number) & (otherBits[word] as number);
      if (read & ~(this.#base[1 + word] as number)) return true;
      if (update & (this.#base[1 + words + word] as number)) return true;
    }
    return false;
  }

  /** All but the crashed writes that no open operation could see, whatever the configuration. */
  #findWorthTrying(): readonly CrashedGroup[] {
    const { words } = this.#layout;
    this.#base.fill(0, 1, 1 + words);
    this.#base.fill(-1, 1 + words, 1 + 2 * words);
    return this.#crashed.groups.filter(
      ({ operationClass }) =>
        !this.#states.overwrites(operationClass) ||
        this.#isSeen(this.#states.step(operationClass, this.#states.initial)),
    );
  }

  #copyBase(state: number): void {
    const { stride } = this.#layout;
    for (let i = 1; i < stride; i++) this.#row[i] = this.#base[i] as number;
    this.#row[0] = state;
  }

  /** A write is taken in #row: each open one that is not may have come just before it. */
  #hideOpenWrites(): void {
    const { words } = this.#layout;
    for (let i = 1; i <= words; i++) {
      const hidden = (this.#row[i + words] as number) & (this.#open.writeBits[i - 1] as number);
      this.#row[i] = (this.#row[i] as number) | hidden;
    }
  }

  /**
   * Takes what is free in #row's state, then files it by whether the returning operation is linearized in it; by both
   * where that is open. `code`: what was linearized after `node`, or NOTHING.
   */
  #place(node: number, code: number): void {
    const { words, stride } = this.#layout;
    const row = this.#row;
    const state = row[0] as number;
    this.#open.look(state);
    for (let i = 0; i < words; i++) {
      const free = (this.#open.free[state * words + i] as number) & (this.#open.all[i] as number);
      const gained = free & ~(row[1 + i] as number);
      this.#gained[i] = gained;
      row[1 + i] = (row[1 + i] as number) | gained;
    }
    this.work += 1 + (stride >> 4);
    const taken = 1 + (this.#returning >> 5);
    const bit = 1 << (this.#returning & 31);
    const mayBeTaken = ((row[taken] as number) & bit) !== 0;
    const mayBeLeft = ((row[taken + words] as number) & bit) !== 0;
    let end = NOTHING;
    if (!mayBeTaken || mayBeLeft) end = this.#file(this.#closure, node, code, end);
    if (!mayBeTaken) return;
    // Its bits are free for another operation from here on.
    row[taken] = (row[taken] as number) & ~bit;
    row[taken + words] = (row[taken + words] as number) & ~bit;
    const number = this.#next.count;
    end = this.#file(this.#next, node, code, end);
    if (end === NOTHING || number === this.#next.count || !mayBeLeft) return;
    this.#next.nodes[number] = this.#paths.add(
      end,
      (this.#open.operations[this.#returning] as number) * 4 + HIDDEN,
    );
  }

  /** `end`: the path to #row, if it is there already; returns it, if it is there now. */
  #file(set: ConfigurationSet, node: number, code: number, end: number): number {
    const before = set.work;
    const number = set.add(this.#row);
    this.work += (set.work - before) >> 3;
    if (number === -1) return end;
    this.configurations++;
    const path = end === NOTHING ? this.#extend(node, code) : end;
    set.nodes[number] = path;
    return path;
  }

  #extend(node: number, code: number): number {
    let end = code === NOTHING ? node : this.#paths.add(node, code);
    for (let word = 0; word < this.#layout.words; word++) {
      for (let bits = this.#gained[word] as number; bits !== 0; bits &= bits - 1) {
        const slot = word * 32 + 31 - Math.clz32(bits & -bits);
        const what = this.#open.overwrites[slot] === true ? MAYBE : PLAIN;
        end = this.#paths.add(end, (this.#open.operations[slot] as number) * 4 + what);
      }
    }
    return end;
  }

  /** The rows lie otherwise now: see Columns. */
  #adopt(sources: readonly number[]): void {
    const room = Math.max(this.#row.length, sources.length * 2);
    const base = new Int32Array(room);
    sources.forEach((source, i) => (base[i] = source === -1 ? 0 : (this.#base[source] as number)));
    this.#base = base;
    this.#row = new Int32Array(room);
    this.#gained = new Int32Array(this.#layout.words);
  }
}

const NOTHING = -2;
const EVIDENCE_BUDGET = 20_000;
/** Operations kept of what all orders have in common: enough to see what led up to a violation. */
const TAIL = 32;

export interface Remainder {
  /** All others will not be named again. */
  readonly operations: ReadonlySet<number>;
  /** The new number of each class; -1: forgotten. Undefined: they kept their numbers. */
  readonly classes: Int32Array | undefined;
}

/** Paths hold an operation times four in 32 bits. */
function assertFits(operation: number): void {
  if (operation >= 2 ** 29) throw new RangeError("more than 536,870,911 operations of one key");
}

function copyRow(to: Int32Array, rows: Int32Array, row: number, stride: number): void {
  const start = row * stride;
  for (let i = 0; i < stride; i++) to[i] = rows[start + i] as number;
}
