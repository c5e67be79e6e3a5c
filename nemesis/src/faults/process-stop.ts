import { z } from "zod";
import { defineFault } from "./fault.js";
import { forAll, onEveryNode } from "./observe.js";
import { Before } from "./process.js";

/** A server that has not ended this long after its window is killed, so that it can be started again. */
const STOP_LIMIT_MS = 5_000;
const POLL_MS = 50;

export const processStop = defineFault({
  name: "process.stop",
  summary: "Ends the server in good order with SIGTERM and starts it again when the window ends.",
  needs: ["process.signal"],
  claims: ["process"],
  minWindowMs: 1_000,
  args: z.strictObject({}),
  prepare(context) {
    const { hosts, nodes, nowMs, sleep } = context;
    const before = new Before(context);
    return {
      async act() {
        await forAll(nodes, (node) => before.note(node));
        await forAll(nodes, (node) => hosts.signal(node, "SIGTERM"));
      },
      prove: onEveryNode(nodes, async (node) => {
        const now = await hosts.process(node);
        const isOrderly = now.state === "exited" && (now.signal === null || now.signal === "SIGTERM");
        const isOurs = now.starts === before.of(node)?.starts;
        return before.ended(node, now, isOrderly && isOurs);
      }),
      undo: () =>
        forAll(nodes, async (node) => {
          const killAtMs = nowMs() + STOP_LIMIT_MS;
          // Without a process before, the action never reached this node.
          while (before.of(node) !== undefined && nowMs() < killAtMs) {
            if ((await hosts.process(node)).state === "exited") break;
            await sleep(POLL_MS);
          }
          if (nowMs() >= killAtMs) await hosts.signal(node, "SIGKILL");
          await hosts.start(node);
        }),
      healed: onEveryNode(nodes, async (node) => before.restarted(node, await hosts.process(node))),
    };
  },
});
