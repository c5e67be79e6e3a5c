import { NotApplicable } from "../errors.js";
import { defineFault } from "./fault.js";
import { cutNodes, leastPartitionMs, partitionArgs } from "./partition.js";

export const partitionIsolate = defineFault({
  name: "partition.isolate",
  summary: "Cuts each target node off from every other node, from other targets too.",
  needs: ["network.cut"],
  claims: [],
  minWindowMs: 1_000,
  leastWindowMs: leastPartitionMs(1_000),
  args: partitionArgs,
  prepare(context, { direction, traffic, flap }) {
    const { machines, nodes } = context;
    if (machines.length < 2) throw new NotApplicable("a single node has nobody to be cut off from");
    // The rules stand on the target alone: one transaction a node, in force in one instant.
    const rules = nodes.map((node) => {
      const peers = machines.filter((peer) => peer !== node);
      return [node, peers.map((peer) => ({ peer, direction, traffic }))] as const;
    });
    return cutNodes(context, { rules: new Map(rules), everyNodeDrops: true }, flap);
  },
});
