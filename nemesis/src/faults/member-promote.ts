import { z } from "zod";
import { memberFacet, standingOf } from "../effects/members.js";
import { defineFault } from "./fault.js";
import { changeMembers, memberOf, mustBe } from "./member.js";

/** A machine that joins empty, catches up and is promoted: as long as that takes. */
const MIN_WINDOW_MS = 5_000;
const AGAIN_AFTER_MS = 200;

export const memberPromote = defineFault({
  name: "member.promote",
  summary:
    "Adds a spare machine as a learner, asks for its promotion to a voter until it is granted, and removes it when the window ends.",
  needs: ["member.change"],
  claims: ["membership"],
  minWindowMs: MIN_WINDOW_MS,
  defaultTarget: "spare",
  args: z.strictObject({}),
  prepare(context) {
    const { node, present } = memberOf(context);
    mustBe(present, node, "none");
    const facet = memberFacet(context.hosts);
    let wasLearner = false;
    let refusals = 0;
    const change = changeMembers(
      context,
      { type: "add", node, as: "learner" },
      new Map([[node, ["voter"]]]),
      {
        wanted: new Map([[node, ["none"]]]),
        next: (now) => (standingOf(now, node) === "none" ? null : { type: "remove", node }),
      },
    );
    return {
      ...change,
      async act(window) {
        await change.act(window);
        while (!window.aborted) {
          try {
            const now = await facet.membership();
            wasLearner ||= now.settled && standingOf(now, node) === "learner";
            if (standingOf(now, node) === "voter") return;
            if (wasLearner && now.settled) await facet.change({ type: "add", node, as: "voter" });
          } catch {
            // Refused until it has caught up; a leader may also be lost meanwhile.
            refusals += 1;
          }
          await context.pause(AGAIN_AFTER_MS, window);
        }
      },
      async prove() {
        const seen = await change.prove();
        const detail = `${wasLearner ? "a learner at first, " : ""}${refusals} refusals, then ${seen.detail}`;
        return { ...seen, shown: seen.shown && wasLearner, detail };
      },
    };
  },
});
