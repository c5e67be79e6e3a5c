import { expect, test } from "vitest";
import type { HistoryEvent } from "./check.js";
import { pairOperations } from "./pair.js";
import { events } from "./testing/histories.js";

const options = { functions: ["add", "read"], intervals: true };

test("pairs by process, in order of the invokes; what has no completion stays open", () => {
  const history = events(
    [0, "invoke", "read"],
    [1, "invoke", "add", 1],
    ["nemesis", "info", "kill", "n1"],
    [1, "info", "add", "timeout"],
    [2, "invoke", "add", 2],
    [0, "ok", "read", 7],
    [0, "invoke", "add", 3],
    [0, "fail", "add", 3],
  );
  const paired = pairOperations(history, options);
  expect(paired.map(({ process, f, outcome, begin, end }) => [process, f, outcome, begin, end])).toEqual([
    [0, "read", "ok", 0, 5],
    [1, "add", "info", 1, Number.POSITIVE_INFINITY],
    [2, "add", "info", 4, Number.POSITIVE_INFINITY],
    [0, "add", "fail", 6, 7],
  ]);
  expect(paired[0]).toMatchObject({ invoke: { index: 0 }, completion: { index: 5, value: 7 } });
  expect(paired[2]?.completion).toBeUndefined();
});

test("completions alone are operations of one instant, where times are not compared", () => {
  const history = events([0, "ok", "read", 7], [0, "info", "add", 1], [0, "ok", "read", 8]);
  const paired = pairOperations(history, { ...options, intervals: false });
  expect(paired.map(({ begin, end }) => [begin, end])).toEqual([
    [0, 0],
    [1, Number.POSITIVE_INFINITY],
    [2, 2],
  ]);
  expect(() => pairOperations(history, options)).toThrowError(
    "operation 0: ok of read, but process 0 has none open",
  );
  const mixed = events([1, "invoke", "read"], [0, "ok", "read", 8]);
  expect(() => pairOperations(mixed, { ...options, intervals: false })).toThrowError("has none open");
});

const shifted = (history: readonly HistoryEvent[]) =>
  history.map((event) => ({ ...event, index: event.index + 100 }));

test.each<[string, HistoryEvent[]]>([
  [
    "operation 101: process 0 invokes while its add of operation 100 is open still",
    events([0, "invoke", "add", 1], [0, "invoke", "add", 2]),
  ],
  [
    "operation 102: process 0 invokes while its add of operation 100 crashed; give the client a new process number",
    events([0, "invoke", "add", 1], [0, "info", "add"], [0, "invoke", "add", 2]),
  ],
  [
    "operation 102: ok of add, but process 0 has none open",
    events([0, "invoke", "add", 1], [0, "info", "add"], [0, "ok", "add"]),
  ],
  [
    "operation 101: ok of read, but process 0 has open the add of operation 100",
    events([0, "invoke", "add", 1], [0, "ok", "read", 1]),
  ],
  ["operation 100: process 1.5 is neither an integer nor a name", events([1.5, "invoke", "add", 1])],
  ["operation 100: process null is neither", events([null as unknown as number, "invoke", "add", 1])],
  [
    'operation 100: its type is "call"; there are invoke, ok, fail and info',
    events([0, "call" as "invoke", "add", 1]),
  ],
  ['operation 100: its f is "cas"; this check knows add and read alone', events([0, "invoke", "cas", 1])],
])("no verdict: %s", (problem, history) => {
  expect(() => pairOperations(shifted(history), options)).toThrowError(problem);
});
