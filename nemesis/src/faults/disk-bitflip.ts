import { z } from "zod";
import { NotApplicable } from "../errors.js";
import { harmDisks } from "./disk-damage.js";
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
    area: z
      .enum(["any", "wal", "checkpoint", "tail"])
      .default("any")
      .describe(
        "wal = the log, but for its newest end; tail = that end, as far as the server can prove that it was synced; checkpoint = the state on disk; any = wal or checkpoint, as is drawn.",
      ),
    server: z
      .enum(["down", "up"])
      .default("down")
      .describe("down = killed before, and started again when the window ends; up = not touched."),
  }),
  moreNeeds: ({ area }) => (area === "tail" ? ["disk.tail"] : []),
  prepare(context, args) {
    // A server that runs writes its end again from memory.
    if (args.area === "tail" && args.server === "up") {
      throw new NotApplicable("the end of the log is harmed while the server is down");
    }
    if (args.area === "tail" && args.kind !== "bit-flip")
      throw new NotApplicable("only a bit is flipped there");
    return harmDisks(context, args);
  },
});
