import type { RaftCore } from "@gauntlet/server/inside";
import type { Bound } from "./bound.js";
import { search } from "./search.js";
import type { Limits, SearchResult } from "./search.js";
import { Space } from "./space.js";
import { storyText, tell } from "./story.js";
import type { Story } from "./story.js";

export interface BoundResult {
  readonly bound: Bound;
  readonly result: SearchResult;
  /** Distinct states of single members, up to their names, and steps that the real core took. */
  readonly memberStates: number;
  readonly coreSteps: number;
  readonly messages: number;
  readonly story: { readonly steps: Story["steps"]; readonly text: string } | null;
}

/**
 * Searches one bound. Whether the messages that the search forgets could have done something is proved afterwards;
 * for a core of which it does not hold, the search is done again without forgetting any.
 */
export function checkBound(
  bound: Bound,
  limits: Omit<Limits, "depth">,
  seconds: () => number,
  Core?: typeof RaftCore,
): BoundResult {
  const began = seconds();
  const all = { ...limits, depth: bound.depth ?? Number.POSITIVE_INFINITY };
  let space = new Space(bound, Core);
  let result = search(space, all, seconds);
  if (result.broken === null && result.ended !== "limit" && !space.staleIsInert()) {
    space = new Space(bound, Core, { forgetsStale: false });
    result = search(space, all, seconds);
  }
  return {
    bound,
    result: { ...result, seconds: seconds() - began },
    memberStates: space.locals.count,
    coreSteps: space.locals.transitionCount,
    messages: space.sets.messageCount,
    story: storyOf(space, result),
  };
}

function storyOf(space: Space, { path, broken }: SearchResult): BoundResult["story"] {
  if (broken === null) return null;
  const story = tell(space, path, broken);
  if (story === null) throw new Error(`found, but not retold: ${broken.name}: ${broken.what}`);
  return { steps: story.steps, text: storyText(space, story) };
}
