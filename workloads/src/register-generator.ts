import { zipf } from "./generators/zipf.js";
import type { Draw, Generator, Next, Operation, WorkloadOptions } from "./workload.js";

export interface RegisterOptions {
  /**
   * Keys in use at a time, for each ten workers. Few, so that operations on one key overlap; not fewer, for what it costs to
   * check a key grows fast with how many of its operations are open at once.
   */
  readonly activeKeys: number;
  /** After these many a key is done and a new one takes its place: what bounds the cost of checking one. */
  readonly operationsPerKey: number;
}

export const REGISTER_DEFAULTS: RegisterOptions = { activeKeys: 2, operationsPerKey: 300 };

const WORKERS_OF_ACTIVE_KEYS = 10;

/** In use where some keys are chosen more often than others: of two there is little to choose. */
const SKEWED_KEYS = 10;

/** Values of the second mix. Equal writes make histories that unique values never make. */
const FEW_VALUES = ["1", "2", "3", "4", "5"] as const;

/** Of the unique values of a key, so many of the latest are plausible as its present value. */
const PLAUSIBLE = 4;

/** In a hundred operations of a mixed worker. The rest read. */
const WRITES = 40;
const CASES = 40;

/** One key's share of the run. Values are strings: what was written is what is read, byte for byte. */
interface Key {
  readonly name: string;
  readonly unique: boolean;
  operations: number;
  /** Unique mix: how many values were handed out; they are "1", "2", … */
  values: number;
}

/**
 * Half of the workers only read, so that every node's reads are watched (with concurrency of at least
 * twice the nodes there is a reader on each, since worker w is pinned to node w mod nodes); the others mix
 * writes, compare-and-sets and some reads. All share the few active keys, whose mixes alternate; a successor of a key is as
 * often chosen as the key was.
 */
export class RegisterGenerator implements Generator {
  readonly #options: RegisterOptions;
  readonly #readers: number;
  readonly #draw: Draw;
  /** Which of the active keys. */
  readonly #choose: (draw: Draw) => number;
  readonly #active: Key[] = [];
  #keys = 0;

  constructor(options: RegisterOptions, { concurrency, keySkew = 0 }: WorkloadOptions, draw: Draw) {
    this.#options = options;
    this.#readers = Math.floor(concurrency / 2);
    this.#draw = draw;
    const groups = Math.max(1, concurrency / WORKERS_OF_ACTIVE_KEYS);
    const activeKeys = Math.max(Math.ceil(options.activeKeys * groups), keySkew === 0 ? 1 : SKEWED_KEYS);
    this.#choose = zipf(activeKeys, keySkew);
    for (let slot = 0; slot < activeKeys; slot++) {
      this.#active.push(this.#newKey());
    }
  }

  next(worker: number): Next {
    return { type: "operation", operation: this.#operation(worker) };
  }

  #operation(worker: number): Operation {
    const key = this.#pick();
    key.operations += 1;
    const roll = worker < this.#readers ? 100 : this.#draw.below(100);
    if (roll < WRITES) {
      return { f: "write", key: key.name, value: this.#newValue(key) };
    }
    if (roll < WRITES + CASES) {
      return { f: "cas", key: key.name, value: [this.#plausible(key), this.#newValue(key)] };
    }
    return { f: "read", key: key.name };
  }

  finalOperations(): readonly Operation[] {
    return Array.from({ length: this.#keys }, (_, index) => ({ f: "read", key: keyName(index) }));
  }

  #pick(): Key {
    const slot = this.#choose(this.#draw);
    const key = this.#active[slot];
    if (key === undefined) {
      throw new Error(`the draw gave ${slot} of ${this.#active.length} active keys`);
    }
    if (key.operations < this.#options.operationsPerKey) {
      return key;
    }
    const next = this.#newKey();
    this.#active[slot] = next;
    return next;
  }

  #newKey(): Key {
    const index = this.#keys++;
    return { name: keyName(index), unique: index % 2 === 0, operations: 0, values: 0 };
  }

  #newValue(key: Key): string {
    if (!key.unique) {
      return this.#few();
    }
    key.values += 1;
    return String(key.values);
  }

  /** What the key may hold now; "0", which nobody writes, while nothing was handed out. */
  #plausible(key: Key): string {
    if (!key.unique) {
      return this.#few();
    }
    return String(Math.max(0, key.values - this.#draw.below(PLAUSIBLE)));
  }

  #few(): string {
    const value = FEW_VALUES[this.#draw.below(FEW_VALUES.length)];
    if (value === undefined) {
      throw new Error("the draw left its bound");
    }
    return value;
  }
}

function keyName(index: number): string {
  return `r${index}`;
}
