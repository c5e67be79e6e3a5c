import { z } from "zod";
import { defineFault } from "./fault.js";
import { linksArg, PACKET_WINDOW_MS, shapePackets } from "./packet.js";

const LEAST = 100;
const MOST = 10_000_000;

export const packetRate = defineFault({
  name: "packet.rate",
  summary: "Limits what the target can send to each peer in a second; the rest waits for its turn.",
  needs: ["network.shape"],
  claims: ["packet.rate"],
  minWindowMs: PACKET_WINDOW_MS,
  args: z.strictObject({
    bytesPerSecond: z
      .int({ error: (issue) => rateProblem(issue.input) })
      .min(LEAST, { error: (issue) => rateProblem(issue.input) })
      .max(MOST, { error: (issue) => rateProblem(issue.input) })
      .describe(`Of the link to each peer; ${LEAST} to ${MOST}.`),
    links: linksArg,
  }),
  prepare: (context, { links, bytesPerSecond }) => shapePackets(context, links, { bytesPerSecond }, "slowed"),
});

function rateProblem(written: unknown): string {
  const allowed = `a whole number of bytes a second from ${LEAST} to ${MOST}`;
  return written === undefined
    ? `is missing; needs ${allowed}`
    : `${JSON.stringify(written)} is not ${allowed}`;
}
