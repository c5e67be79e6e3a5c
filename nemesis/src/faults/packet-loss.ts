import { z } from "zod";
import { shareArg } from "./args.js";
import { defineFault } from "./fault.js";
import { linksArg, PACKET_WINDOW_MS, shapePackets } from "./packet.js";

export const packetLoss = defineFault({
  name: "packet.loss",
  summary: "Loses a share of what the target sends to its peers.",
  needs: ["network.shape"],
  claims: ["packet.loss"],
  minWindowMs: PACKET_WINDOW_MS,
  args: z.strictObject({
    share: shareArg(0.9, "Of all packets, how many never arrive: 0.1 is one in ten."),
    links: linksArg,
  }),
  prepare: (context, { links, share }) => shapePackets(context, links, { lossShare: share }, "lost"),
});
