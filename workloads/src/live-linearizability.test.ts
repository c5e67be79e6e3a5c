import type { CheckResult, HistoryEvent } from "@gauntlet/histories";
import { expect, test } from "vitest";
import { LiveLinearizability } from "./live-linearizability.js";
import { REGISTER } from "./sequential-objects.js";
import { recordOf, STALE, tangle } from "./testing/small-histories.js";

/** What is found by the end of the history, without a limit unless one is given. */
function found(history: readonly HistoryEvent[], returnMs?: number): CheckResult | undefined {
  const live = new LiveLinearizability(REGISTER, returnMs);
  return history.map((event) => live.push(event)).find((result) => result !== undefined);
}

const later = (events: readonly HistoryEvent[], change: object): readonly object[] =>
  events.map((event) => ({ ...event, process: Number(event.process) + 100, ...change }));

test("a violation is found as soon as it is settled", () => {
  const live = new LiveLinearizability(REGISTER);
  const results = STALE.map((event) => live.push(event)?.verdict);
  expect(results).toEqual([...STALE.slice(1).map(() => undefined), "invalid"]);
});

test("a key whose search takes too long is watched no longer, and the others are", () => {
  const hardKeyFails = recordOf([...tangle(10), ...later(STALE, {})]);
  expect(found(hardKeyFails)?.reason).toContain("key r0");
  expect(found(hardKeyFails, 0)).toBeUndefined();
  const anotherFails = recordOf([...tangle(10), ...later(STALE, { key: "r1" })]);
  expect(found(anotherFails, 0)?.reason).toContain("key r1");
});

test("a key that nobody used for long is forgotten, and comes back as one that is not watched", () => {
  const live = new LiveLinearizability(REGISTER);
  const push = (events: readonly object[]): readonly (CheckResult | undefined)[] =>
    recordOf(events).map((event) => live.push(event));
  push(STALE.slice(0, 4));
  const busy = STALE.slice(0, 2).map((event) => ({ ...event, key: "r1" }));
  for (let round = 0; round < 20_000; round++) push(busy);
  expect(push(STALE.slice(4)).every((result) => result === undefined)).toBe(true);
  const fails = push(STALE.map((event) => ({ ...event, key: "r2" })));
  expect(fails.at(-1)?.reason).toContain("key r2");
});
