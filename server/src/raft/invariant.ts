/** The core met a state that Raft excludes. It must not go on: an answer from here could be wrong. */
export class InvariantViolation extends Error {
  override readonly name = "InvariantViolation";
}

/** Stays on in production. `what` says which promise broke, with the figures that show it. */
export function invariant(holds: boolean, what: () => string): asserts holds {
  if (!holds) throw new InvariantViolation(`Raft invariant violated: ${what()}`);
}
