import type { HistoryEvent } from "@gauntlet/histories";
import { expect, test } from "vitest";
import { IdOrder } from "./id-order.js";
import { FORGET_AFTER } from "./keys-in-use.js";
import { LiveAppend } from "./live-append.js";
import { LiveSet } from "./live-set.js";
import { called, ok, type Told, whole } from "./testing/told.js";
import type { LiveCheck } from "./workload.js";

/** What live checks keep must not grow with the length of a run, and what they let go of must raise no false alarm. */

/** Of one live check: numbers events on from where it was, and gives the first violation. */
function feed(live: LiveCheck): (...events: readonly (object | readonly object[])[]) => string | undefined {
  let index = 0;
  return (...events) => {
    const found = events
      .flat()
      .map((event) => live.push({ index: index++, time: index, node: "n1", ...event } as HistoryEvent));
    return found.find((result) => result !== undefined)?.reason;
  };
}

const append = (key: string, element: number): Told => ({
  process: 0,
  f: "txn",
  value: [["append", key, element]],
});
const readList = (key: string, elements: readonly number[]): readonly object[] => [
  called({ process: 1, f: "txn", value: [["r", key, null]] }),
  ok({ process: 1, f: "txn", value: [["r", key, elements]] }),
];
const add = (key: string, value: number): Told => ({ process: 0, f: "add", key, value });
const readSet = (key: string, value: readonly number[], modRevisions: readonly number[] = []) => [
  called({ process: 1, f: "read", key }),
  ok({ process: 1, f: "read", key, value }, { modRevisions }),
];

test("lists that are done with are forgotten, without a false alarm over them, and the others are watched on", () => {
  const live = new LiveAppend();
  const push = feed(live);
  const sizes: number[] = [];
  for (let list = 0; list < 40_000; list++) {
    expect(push(whole(append(`a${list}`, 1)), readList(`a${list}`, [1]))).toBeUndefined();
    if (list % 10_000 === 9_999) sizes.push(live.lists);
  }
  expect(Math.max(...sizes)).toBeLessThanOrEqual(FORGET_AFTER);
  expect(sizes.at(-1)).toBeLessThanOrEqual(sizes[1] ?? 0);
  expect(push(readList("a0", [1]), readList("a1", []), whole(append("a0", 2)))).toBeUndefined();
  expect(push(readList("a39999", []))).toContain("did not read 1 in a39999");
});

test("of sets the same", () => {
  const live = new LiveSet();
  const push = feed(live);
  const sizes: number[] = [];
  for (let set = 0; set < 40_000; set++) {
    expect(push(whole(add(`s${set}`, 0), { revision: set }))).toBeUndefined();
    if (set % 10_000 === 9_999) sizes.push(live.sets);
  }
  expect(Math.max(...sizes)).toBeLessThanOrEqual(FORGET_AFTER);
  expect(sizes.at(-1)).toBeLessThanOrEqual(sizes[1] ?? 0);
  expect(push(readSet("s0", [0], [7]), readSet("s1", []), whole(add("s0", 1)))).toBeUndefined();
  expect(push(readSet("s39999", [0], [7]))).toContain("its write took effect twice");
  expect(push(readSet("s39998", []))).toContain("s39998");
});

test("ids below all that is open are forgotten, and one that is handed out again is still found", () => {
  const generate: Told = { process: 0, f: "generate", key: "u0" };
  const id = (number: number, process = 0): Told => ({ ...generate, process, value: `u0-${number}` });
  const live = new IdOrder();
  const push = feed(live);
  for (let number = 1; number <= 20_000; number++) {
    expect(push(called(generate), ok(id(number)))).toBeUndefined();
    // Their ends are unknown, and their processes never come back.
    const lost = { ...generate, process: 1_000 + number };
    push(called(lost), { ...lost, type: "info", error: { code: "timeout", message: "" } });
    expect(live.remembered).toBeLessThanOrEqual(1_000);
  }
  expect(live.ids).toBe(20_000);
  expect(push(called(generate), ok(id(5)))).toContain('answered "u0-5", but');
});

test("while an operation is open, no id is forgotten that it may be handed again", () => {
  const live = new IdOrder();
  const push = feed(live);
  const generate = (process: number): Told => ({ process, f: "generate", key: "u0" });
  push(called(generate(9)));
  for (let number = 1; number <= 3_000; number++)
    push(called(generate(0)), ok({ ...generate(0), value: `u0-${number}` }));
  expect(live.remembered).toBe(3_000);
  expect(push(ok({ ...generate(9), value: "u0-5" }))).toContain("no id may be handed out twice");
});
