import type { FaultRecord } from "@gauntlet/histories";
import { describe, expect, test } from "vitest";
import { noFacts } from "../run/facts.js";
import { groundsOf } from "./observed.js";
import { checkFaults, checkHealing, type RequestedFault } from "./faults.js";

function record(
  fault: string,
  outcome: FaultRecord["outcome"],
  fields: Partial<FaultRecord> = {},
): FaultRecord {
  const times = outcome.type === "skipped" ? [null, null] : [5_000, 8_000];
  const [startedAtMs = null, endedAtMs = null] = times;
  return {
    fault,
    target: "one",
    nodes: ["n2"],
    roles: {},
    outcome,
    startedAtMs,
    endedAtMs,
    healed: true,
    ...fields,
  };
}

const PROVED = { type: "proved", proof: "n2 ended by SIGKILL" } as const;
const UNPROVED = { type: "unproved", reason: "no packet was dropped" } as const;
const SKIPPED = { type: "skipped", reason: "no capability" } as const;

function requested(name: string, ...entries: readonly number[]): RequestedFault {
  return { name, entries };
}

describe("checkFaults", () => {
  test("proved faults are valid", () => {
    expect(checkFaults([record("kill", PROVED)], [requested("kill", 0)]).verdict).toBe("valid");
  });

  test("nothing asked for, nothing done: valid, and said so", () => {
    expect(checkFaults([], [])).toMatchObject({ verdict: "valid", reason: "no faults were asked for" });
  });

  test("one unproved fault spoils the run, however many others are proved", () => {
    const check = checkFaults([record("kill", PROVED), record("cut", UNPROVED)], [requested("kill", 0)]);
    expect(check.verdict).toBe("unknown");
    expect(check.reason).toContain("cut on n2 at 5.0 s");
    expect(check.reason).toContain("no packet was dropped");
  });

  test("a request of which nothing acted is vacuous, with the reason", () => {
    const skipped = checkFaults(
      [record("kill", PROVED), record("cut", SKIPPED)],
      [requested("kill", 0), requested("cut", 1)],
    );
    expect(skipped).toMatchObject({ verdict: "unknown", reason: expect.stringContaining("no capability") });
    const absent = checkFaults([record("kill", PROVED)], [requested("kill", 0), requested("cut", 1)]);
    expect(absent).toMatchObject({
      verdict: "unknown",
      reason: expect.stringContaining("cut was asked for"),
    });
  });

  test("faults are known by their place in the schedule, and where none is recorded by their order", () => {
    const kill = requested("kill", 2);
    expect(checkFaults([record("kill", PROVED, { index: 2 })], [kill]).verdict).toBe("valid");
    expect(checkFaults([record("kill", PROVED, { index: 1 })], [kill]).verdict).toBe("unknown");
    expect(checkFaults([record("kill", PROVED)], [requested("kill", 0)]).verdict).toBe("valid");
  });

  test("a skipped fault is told even where another of its kind took effect", () => {
    const check = checkFaults([record("kill", PROVED), record("kill", SKIPPED)], [requested("kill", 0, 1)]);
    expect(check).toMatchObject({ verdict: "valid", reason: expect.stringContaining("1 skipped") });
  });

  test("what was skipped for one cause is told together, whichever fault and node it was", () => {
    const held = (by: number, node: string): FaultRecord["outcome"] => ({
      type: "skipped",
      reason: `faults[${by}] still holds the process of ${node}`,
    });
    const never = { nodes: [] };
    const skipped = [
      ...Array.from({ length: 10 }, (_, by) => record("kill", held(by, `n${by}`), never)),
      record("clock", held(3, "n2"), never),
      record("clock", SKIPPED, never),
    ];
    const ten = skipped.slice(0, 10);
    const cause = "another fault still holds the process of a node";
    expect(checkFaults([record("kill", PROVED), ...skipped], [requested("kill", 0)])).toMatchObject({
      verdict: "valid",
      reason: `1 fault took effect, each with proof; 12 skipped: kill on one 10 times, clock on one (${cause}), clock on one (no capability)`,
    });
    // Of a request of which nothing acted the cause is told once, too.
    const vacuous = checkFaults(ten, [requested("kill", ...ten.keys())]);
    expect(vacuous).toMatchObject({
      verdict: "unknown",
      reason: `vacuous: kill was asked for and never acted (skipped: ${cause})`,
    });
  });
});

describe("checkHealing", () => {
  test("an undo that was not seen to work is the rig's failure", () => {
    expect(checkHealing([record("kill", PROVED)], null).verdict).toBe("valid");
    const check = checkHealing([record("kill", PROVED, { healed: false })], null);
    expect(check).toMatchObject({
      kind: "rig",
      verdict: "failed",
      reason: expect.stringContaining("kill on n2"),
    });
  });

  test("so are members that could not be made the first ones again, which excuses no cluster that stalls", () => {
    const members = { healed: false, detail: "n1, n2, n3, n6 vote" };
    const heal = { healed: false, nodes: [], silent: [], members };
    expect(checkHealing([record("member.add", PROVED)], heal)).toMatchObject({
      verdict: "failed",
      reason: expect.stringContaining("the members at the end (n1, n2, n3, n6 vote)"),
    });
    expect(groundsOf({ ...noFacts(), heal }).healed).toBe(true);
  });

  test("so is a node that is not whole at the end", () => {
    const node = { node: "n3", healed: false, detail: "still dropped 4 packets", actions: [] };
    const check = checkHealing([], { healed: false, nodes: [node], silent: [] });
    expect(check).toMatchObject({ verdict: "failed", reason: expect.stringContaining("n3 at the end") });
  });
});
