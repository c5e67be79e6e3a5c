import { z } from "zod";
import type { Cut, NodeName } from "../hosts.js";
import type { FaultContext, PreparedFault } from "./fault.js";
import { forAll, onEveryNode } from "./observe.js";

/** With traffic of 100 ms heartbeats, a rule that is left behind would drop something in this time. */
const QUIET_MS = 500;

export const partitionArgs = z.strictObject({
  direction: z
    .enum(["both", "in", "out"])
    .default("both")
    .describe("Seen from the target: in = it hears nothing, out = it is not heard, both = neither."),
  traffic: z
    .enum(["peer", "all"])
    .default("all")
    .describe(
      "peer = the member-to-member port only, so that clients still reach it; all = everything between the hosts.",
    ),
});

/** A partition as the rules of each node: what every kind of partition comes down to. */
export function cutNodes(
  context: FaultContext,
  rules: ReadonlyMap<NodeName, readonly Cut[]>,
): Omit<PreparedFault, "args"> {
  const { owner, cuts } = context;
  const nodes = [...rules.keys()];
  return {
    act: () => forAll(nodes, (node) => cuts.add(owner, node, rules.get(node) ?? [])),
    prove: onEveryNode(nodes, async (node) => {
      const dropped = await cuts.dropped(owner, node);
      return {
        shown: dropped !== null && dropped > 0,
        detail:
          dropped === null ? "shares a counter that was not seen to restart" : `dropped ${dropped} packets`,
        reading: { droppedPackets: dropped },
      };
    }),
    undo: () => forAll(nodes, (node) => cuts.remove(owner, node)),
    healed: onEveryNode(nodes, async (node) => {
      const now = await cuts.rest(node);
      if (!now.others) await context.sleep(QUIET_MS);
      // Another fault may have cut the node in the meantime: its drops say nothing about this undo.
      const rest = now.others ? now : await cuts.rest(node);
      if (!rest.others) {
        const detail = rest.dropped === 0 ? "drops nothing" : `still dropped ${rest.dropped} packets`;
        return { shown: rest.dropped === 0, detail, reading: rest };
      }
      const detail = rest.restarted
        ? "keeps the cuts of other faults only"
        : "was not seen to change its rules";
      return { shown: rest.restarted, detail, reading: rest };
    }),
  };
}
