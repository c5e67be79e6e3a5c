import * as fc from "fast-check";
import type { Configuration, ConfigurationChange } from "../raft/configuration.js";
import { ENTRY_VERSION } from "../raft/entry.js";
import type { Entry } from "../raft/entry.js";

/** Terms, indexes and the like: any that is safe. */
export const figure = fc.maxSafeNat();
export const memberId = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
export const bytes = fc.uint8Array({ maxLength: 40 });

const members = fc.uniqueArray(memberId, { maxLength: 5 }).map((ids) => ids.toSorted((a, b) => a - b));

/** Well-formed for a codec, if not for the core. */
export const configuration: fc.Arbitrary<Configuration> = fc.record({
  voters: members,
  outgoing: members,
  learners: members,
  learnersNext: members,
  promotable: members,
  autoLeave: fc.boolean(),
});

export const change: fc.Arbitrary<ConfigurationChange> = fc.oneof(
  fc.record({ type: fc.constant("add-voter"), member: memberId } as const),
  fc.record({ type: fc.constant("add-learner"), member: memberId, promote: fc.boolean() } as const),
  fc.record({ type: fc.constant("remove"), member: memberId } as const),
);

const slot = {
  index: memberId,
  term: figure,
  version: fc.constant(ENTRY_VERSION),
  timestampMs: figure,
  data: bytes,
};

export const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ ...slot, kind: fc.constantFrom("noop", "normal") } as const),
  fc.record({ ...slot, kind: fc.constant("configuration"), configuration } as const),
);
