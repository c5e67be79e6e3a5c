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
} as const;

/** In all of them messages are lost, reordered and doubled without limit. */
export const BOUNDS: readonly Bound[] = [
  {
    ...BASE,
    name: "entry",
    what: "three members, two terms, one proposal besides the leaders' own entries",
    entries: 1,
  },
  { ...BASE, name: "crash", what: "two terms, a member crashes once", crashes: 1 },
  {
    ...BASE,
    name: "remove",
    what: "two terms, a leader removes a member, possibly itself",
    changes: 1,
    wishes: ["remove"],
  },
  { ...BASE, name: "terms", what: "three terms, in which the leaders' own entries conflict", terms: 3 },
];
