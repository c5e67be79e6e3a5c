import { z } from "zod";
import { defineFault } from "./fault.js";
import { forAll, onEveryNode } from "./observe.js";
import { Before, describeProcess } from "./process.js";

export const processPause = defineFault({
  name: "process.pause",
  summary: "Holds the server with SIGSTOP and lets it go on with SIGCONT when the window ends.",
  needs: ["process.signal"],
  claims: ["process"],
  minWindowMs: 200,
  args: z.strictObject({}),
  prepare(context) {
    const { hosts, nodes } = context;
    const before = new Before(context);
    return {
      async act() {
        await forAll(nodes, (node) => before.note(node));
        await forAll(nodes, (node) => hosts.signal(node, "SIGSTOP"));
      },
      prove: onEveryNode(nodes, async (node) => {
        const now = await hosts.process(node);
        const isHeld = now.state === "paused" && now.pid === before.of(node)?.pid;
        return { shown: isHeld, detail: describeProcess(now), reading: now };
      }),
      undo: () =>
        forAll(nodes, async (node) => {
          const now = await hosts.process(node);
          if (now.state === "paused") await hosts.signal(node, "SIGCONT");
          if (now.state === "exited") await hosts.start(node);
        }),
      // The same process: one that died while it was held is no clean recovery.
      healed: onEveryNode(nodes, async (node) => {
        const now = await hosts.process(node);
        const victim = before.of(node);
        const goesOn = now.state === "running" && (victim === undefined || now.pid === victim.pid);
        return { shown: goesOn, detail: describeProcess(now), reading: now };
      }),
    };
  },
});
