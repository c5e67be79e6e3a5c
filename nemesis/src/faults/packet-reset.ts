import { z } from "zod";
import type { NodeName } from "../hosts.js";
import { durationArg, millisecondsOf } from "./args.js";
import { Cycle } from "./cycle.js";
import { defineFault } from "./fault.js";
import { forAll, onEveryNode } from "./observe.js";
import { linksArg, linksOf, PACKET_WINDOW_MS } from "./packet.js";

export const packetReset = defineFault({
  name: "packet.reset",
  summary:
    "Destroys the connections between the target and its peers, again and again until the window ends.",
  needs: ["network.reset"],
  claims: [],
  minWindowMs: PACKET_WINDOW_MS,
  args: z.strictObject({
    every: durationArg(100, 10_000, "From one time to the next.").default("1s"),
    links: linksArg,
  }),
  prepare(context, { every, links }) {
    const ends = linksOf(context, links);
    const nodes = [...ends.keys()];
    const everyMs = millisecondsOf(every);
    const cycle = new Cycle(context);
    const destroyed = new Map<NodeName, number>();
    return {
      act: (window) =>
        cycle.begin(window, async () => {
          await forAll(nodes, async (node) => {
            const count = await context.shapes.facet.reset(node, ends.get(node) ?? []);
            destroyed.set(node, (destroyed.get(node) ?? 0) + count);
          });
          return everyMs;
        }),
      // The machine counts what it destroyed as it does so: there is nothing else to be read.
      prove: onEveryNode(nodes, async (node) => {
        const count = destroyed.get(node) ?? 0;
        return { shown: count > 0, detail: `had ${count} connections reset`, reading: { count } };
      }),
      cutShort: () => cycle.problem,
      undo: () => cycle.end(),
      healed: onEveryNode(nodes, async (node) => {
        const count = destroyed.get(node) ?? 0;
        return { shown: true, detail: `had ${count} connections reset, and none since`, reading: { count } };
      }),
    };
  },
});
