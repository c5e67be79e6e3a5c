import { describeShape, hasShape, UNSHAPED } from "../effects/packet-ledger.js";
import type { PacketCounts, PacketShape } from "../hosts.js";
import type { FaultContext, Unnamed } from "./fault.js";
import { forAll, onEveryNode } from "./observe.js";
import { Rising } from "./rising.js";

/** At a heartbeat each 100 ms, one in a hundred packets shows within about as many seconds; shares say more. */
export const PACKET_WINDOW_MS = 1_000;

/**
 * One part of the shape of what the targets send. Proved by a count that rises while the part is in force: a setting
 * alone shows no packet that felt it.
 */
export function shapePackets(
  { nodes, shapes }: FaultContext,
  part: Partial<PacketShape>,
  counted: keyof PacketCounts,
): Unnamed {
  const rising = new Rising();
  const keys = Object.keys(part) as (keyof PacketShape)[];
  const neutral: Partial<PacketShape> = Object.fromEntries(keys.map((key) => [key, UNSHAPED[key]]));
  return {
    async act() {
      await forAll(nodes, async (node) => {
        await shapes.set(node, part);
        rising.note(node, (await shapes.facet.counts(node))[counted]);
      });
    },
    prove: onEveryNode(nodes, async (node) => {
      const shape = await shapes.facet.shapeOf(node);
      const counts = await shapes.facet.counts(node);
      const inForce = hasShape(shape, part);
      const packets = inForce ? rising.note(node, counts[counted]) : 0;
      const detail = inForce ? `had ${packets} packets ${counted}` : `is not shaped: ${describeShape(shape)}`;
      return { shown: packets > 0, detail, reading: { shape, counts } };
    }),
    undo: () => forAll(nodes, (node) => shapes.set(node, neutral)),
    healed: onEveryNode(nodes, async (node) => {
      const shape = await shapes.facet.shapeOf(node);
      return { shown: hasShape(shape, neutral), detail: describeShape(shape), reading: shape };
    }),
  };
}
