import { z } from "zod";
import { durationArg, millisecondsOf } from "./args.js";
import { defineFault } from "./fault.js";
import { linksArg, PACKET_WINDOW_MS, shapePackets } from "./packet.js";

export const packetDelay = defineFault({
  name: "packet.delay",
  summary: "Lets everything that the target sends to its peers arrive later.",
  needs: ["network.shape"],
  claims: ["packet.delay"],
  minWindowMs: PACKET_WINDOW_MS,
  args: z.strictObject({
    delay: durationArg(1, 10_000, "How much later packets arrive."),
    jitter: durationArg(0, 10_000, "How much earlier or later than that, at random.").default("0s"),
    links: linksArg,
  }),
  prepare(context, { links, delay, jitter }) {
    const delayMs = millisecondsOf(delay);
    // No packet arrives before it was sent.
    const jitterMs = Math.min(delayMs, millisecondsOf(jitter));
    return shapePackets(context, links, { delayMs, jitterMs }, "delayed");
  },
});
