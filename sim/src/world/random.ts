const TWO_32 = 2 ** 32;

/** A word from text: FNV-1a, then mixed. */
function hashText(text: string, basis: number): number {
  let hash = basis | 0;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  return hash | 0;
}

/** Draws thrown away at the start, so that seeds that differ in one bit have nothing in common. */
const WARM_UP_DRAWS = 15;

/**
 * A stream of chance: sfc32 (Chris Doty-Humphrey's small fast counter, PractRand). Streams of one seed with
 * different names are independent: one more draw in one shifts no other. Serves as the server's Random port, too.
 */
export class Stream {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(seed: number, name: string) {
    if (!Number.isSafeInteger(seed)) throw new RangeError(`a seed is a whole number, not ${seed}`);
    this.a = hashText(name, 0x811c9dc5) ^ (seed | 0);
    this.b = hashText(name, 0x1b873593) ^ (Math.floor(seed / TWO_32) | 0);
    this.c = hashText(`${seed} ${name}`, 0x5bd1e995);
    for (let draw = 0; draw < WARM_UP_DRAWS; draw++) this.word();
  }

  /** 32 uniform bits, as an unsigned number. */
  word(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Uniform in [0, 1), in steps of 2^-32. */
  unit(): number {
    return this.word() / TWO_32;
  }

  /** A uniform integer in [0, bound), for bounds up to 2^53. */
  below(bound: number): number {
    if (!Number.isSafeInteger(bound) || bound < 1) throw new RangeError(`no integer is in [0, ${bound})`);
    if (bound <= TWO_32) {
      const limit = TWO_32 - (TWO_32 % bound);
      for (;;) {
        const word = this.word();
        if (word < limit) return word % bound;
      }
    }
    const limit = 2 ** 53 - (2 ** 53 % bound);
    for (;;) {
      const value = (this.word() >>> 11) * TWO_32 + this.word();
      if (value < limit) return value % bound;
    }
  }

  /** Uniform in [min, max). */
  between(min: number, max: number): number {
    return min + (max - min) * this.unit();
  }

  /** True with the probability `share`; draws nothing where there is nothing to decide. */
  chance(share: number): boolean {
    if (share <= 0) return false;
    return share >= 1 || this.unit() < share;
  }

  /** One of them; throws on an empty list. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

/** The streams of one world, by name. */
export class Streams {
  private readonly seed: number;
  private readonly byName = new Map<string, Stream>();

  constructor(seed: number) {
    this.seed = seed;
  }

  /** The same stream at every call with the same name. */
  stream(name: string): Stream {
    let stream = this.byName.get(name);
    if (stream === undefined) {
      stream = new Stream(this.seed, name);
      this.byName.set(name, stream);
    }
    return stream;
  }
}
