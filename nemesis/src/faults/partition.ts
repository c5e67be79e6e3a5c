import { z } from "zod";
import type { Cut, NodeName } from "../hosts.js";
import { silenceTheSame } from "../effects/cut-ledger.js";
import type { FaultContext, PreparedFault } from "./fault.js";
import { forAll, onEveryNode } from "./observe.js";
import { PacketEvidence } from "./packet-evidence.js";

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
export interface Partition {
  readonly rules: ReadonlyMap<NodeName, readonly Cut[]>;
  /** Whether each node with rules must drop something, or only those that are cut from the leader. */
  readonly everyNodeDrops: boolean;
}

export function cutNodes(context: FaultContext, partition: Partition): Omit<PreparedFault, "args"> {
  const { owner, cuts } = context;
  const { rules } = partition;
  const nodes = [...rules.keys()];
  const evidence = new PacketEvidence(context, partition);
  return {
    act: () => forAll(nodes, (node) => cuts.add(owner, node, rules.get(node) ?? [])),
    prove: onEveryNode(nodes, (node) => evidence.look(node)),
    undo: () => forAll(nodes, (node) => cuts.remove(owner, node)),
    healed: onEveryNode(nodes, async (node) => {
      const reading = await cuts.standing(node);
      const { held, wanted } = reading;
      const whose = wanted.length === 0 ? "holds no rules" : "holds the cuts of other faults only";
      const shown = silenceTheSame(held, wanted);
      return { shown, detail: shown ? whose : `still ${describeCuts(held)}`, reading };
    }),
  };
}

export function describeCuts(cuts: readonly Cut[]): string {
  const peers = [...new Set(cuts.map(({ peer }) => peer))].toSorted();
  return peers.length === 0 ? "holds no rules" : `holds rules against ${peers.join(", ")}`;
}
