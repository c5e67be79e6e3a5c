import { assert } from "../errors.js";
import { findFault } from "../faults/catalogue.js";
import { missingNeed } from "../faults/fault.js";
import type { Capability, ProbeResult } from "../hosts.js";
import { Random } from "../random.js";
import { type Family, type FamilyName, findFamily, type Variant } from "./families.js";

export interface World {
  readonly nodes: number;
  /** Machines that could join. Default 1. */
  readonly spares?: number;
  /** What is known to be missing; what is not told of is taken to be there. */
  readonly capabilities?: Readonly<Partial<Record<Capability, ProbeResult>>>;
}

/** A family of which nothing can apply. */
export interface LeftOut {
  readonly name: FamilyName;
  readonly reason: string;
}

export interface Applicable {
  readonly families: readonly { readonly family: Family; readonly variants: readonly Variant[] }[];
  readonly leftOut: readonly LeftOut[];
}

/** Of these families, what of each can apply in such a world, and those of which nothing can. */
export function applicableFamilies(names: readonly FamilyName[], world: World): Applicable {
  const { nodes, spares = 1, capabilities = {} } = world;
  const families: { family: Family; variants: readonly Variant[] }[] = [];
  const leftOut: LeftOut[] = [];
  for (const family of names.map(findFamily)) {
    const all = family.variants(nodes, spares);
    const reasons = all.map((variant) => missingFor(variant, capabilities));
    const variants = all.filter((_, at) => reasons[at] === null);
    if (variants.length > 0) families.push({ family, variants });
    else {
      const few = `needs more nodes than ${nodes}${spares === 0 ? ", or a spare machine" : ""}`;
      const reason = reasons[0] ?? few;
      leftOut.push({ name: family.name, reason });
    }
  }
  return { families, leftOut };
}

/** No variant's needs depend on what it draws. */
function missingFor(variant: Variant, capabilities: NonNullable<World["capabilities"]>): string | null {
  const fault = findFault(variant.fault);
  assert(fault !== undefined, `a family names known faults: ${variant.fault}`);
  return missingNeed(fault, variant.args(new Random(0)), capabilities);
}
