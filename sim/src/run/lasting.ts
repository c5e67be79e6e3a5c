import type { Hosts } from "@gauntlet/nemesis";
import type { LastingFault } from "../scenario.js";
import { HEALTHY } from "../world/disk.js";

/** Breaks for good what is to stay broken. */
export async function bringAbout(
  lasting: LastingFault,
  hosts: Hosts,
  nodes: readonly string[],
): Promise<void> {
  switch (lasting.type) {
    case "none":
      return;
    case "down":
      for (const node of lasting.nodes) {
        if ((await hosts.process(node)).state !== "exited") await hosts.signal(node, "SIGKILL");
      }
      return;
    case "stalled":
      for (const node of lasting.nodes) await hosts.disks?.set(node, { ...HEALTHY, stalled: true });
      return;
    case "deaf":
      for (const node of lasting.nodes) {
        const peers = nodes.filter((peer) => peer !== node);
        await hosts.cut(
          node,
          peers.map((peer) => ({ peer, direction: "in", traffic: "peer" })),
        );
      }
      return;
    case "cut": {
      const [one, other] = lasting.between;
      await hosts.cut(one, [{ peer: other, direction: "both", traffic: "peer" }]);
    }
  }
}

/** As the trace has it. */
export function lastingText(lasting: Exclude<LastingFault, { type: "none" }>): string {
  const whom = lasting.type === "cut" ? lasting.between.join(" and ") : lasting.nodes.join(", ");
  return `lasting: ${lasting.type} ${whom}`;
}
