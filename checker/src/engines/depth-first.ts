import type { Engine, EngineLimits, EngineOutcome } from "../engine.js";
import type { Problem } from "../problem.js";
import { IMPOSSIBLE } from "../states.js";
import { grown } from "./configurations.js";
import { CrashedCounts } from "./crashed-counts.js";
import { EventList } from "./event-list.js";
import { Paths, ROOT } from "./paths.js";
import { Visited } from "./visited.js";

/**
 * Wing and Gong's search ("Testing and verifying concurrent objects", 1993), depth first, with Lowe's
 * memoization ("Testing for linearizability", 2017): linearizes one operation that could be next after another, goes
 * back where a return is reached whose operation has no place, and never goes twice through the same
 * configuration. Quick where there are many legal orders, for it needs only one; it needs memory for all
 * configurations that it was in, while the frontier needs it for those of one moment.
 *
 * A configuration is what is linearized, and the state. All operations whose return comes before the first
 * return still in the list, the `returning` one, are in; of those called after it none is. So it is enough
 * to keep the returning operation, a bit for each operation open there, and the counts of crashed ones: a
 * row does not grow with the history. From there on the search only ever linearizes what a return forces, so
 * that these are the frontier's configurations, and the furthest return reached is that at which the frontier
 * finds none.
 *
 * Left out, because another way does as well (for each, an order that reaches as far with no more updates exists
 * among those that are not left out): of alike open operations all but the one that returns first; of
 * alike crashed ones all but the one called first; crashed ones that change nothing; a configuration that has only less crashed
 * operations left than one it was in (visited.ts); after a crashed operation all that would lead to the
 * same state without it. Operations that never change the state (`readOnly`) are taken as soon as their
 * answer is possible; not so an update that happens to change nothing, which may be needed later.
 */
export class DepthFirstEngine implements Engine {
  readonly name = "depth-first";
  settledReturns = 0;
  configurations = 0;
  readonly #problem: Problem;
  readonly #limits: EngineLimits;
  readonly #list: EventList;
  readonly #counts: CrashedCounts;
  readonly #visited: Visited;
  readonly #paths = new Paths();
  /** By operation that returned: how many returned before it. By crashed operation: before its call. */
  readonly #rank: Int32Array;
  /**
   * Returning operation, state, bits, counts (see Visited). A bit is turned over whenever an operation of its slot is
   * linearized: what those that returned before the returning operation did to it is always the same.
   */
  readonly #row: Int32Array;
  /** The counts in #row. */
  readonly #used: Int32Array;
  /** Of the operations linearized, crashed ones apart: each its own random number, by exclusive or. */
  #hash = 0;
  /** What is linearized, in order. */
  #trail = new Int32Array(64);
  #length = 0;
  /** The configurations on the way here, FRAME integers each. */
  #frames = new Int32Array(16 * FRAME);
  #depth = 0;
  /** What is still to be tried from them: pairs of operation and state after it, the next one last. */
  #candidates = new Int32Array(64);
  readonly #seenClass: Float64Array;
  #seenStamp = 0;
  /** Scratch space of #offerOpen. */
  readonly #open: Int32Array;
  #work = 0;

  constructor(problem: Problem, limits: EngineLimits) {
    const { events, returnAt, classes, slotCount } = problem;
    this.#problem = problem;
    this.#limits = limits;
    this.#list = new EventList(events, returnAt);
    this.#counts = new CrashedCounts(problem);
    const keyLength = BITS + Math.ceil(slotCount / 32);
    this.#visited = new Visited(keyLength, this.#counts);
    this.#row = new Int32Array(keyLength + this.#counts.words);
    this.#used = this.#row.subarray(keyLength);
    this.#rank = rankByReturns(problem);
    this.#seenClass = new Float64Array(classes.length);
    this.#open = new Int32Array(slotCount);
  }

  get bytes(): number {
    const own = this.#trail.length + this.#frames.length + this.#candidates.length + this.#rank.length;
    const tables = this.#visited.bytes + this.#paths.bytes + this.#list.bytes + this.#problem.states.bytes;
    return 4 * own + 8 * this.#seenClass.length + tables;
  }

  *run(): Generator<undefined, EngineOutcome> {
    if (this.#enter(this.#problem.states.initial, ROOT, NO_STATE, 0)) return this.#ok();
    while (this.#depth > 0) {
      if (this.#work > WORK_BETWEEN_YIELDS) {
        this.#work = 0;
        yield;
        if (this.#limits.isFull()) return { type: "full" };
      }
      const frame = (this.#depth - 1) * FRAME;
      const top = this.#frames[frame + TOP] as number;
      if (top > (this.#frames[frame + BOTTOM] as number)) {
        this.#frames[frame + TOP] = top - 2;
        if (this.#take(frame, this.#candidates[top - 2] as number, this.#candidates[top - 1] as number))
          return this.#ok();
      } else if (!this.#refill(frame)) this.#leave();
    }
    return this.#illegal();
  }

  /** Linearizes `operation`, which leads to `state`, and goes there. True: nothing is left to do. */
  #take(frame: number, operation: number, state: number): boolean {
    const mark = this.#length;
    const before = this.#frames[frame + STATE] as number;
    this.#linearize(operation);
    const isCrashed = this.#problem.crashedGroup[operation] !== -1;
    return this.#enter(state, this.#frames[frame + NODE] as number, isCrashed ? before : NO_STATE, mark);
  }

  /**
   * To the configuration that the trail leads to, unless that is known already. `mark`: the trail's length in the one
   * before; `skipped`: its state, if only a crashed operation lies between.
   */
  #enter(state: number, node: number, skipped: number, mark: number): boolean {
    const decided = this.#length;
    const returning = this.#takeReads(state);
    if (returning === NONE) return true;
    this.#row[0] = returning;
    this.#row[1] = state;
    const number = this.#visited.add(this.#row, this.#hash ^ mix(~state));
    if (number === -1) {
      this.#undo(mark);
      return false;
    }
    this.configurations++;
    let end = node;
    for (let i = mark; i < this.#length; i++) end = this.#paths.add(end, this.#trail[i] as number);
    this.#visited.setNode(number, end);
    this.settledReturns = Math.max(this.settledReturns, this.#rank[returning] as number);
    this.#push(state, returning, mark, end, this.#length === decided ? skipped : NO_STATE);
    return false;
  }

  /** Takes the open reads that the state allows; the operation whose return is the first in the list then. */
  #takeReads(state: number): number {
    const { classes, readOnly, states } = this.#problem;
    for (let event = this.#list.first; event !== this.#list.end; event = this.#list.after(event)) {
      this.#work++;
      const operation = event >> 1;
      if ((event & 1) === 1) return operation;
      if (readOnly[operation] === 0) continue;
      if (states.step(classes[operation] as number, state) !== IMPOSSIBLE) this.#linearize(operation);
    }
    return NONE;
  }

  #push(state: number, returning: number, mark: number, node: number, skipped: number): void {
    const frame = this.#depth++ * FRAME;
    if (frame + FRAME > this.#frames.length) this.#frames = grown(this.#frames, this.#frames.length * 2);
    const bottom = frame === 0 ? 0 : (this.#frames[frame - FRAME + TOP] as number);
    const frames = this.#frames;
    frames[frame + STATE] = state;
    frames[frame + RETURNING] = returning;
    frames[frame + MARK] = mark;
    frames[frame + NODE] = node;
    frames[frame + SKIPPED] = skipped;
    frames[frame + BOTTOM] = bottom;
    frames[frame + TOP] = bottom;
    frames[frame + STAGE] = RETURNING_OFFERED;
    this.#offer(frame, returning);
  }

  #leave(): void {
    const frame = --this.#depth * FRAME;
    this.#undo(this.#frames[frame + MARK] as number);
  }

  #linearize(operation: number): void {
    if (this.#length === this.#trail.length) this.#trail = grown(this.#trail, this.#length * 2);
    this.#trail[this.#length++] = operation;
    const group = this.#problem.crashedGroup[operation] as number;
    if (group !== -1) return this.#counts.change(this.#used, group, 1);
    this.#list.lift(operation);
    this.#turnOver(operation);
  }

  #undo(mark: number): void {
    while (this.#length > mark) {
      const operation = this.#trail[--this.#length] as number;
      const group = this.#problem.crashedGroup[operation] as number;
      if (group === -1) {
        this.#list.unlift(operation);
        this.#turnOver(operation);
      } else this.#counts.change(this.#used, group, -1);
    }
  }

  #turnOver(operation: number): void {
    const slot = this.#problem.slots[operation] as number;
    const word = BITS + (slot >> 5);
    this.#row[word] = (this.#row[word] as number) ^ (1 << (slot & 31));
    this.#hash ^= mix(operation);
  }

  /** The next candidates from this configuration, when those before have led nowhere. False: there are no more. */
  #refill(frame: number): boolean {
    const stage = this.#frames[frame + STAGE] as number;
    if (stage === RETURNING_OFFERED) {
      this.#offerOpen(frame);
      this.#frames[frame + STAGE] = OPEN_OFFERED;
      return true;
    }
    const turn = stage - OPEN_OFFERED;
    const turns = (this.#isBlocked(frame) ? 2 : 1) * this.#problem.crashedGroups.length;
    if (turn === turns) return false;
    this.#frames[frame + STAGE] = OPEN_OFFERED + this.#offerCrashed(frame, turn, turns);
    return true;
  }

  /** Every state that this operation can lead to. */
  #offer(frame: number, operation: number): void {
    const { classes, states } = this.#problem;
    const kind = classes[operation] as number;
    const skipped = this.#frames[frame + SKIPPED] as number;
    const after = states.next(kind, this.#frames[frame + STATE] as number);
    this.#work++;
    for (let i = after.length - 1; i >= 0; i--) {
      const state = after[i] as number;
      if (skipped !== NO_STATE && states.next(kind, skipped).includes(state)) continue;
      const top = this.#frames[frame + TOP] as number;
      if (top + 2 > this.#candidates.length) this.#candidates = grown(this.#candidates, top * 2);
      this.#candidates[top] = operation;
      this.#candidates[top + 1] = state;
      this.#frames[frame + TOP] = top + 2;
    }
  }

  /** The open updates but for the returning one; of alike ones that which returns first. */
  #offerOpen(frame: number): void {
    const { classes, readOnly, returnAt } = this.#problem;
    const returning = this.#frames[frame + RETURNING] as number;
    const open = this.#open;
    let count = 0;
    for (let event = this.#list.first; (event & 1) === 0; event = this.#list.after(event)) {
      this.#work++;
      const operation = event >> 1;
      if (readOnly[operation] === 1 || operation === returning) continue;
      const end = returnAt[operation] as number;
      let i = count++;
      for (; i > 0 && (returnAt[open[i - 1] as number] as number) > end; i--) open[i] = open[i - 1] as number;
      open[i] = operation;
    }
    const stamp = ++this.#seenStamp;
    this.#seenClass[classes[returning] as number] = stamp;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const kind = classes[open[i] as number] as number;
      if (this.#seenClass[kind] === stamp) continue;
      this.#seenClass[kind] = stamp;
      open[kept++] = open[i] as number;
    }
    this.#offerHelpfulFirst(frame, open, kept);
  }

  #offerHelpfulFirst(frame: number, operations: Int32Array, count: number): void {
    const isBlocked = this.#isBlocked(frame);
    // What is offered last is tried first.
    for (let i = count - 1; i >= 0; i--) {
      const operation = operations[i] as number;
      if (!isBlocked || !this.#helps(frame, operation)) this.#offer(frame, operation);
    }
    if (!isBlocked) return;
    for (let i = count - 1; i >= 0; i--) {
      const operation = operations[i] as number;
      if (this.#helps(frame, operation)) this.#offer(frame, operation);
    }
  }

  /** Whether the returning operation cannot come next here. */
  #isBlocked(frame: number): boolean {
    const { classes, states } = this.#problem;
    const kind = classes[this.#frames[frame + RETURNING] as number] as number;
    return states.step(kind, this.#frames[frame + STATE] as number) === IMPOSSIBLE;
  }

  /** Whether the returning operation could come right after this one. */
  #helps(frame: number, operation: number): boolean {
    const { classes, states } = this.#problem;
    const returning = classes[this.#frames[frame + RETURNING] as number] as number;
    const after = states.next(classes[operation] as number, this.#frames[frame + STATE] as number);
    for (let i = 0; i < after.length; i++) {
      if (states.step(returning, after[i] as number) !== IMPOSSIBLE) return true;
    }
    return false;
  }

  /**
   * A crashed operation of the next group that has one to offer; where the returning operation is blocked, first
   * of those that help it, then of the others. Returns the turn after.
   */
  #offerCrashed(frame: number, from: number, turns: number): number {
    const { classes, crashedGroups, states } = this.#problem;
    const groups = crashedGroups.length;
    const state = this.#frames[frame + STATE] as number;
    const rank = this.#rank[this.#frames[frame + RETURNING] as number] as number;
    const bottom = this.#frames[frame + BOTTOM] as number;
    for (let turn = from; turn < turns; turn++) {
      this.#work++;
      const group = turn < groups ? turn : turn - groups;
      const members = crashedGroups[group] as readonly number[];
      // Groups are in order of their first calls.
      if ((this.#rank[members[0] as number] as number) > rank) {
        if (turn < groups && turns > groups) turn = groups - 1;
        else return turns;
        continue;
      }
      const operation = members[this.#counts.get(this.#used, group)];
      if (operation === undefined || (this.#rank[operation] as number) > rank) continue;
      const after = states.step(classes[operation] as number, state);
      if (after === IMPOSSIBLE || after === state) continue;
      if (turns > groups && this.#helps(frame, operation) !== turn < groups) continue;
      this.#offer(frame, operation);
      if (this.#frames[frame + TOP] !== bottom) return turn + 1;
    }
    return turns;
  }

  #ok(): EngineOutcome {
    this.settledReturns = this.#problem.returns;
    return { type: "ok", order: [...this.#trail.subarray(0, this.#length)] };
  }

  /** Every way ended. At the furthest return every configuration that was possible has been visited. */
  #illegal(): EngineOutcome {
    const failed = this.#problem.events.find(
      (event) => (event & 1) === 1 && this.#rank[event >> 1] === this.settledReturns,
    );
    if (failed === undefined) throw new Error("a search that ended has not reached a return");
    const operation = failed >> 1;
    const lengths = this.#paths.lengths();
    const lengthOf = (node: number): number => (node === ROOT ? 0 : (lengths[node] as number));
    const longest = new Map<number, number>();
    this.#visited.forEachOf(operation, (state, node) => {
      const known = longest.get(state);
      if (known === undefined || lengthOf(node) > lengthOf(known)) longest.set(state, node);
    });
    const nodes = [...longest.values()].toSorted((a, b) => lengthOf(b) - lengthOf(a));
    return {
      type: "illegal",
      operation,
      orders: nodes.slice(0, ORDERS_KEPT).map((node) => this.#paths.to(node)),
      stateCount: nodes.length,
    };
  }
}

const ORDERS_KEPT = 16;
const WORK_BETWEEN_YIELDS = 4_000;
const NONE = -1;
const NO_STATE = -1;
/** Where the bits begin in a row. */
const BITS = 2;

/** A frame of the stack: */
const STATE = 0;
const RETURNING = 1;
/** The trail's length in the configuration before. */
const MARK = 2;
/** The end of the path here (paths.ts). */
const NODE = 3;
/** The state before a crashed operation that has led here and nothing else has happened since; or NO_STATE. */
const SKIPPED = 4;
/** Its part of the candidates. */
const BOTTOM = 5;
const TOP = 6;
/** What has been offered: the returning operation, the open ones too, or so many turns of crashed groups as well. */
const STAGE = 7;
const FRAME = 8;
const RETURNING_OFFERED = 0;
const OPEN_OFFERED = 1;

function rankByReturns({ events, returnAt, classes }: Problem): Int32Array {
  const rank = new Int32Array(classes.length);
  let returns = 0;
  for (const event of events) {
    const operation = event >> 1;
    if ((event & 1) === 1) rank[operation] = returns++;
    else if (returnAt[operation] === -1) rank[operation] = returns;
  }
  return rank;
}

/** Spreads an integer over all bits, distinct ones to distinct ones (the finalizer of MurmurHash3). */
function mix(integer: number): number {
  let h = integer ^ (integer >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
