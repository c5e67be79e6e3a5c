import { z } from "zod";
import { standingOf } from "../effects/members.js";
import { defineFault } from "./fault.js";
import { changeMembers, MEMBER_WINDOW_MS, memberOf, mustBe, mustLeaveQuorum } from "./member.js";

export const memberRemove = defineFault({
  name: "member.remove",
  summary: "Removes a voter from the cluster, and adds it again when the window ends.",
  needs: ["member.change"],
  claims: ["membership"],
  minWindowMs: MEMBER_WINDOW_MS,
  args: z.strictObject({}),
  prepare(context) {
    const { node, present } = memberOf(context);
    mustBe(present, node, "voter");
    mustLeaveQuorum(
      context,
      present.voters.filter((voter) => voter !== node),
    );
    return changeMembers(context, { type: "remove", node }, new Map([[node, ["none"]]]), {
      wanted: new Map([[node, ["voter"]]]),
      // As a learner first, as one adds a machine in earnest; the leader promotes it.
      next: (now) => (standingOf(now, node) === "none" ? { type: "add", node, as: "promotable" } : null),
    });
  },
});
