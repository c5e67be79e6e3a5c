import { z } from "zod";
import { shareArg } from "./args.js";
import { bendDisk } from "./disk.js";
import { defineFault } from "./fault.js";

export const diskEio = defineFault({
  name: "disk.eio",
  summary:
    "Fails writes, syncs or both with EIO; a server that stopped over it is started again when the window ends.",
  needs: ["disk.errors"],
  claims: ["disk", "process"],
  minWindowMs: 1_000,
  args: z.strictObject({
    calls: z.enum(["writes", "syncs", "both"]).default("both").describe("Which calls fail."),
    share: shareArg(1, "Of these calls, how many fail.").default(1),
  }),
  prepare(context, { calls, share }) {
    const part = {
      writeErrorShare: calls === "syncs" ? 0 : share,
      syncErrorShare: calls === "writes" ? 0 : share,
    };
    return bendDisk(context, part, "ioErrors", true);
  },
});
