import { defineFault } from "./fault.js";
import { leastPartitionMs, partitionArgs, splitOff } from "./partition.js";

export const partitionHalves = defineFault({
  name: "partition.halves",
  summary:
    "Splits the cluster in two: the target nodes (a random minority when none is named) and all others.",
  needs: ["network.cut"],
  claims: [],
  // The larger side drops nothing before the smaller one campaigns.
  minWindowMs: 3_000,
  leastWindowMs: leastPartitionMs(3_000),
  defaultTarget: "minority",
  args: partitionArgs,
  prepare: splitOff,
});
