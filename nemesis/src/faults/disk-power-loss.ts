import { z } from "zod";
import { diskFacet } from "../effects/disk.js";
import type { NodeName, PowerLoss } from "../hosts.js";
import { defineFault } from "./fault.js";
import { forAll, onEveryNode } from "./observe.js";
import { Before } from "./process.js";

export const diskPowerLoss = defineFault({
  name: "disk.power-loss",
  summary:
    "Ends the server and loses what it wrote and did not sync, torn writes and directory entries too; starts it again when the window ends.",
  needs: ["disk.power-loss", "process.signal"],
  claims: ["process"],
  minWindowMs: 200,
  args: z.strictObject({}),
  prepare(context) {
    const { hosts, nodes } = context;
    const disks = diskFacet(hosts);
    const before = new Before(context);
    const losses = new Map<NodeName, PowerLoss>();
    return {
      async act() {
        await forAll(nodes, (node) => before.note(node));
        await forAll(nodes, async (node) => void losses.set(node, await disks.powerLoss(node)));
      },
      // How much was lost is for the evidence: a server that syncs all it writes has nothing to lose.
      prove: onEveryNode(nodes, async (node) => {
        const now = await hosts.process(node);
        const lost = losses.get(node);
        const isGone = now.state === "exited" && now.starts === before.of(node)?.starts;
        const finding = before.ended(node, now, isGone && lost !== undefined);
        return { ...finding, detail: `${finding.detail}, ${describeLoss(lost)}`, reading: { now, lost } };
      }),
      undo: () => forAll(nodes, (node) => hosts.start(node)),
      healed: onEveryNode(nodes, async (node) => before.restarted(node, await hosts.process(node))),
    };
  },
});

function describeLoss(loss: PowerLoss | undefined): string {
  if (loss === undefined) return "and its power was not cut";
  return `lost ${loss.lostBytes} bytes, ${loss.tornWrites} torn writes, ${loss.lostEntries} directory entries`;
}
