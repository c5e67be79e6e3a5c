import { z } from "zod";
import { memberFacet, standingOf } from "../effects/members.js";
import { NotApplicable } from "../errors.js";
import { NODE_NAME_PATTERN } from "../targets.js";
import { defineFault } from "./fault.js";
import { changeMembers, MEMBER_WINDOW_MS, memberOf, mustBe, mustLeaveQuorum } from "./member.js";

export const memberReplace = defineFault({
  name: "member.replace",
  summary:
    "Replaces a voter by a spare machine, and back when the window ends; in one change of the configuration where the cluster knows such.",
  needs: ["member.change"],
  claims: ["membership"],
  minWindowMs: MEMBER_WINDOW_MS,
  args: z.strictObject({
    by: z
      .string()
      .regex(NODE_NAME_PATTERN)
      .optional()
      .describe("The machine that joins; a random free spare when none is named."),
  }),
  prepare(context, { by: named }) {
    const { node, present } = memberOf(context);
    mustBe(present, node, "voter");
    const free = memberFacet(context.hosts).spares.filter((spare) => standingOf(present, spare) === "none");
    if (free.length === 0) throw new NotApplicable("no spare machine is free");
    const by = named ?? context.random.pick(free);
    mustBe(present, by, "none");
    mustLeaveQuorum(context, [...present.voters.filter((voter) => voter !== node), by]);
    const after = new Map([
      [node, ["none"]],
      [by, ["voter"]],
    ] as const);
    return changeMembers(context, { type: "replace", node, by }, after, {
      wanted: new Map([
        [node, ["voter"]],
        [by, ["none"]],
      ] as const),
      next(now) {
        const [isBack, isGone] = [standingOf(now, node) === "voter", standingOf(now, by) === "none"];
        if (isBack) return isGone ? null : { type: "remove", node: by };
        return isGone ? { type: "add", node, as: "voter" } : { type: "replace", node: by, by: node };
      },
    });
  },
});
