import { zipf } from "./generators/zipf.js";
import type { Draw } from "./workload.js";

/** A key in use. */
interface Slot<State> {
  readonly state: State;
  uses: number;
}

export interface RotationOptions {
  /** Keys in use at a time, at least; with skew ten, as of a few there is little to choose. */
  readonly active: number;
  /** One more for each so many workers, so that they are not ever more in each other's way. */
  readonly workersPerKey: number;
  /** How many work. */
  readonly workers: number;
  /** After so many uses another key takes a key's place: what bounds the cost of checking one. */
  readonly usesPerKey: number;
  /** Exponent of the Zipf distribution over the keys in use; 0 or absent: all alike. */
  readonly skew?: number | undefined;
}

const SKEWED = 10;

/** A few keys in use at a time, each for a while. A key that takes the place of a popular one is as popular. */
export class KeyRotation<State> {
  readonly #options: RotationOptions;
  readonly #make: (index: number) => State;
  readonly #slots: Slot<State>[] = [];
  readonly #draw: Draw;
  readonly #rank: (draw: Draw) => number;
  #count = 0;

  /** `make`: the state of the key numbered so, 0, 1, 2 … in order of their first use. */
  constructor(options: RotationOptions, draw: Draw, make: (index: number) => State) {
    this.#options = options;
    this.#make = make;
    this.#draw = draw;
    const { active, workers, workersPerKey, skew = 0 } = options;
    const slots = Math.max(active, Math.ceil(workers / workersPerKey), skew === 0 ? 0 : SKEWED);
    this.#rank = zipf(slots, skew);
    for (let slot = 0; slot < slots; slot++) this.#slots.push(this.#next());
  }

  /** How many keys there have been. */
  get count(): number {
    return this.#count;
  }

  /** One of the keys in use, drawn. Using it is up to the caller. */
  look(): State {
    return this.#at(this.#rank(this.#draw)).state;
  }

  /** Draws a key and uses it once. */
  use(): State {
    const rank = this.#rank(this.#draw);
    if (this.#at(rank).uses >= this.#options.usesPerKey) this.#slots[rank] = this.#next();
    const slot = this.#at(rank);
    slot.uses += 1;
    return slot.state;
  }

  #at(rank: number): Slot<State> {
    const slot = this.#slots[rank];
    if (slot === undefined) throw new Error(`the draw gave ${rank} of ${this.#slots.length} keys in use`);
    return slot;
  }

  #next(): Slot<State> {
    const slot = { state: this.#make(this.#count), uses: 0 };
    this.#count += 1;
    return slot;
  }
}
