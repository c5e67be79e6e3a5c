import type { NodeName } from "../hosts.js";
import type { Owner } from "./cut-ledger.js";

/** What two faults cannot hold of one node at the same time. Cuts compose and are no such resource. */
export type NodeResource =
  | "process"
  | "clock.wall"
  | "clock.rate"
  | "packet.loss"
  | "packet.delay"
  | "packet.order"
  | "packet.copies"
  | "packet.rate"
  | "disk";

/** What there is once: two faults cannot hold it at the same time whatever their nodes are. */
export type ClusterResource = "membership" | "leadership";

export type Resource = NodeResource | ClusterResource;

export function isOfCluster(resource: Resource): resource is ClusterResource {
  return resource === "membership" || resource === "leadership";
}

/** Who holds what, from a fault's action until its undo is seen to have worked. */
export class Claims {
  readonly #holders = new Map<string, Owner>();

  /** Takes all or nothing. Null when taken, else what stands in the way. */
  take(owner: Owner, resources: readonly Resource[], nodes: readonly NodeName[]): string | null {
    const wanted = resources.flatMap((resource) =>
      isOfCluster(resource) ? [`${resource} of the cluster`] : nodes.map((node) => `${resource} of ${node}`),
    );
    for (const thing of wanted) {
      const holder = this.#holders.get(thing);
      if (holder !== undefined) return `faults[${holder}] still holds the ${thing}`;
    }
    for (const thing of wanted) this.#holders.set(thing, owner);
    return null;
  }

  release(owner: Owner): void {
    for (const [key, holder] of this.#holders) if (holder === owner) this.#holders.delete(key);
  }
}
