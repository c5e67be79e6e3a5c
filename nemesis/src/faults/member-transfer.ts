import { z } from "zod";
import { memberFacet } from "../effects/members.js";
import { NotApplicable } from "../errors.js";
import { leaderIn } from "../targets.js";
import { defineFault } from "./fault.js";
import { forAll } from "./observe.js";
import { memberOf, mustBe } from "./member.js";

export const memberTransfer = defineFault({
  name: "member.transfer",
  summary: "Makes the leader hand over to the target.",
  needs: ["member.transfer"],
  claims: ["leadership"],
  isEvent: true,
  minWindowMs: 2_000,
  defaultTarget: "follower",
  args: z.strictObject({}),
  prepare(context) {
    const { hosts, leader } = context;
    const { node, present } = memberOf(context);
    mustBe(present, node, "voter");
    if (node === leader) throw new NotApplicable(`${node} leads already`);
    let termBefore: number | null = null;
    return {
      async act() {
        const views = await hosts.view();
        termBefore = Math.max(...[...views.values()].map(({ term }) => term ?? -1));
        await forAll([node], (to) => memberFacet(hosts).transfer(to));
      },
      async prove() {
        const views = await hosts.view();
        const { role = "unknown", term = null } = views.get(node) ?? {};
        const shown = leaderIn(views) === node && (term ?? -1) > (termBefore ?? Number.POSITIVE_INFINITY);
        const detail = `${node} is ${role} of term ${term}; the term was ${termBefore} before`;
        return { shown, detail, evidence: { [node]: { role, term, termBefore } } };
      },
      undo: null,
    };
  },
});
