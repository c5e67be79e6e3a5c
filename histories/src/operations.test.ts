import { checkOperations, casRegister } from "porcupine-ts";
import { expect, test } from "vitest";
import { HistoryError } from "./errors.js";
import type { HistoryEvent } from "./event.js";
import { pairEvents, toOperations } from "./operations.js";
import { parseHistory } from "./reader.js";

type Given = Partial<HistoryEvent> & Pick<HistoryEvent, "process" | "type" | "f">;

/** One event a nanosecond, unless a time is given. */
function history(...events: readonly Given[]): readonly HistoryEvent[] {
  const lines = events.map((event, index) => JSON.stringify({ index, time: 5, key: "r0", ...event }));
  return parseHistory(`${lines.join("\n")}\n`).events;
}

test("pairs by process; fail is left out; info and an open end never returned", () => {
  const events = history(
    { process: 0, type: "invoke", f: "write", value: "a" },
    { process: 1, type: "invoke", f: "cas", value: ["a", "b"] },
    { process: 2, type: "invoke", f: "read" },
    { process: "nemesis", type: "info", f: "process.kill" },
    { process: 0, type: "info", f: "write", value: "a" },
    { process: 1, type: "ok", f: "cas", value: ["a", "b"], succeeded: true },
    { process: 2, type: "ok", f: "read", value: null },
    { process: 2, type: "invoke", f: "write", value: "c" },
    { process: 2, type: "fail", f: "write", value: "c" },
    { process: 2, type: "invoke", f: "write", value: "d" },
  );
  expect(toOperations(events)).toEqual([
    { process: 0, id: 0, call: 0, input: { f: "write", key: "r0", value: "a" } },
    {
      process: 1,
      id: 1,
      call: 1,
      return: 5,
      output: { succeeded: true },
      input: { f: "cas", key: "r0", from: "a", to: "b" },
    },
    { process: 2, id: 2, call: 2, return: 6, input: { f: "read", key: "r0" }, output: { value: null } },
    { process: 2, id: 9, call: 9, input: { f: "write", key: "r0", value: "d" } },
  ]);
  expect(pairEvents(events).map(({ completion }) => completion?.index ?? null)).toEqual([4, 5, 6, 8, null]);
});

test("events of one nanosecond keep the order in which they were recorded", () => {
  // The write had been acknowledged when the read was called, at the same time by the clock.
  const stale = history(
    { process: 0, type: "invoke", f: "write", value: "a" },
    { process: 0, type: "ok", f: "write", value: "a" },
    { process: 1, type: "invoke", f: "read" },
    { process: 1, type: "ok", f: "read", value: null },
  );
  expect(checkOperations(casRegister(), toOperations(stale)).verdict).toBe("illegal");
});

test.each<[string, Given, Given, string]>([
  [
    "an ok read without its value",
    { process: 0, type: "invoke", f: "read" },
    { process: 0, type: "ok", f: "read" },
    "h:2: ok read: value: expected what was read, or null",
  ],
  [
    "a cas of one value",
    { process: 0, type: "invoke", f: "cas", value: ["1"] },
    { process: 0, type: "ok", f: "cas", value: ["1"], succeeded: true },
    "h:1: invoke cas: value",
  ],
  [
    "an unknown function",
    { process: 0, type: "invoke", f: "append", value: "1" },
    { process: 0, type: "ok", f: "append", value: "1" },
    "h:1: invoke append: f: Invalid",
  ],
])("names the line: %s", (_name, invoke, completion, message) => {
  const events = history(invoke, completion);
  expect(() => toOperations(events, "h")).toThrow(HistoryError);
  expect(() => toOperations(events, "h")).toThrow(message);
});

test("an ok cas that does not say so took place; one that found another value says so", () => {
  const events = history(
    { process: 0, type: "invoke", f: "cas", value: [1, 2] },
    { process: 0, type: "ok", f: "cas", value: [1, 2] },
    { process: 0, type: "invoke", f: "cas", value: [1, 2] },
    { process: 0, type: "ok", f: "cas", value: [1, 2], succeeded: false },
  );
  expect(toOperations(events).map(({ output }) => output)).toEqual([
    { succeeded: true },
    { succeeded: false },
  ]);
});
