import type { Bound } from "./bound.js";

/** Two terms of three members, and nothing else. */
export const BASE = {
  members: 3,
  voters: 3,
  terms: 2,
  entries: 0,
  heartbeats: 0,
  crashes: 0,
  changes: 0,
  wishes: [],
  disks: "synchronous",
  preVote: false,
  deep: false,
} as const satisfies Omit<Bound, "name" | "what">;

/**
 * In all of them messages are lost, reordered and doubled without limit, every leader of a term also writes its own
 * empty entry, and all members are three voters on synchronous disks unless something else is said.
 */
const SMALL: readonly Bound[] = [
  { ...BASE, name: "entry", what: "two terms, one proposal", entries: 1 },
  { ...BASE, name: "terms", what: "three terms", terms: 3 },
  { ...BASE, name: "crash", what: "two terms, one proposal, one crash", entries: 1, crashes: 1 },
  { ...BASE, name: "disks", what: "two terms, asynchronous disks", disks: "asynchronous" },
  {
    ...BASE,
    name: "disks-crash",
    what: "one term, one proposal, asynchronous disks, one crash that keeps any prefix of the writes under way",
    terms: 1,
    entries: 1,
    disks: "asynchronous",
    crashes: 1,
  },
  {
    ...BASE,
    name: "remove",
    what: "two terms, a leader removes a member, possibly itself",
    changes: 1,
    wishes: ["remove"],
  },
  {
    ...BASE,
    name: "add",
    what: "two terms, a leader takes in a fourth member",
    members: 4,
    changes: 1,
    wishes: ["add"],
  },
  {
    ...BASE,
    name: "replace",
    what: "one term, a leader replaces a member by a fourth one, over a joint configuration",
    members: 4,
    terms: 1,
    changes: 1,
    wishes: ["replace"],
  },
  {
    ...BASE,
    name: "all-to-depth-10",
    what: "two terms, one proposal, one round of heartbeats, one crash, one removal, asynchronous disks: ten steps",
    entries: 1,
    heartbeats: 1,
    crashes: 1,
    changes: 1,
    wishes: ["remove"],
    disks: "asynchronous",
    depth: 10,
  },
];

const DEEP: readonly Bound[] = [
  { ...BASE, name: "pre-vote", what: "two terms with pre-votes", preVote: true },
  { ...BASE, name: "entries", what: "two terms, two proposals", entries: 2 },
  {
    ...BASE,
    name: "heartbeat",
    what: "two terms, one proposal, one round of heartbeats",
    entries: 1,
    heartbeats: 1,
  },
  {
    ...BASE,
    name: "disks-terms-crash",
    what: "two terms, asynchronous disks, one crash",
    disks: "asynchronous",
    crashes: 1,
  },
  {
    ...BASE,
    name: "remove-crash",
    what: "two terms, one removal, one crash",
    crashes: 1,
    changes: 1,
    wishes: ["remove"],
  },
  {
    ...BASE,
    name: "learner",
    what: "two terms, a fourth member becomes a learner",
    members: 4,
    changes: 1,
    wishes: ["learner"],
  },
  {
    ...BASE,
    name: "promote",
    what: "one term, a fourth member becomes a learner and, after a round of heartbeats, a voter",
    members: 4,
    terms: 1,
    heartbeats: 1,
    changes: 1,
    wishes: ["learner"],
  },
  {
    ...BASE,
    name: "all-to-depth-14",
    what: "two terms, one proposal, one round of heartbeats, one crash, one removal, asynchronous disks: 14 steps",
    entries: 1,
    heartbeats: 1,
    crashes: 1,
    changes: 1,
    wishes: ["remove"],
    disks: "asynchronous",
    depth: 14,
  },
];

export const BOUNDS: readonly Bound[] = [...SMALL, ...DEEP.map((bound) => ({ ...bound, deep: true }))];
