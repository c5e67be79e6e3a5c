import { listAppend } from "../anomalies/index.js";
import type { Check } from "../checks/check.js";
import { bank, counterBounds, longFork, setFull, uniqueIds } from "../checks/index.js";
import type { RecordedEvent, Recording } from "../formats/event.js";
import type { JudgeOptions } from "./judgement.js";

/** Checks by name, with the operations that they know, for the list. One line adds one. */
interface CheckEntry {
  readonly operations: readonly string[];
  readonly summary: string;
  make(recording: Recording, options: JudgeOptions): Check;
}

export const CHECKS: ReadonlyMap<string, CheckEntry> = new Map<string, CheckEntry>([
  [
    "list-append",
    {
      operations: ["txn [[append k v] [r k vs] …]"],
      summary: "anomalies of transactions on lists (--consistency-model)",
      make: (_, { consistencyModel }) => listAppend({ consistencyModel }),
    },
  ],
  [
    "set-full",
    {
      operations: ["add", "read"],
      summary: "elements of a set that were lost, stale, doubled or never added",
      make: () => setFull(),
    },
  ],
  [
    "set-linearizable",
    {
      operations: ["add", "read"],
      summary: "the same set, linearizable: exact and linear, for it only grows",
      make: () => setFull({ linearizable: true }),
    },
  ],
  [
    "counter-bounds",
    {
      operations: ["add", "read"],
      summary: "reads of a counter beyond what it could have been",
      make: () => counterBounds(),
    },
  ],
  [
    "unique-ids",
    { operations: ["generate"], summary: "ids that were given out twice", make: () => uniqueIds() },
  ],
  [
    "bank",
    {
      operations: ["transfer", "read"],
      summary: "reads of all accounts that are no snapshot: a wrong total, an overdrawn account",
      make: () => bank(),
    },
  ],
  [
    "long-fork",
    {
      operations: ["read [[r k v] …]", "write [[w k v]]"],
      summary: "reads that saw two writes in contradictory orders (--group-size)",
      make: (recording, { groupSize }) =>
        longFork({ groupSize: groupSize ?? longestTransaction(recording.events) }),
    },
  ],
]);

/** Reads are of one whole group. */
function longestTransaction(events: readonly RecordedEvent[]): number {
  const lengths = events.map(({ value }) => (Array.isArray(value) ? value.length : 0));
  return lengths.reduce((longest, length) => Math.max(longest, length), 2);
}
