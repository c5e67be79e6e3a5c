import { assert } from "./errors.js";

const MASK_64 = (1n << 64n) - 1n;

/** splitmix64 (Steele, Lea, Flood 2014; Vigna's constants): turns any seed into well mixed words. */
export function splitmix64(seed: bigint): () => bigint {
  let state = seed & MASK_64;
  return () => {
    state = (state + 0x9e3779b97f4a7c15n) & MASK_64;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK_64;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK_64;
    return z ^ (z >> 31n);
  };
}

export type Xoshiro128State = readonly [number, number, number, number];

/** xoshiro128** 1.1 (Blackman, Vigna 2018): uniform unsigned 32-bit words. The state must not be all zero. */
export function xoshiro128StarStar(state: Xoshiro128State): () => number {
  let [a, b, c, d] = state;
  assert((a | b | c | d) !== 0, "xoshiro128** needs a state that is not all zero");
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  };
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** Choices from a seed: the same seed and stream make the same choices on every machine. */
export class Random {
  readonly #next: () => number;

  /**
   * @param seed a safe integer, 0 or more
   * @param stream separate choices of one seed (one stream a fault), so that the order in which faults happen to
   *   draw changes nothing
   */
  constructor(seed: number, stream = 0) {
    assert(Number.isSafeInteger(seed) && seed >= 0, `a seed is a whole number from 0, got ${seed}`);
    const perSeed = splitmix64(BigInt(seed));
    const words = splitmix64(perSeed() ^ splitmix64(BigInt(stream))());
    const [first, second] = [words(), words()];
    const state: Xoshiro128State = [
      Number(first & 0xffffffffn),
      Number(first >> 32n),
      Number(second & 0xffffffffn),
      Number(second >> 32n),
    ];
    this.#next = xoshiro128StarStar(state.every((word) => word === 0) ? [1, 2, 3, 4] : state);
  }

  /** Uniform in 0 … limit − 1, without the bias of a plain remainder. */
  below(limit: number): number {
    assert(Number.isInteger(limit) && limit >= 1 && limit <= 2 ** 32, `below(${limit})`);
    const usable = 2 ** 32 - (2 ** 32 % limit);
    for (;;) {
      const word = this.#next();
      if (word < usable) return word % limit;
    }
  }

  /** Uniform whole number, both ends included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  pick<T>(list: readonly T[]): T {
    assert(list.length > 0, "pick from an empty list");
    return list[this.below(list.length)] as T;
  }

  /** A shuffled copy (Fisher-Yates). */
  shuffle<T>(list: readonly T[]): T[] {
    const result = [...list];
    for (let last = result.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [result[last], result[other]] = [result[other] as T, result[last] as T];
    }
    return result;
  }

  /** `count` different members, in the list's own order. */
  sample<T>(list: readonly T[], count: number): T[] {
    const chosen = new Set(this.shuffle([...list.keys()]).slice(0, count));
    return list.filter((_, index) => chosen.has(index));
  }
}
