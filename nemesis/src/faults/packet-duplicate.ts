import { z } from "zod";
import { shareArg } from "./args.js";
import { defineFault } from "./fault.js";
import { linksArg, PACKET_WINDOW_MS, shapePackets } from "./packet.js";

export const packetDuplicate = defineFault({
  name: "packet.duplicate",
  summary: "Lets a share of what the target sends to its peers arrive twice.",
  needs: ["network.shape"],
  claims: ["packet.copies"],
  minWindowMs: PACKET_WINDOW_MS,
  args: z.strictObject({ share: shareArg(0.9, "Of all packets, how many arrive twice."), links: linksArg }),
  prepare: (context, { links, share }) =>
    shapePackets(context, links, { duplicateShare: share }, "duplicated"),
});
