/** The promises that the observer watches, each in a sentence (figure 3.2 of Ongaro's dissertation, and what it rests on). */
export const INVARIANTS = {
  "election-safety": "A term has at most one leader, in one of its lives, and nobody else speaks as one.",
  "one-vote-a-term":
    "A machine votes for at most one candidate a term, over all its lives, in the messages that left.",
  "term-durable-before-it-leaves": "Term and vote are on disk before a message that rests on them leaves.",
  "term-monotonic": "A term never falls within a life.",
  "leader-append-only":
    "A leader replaces nothing of its log, and only the leader of a term makes its entries.",
  "log-matching": "An index and a term name one entry, after one past.",
  "leader-completeness": "A leader has all that was committed in earlier terms.",
  "commit-of-current-term": "A leader commits by counting only an entry of its own term.",
  "commit-monotonic": "A commit index never falls within a life.",
  "committed-is-durable-on-a-quorum":
    "What is committed first is on the disks of a quorum of its configuration, or was until a disk was harmed whose member owns up to it.",
  "state-machine-safety":
    "An index has one committed entry, for all nodes and over the whole run, and only that is applied.",
  "applied-in-order": "A life applies every entry once, in order.",
  "applied-is-durable": "A node applies only what its own disk has.",
  "acknowledged-is-durable": "What a node acknowledges is on its disk, as it is now, and is its leader's.",
  "durable-survives-restart":
    "A life begins with all that was reported as durable, and with nothing that nobody wrote.",
  "losses-are-owned-up-to":
    "A member whose harmed disk lost entries says so, and has no part in elections until it has what was committed of them.",
  "configurations-overlap":
    "A configuration follows one that is committed and whose quorums all meet its own, once the leader's term is committed.",
  "removed-leader-steps-down": "Nobody leads on whom the committed configuration has left out.",
  "read-sees-what-was-committed":
    "A read index is at least all that was committed anywhere when the read began.",
  "proposal-enters-once": "No two entries are made of one proposal: it could be applied twice.",
  "refused-is-not-in-a-log": "A proposal whose caller was told that it is in no log is in none.",
} as const;

export type InvariantName = keyof typeof INVARIANTS;

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
