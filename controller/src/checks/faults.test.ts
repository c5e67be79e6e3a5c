import type { FaultRecord } from "@gauntlet/histories";
import { describe, expect, test } from "vitest";
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

function requested(fault: string): RequestedFault {
  return { name: fault, covers: (candidate) => candidate.fault === fault };
}

describe("checkFaults", () => {
  test("proved faults are valid", () => {
    expect(checkFaults([record("kill", PROVED)], [requested("kill")]).verdict).toBe("valid");
  });

  test("nothing asked for, nothing done: valid, and said so", () => {
    expect(checkFaults([], [])).toMatchObject({ verdict: "valid", reason: "no faults were asked for" });
  });

  test("one unproved fault spoils the run, however many others are proved", () => {
    const check = checkFaults([record("kill", PROVED), record("cut", UNPROVED)], [requested("kill")]);
    expect(check.verdict).toBe("unknown");
    expect(check.reason).toContain("cut on n2 at 5.0 s");
    expect(check.reason).toContain("no packet was dropped");
  });

  test("a request of which nothing acted is vacuous, with the reason", () => {
    const skipped = checkFaults(
      [record("kill", PROVED), record("cut", SKIPPED)],
      [requested("kill"), requested("cut")],
    );
    expect(skipped).toMatchObject({ verdict: "unknown", reason: expect.stringContaining("no capability") });
    const absent = checkFaults([record("kill", PROVED)], [requested("kill"), requested("cut")]);
    expect(absent).toMatchObject({
      verdict: "unknown",
      reason: expect.stringContaining("cut was asked for"),
    });
  });

  test("a skipped fault is told even where another of its kind took effect", () => {
    const check = checkFaults([record("kill", PROVED), record("kill", SKIPPED)], [requested("kill")]);
    expect(check).toMatchObject({ verdict: "valid", reason: expect.stringContaining("1 skipped") });
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

  test("so is a node that is not whole at the end", () => {
    const node = { node: "n3", healed: false, detail: "still dropped 4 packets", actions: [] };
    const check = checkHealing([], { healed: false, nodes: [node] });
    expect(check).toMatchObject({ verdict: "failed", reason: expect.stringContaining("n3 at the end") });
  });
});
