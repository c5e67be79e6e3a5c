import { z } from "zod";
import { standingOf } from "../effects/members.js";
import { defineFault } from "./fault.js";
import { changeMembers, dispensableVoter, MEMBER_WINDOW_MS } from "./member.js";

export const memberRemove = defineFault({
  name: "member.remove",
  summary: "Removes a voter from the cluster, and adds it again when the window ends.",
  needs: ["member.change"],
  claims: ["membership"],
  minWindowMs: MEMBER_WINDOW_MS,
  args: z.strictObject({}),
  prepare(context) {
    const node = dispensableVoter(context);
    return changeMembers(context, { type: "remove", node }, new Map([[node, ["none"]]]), {
      wanted: new Map([[node, ["voter"]]]),
      // As a learner first, as one adds a machine in earnest; the leader promotes it.
      next: (now) => (standingOf(now, node) === "none" ? { type: "add", node, as: "promotable" } : null),
    });
  },
});
