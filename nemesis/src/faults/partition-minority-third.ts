import { NotApplicable } from "../errors.js";
import { minorityThirdSize } from "../targets.js";
import { defineFault } from "./fault.js";
import { leastPartitionMs, partitionArgs, splitOff } from "./partition.js";

export const partitionMinorityThird = defineFault({
  name: "partition.minority-third",
  summary: "Splits off fewer than a third of the nodes: the most that this allows when none is named.",
  needs: ["network.cut"],
  claims: [],
  minWindowMs: 3_000,
  leastWindowMs: leastPartitionMs(3_000),
  defaultTarget: "minority-third",
  args: partitionArgs,
  prepare(context, args) {
    const { machines, nodes } = context;
    if (nodes.length > minorityThirdSize(machines.length)) {
      throw new NotApplicable(`${nodes.length} of ${machines.length} nodes are not less than a third`);
    }
    return splitOff(context, args);
  },
});
