import { z } from "zod";
import { defineFault } from "./fault.js";
import { forAll, onEveryNode } from "./observe.js";
import { Before } from "./process.js";

export const processKill = defineFault({
  name: "process.kill",
  summary: "Kills the server with SIGKILL and starts it again when the window ends.",
  needs: ["process.signal"],
  claims: ["process"],
  minWindowMs: 200,
  args: z.strictObject({}),
  prepare(context) {
    const { hosts, nodes } = context;
    const before = new Before(context);
    return {
      async act() {
        // All are looked at first, so that the kills fall as close together as they can.
        await forAll(nodes, (node) => before.note(node));
        await forAll(nodes, (node) => hosts.signal(node, "SIGKILL"));
      },
      prove: onEveryNode(nodes, async (node) => {
        const now = await hosts.process(node);
        const isOurs = now.starts === before.of(node)?.starts;
        return before.ended(node, now, isOurs && now.state === "exited" && now.signal === "SIGKILL");
      }),
      undo: () => forAll(nodes, (node) => hosts.start(node)),
      healed: onEveryNode(nodes, async (node) => before.restarted(node, await hosts.process(node))),
    };
  },
});
