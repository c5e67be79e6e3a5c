import { z } from "zod";
import { describeShapes, hasShape, UNSHAPED } from "../effects/packet-ledger.js";
import { NotApplicable } from "../errors.js";
import type { NodeName, PacketCounts, PacketShape } from "../hosts.js";
import { NODE_NAME_PATTERN } from "../targets.js";
import type { FaultContext, Unnamed } from "./fault.js";
import { forAll, onEveryNode } from "./observe.js";
import { Rising } from "./rising.js";

/** At a heartbeat each 100 ms, one in a hundred packets shows within about as many seconds; shares say more. */
export const PACKET_WINDOW_MS = 1_000;

/** Which of its links a packet fault of a node is about. */
export const linksArg = z
  .union([z.enum(["all", "leader"]), z.array(z.string().regex(NODE_NAME_PATTERN)).min(1)], {
    error: "is not `all`, `leader` or a list of nodes",
  })
  .default("all")
  .describe(
    "What the target sends to whom: all peers, the leader when the fault begins, or the nodes listed.",
  );

/** The peers at the other end, of each target that has any. */
export function linksOf(
  { nodes, machines, leader }: FaultContext,
  written: z.infer<typeof linksArg>,
): ReadonlyMap<NodeName, readonly NodeName[]> {
  if (written === "leader" && leader === null) throw new NotApplicable("nobody was known to lead");
  const chosen =
    written === "all" ? machines : written === "leader" ? machines.filter((m) => m === leader) : written;
  const missing = chosen.filter((peer) => !machines.includes(peer));
  if (missing.length > 0) throw new NotApplicable(`the cluster has no ${missing.join(", ")}`);
  const ends = nodes.map((node) => [node, chosen.filter((peer) => peer !== node)] as const);
  const linked = ends.filter(([, peers]) => peers.length > 0);
  if (linked.length === 0) throw new NotApplicable(`no link leads from ${nodes.join(", ")} to those peers`);
  return new Map(linked);
}

/**
 * One part of the shape of what the targets send over these links. Proved by a count that rises while the part is in
 * force: a setting alone shows no packet that felt it. Followers may have little to say to each other, so a node's
 * links are counted together.
 */
export function shapePackets(
  context: FaultContext,
  written: z.infer<typeof linksArg>,
  part: Partial<PacketShape>,
  counted: keyof PacketCounts,
): Unnamed {
  const { shapes } = context;
  const ends = linksOf(context, written);
  const nodes = [...ends.keys()];
  const peersOf = (node: NodeName): readonly NodeName[] => ends.get(node) ?? [];
  const rising = new Rising();
  const keys = Object.keys(part) as (keyof PacketShape)[];
  const neutral: Partial<PacketShape> = Object.fromEntries(keys.map((key) => [key, UNSHAPED[key]]));
  return {
    async act() {
      await forAll(nodes, async (node) => {
        await shapes.set(node, peersOf(node), part);
        const counts = await shapes.facet.counts(node);
        for (const peer of peersOf(node)) rising.note(`${node} ${peer}`, counts.get(peer)?.[counted] ?? 0);
      });
    },
    prove: onEveryNode(nodes, async (node) => {
      const peers = peersOf(node);
      const now = await shapes.facet.shapeOf(node);
      const counts = await shapes.facet.counts(node);
      const inForce = hasShape(now, peers, part);
      const risen = peers.map((peer) => rising.note(`${node} ${peer}`, counts.get(peer)?.[counted] ?? 0));
      const packets = inForce ? risen.reduce((sum, count) => sum + count, 0) : 0;
      const detail = inForce
        ? `had ${packets} packets ${counted} on ${risen.filter((count) => count > 0).length} of ${peers.length} links`
        : `is not shaped: ${describeShapes(now)}`;
      return { shown: packets > 0, detail, reading: { shapes: plain(now), counts: plain(counts) } };
    }),
    undo: () => forAll(nodes, (node) => shapes.set(node, peersOf(node), neutral)),
    healed: onEveryNode(nodes, async (node) => {
      const now = await shapes.facet.shapeOf(node);
      return {
        shown: hasShape(now, peersOf(node), neutral),
        detail: describeShapes(now),
        reading: plain(now),
      };
    }),
  };
}

/** As evidence is written down. */
function plain<T>(byPeer: ReadonlyMap<NodeName, T>): Readonly<Record<NodeName, T>> {
  return Object.fromEntries(byPeer);
}
