import { expect, test } from "vitest";
import type { Model } from "../model.js";
import { replayOrder } from "./order.js";

/** A list that is never read, whose states grow with every operation. */
const list: Model<readonly number[], number, string> = {
  name: "list",
  init: () => [],
  step: (state, input, output) => (output === "never" ? [] : [[...state, input]]),
  stateKey: (state) => state.join(),
  describeOperation: (input) => `append ${input}`,
  describeState: (state) => state.map((value) => `element ${value}`.padEnd(1000)).join(" "),
};

const history = Array.from({ length: 400 }, (_, i) => ({
  process: i % 2,
  input: i,
  output: i >= 398 ? "never" : "done",
  call: 10 * i,
  return: 10 * i + 15,
}));
const positions = history.map((_, i) => i);

test("describes the states of the end that matters, as far as the text allowed goes", () => {
  const order = positions.slice(0, 398);
  const last = replayOrder(list, history, positions, order, "last").states;
  expect(last).toHaveLength(398);
  expect(last.findIndex((state) => state !== undefined)).toBe(348);
  expect(last.at(-1)).toMatch(/^element 0 {190}…$/);
  const first = replayOrder(list, history, positions, order, "first").states;
  const described = first.filter((state) => state !== undefined).length;
  expect(first.slice(0, described).every((state) => state !== undefined)).toBe(true);
  expect(described).toBeGreaterThan(50);
  expect(described).toBeLessThan(120);
});

test("what could come next overlaps all that is left, and is judged by the last state", () => {
  expect(replayOrder(list, history, positions, positions.slice(0, 398), "last")).toMatchObject({
    illegalNext: [398, 399],
    possibleNext: [],
  });
  expect(replayOrder(list, history, positions, positions.slice(0, 397), "last")).toMatchObject({
    illegalNext: [398],
    possibleNext: [397],
  });
});

test("an order that is not legal is an error, not a page", () => {
  expect(() => replayOrder(list, history, positions, positions, "last")).toThrow(
    "not legal at operation 398",
  );
});
