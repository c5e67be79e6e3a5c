import type { CheckResult, HistoryEvent } from "@gauntlet/histories";
import { expect, test } from "vitest";
import { violationAtMs } from "./evidence.js";

/** Three operations of three processes, called at 0, 1, 2 s; the first two end at 3 and 4 s. */
const HISTORY: readonly HistoryEvent[] = [
  ...[0, 1, 2].map((process) => ({ process, type: "invoke" as const })),
  ...[0, 1].map((process) => ({ process, type: "ok" as const })),
].map((event, index) => ({ ...event, index, time: index * 1e9, f: "add", key: "s0" }));

function found(details: unknown): CheckResult {
  return { name: "set", kind: "safety", verdict: "invalid", reason: "", details };
}

test.each([
  ["of two answers that contradict each other, the later one", { kind: "set", operations: [0, 1] }, 4_000],
  ["an operation that never ended does not count", { kind: "set", operations: [0, 2] }, 3_000],
  ["the answer whose revision went back", { kind: "revisions", operations: [0, 1], event: 3 }, 3_000],
  [
    "of keys that failed, the one that broke first",
    { kind: "linearizability", operations: [1], failures: [{ failedAt: 1 }, { failedAt: 0 }] },
    3_000,
  ],
  ["nothing is named", undefined, null],
])("a violation is at the time of its answer: %s", (_, details, ms) => {
  expect(violationAtMs(found(details), HISTORY)).toBe(ms);
});
