import { z } from "zod";
import { bendDisk } from "./disk.js";
import { defineFault } from "./fault.js";

export const diskFull = defineFault({
  name: "disk.full",
  summary:
    "Fails what needs more space with ENOSPC; a server that stopped over it is started again when the window ends.",
  needs: ["disk.errors"],
  claims: ["disk", "process"],
  minWindowMs: 1_000,
  args: z.strictObject({}),
  prepare: (context) => bendDisk(context, { full: true }, "spaceErrors", true),
});
