import { z } from "zod";
import type { NodeName } from "../hosts.js";
import { durationArg, millisecondsOf, writtenMs } from "./args.js";
import { Cycle } from "./cycle.js";
import { defineFault } from "./fault.js";
import { forAll, onEveryNode } from "./observe.js";
import { Before, describeProcess } from "./process.js";

const MIN_WINDOW_MS = 2_000;
const DEFAULT = { up: "1s", down: "300ms" } as const;
/** Fewer are no loop. */
const SHOWN_KILLS = 2;

export const processCrashLoop = defineFault({
  name: "process.crash-loop",
  summary: "Kills the server with SIGKILL, starts it, and again, until the window ends.",
  needs: ["process.signal"],
  claims: ["process"],
  minWindowMs: MIN_WINDOW_MS,
  leastWindowMs: ({ up, down }) =>
    Math.max(MIN_WINDOW_MS, writtenMs(up, DEFAULT.up) + writtenMs(down, DEFAULT.down) + 700),
  args: z.strictObject({
    up: durationArg(100, 60_000, "How long the server runs before it is killed again.").default(DEFAULT.up),
    down: durationArg(0, 60_000, "How long it stays down.").default(DEFAULT.down),
  }),
  prepare(context, { up, down }) {
    const { hosts, nodes } = context;
    const before = new Before(context);
    const cycle = new Cycle(context);
    /** The starts of each node that were seen to end by our signal. */
    const killed = new Map<NodeName, Set<number>>(nodes.map((node) => [node, new Set()]));
    let isDown = false;
    const kill = (node: NodeName): Promise<void> => hosts.signal(node, "SIGKILL");
    const look = async (node: NodeName): Promise<void> => {
      const now = await hosts.process(node);
      if (now.state === "exited" && now.signal === "SIGKILL") killed.get(node)?.add(now.starts);
    };
    return {
      async act(window) {
        await forAll(nodes, (node) => before.note(node));
        await cycle.begin(window, async () => {
          if (isDown) {
            await forAll(nodes, look);
            await forAll(nodes, (node) => hosts.start(node));
          } else await forAll(nodes, kill);
          isDown = !isDown;
          return millisecondsOf(isDown ? down : up);
        });
      },
      prove: onEveryNode(nodes, async (node) => {
        const now = await hosts.process(node);
        const was = before.of(node);
        const times = [...(killed.get(node) ?? [])].filter((starts) => starts >= (was?.starts ?? 0)).length;
        before.ended(node, now, times > 0);
        const detail = `was killed ${times} times, ${describeProcess(now)} (was start ${was?.starts})`;
        return { shown: times >= SHOWN_KILLS, detail, reading: { times, now } };
      }),
      cutShort: () => cycle.problem,
      async undo() {
        await cycle.end();
        await forAll(nodes, async (node) => {
          if ((await hosts.process(node)).state === "exited") await hosts.start(node);
        });
      },
      healed: onEveryNode(nodes, async (node) => before.restarted(node, await hosts.process(node))),
    };
  },
});
