import { z } from "zod";
import { areaArg, harmDisks } from "./disk-damage.js";
import { defineFault } from "./fault.js";

export const diskTruncate = defineFault({
  name: "disk.truncate",
  summary:
    "Kills the server and cuts the end off a file of its durable data, for good; starts it again when the window ends; never of more nodes than the votes can spare.",
  needs: ["disk.truncate", "process.signal"],
  claims: ["disk", "process"],
  minWindowMs: 500,
  args: z.strictObject({ area: areaArg }),
  // Under a running server no file gets shorter by itself: what it has mapped would end it in ways no disk does.
  prepare: (context, { area }) => harmDisks(context, { kind: "truncate", area, server: "down" }),
});
