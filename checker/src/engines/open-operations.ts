import { IMPOSSIBLE, type States } from "../states.js";
import { grown } from "./configurations.js";

/**
 * The operations that have been called and will return. Each has a slot, the place of its bit in a row, which is used
 * again after its return. And what each state lets them do, as bits, found when first asked for.
 */
export class OpenOperations {
  /** Integers that hold a bit for each slot. */
  words = 1;
  /** By slot. */
  readonly operations: number[] = [];
  readonly classes: number[] = [];
  readonly overwrites: boolean[] = [];
  /** Slots of those that may change the state, by time of return. */
  readonly updates: number[] = [];
  readonly reads: number[] = [];
  /** The bits of the slots taken: all, reads, updates that overwrite, other updates. */
  all = new Int32Array(1);
  readBits = new Int32Array(1);
  writeBits = new Int32Array(1);
  otherBits = new Int32Array(1);
  /**
   * By state, `words` integers each, after `look`. `free`: what can be taken there without a change, if open still: reads, and
   * writes of that very state. `possible`: updates other than writes that are possible there.
   */
  free = new Int32Array(16);
  possible = new Int32Array(16);
  readonly #states: States;
  readonly #deadlines: number[] = [];
  readonly #unused: number[] = [];
  /** By state: how many had been opened when the above were found; 0: never. */
  #lookedAt = new Float64Array(16);
  #opened = 1;
  /** The slots of the last ones opened, at their number modulo LOG. */
  readonly #log = new Int32Array(LOG);

  constructor(states: States) {
    this.#states = states;
  }

  get bytes(): number {
    return 16 * this.words + 8 * this.free.length + 8 * this.#lookedAt.length + 64 * this.operations.length;
  }

  /** `deadline`: rises with the time of return. Returns its slot; may raise `words`. */
  open(operation: number, operationClass: number, deadline: number): number {
    const slot = this.#unused.pop() ?? this.#newSlot();
    this.operations[slot] = operation;
    this.classes[slot] = operationClass;
    this.#deadlines[slot] = deadline;
    const overwrites = this.#states.overwrites(operationClass);
    this.overwrites[slot] = overwrites;
    setBit(this.all, slot);
    if (this.#states.isReadOnly(operationClass)) {
      this.reads.push(slot);
      setBit(this.readBits, slot);
    } else {
      setBit(overwrites ? this.writeBits : this.otherBits, slot);
      const { updates } = this;
      let place = updates.push(slot) - 1;
      for (; place > 0; place--) {
        const other = updates[place - 1] as number;
        if ((this.#deadlines[other] as number) < deadline) break;
        updates[place] = other;
        updates[place - 1] = slot;
      }
    }
    this.#log[++this.#opened & (LOG - 1)] = slot;
    return slot;
  }

  close(slot: number): void {
    const list = isSet(this.readBits, slot) ? this.reads : this.updates;
    let place = list.indexOf(slot);
    for (; place < list.length - 1; place++) list[place] = list[place + 1] as number;
    list.pop();
    clearBit(this.all, slot);
    clearBit(this.readBits, slot);
    clearBit(this.writeBits, slot);
    clearBit(this.otherBits, slot);
    this.#unused.push(slot);
  }

  /** Sees to it that `free` and `possible` are right for this state, but for operations closed since. */
  look(state: number): void {
    if (this.#lookedAt[state] === this.#opened) return;
    if (state >= this.#lookedAt.length) this.#grow(state + 1);
    const before = this.#lookedAt[state] as number;
    const unknown = this.#opened - before;
    this.#lookedAt[state] = this.#opened;
    const start = state * this.words;
    if (before > 0 && unknown <= LOG && unknown < this.reads.length + this.updates.length) {
      for (let number = before + 1; number <= this.#opened; number++)
        this.#test(this.#log[number & (LOG - 1)] as number, state, start);
      return;
    }
    for (let word = 0; word < this.words; word++) this.free[start + word] = this.possible[start + word] = 0;
    for (let i = 0; i < this.reads.length; i++) this.#test(this.reads[i] as number, state, start);
    for (let i = 0; i < this.updates.length; i++) this.#test(this.updates[i] as number, state, start);
  }

  #test(slot: number, state: number, start: number): void {
    const place = start + (slot >> 5);
    const bit = 1 << (slot & 31);
    const after = this.#states.step(this.classes[slot] as number, state);
    const isOther = ((this.otherBits[slot >> 5] as number) & bit) !== 0;
    const isFree = isOther ? false : this.overwrites[slot] === true ? after === state : after !== IMPOSSIBLE;
    const free = this.free[place] as number;
    const possible = this.possible[place] as number;
    this.free[place] = isFree ? free | bit : free & ~bit;
    this.possible[place] = isOther && after !== IMPOSSIBLE ? possible | bit : possible & ~bit;
  }

  /** Classes of open operations. */
  inUse(): Set<number> {
    return new Set([...this.reads, ...this.updates].map((slot) => this.classes[slot] as number));
  }

  heldOperations(): number[] {
    return [...this.reads, ...this.updates].map((slot) => this.operations[slot] as number);
  }

  /** After states and classes were numbered anew. */
  renumber(classes: Int32Array): void {
    this.classes.forEach((old, slot) => (this.classes[slot] = classes[old] as number));
    this.free = new Int32Array(16 * this.words);
    this.possible = new Int32Array(16 * this.words);
    this.#lookedAt = new Float64Array(16);
  }

  #newSlot(): number {
    const slot = this.operations.length;
    if (slot >= 32 * this.words) {
      const words = (this.words *= 2);
      this.all = grown(this.all, words);
      this.readBits = grown(this.readBits, words);
      this.writeBits = grown(this.writeBits, words);
      this.otherBits = grown(this.otherBits, words);
      this.#lookedAt.fill(0);
      this.#grow(this.#lookedAt.length / 2);
    }
    return slot;
  }

  #grow(states: number): void {
    let capacity = this.#lookedAt.length * 2;
    while (capacity < states) capacity *= 2;
    this.free = grown(this.free, capacity * this.words);
    this.possible = grown(this.possible, capacity * this.words);
    const lookedAt = new Float64Array(capacity);
    lookedAt.set(this.#lookedAt);
    this.#lookedAt = lookedAt;
  }
}

/** A power of two. */
const LOG = 64;

export function isSet(bits: Int32Array, slot: number): boolean {
  return (((bits[slot >> 5] as number) >>> (slot & 31)) & 1) === 1;
}

function setBit(bits: Int32Array, slot: number): void {
  bits[slot >> 5] = (bits[slot >> 5] as number) | (1 << (slot & 31));
}

function clearBit(bits: Int32Array, slot: number): void {
  bits[slot >> 5] = (bits[slot >> 5] as number) & ~(1 << (slot & 31));
}
