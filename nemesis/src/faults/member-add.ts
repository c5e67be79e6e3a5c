import { z } from "zod";
import { standingOf } from "../effects/members.js";
import { defineFault } from "./fault.js";
import { changeMembers, MEMBER_WINDOW_MS, memberOf, mustBe } from "./member.js";

export const memberAdd = defineFault({
  name: "member.add",
  summary: "Adds a spare machine to the cluster, and removes it when the window ends.",
  needs: ["member.change"],
  claims: ["membership"],
  minWindowMs: MEMBER_WINDOW_MS,
  defaultTarget: "spare",
  args: z.strictObject({
    as: z
      .enum(["voter", "learner", "promotable"])
      .default("promotable")
      .describe("promotable = a learner that becomes a voter once it has caught up."),
  }),
  prepare(context, { as }) {
    const { node, present } = memberOf(context);
    mustBe(present, node, "none");
    const after = as === "promotable" ? (["learner", "voter"] as const) : ([as] as const);
    return changeMembers(context, { type: "add", node, as }, new Map([[node, after]]), {
      wanted: new Map([[node, ["none"]]]),
      next: (now) => (standingOf(now, node) === "none" ? null : { type: "remove", node }),
    });
  },
});
