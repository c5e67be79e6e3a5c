/**
 * Counts of what a fault did, as evidence: only a count that rises while the fault lasts speaks for it, whatever it
 * stood at before. Another fault of the node may set it back to 0.
 */
export class Rising {
  readonly #last = new Map<string, number>();
  readonly #risen = new Map<string, number>();

  /** By how much the count has risen since it was first noted. */
  note(what: string, count: number): number {
    const last = this.#last.get(what);
    const rise = last === undefined ? 0 : count >= last ? count - last : count;
    this.#last.set(what, count);
    const risen = (this.#risen.get(what) ?? 0) + rise;
    this.#risen.set(what, risen);
    return risen;
  }
}
