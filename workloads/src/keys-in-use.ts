/** Uses of other keys, after which a key is forgotten. */
export const FORGET_AFTER = 20_000;

interface Kept<State> {
  readonly state: State;
  /** Number of the latest use. */
  latest: number;
}

/**
 * What a live check knows of each key that is in use. Of one that nobody has used for long only the name is kept, so that
 * it is left alone when it comes back, in the final reads at the latest: nobody knows any more what is right there.
 */
export class KeysInUse<State> {
  readonly #make: () => State;
  readonly #keys = new Map<string, Kept<State>>();
  readonly #forgotten = new Set<string>();
  #uses = 0;

  /** `make`: what is known of a key that is used for the first time. */
  constructor(make: () => State) {
    this.#make = make;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#keys.size;
  }

  /** Somebody uses it. Undefined: it was forgotten. */
  use(key: string): State | undefined {
    if (this.#forgotten.has(key)) return undefined;
    const kept = this.#keys.get(key) ?? { state: this.#make(), latest: 0 };
    this.#keys.set(key, kept);
    kept.latest = ++this.#uses;
    if (this.#uses % FORGET_AFTER === 0) this.#forget();
    return kept.state;
  }

  #forget(): void {
    for (const [key, { latest }] of this.#keys) {
      if (latest > this.#uses - FORGET_AFTER) continue;
      this.#keys.delete(key);
      this.#forgotten.add(key);
    }
  }
}
