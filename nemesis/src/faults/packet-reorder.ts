import { z } from "zod";
import { durationArg, millisecondsOf, shareArg } from "./args.js";
import { defineFault } from "./fault.js";
import { linksArg, PACKET_WINDOW_MS, shapePackets } from "./packet.js";

export const packetReorder = defineFault({
  name: "packet.reorder",
  summary: "Holds up a share of what the target sends to its peers, so that later packets overtake it.",
  needs: ["network.shape"],
  claims: ["packet.order"],
  minWindowMs: PACKET_WINDOW_MS,
  args: z.strictObject({
    share: shareArg(0.9, "Of all packets, how many are held up."),
    hold: durationArg(1, 10_000, "How long they are held up.").default("50ms"),
    links: linksArg,
  }),
  prepare: (context, { links, share, hold }) =>
    shapePackets(context, links, { reorderShare: share, reorderMs: millisecondsOf(hold) }, "reordered"),
});
