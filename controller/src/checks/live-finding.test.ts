import type { CheckResult, Verdict } from "@gauntlet/histories";
import { expect, test } from "vitest";
import { withLiveFinding } from "./live-finding.js";

const SEEN: CheckResult = { name: "linearizability", kind: "safety", verdict: "invalid", reason: "key r0" };
const judged = (verdict: Verdict, name = SEEN.name): CheckResult => ({ ...SEEN, name, verdict });

test.each([
  ["runs out of time", [judged("unknown")]],
  ["broke", [{ name: "register", kind: "rig", verdict: "failed", reason: "it threw" } as const]],
  ["finds nothing with its other checks", [judged("unknown"), judged("valid", "revisions")]],
])("a violation that was seen stays where the check of the whole %s", (_, checks) => {
  expect(withLiveFinding(checks, SEEN)).toEqual([
    ...checks,
    { ...SEEN, name: "live", reason: "linearizability: key r0" },
  ]);
});

test("it is told once, and a contradiction is the rig's failure", () => {
  const found = [judged("unknown"), judged("invalid", "revisions")];
  expect(withLiveFinding(found, SEEN)).toEqual(found);
  expect(withLiveFinding([judged("valid")], SEEN)).toMatchObject([
    { verdict: "valid" },
    { name: "live", kind: "rig", verdict: "failed" },
  ]);
  expect(withLiveFinding([judged("valid")], null)).toEqual([judged("valid")]);
});
