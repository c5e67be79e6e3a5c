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
  /** By state: when the above were found. */
  #lookedAt = new Float64Array(16);
  #epoch = 1;

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
    this.#epoch++;
    return slot;
  }

  close(slot: number): void {
    const list = isSet(this.readBits, slot) ? this.reads : this.updates;
    let place = list.indexOf(slot);
    for (; place < list.length - 1; place++) list[place] = list[place + 1] as number;
    list.pop();
    for (const bits of [this.all, this.readBits, this.writeBits, this.otherBits]) clearBit(bits, slot);
    this.#unused.push(slot);
  }

  /** Sees to it that `free` and `possible` are right for this state, but for operations closed since. */
  look(state: number): void {
    if (this.#lookedAt[state] === this.#epoch) return;
    if (state >= this.#lookedAt.length) this.#grow(state + 1);
    this.#lookedAt[state] = this.#epoch;
    const start = state * this.words;
    for (let word = 0; word < this.words; word++) this.free[start + word] = this.possible[start + word] = 0;
    for (const slot of this.reads) {
      if (this.#states.step(this.classes[slot] as number, state) === IMPOSSIBLE) continue;
      this.free[start + (slot >> 5)] = (this.free[start + (slot >> 5)] as number) | (1 << (slot & 31));
    }
    for (const slot of this.updates) {
      const after = this.#states.step(this.classes[slot] as number, state);
      if (after === IMPOSSIBLE) continue;
      const isWrite = this.overwrites[slot] === true;
      if (isWrite && after !== state) continue;
      const bits = isWrite ? this.free : this.possible;
      bits[start + (slot >> 5)] = (bits[start + (slot >> 5)] as number) | (1 << (slot & 31));
    }
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
    this.#epoch++;
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

export function isSet(bits: Int32Array, slot: number): boolean {
  return (((bits[slot >> 5] as number) >>> (slot & 31)) & 1) === 1;
}

function setBit(bits: Int32Array, slot: number): void {
  bits[slot >> 5] = (bits[slot >> 5] as number) | (1 << (slot & 31));
}

function clearBit(bits: Int32Array, slot: number): void {
  bits[slot >> 5] = (bits[slot >> 5] as number) & ~(1 << (slot & 31));
}
