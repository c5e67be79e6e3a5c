import { describe, expect, test } from "vitest";
import { checkFinalReads, checkRecovery, type Recovery } from "./recovery.js";

const GROUNDS = { healed: true, rigSound: true };

function recovery(leaderAfterMs: number | null, ...afterMs: readonly (number | null)[]): Recovery {
  const writes = afterMs.map((ms, index) => ({
    node: `n${index + 1}`,
    afterMs: ms,
    lastError: ms === null ? "no-leader" : null,
  }));
  return { boundMs: 30_000, leaderAfterMs, writes };
}

describe("checkRecovery", () => {
  test("a leader and a write at every node are valid", () => {
    expect(checkRecovery(recovery(100, 200, 300), GROUNDS)).toMatchObject({ verdict: "valid" });
  });

  test("a node that refuses data which was harmed owes no write; another one does", () => {
    const { writes, ...rest } = recovery(100, 200, null);
    const [first, last] = writes;
    const over = { node: "n2", afterMs: null, lastError: "never-sent: nobody", refuses: true };
    expect(checkRecovery({ ...rest, writes: [first ?? over, over] }, GROUNDS)).toMatchObject({
      verdict: "valid",
      reason: expect.stringContaining("but n2, which refuses its harmed data,"),
    });
    const others = { ...rest, writes: [{ ...over, node: "n3" }, last ?? over] };
    expect(checkRecovery(others, GROUNDS).verdict).toBe("invalid");
  });

  test.each([
    ["no write at one node", recovery(100, 200, null), "n2 (no-leader)"],
    ["no leader", recovery(null, 200, 300), "no leader"],
  ])("%s is a liveness finding", (_, stalled, words) => {
    const check = checkRecovery(stalled, GROUNDS);
    expect(check).toMatchObject({
      kind: "liveness",
      verdict: "invalid",
      reason: expect.stringContaining(words),
    });
  });

  test("where an undo was not proved it is the rig's failure", () => {
    expect(checkRecovery(recovery(null, null), { ...GROUNDS, healed: false }).verdict).toBe("failed");
  });

  test("where something of the rig or the machine broke it is theirs", () => {
    const check = checkRecovery(recovery(null, null), { ...GROUNDS, rigSound: false });
    expect(check).toMatchObject({ verdict: "failed", reason: expect.stringContaining("rig or the machine") });
  });
});

describe("checkFinalReads", () => {
  const reads = Array.from({ length: 8 }, (_, index) => ({ f: "read", key: `r${index}` }));

  test("all answered are valid", () => {
    expect(checkFinalReads({ planned: 8, unread: [], boundMs: 1 }, GROUNDS).verdict).toBe("valid");
  });

  test("one that was never answered is a liveness finding, and named", () => {
    const check = checkFinalReads({ planned: 8, unread: reads, boundMs: 60_000 }, GROUNDS);
    expect(check).toMatchObject({ kind: "liveness", verdict: "invalid" });
    expect(check.reason).toContain("8 of 8 final reads were not answered within 60 s: read of r0,");
    expect(check.reason).toContain("and 3 more");
  });

  test("nothing to read is vacuous", () => {
    expect(checkFinalReads({ planned: 0, unread: [], boundMs: 1 }, GROUNDS).verdict).toBe("unknown");
  });
});
