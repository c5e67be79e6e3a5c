import { describe, expect, test } from "vitest";
import type { Membership } from "../hosts.js";
import { nextChange } from "../run/heal-members.js";
import { DamageLedger } from "./damage-ledger.js";

const FIRST = ["n1", "n2", "n3", "n4", "n5"];

function votersAre(voters: readonly string[], settled = true): Membership {
  return { voters, learners: [], settled };
}

describe("of those who may be damaged", () => {
  test("a minority counts: of the first members, and of those who vote now", () => {
    const ledger = new DamageLedger();
    ledger.membersChange();
    expect(ledger.take(["n1"], FIRST, votersAre(["n1", "n2", "n3"]))).toBeNull();
    expect(ledger.take(["n2"], FIRST, votersAre(["n1", "n2", "n3"]))).toBe(
      "3 voters survive damage of at most 1, this would be 2 (n1 already)",
    );
    expect(ledger.take(["n2"], FIRST, votersAre([...FIRST, "n6", "n7"]))).toBeNull();
    expect(ledger.take(["n6"], FIRST, votersAre([...FIRST, "n6", "n7"]))).toBe(
      "5 voters survive damage of at most 2, this would be 3 (n1, n2 already)",
    );
    expect(ledger.nodes).toEqual(["n1", "n2"]);
  });

  test("nobody is, once members change, while it is not certain who votes", () => {
    const ledger = new DamageLedger();
    expect(ledger.take(["n1"], FIRST, null)).toBeNull();
    ledger.membersChange();
    for (const unknown of [null, votersAre(FIRST, false)]) {
      expect(ledger.take(["n1"], FIRST, unknown)).toBe("members change: who votes is not certain");
    }
    expect(ledger.take(["n1"], FIRST, votersAre(FIRST))).toBeNull();
  });
});

test("who has ended over its damage stays a member, or none, while the first members are made the members again", () => {
  const wanted = ["n1", "n2", "n3"];
  expect(nextChange(votersAre(["n1", "n6"]), wanted, ["n2"])).toEqual({
    type: "add",
    node: "n3",
    as: "voter",
  });
  expect(nextChange(votersAre(["n1", "n3", "n6"]), wanted, ["n2"])).toEqual({ type: "remove", node: "n6" });
  expect(nextChange(votersAre(["n1", "n3"]), wanted, ["n2"])).toBeNull();
  expect(nextChange(votersAre(["n1", "n2", "n3"]), wanted, ["n2"])).toBeNull();
});
