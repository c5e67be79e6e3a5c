import { type Clusters, FAILED_CAS, INITIAL, NONE, READ, SAYS_NOTHING } from "./clusters.js";
import type { Timeline } from "../timeline.js";

/**
 * Whether a prefix of a history is legal, by zones (Gibbons and Korach, "Testing shared memories", 1997, section 4).
 *
 * What is required in a prefix: the operations that returned in it, and what wrote the values they observed. An
 * update that nobody observed and that has not returned can be left out of any order. The cas operations that are
 * required glue clusters together: cas a→b comes right after the last read of a. Such a chain of clusters, a block,
 * stands together in every legal order, and within it the order of levels is given: write a, reads of a, cas a→b,
 * reads of b, … So a prefix is legal exactly if
 *
 * 1. every block has a beginning, no two cas found the same value, and no operation of a block returned before one
 *    of an earlier level was called;
 * 2. the blocks can be put in an order. Let f be the first return in a block, s the last call. A must come before B
 *    if f(A) < s(B). If there is a cycle there is one of two blocks: let M have the greatest s in it and N come
 *    after M; N's own successor has an s of at most s(M), so f(N) < s(M), while f(M) < s(N).
 *
 * If B need not precede A but A must precede B (f(A) < s(B), s(A) < f(B)), then min(f(A), s(A)) < min(f(B), s(B)):
 * both numbers on the left are less than either on the right, or stand before one that is. So blocks in order of min(f, s)
 * are in a legal order if there is one, and there is none if a block's f lies before the s of one ahead of it. These
 * are places among the events, all distinct: no sort is needed, and the whole is linear.
 */
export class Zones {
  readonly clusters: Clusters;
  readonly timeline: Timeline;
  /** By cluster: 1 if the value was written in every legal order of the prefix. */
  readonly #required: Uint8Array;
  /** By cluster: the cluster that the required cas that found it wrote, or NONE. */
  readonly next: Int32Array;
  /** By cluster, of the reads that returned: the first return, the last call. */
  readonly #firstReturn: Int32Array;
  readonly #lastCall: Int32Array;
  /** By a block's first cluster: f and s. */
  readonly #blockFirstReturn: Int32Array;
  readonly #blockLastCall: Int32Array;
  /** By place among the events, plus one: the first cluster of the block whose min(f, s) it is, or NONE. */
  readonly blockAt: Int32Array;
  /** Blocks looked at until now. */
  blocks = 0;

  constructor(clusters: Clusters, timeline: Timeline) {
    const { count } = clusters;
    this.clusters = clusters;
    this.timeline = timeline;
    this.#required = new Uint8Array(count);
    this.next = new Int32Array(count);
    this.#firstReturn = new Int32Array(count);
    this.#lastCall = new Int32Array(count);
    this.#blockFirstReturn = new Int32Array(count);
    this.#blockLastCall = new Int32Array(count);
    this.blockAt = new Int32Array(timeline.events.length + 1);
  }

  get bytes(): number {
    return 21 * this.next.length + 4 * this.blockAt.length;
  }

  /**
   * Whether the events before the place `end` are legal. Of the cas operations that failed, false says that one of
   * them (or what else there is) is impossible; true says nothing.
   */
  *isLegal(end: number): Generator<undefined, boolean> {
    this.#required.fill(0);
    this.next.fill(NONE);
    this.#firstReturn.fill(NEVER);
    this.#lastCall.fill(NONE);
    this.blockAt.fill(NONE);
    this.#required[INITIAL] = 1;
    const operations = this.clusters.kind.length;
    for (let start = 0; start < operations; start += CHUNK) {
      this.#require(start, Math.min(operations, start + CHUNK), end);
      yield;
    }
    const required = this.#glue();
    if (required === NONE) return false;
    yield;
    let reached = 0;
    for (let start = 0; start < this.next.length; start += CHUNK) {
      const found = this.#arrange(start, Math.min(this.next.length, start + CHUNK), end);
      if (found === NONE) return false;
      reached += found;
      yield;
    }
    // What no beginning leads to is a ring: cas a→b, cas b→a.
    if (reached !== required) return false;
    let lastCall = NONE;
    for (let start = 0; start < this.blockAt.length; start += CHUNK) {
      lastCall = this.#ordered(start, Math.min(this.blockAt.length, start + CHUNK), lastCall);
      if (lastCall === DISORDER) return false;
      yield;
    }
    return this.#failuresPossible(end);
  }

  /** Whether the value was written in every legal order of the prefix that was last asked about. */
  isRequired(value: number): boolean {
    return this.#required[value] === 1;
  }

  /** The blocks (their first clusters) that some legal order of that prefix, if it is legal, has at its end. */
  lastBlocks(): number[] {
    let [latest, second] = [NONE, NONE];
    for (const block of this.blockAt) {
      if (block === NONE) continue;
      const call = this.#blockLastCall[block] as number;
      if (call > latest) [latest, second] = [call, latest];
      else second = Math.max(second, call);
    }
    const blocks: number[] = [];
    for (const block of this.blockAt) {
      if (block === NONE) continue;
      const latestOther = this.#blockLastCall[block] === latest ? second : latest;
      if ((this.#blockFirstReturn[block] as number) > latestOther || latestOther === NONE) blocks.push(block);
    }
    return blocks;
  }

  #require(start: number, stop: number, end: number): void {
    const { kind, cluster } = this.clusters;
    const { callAt, returnAt } = this.timeline;
    for (let operation = start; operation < stop; operation++) {
      const what = kind[operation] as number;
      const returned = returnAt[operation] as number;
      if (what === SAYS_NOTHING || what === FAILED_CAS || returned === NONE || returned >= end) continue;
      const value = cluster[operation] as number;
      this.#required[value] = 1;
      if (what !== READ) continue;
      if (returned < (this.#firstReturn[value] as number)) this.#firstReturn[value] = returned;
      const called = callAt[operation] as number;
      if (called > (this.#lastCall[value] as number)) this.#lastCall[value] = called;
    }
  }

  /** What a required cas found was written, too. Gives the number of clusters required, or NONE if two cas found the same. */
  #glue(): number {
    const { from, hasCas } = this.clusters;
    let required = 0;
    for (let value = 0; value < this.next.length; value++) required += this.#required[value] as number;
    if (!hasCas) return required;
    for (let value = 0; value < this.next.length; value++) {
      let at = value;
      while (this.#required[at] === 1) {
        const found = from[at] as number;
        if (found === NONE || this.next[found] === at) break;
        if (this.next[found] !== NONE) return NONE;
        this.next[found] = at;
        if (this.#required[found] === 0) required++;
        this.#required[found] = 1;
        at = found;
      }
    }
    return required;
  }

  /** Rule 1 for the blocks that begin among these clusters. Gives how many clusters they hold, or NONE. */
  #arrange(start: number, stop: number, end: number): number {
    const { from, writer } = this.clusters;
    let reached = 0;
    for (let first = start; first < stop; first++) {
      if (this.#required[first] === 0 || from[first] !== NONE) continue;
      if (first !== INITIAL && writer[first] === NONE) return NONE;
      const length = this.#arrangeBlock(first, end);
      if (length === NONE) return NONE;
      reached += length;
    }
    return reached;
  }

  #arrangeBlock(first: number, end: number): number {
    const { writer } = this.clusters;
    const { callAt, returnAt } = this.timeline;
    let firstReturn = first === INITIAL ? BEFORE_ALL : NEVER;
    let lastCall = BEFORE_ALL;
    let length = 0;
    for (let value = first; value !== NONE; value = this.next[value] as number, length++) {
      if (value !== INITIAL) {
        const update = writer[value] as number;
        const returned = returnAt[update] as number;
        if (returned !== NONE && returned < end) {
          if (returned < lastCall) return NONE;
          firstReturn = Math.min(firstReturn, returned);
        }
        lastCall = Math.max(lastCall, callAt[update] as number);
      }
      const firstRead = this.#firstReturn[value] as number;
      if (firstRead < lastCall) return NONE;
      firstReturn = Math.min(firstReturn, firstRead);
      lastCall = Math.max(lastCall, this.#lastCall[value] as number);
    }
    this.#blockFirstReturn[first] = firstReturn;
    this.#blockLastCall[first] = lastCall;
    this.blockAt[Math.min(firstReturn, lastCall) + 1] = first;
    this.blocks++;
    return length;
  }

  /** Rule 2 for the blocks at these places. `lastCall`: of the blocks before; gives that of these, too, or DISORDER. */
  #ordered(start: number, stop: number, lastCall: number): number {
    for (let at = start; at < stop; at++) {
      const block = this.blockAt[at] as number;
      if (block === NONE) continue;
      if ((this.#blockFirstReturn[block] as number) < lastCall) return DISORDER;
      lastCall = Math.max(lastCall, this.#blockLastCall[block] as number);
    }
    return lastCall;
  }

  /**
   * Rule 3: a cas cannot have failed if the value that it did not find was there all the time: seen before it was
   * called, and still seen by what was called after it returned. There are other ways in which it cannot.
   */
  #failuresPossible(end: number): boolean {
    const { kind, cluster, writer, failedCas } = this.clusters;
    const { callAt, returnAt } = this.timeline;
    for (let operation = 0, left = failedCas; left > 0; operation++) {
      if (kind[operation] !== FAILED_CAS) continue;
      left--;
      const returned = returnAt[operation] as number;
      const value = cluster[operation] as number;
      if (returned >= end || this.#required[value] === 0) continue;
      const update = writer[value] as number;
      const written = value === INITIAL ? BEFORE_ALL : (returnAt[update] as number);
      const seen = Math.min(
        this.#firstReturn[value] as number,
        written === NONE && value !== INITIAL ? NEVER : written,
      );
      const next = this.next[value] as number;
      const replaced = next === NONE ? NONE : (callAt[writer[next] as number] as number);
      if (
        seen < (callAt[operation] as number) &&
        returned < Math.max(this.#lastCall[value] as number, replaced)
      )
        return false;
    }
    return true;
  }
}

const CHUNK = 8192;
const NEVER = 0x7fffffff;
const DISORDER = NEVER;
/** The place of the virtual write of the initial value, which returned before every call. */
const BEFORE_ALL = -1;
