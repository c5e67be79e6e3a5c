import { z } from "zod";
import { standingOf } from "../effects/members.js";
import { defineFault } from "./fault.js";
import { changeMembers, dispensableVoter, MEMBER_WINDOW_MS } from "./member.js";

export const memberDemote = defineFault({
  name: "member.demote",
  summary: "Makes a learner of a voter, and a voter of it again when the window ends.",
  needs: ["member.change"],
  claims: ["membership"],
  minWindowMs: MEMBER_WINDOW_MS,
  args: z.strictObject({}),
  prepare(context) {
    const node = dispensableVoter(context);
    return changeMembers(context, { type: "demote", node }, new Map([[node, ["learner"]]]), {
      wanted: new Map([[node, ["voter"]]]),
      next: (now) => (standingOf(now, node) === "voter" ? null : { type: "add", node, as: "voter" }),
    });
  },
});
