/** The promises that the observer watches. README.md says what each means and what it costs. */
export type InvariantName =
  | "election-safety"
  | "one-vote-a-term"
  | "term-durable-before-it-leaves"
  | "term-monotonic"
  | "leader-append-only"
  | "log-matching"
  | "leader-completeness"
  | "commit-of-current-term"
  | "commit-monotonic"
  | "committed-is-durable-on-a-quorum"
  | "state-machine-safety"
  | "applied-in-order"
  | "applied-is-durable"
  | "acknowledged-is-durable"
  | "durable-survives-restart"
  | "configurations-overlap"
  | "read-sees-what-was-committed"
  | "refused-is-not-in-a-log";

export interface Violation {
  readonly name: InvariantName;
  /** One sentence with nodes, terms and indexes. */
  readonly what: string;
}

/** Internal: unwinds the observer to its entry point, never into the server's code. */
export class InvariantBroken extends Error {
  readonly violation: Violation;

  constructor(violation: Violation) {
    super(`${violation.name}: ${violation.what}`);
    this.violation = violation;
  }
}

/** Called behind a condition, not with one: a sentence is built only where it is needed. */
export function broken(name: InvariantName, what: string): never {
  throw new InvariantBroken({ name, what });
}
