import { z } from "zod";
import { durationArg, millisecondsOf } from "./args.js";
import { bendDisk } from "./disk.js";
import { defineFault } from "./fault.js";

export const diskSlow = defineFault({
  name: "disk.slow",
  summary: "Lets every sync to disk take longer.",
  needs: ["disk.delay"],
  claims: ["disk"],
  proofNeeds: ["process"],
  // A sync is counted when it ends.
  minWindowMs: 3_000,
  args: z.strictObject({ delay: durationArg(1, 2_000, "How much longer each sync takes.") }),
  prepare: (context, { delay }) =>
    bendDisk(context, { syncDelayMs: millisecondsOf(delay) }, "slowSyncs", false),
});
