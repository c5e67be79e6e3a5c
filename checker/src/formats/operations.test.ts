import { expect, test } from "vitest";
import { builtInModel, modelNames } from "../models/index.js";
import { ADAPTERS, PLAIN_ADAPTER } from "./adapters.js";
import type { Recording } from "./event.js";
import { faultsOf } from "./faults.js";
import { type RecordedOperations, toOperations, type ToOperationsOptions } from "./operations.js";
import { readHistory } from "./reader.js";

/** Each row: process, type, f, value, then other fields. */
type Row = readonly [process: number | "nemesis", type: string, f: string, value?: unknown, more?: object];

const jsonl = (...rows: readonly Row[]): Recording =>
  readHistory(
    rows
      .map(([process, type, f, value, more]) => `${JSON.stringify({ process, type, f, value, ...more })}\n`)
      .join(""),
  );

function inputsOf({ operations }: RecordedOperations): unknown {
  return operations.map(({ input, output }) => (output === undefined ? [input] : [input, output]));
}

// oxlint-disable-next-line unicorn/no-thenable -- a list, which nobody can call
const LOOK = { compare: [], then: [{ f: "get" }] };
const COMPARE = { target: "value", result: "=", value: "a" };
// oxlint-disable-next-line unicorn/no-thenable -- a list, which nobody can call
const SWAP = { compare: [COMPARE], then: [{ f: "put", value: "b" }] };

/** An invoke and its ok. */
const done = (f: string, asked: unknown, answer: unknown, more: object = {}): readonly Row[] => [
  [0, "invoke", f, asked, more],
  [0, "ok", f, answer, more],
];

test("an operation is its interval, with the index of its invoke", () => {
  const recording = jsonl(
    [0, "invoke", "write", 1],
    ["nemesis", "info", "kill"],
    [1, "invoke", "read"],
    [0, "ok", "write", 1],
    [2, "invoke", "write", 3],
    [1, "ok", "read", 1],
    [3, "invoke", "write", 4],
    [2, "info", "write"],
    [3, "fail", "write", 4],
  );
  const { operations, events, failed, notes } = toOperations(recording, "register");
  expect(operations).toEqual([
    { process: 0, id: 0, call: 0, return: 3, input: { f: "write", value: 1 }, output: {} },
    { process: 1, id: 2, call: 2, return: 5, input: { f: "read" }, output: { value: 1 } },
    { process: 2, id: 4, call: 4, input: { f: "write", value: 3 } },
  ]);
  expect(events.map(({ invoke, completion }) => [invoke.line, completion?.line])).toEqual([
    [1, 4],
    [3, 6],
    [5, 8],
  ]);
  expect(failed).toEqual([{ process: 3, id: 6, call: 6, return: 8, input: { f: "write", value: 4 } }]);
  expect(notes).toEqual([]);
});

test.each<[model: string, rows: readonly Row[], expected: unknown]>([
  [
    "cas-register",
    [
      ...done("cas", [1, 2], [1, 2], { key: "k" }),
      ...done("cas", [1, 2], null, { succeeded: false }),
      ...done("read", null, null, { key: 7 }),
    ],
    [
      [{ f: "cas", key: "k", from: 1, to: 2 }, { succeeded: true }],
      [{ f: "cas", from: 1, to: 2 }, { succeeded: false }],
      [{ f: "read", key: "7" }, { value: null }],
    ],
  ],
  [
    "kv",
    [
      ...done("put", "a", "a", { key: "k" }),
      ...done("append", "b", "b", { key: "k" }),
      ...done("get", null, null, { key: "k" }),
    ],
    [
      [{ f: "put", key: "k", value: "a" }, {}],
      [{ f: "append", key: "k", value: "b" }, {}],
      [{ f: "get", key: "k" }, { value: "" }],
    ],
  ],
  [
    "etcd-key",
    [
      ...done("put", "a", null, { key: "k", revision: 2 }),
      ...done("read", null, "a", { key: "k", revision: 2, modRevision: 2 }),
      ...done("cas", ["a", "b"], null, { key: "k", revision: 3 }),
      ...done("delete", null, null, { key: "k", deleted: 1 }),
      ...done("txn", LOOK, null, {
        key: "k",
        succeeded: true,
        responses: [{ value: null }],
      }),
    ],
    [
      [{ f: "put", key: "k", value: "a" }, { revision: 2 }],
      [
        { f: "get", key: "k" },
        { value: "a", revision: 2, modRevision: 2 },
      ],
      [
        { ...SWAP, f: "txn", key: "k", else: [] },
        { succeeded: true, revision: 3 },
      ],
      [{ f: "delete", key: "k" }, { deleted: 1 }],
      [
        { ...LOOK, f: "txn", key: "k", else: [] },
        { succeeded: true, responses: [{ value: null }] },
      ],
    ],
  ],
  ["mutex", done("acquire", null, null), [[{ f: "acquire" }, {}]]],
  [
    "set",
    [
      ...done("add", 1, 1),
      ...done("contains", 1, [1, true]),
      ...done("contains", 2, false),
      ...done("read", null, [1]),
    ],
    [
      [{ f: "add", value: 1 }, {}],
      [{ f: "contains", value: 1 }, { value: true }],
      [{ f: "contains", value: 2 }, { value: false }],
      [{ f: "read" }, { value: [1] }],
    ],
  ],
  [
    "counter",
    [...done("add", -1, -1), ...done("read", null, 3)],
    [
      [{ f: "add", value: -1 }, {}],
      [{ f: "read" }, { value: 3 }],
    ],
  ],
  [
    "fifo-queue",
    [...done("enqueue", "a", null), ...done("dequeue", null, "a"), ...done("dequeue", null, null)],
    [
      [{ f: "enqueue", value: "a" }, {}],
      [{ f: "dequeue" }, { value: "a" }],
      [{ f: "dequeue" }, { value: null }],
    ],
  ],
  [
    "stack",
    [...done("push", 1, 1), ...done("pop", null, 1)],
    [
      [{ f: "push", value: 1 }, {}],
      [{ f: "pop" }, { value: 1 }],
    ],
  ],
  [
    "multi-register",
    done(
      "txn",
      [
        ["r", "x", null],
        ["write", "y", 2],
      ],
      [
        ["r", "x", 1],
        ["write", "y", 2],
      ],
    ),
    [
      [
        {
          f: "txn",
          value: [
            ["r", "x", null],
            ["w", "y", 2],
          ],
        },
        {
          value: [
            ["r", "x", 1],
            ["w", "y", 2],
          ],
        },
      ],
    ],
  ],
])("events as %s takes them", (model, rows, expected) => {
  const recorded = toOperations(jsonl(...rows), model);
  expect(inputsOf(recorded)).toEqual(expected);
  const built = builtInModel(model);
  for (const { input, output } of recorded.operations) expect(built.problem?.(input, output)).toBeUndefined();
});

test("every built-in model has an adapter", () => {
  expect([...ADAPTERS.keys()].toSorted()).toEqual([...modelNames].toSorted());
});

test("a model of one's own takes operations of any name", () => {
  const recorded = toOperations(jsonl(...done("toString", 1, 2)), { name: "mine", adapter: PLAIN_ADAPTER });
  expect(inputsOf(recorded)).toEqual([[{ f: "toString", value: 1 }, { value: 2 }]]);
});

const EVENTS = `{:process 0 :type :invoke :f :cas :value [1 2]} {:process 0 :type :fail :f :cas :value [1 2]}
{:process 0 :type :invoke :f :read} {:process 0 :type :ok :f :read :value nil}`;
const LOG = ["0 :invoke :cas [1 2]", "0 :fail :cas [1 2]", "0 :invoke :read nil", "0 :ok :read nil"]
  .map((row) => `INFO  jepsen.util - ${row}\n`)
  .join("");
const CAS = [{ f: "cas", from: 1, to: 2 }, { succeeded: false }];
const READ = [{ f: "read" }, { value: null }];

test.each<[text: string, meaning: ToOperationsOptions["meaning"], expected: unknown, notes: number]>([
  // Knossos: what failed did not happen, nil was not recorded.
  [EVENTS, {}, [], 1],
  [EVENTS, { nilIsAbsent: true }, [READ], 0],
  [EVENTS, { failedCasHappened: true }, [CAS], 1],
  // Porcupine: a cas that failed found another value, nil is absent.
  [LOG, {}, [CAS, READ], 0],
])("fail and nil mean what the format says, or the caller", (text, meaning, expected, notes) => {
  const recorded = toOperations(readHistory(text), "cas-register", { meaning });
  expect(inputsOf(recorded)).toEqual(expected);
  expect(recorded.notes).toHaveLength(notes);
});

test("pairs of key and value are told from values of registers", () => {
  const rows = [
    ...done("write", ["x", 1], ["x", 1]),
    ...done("cas", ["x", [1, 2]], ["x", [1, 2]]),
    ...done("read", ["y", null], ["y", 3]),
  ];
  const recorded = toOperations(jsonl(...rows), "cas-register");
  expect(inputsOf(recorded)).toEqual([
    [{ f: "write", key: "x", value: 1 }, {}],
    [{ f: "cas", key: "x", from: 1, to: 2 }, { succeeded: true }],
    [{ f: "read", key: "y" }, { value: 3 }],
  ]);
  expect(recorded.notes).toEqual(["values are taken for pairs of key and value (independent)"]);
  // A cas alone could be of two values.
  expect(inputsOf(toOperations(jsonl(...done("cas", [1, 2], [1, 2])), "cas-register"))).toEqual([
    [{ f: "cas", from: 1, to: 2 }, { succeeded: true }],
  ]);
  const crashed = jsonl([0, "invoke", "acquire", ["a", null]], [0, "info", "acquire", null]);
  expect(inputsOf(toOperations(crashed, "mutex", { independent: true }))).toEqual([
    [{ f: "acquire", key: "a" }],
  ]);
});

test.each<[model: string, recording: Recording, options: ToOperationsOptions, message: string]>([
  [
    "nothing",
    jsonl(...done("read", 1, 1)),
    {},
    "no history can be read for the model nothing; known: register",
  ],
  [
    "register",
    jsonl(...done("cas", [1, 2], [1, 2])),
    {},
    'line 1: unknown operation "cas"; the model register knows read, write',
  ],
  [
    "kv",
    jsonl(...done("toString", 1, 1)),
    {},
    'line 1: unknown operation "toString"; the model kv knows get',
  ],
  ["cas-register", jsonl(...done("cas", 1, 1)), {}, "line 1: a cas of 1; the value of a cas is a pair"],
  [
    "register",
    jsonl(...done("write", 1, 2)),
    {},
    "line 2: a write of 2 is acknowledged, but 1 was invoked on line 1",
  ],
  ["register", jsonl(...done("write", 1, 1)), { independent: true }, "line 1: the value of write is no pair"],
  [
    "fifo-queue",
    readHistory("{:process 0 :type :invoke :f :dequeue} {:process 0 :type :ok :f :dequeue}"),
    {},
    "line 1: a dequeue that does not say what it returned; record it, or say that nil",
  ],
])("what a model cannot be asked about is told: %s", (model, recording, options, message) => {
  expect(() => toOperations(recording, model, options)).toThrow(message);
});

test("faults: numbered ones of the rig, starts and stops of Jepsen, calls of any name", () => {
  const phase = (f: string, index: number, edge: string): Row => [
    "nemesis",
    "info",
    f,
    { index, nodes: ["n1", "n2"] },
    { phase: edge },
  ];
  const { events } = jsonl(
    phase("process.kill", 0, "begin"),
    phase("process.kill", 1, "begin"),
    phase("process.kill", 0, "end"),
    ["nemesis", "info", "start-partition", "majority"],
    ["nemesis", "info", "start-partition", "done"],
    [0, "invoke", "read"],
    ["nemesis", "info", "stop-partition"],
    ["nemesis", "info", "stop-partition"],
    ["nemesis", "info", "bump", { nodes: "n3" }],
    ["nemesis", "info", "bump"],
    ["nemesis", "info", "start-partition", "again"],
    ["nemesis", "info", "stop"],
  );
  const found = faultsOf(events).map(({ name, target, from, to }) => [name, target, from.index, to?.index]);
  expect(found).toEqual([
    ["process.kill", "n1, n2", 0, 2],
    ["process.kill", "n1, n2", 1, undefined],
    ["partition", "majority", 3, 7],
    ["bump", "n3", 8, 9],
    ["partition", "again", 10, undefined],
    ["stop", undefined, 11, undefined],
  ]);
});
