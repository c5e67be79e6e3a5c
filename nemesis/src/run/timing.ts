/**
 * How often the runner looks, and how long it waits. Every look costs calls of the hosts: a simulator, where nothing
 * but virtual time passes between two looks, may want fewer.
 */
export interface Timing {
  /** Between two looks for a proof, from the action on. Default 100. */
  readonly proofPollMs: number;
  /** Between two attempts at an undo, and two looks at whether it worked. Default 200. */
  readonly healPollMs: number;
  /** How long after its window an undo may take to be done and seen to have worked. Default 15,000. */
  readonly healLimitMs: number;
}

export const DEFAULT_TIMING: Timing = { proofPollMs: 100, healPollMs: 200, healLimitMs: 15_000 };
