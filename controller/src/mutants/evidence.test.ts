import type { CheckResult, HistoryEvent } from "@gauntlet/histories";
import { expect, test } from "vitest";
import { checkCompletion } from "../checks/rig.js";
import { firstViolationMs, violationAtMs } from "./evidence.js";

/** Three operations of three processes, called at 0, 1, 2 s; the first two end at 3 and 4 s. */
const HISTORY: readonly HistoryEvent[] = [
  ...[0, 1, 2].map((process) => ({ process, type: "invoke" as const })),
  ...[0, 1].map((process) => ({ process, type: "ok" as const })),
].map((event, index) => ({ ...event, index, time: index * 1e9, f: "add", key: "s0" }));

function found(details: unknown, name = "set"): CheckResult {
  return { name, kind: "safety", verdict: "invalid", reason: "", details };
}

test.each([
  ["the answer at fault, though what shows it came later", { kind: "set", operations: [0, 1] }, 3_000],
  ["that of another where it never came", { kind: "set", operations: [2, 0] }, 3_000],
  [
    "of a cycle the last of its transactions",
    { kind: "strict-serializability", operations: [0, 1, 2], anomalies: [] },
    4_000,
  ],
  [
    "of reads that are wrong each by itself the first",
    { kind: "counter-bounds", operations: [1, 0], outOfBounds: { count: 2, first: [] } },
    3_000,
  ],
  ["and of wrong totals", { kind: "bank", operations: [1, 0], errors: {} }, 3_000],
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

test.each([
  [
    "progress",
    { stopMs: 13_000, stops: [{ fromMs: 9_000, toMs: 40_000 }], unrest: [{ fromMs: 0, toMs: 30_000 }] },
    22_000,
  ],
  ["progress", { stopMs: 13_000, stops: [], unrest: [{ fromMs: 0, toMs: 30_000 }] }, 30_000],
  ["availability", { quietBoundMs: 30_000, stops: [{ fromMs: 2_000, toMs: 60_000 }] }, 32_000],
  ["agreement", { revision: 3, nodes: [] }, 4_000],
  ["final-reads", { unread: [] }, 4_000],
  ["servers", { findings: [] }, null],
])(
  "what was due is missing when its bound is over, what is asked at last then: %s %j",
  (name, details, ms) => {
    expect(violationAtMs(found(details, name), HISTORY)).toBe(ms);
  },
);

test.each([
  ["main: a violation was seen", 4_000],
  ["main", null],
])("a run that was %s shows it by its end where nothing else does", (phase, ms) => {
  const completion = checkCompletion(false, phase);
  const servers = found({ findings: [] }, "servers");
  expect(firstViolationMs([servers], { checks: [completion] }, HISTORY)).toBe(ms);
  const known = found({ kind: "set", operations: [0] });
  expect(firstViolationMs([servers, known], { checks: [completion] }, HISTORY)).toBe(3_000);
  expect(firstViolationMs([], { checks: [completion] }, HISTORY)).toBe(null);
});
