/** Long work in pieces of well under 10 ms: whoever runs it looks at the clock, and at what else may end it, between them. */
export type Steps<Result> = Generator<undefined, Result>;

/** Operations or events that a piece goes through. */
export const PIECE = 8192;

export function finish<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
