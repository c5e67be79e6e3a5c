import type { NodeName } from "../hosts.js";

/**
 * Counts of what a fault did, as evidence: only a count that rises while the fault lasts speaks for it, whatever it
 * stood at before. Another fault of the node may set it back to 0.
 */
export class Rising {
  readonly #last = new Map<NodeName, number>();
  readonly #risen = new Map<NodeName, number>();

  /** By how much the count has risen since it was first noted. */
  note(node: NodeName, count: number): number {
    const last = this.#last.get(node);
    const rise = last === undefined ? 0 : count >= last ? count - last : count;
    this.#last.set(node, count);
    const risen = (this.#risen.get(node) ?? 0) + rise;
    this.#risen.set(node, risen);
    return risen;
  }
}
