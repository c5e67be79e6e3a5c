import { NotApplicable } from "../errors.js";
import type { Cut, NodeName } from "../hosts.js";
import { defineFault } from "./fault.js";
import { cutNodes, partitionArgs } from "./partition.js";

export const partitionHalves = defineFault({
  name: "partition.halves",
  summary:
    "Splits the cluster in two: the target nodes (a random minority when none is named) and all others.",
  needs: ["network.cut"],
  claims: [],
  // The larger side drops nothing before the smaller one campaigns.
  minWindowMs: 3_000,
  defaultTarget: "minority",
  args: partitionArgs,
  prepare(context, { direction, traffic }) {
    const { hosts, nodes: side } = context;
    const others = hosts.nodes.filter((node) => !side.includes(node));
    if (others.length === 0)
      throw new NotApplicable("the target is the whole cluster, so there is no other half");
    // Every node drops what it hears, none what it says: a follower says nothing to other followers, and a rule
    // that never has anything to drop cannot be proved.
    const deaf = (listeners: readonly NodeName[], from: readonly NodeName[]): [NodeName, Cut[]][] =>
      listeners.map((node) => [node, from.map((peer) => ({ peer, direction: "in" as const, traffic }))]);
    const rules = new Map([
      ...(direction === "out" ? [] : deaf(side, others)),
      ...(direction === "in" ? [] : deaf(others, side)),
    ]);
    // When both sides are deaf, the one without a leader asks all nodes of the other for votes. When one is, the
    // other may go on in peace, and followers have nothing to say to the followers beyond.
    return cutNodes(context, { rules, everyNodeDrops: direction === "both" || context.leader === null });
  },
});
