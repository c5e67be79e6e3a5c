import { expect, test } from "vitest";
import type { CasRegisterOperation } from "./generator.js";
import { casRegister } from "./models/cas-register.js";
import { verifyWitness } from "./witness.js";

const model = casRegister();
const HISTORY: readonly CasRegisterOperation[] = [
  { process: 0, input: { f: "write", value: 1 }, output: {}, call: 0, return: 4 },
  { process: 1, input: { f: "write", value: 2 }, output: {}, call: 1, return: 5 },
  { process: 2, input: { f: "write", value: 3 }, call: 2 },
  { process: 3, input: { f: "read" }, output: { value: 1 }, call: 6, return: 7 },
];

test.each<[order: number[], problem: string | undefined]>([
  [[1, 0, 3], undefined],
  [[1, 2, 0, 3], undefined],
  [[0, 1, 3], "read that returned 1 is impossible here"],
  [[1, 0], "operation 3 returned but is not in the order"],
  [[1, 0, 0, 3], "operation 0 comes twice"],
  [[1, 0, 7, 3], "there is no operation 7"],
  [[1, 3, 0], "read that returned 1 is impossible here"],
  [[0, 3, 1], "operation 1 had returned before an earlier one in this order was called"],
])("%j: %s", (order, problem) => {
  const verdict = verifyWitness(model, HISTORY, order);
  expect(verdict.valid ? undefined : verdict.problem).toBe(problem);
});

test("a partial order may leave out, but not break", () => {
  expect(verifyWitness(model, HISTORY, [1, 0], { partial: true }).valid).toBe(true);
  expect(verifyWitness(model, HISTORY, [0, 3, 1], { partial: true }).valid).toBe(false);
});
