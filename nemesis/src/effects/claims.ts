import type { NodeName } from "../hosts.js";
import type { Owner } from "./cut-ledger.js";

/** What two faults cannot hold of one node at the same time. Cuts compose and are no such resource. */
export type Resource = "process" | "clock.wall" | "clock.rate";

/** Who holds what, from a fault's action until its undo is seen to have worked. */
export class Claims {
  readonly #holders = new Map<string, Owner>();

  /** Takes all or nothing. Null when taken, else what stands in the way. */
  take(owner: Owner, resources: readonly Resource[], nodes: readonly NodeName[]): string | null {
    const wanted = resources.flatMap((resource) => nodes.map((node) => ({ resource, node })));
    for (const { resource, node } of wanted) {
      const holder = this.#holders.get(`${resource} ${node}`);
      if (holder !== undefined) return `faults[${holder}] still holds the ${resource} of ${node}`;
    }
    for (const { resource, node } of wanted) this.#holders.set(`${resource} ${node}`, owner);
    return null;
  }

  release(owner: Owner): void {
    for (const [key, holder] of this.#holders) if (holder === owner) this.#holders.delete(key);
  }
}
