import { z } from "zod";
import { bendDisk } from "./disk.js";
import { defineFault } from "./fault.js";

export const diskStall = defineFault({
  name: "disk.stall",
  summary: "Lets no sync to disk end before the window does.",
  needs: ["disk.delay"],
  claims: ["disk"],
  proofNeeds: ["process"],
  minWindowMs: 1_000,
  args: z.strictObject({}),
  prepare: (context) => bendDisk(context, { stalled: true }, "stalledSyncs", false),
});
