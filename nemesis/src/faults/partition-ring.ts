import { NotApplicable } from "../errors.js";
import type { Cut, NodeName } from "../hosts.js";
import { majoritySize } from "../targets.js";
import { defineFault } from "./fault.js";
import { cutNodes, leastPartitionMs, ringArgs } from "./partition.js";

export const partitionRing = defineFault({
  name: "partition.ring",
  summary:
    "Puts the nodes in a ring of random order, where each target hears a majority only, its neighbours: no two hear the same one.",
  needs: ["network.cut"],
  claims: [],
  minWindowMs: 3_000,
  leastWindowMs: leastPartitionMs(3_000),
  defaultTarget: "all",
  args: ringArgs,
  prepare(context, { traffic, flap }) {
    const ring = context.random.shuffle(context.machines);
    // As many on each side as make a majority with the node itself.
    const reach = Math.ceil((majoritySize(ring.length) - 1) / 2);
    const rules = new Map<NodeName, readonly Cut[]>();
    for (const node of context.nodes) {
      const place = ring.indexOf(node);
      const far = ring.filter((_, other) => {
        const steps = Math.abs(other - place);
        return Math.min(steps, ring.length - steps) > reach;
      });
      if (far.length === 0) {
        throw new NotApplicable(`in a ring of ${ring.length} nodes, a majority is everybody`);
      }
      rules.set(
        node,
        far.map((peer) => ({ peer, direction: "both", traffic })),
      );
    }
    return cutNodes(context, { rules, everyNodeDrops: context.leader === null }, flap);
  },
});
