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

/** What one fault wants of its nodes. */
export interface Wanted {
  /** For itself alone. */
  readonly claims: readonly Resource[];
  /** Left alone by who would hold it; several faults may need it at a time. */
  readonly proofNeeds?: readonly NodeResource[];
}

/** Who holds what, from a fault's action until its undo is seen to have worked; and who needs it, until it is proved. */
export class Claims {
  readonly #holders = new Map<string, Owner>();
  readonly #needs = new Map<Owner, readonly string[]>();

  /** Takes all or nothing. Null when taken, else what stands in the way. */
  take(owner: Owner, { claims, proofNeeds = [] }: Wanted, nodes: readonly NodeName[]): string | null {
    const wanted = thingsOf(claims, nodes);
    const needed = thingsOf(proofNeeds, nodes);
    for (const thing of [...wanted, ...needed]) {
      const holder = this.#holders.get(thing);
      if (holder !== undefined) return `faults[${holder}] still holds the ${thing}`;
    }
    for (const [other, things] of this.#needs) {
      const thing = things.find((each) => wanted.includes(each));
      if (thing !== undefined) return `faults[${other}] is not proved yet and needs the ${thing}`;
    }
    for (const thing of wanted) this.#holders.set(thing, owner);
    this.#needs.set(owner, needed);
    return null;
  }

  /** Its proof is had, or can be had no more. */
  proved(owner: Owner): void {
    this.#needs.delete(owner);
  }

  release(owner: Owner): void {
    this.#needs.delete(owner);
    for (const [key, holder] of this.#holders) if (holder === owner) this.#holders.delete(key);
  }
}

function thingsOf(resources: readonly Resource[], nodes: readonly NodeName[]): readonly string[] {
  return resources.flatMap((resource) =>
    isOfCluster(resource) ? [`${resource} of the cluster`] : nodes.map((node) => `${resource} of ${node}`),
  );
}
