import { z } from "zod";
import type { Cut, NodeName } from "../hosts.js";
import { silenceTheSame } from "../effects/cut-ledger.js";
import { NotApplicable } from "../errors.js";
import type { FaultContext, Unnamed } from "./fault.js";
import { forAll, onEveryNode } from "./observe.js";
import { PacketEvidence } from "./packet-evidence.js";

const traffic = z
  .enum(["peer", "all"])
  .default("all")
  .describe(
    "peer = the member-to-member port only, so that clients still reach it; all = everything between the hosts.",
  );

/** Of partitions without sides. */
export const ringArgs = z.strictObject({ traffic });

export const partitionArgs = z.strictObject({
  direction: z
    .enum(["both", "in", "out"])
    .default("both")
    .describe("Seen from the target: in = it hears nothing, out = it is not heard, both = neither."),
  traffic,
});

/** A partition as the rules of each node: what every kind of partition comes down to. */
export interface Partition {
  readonly rules: ReadonlyMap<NodeName, readonly Cut[]>;
  /** Whether each node with rules must drop something, or only those that are cut from the leader. */
  readonly everyNodeDrops: boolean;
}

export function cutNodes(context: FaultContext, partition: Partition): Unnamed {
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

/** Rules by which each of these drops what it hears of those. */
export function deafTo(
  listeners: readonly NodeName[],
  from: readonly NodeName[],
  traffic: Cut["traffic"],
): [NodeName, Cut[]][] {
  return listeners.map((node) => [node, from.map((peer) => ({ peer, direction: "in" as const, traffic }))]);
}

/** The targets on one side, all others on the other. */
export function splitOff(context: FaultContext, args: z.infer<typeof partitionArgs>): Unnamed {
  const { machines, nodes: side, leader } = context;
  const { direction, traffic } = args;
  const others = machines.filter((node) => !side.includes(node));
  if (others.length === 0)
    throw new NotApplicable("the target is the whole cluster, so there is no other half");
  // Every node drops what it hears, none what it says: a follower says nothing to other followers, and a rule
  // that never has anything to drop cannot be proved.
  const rules = new Map([
    ...(direction === "out" ? [] : deafTo(side, others, traffic)),
    ...(direction === "in" ? [] : deafTo(others, side, traffic)),
  ]);
  // When both sides are deaf, the one without a leader asks all nodes of the other for votes. When one is, the
  // other may go on in peace, and followers have nothing to say to the followers beyond.
  return cutNodes(context, { rules, everyNodeDrops: direction === "both" || leader === null });
}

export function describeCuts(cuts: readonly Cut[]): string {
  const peers = [...new Set(cuts.map(({ peer }) => peer))].toSorted();
  return peers.length === 0 ? "holds no rules" : `holds rules against ${peers.join(", ")}`;
}
