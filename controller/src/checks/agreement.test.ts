import { expect, test } from "vitest";
import { checkAgreement } from "./agreement.js";

function held(...nodes: readonly (readonly [hash: number | null, compactRevision?: number])[]) {
  return {
    revision: 42,
    nodes: nodes.map(([hash, compactRevision = 0], i) => ({
      node: `n${i + 1}`,
      hash,
      compactRevision: hash === null ? null : compactRevision,
      detail: hash === null ? "no answer" : null,
    })),
  };
}

test("members that hold the same agree", () => {
  expect(checkAgreement(held([7], [7], [7]))).toMatchObject({ kind: "safety", verdict: "valid" });
});

test("one that holds something else is a violation and is told by its hash, also where another is silent", () => {
  expect(checkAgreement(held([7], [7], [9]))).toMatchObject({
    verdict: "invalid",
    reason: expect.stringContaining("n3 00000009"),
  });
  expect(checkAgreement(held([7], [9], [null])).verdict).toBe("invalid");
});

test("what nobody could look at is not passed", () => {
  expect(checkAgreement(held([7], [7], [null]))).toMatchObject({
    verdict: "unknown",
    reason: expect.stringContaining("n3 (no answer)"),
  });
  expect(checkAgreement({ revision: null, nodes: [] }).verdict).toBe("unknown");
});

test("hashes of different compactions are not compared", () => {
  expect(checkAgreement(held([7, 5], [9, 6], [7, 5])).verdict).toBe("unknown");
  expect(checkAgreement(held([7, 5], [9, 6], [8, 5])).verdict).toBe("invalid");
});
