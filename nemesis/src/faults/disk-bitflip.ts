import { z } from "zod";
import { areaArg, harmDisks } from "./disk-damage.js";
import { defineFault } from "./fault.js";

export const diskBitflip = defineFault({
  name: "disk.bitflip",
  summary:
    "Harms durable data of the target, for good, while its server is down or as it runs; never of more nodes than the votes can spare.",
  needs: ["disk.damage", "process.signal"],
  claims: ["disk", "process"],
  minWindowMs: 500,
  args: z.strictObject({
    kind: z
      .enum(["bit-flip", "bad-sector"])
      .default("bit-flip")
      .describe("bit-flip = other data is read than was written; bad-sector = reading fails with EIO."),
    area: areaArg,
    server: z
      .enum(["down", "up"])
      .default("down")
      .describe("down = killed before, and started again when the window ends; up = not touched."),
  }),
  prepare: (context, args) => harmDisks(context, args),
});
