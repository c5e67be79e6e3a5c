import { describeWorkload } from "./testing/planted.js";
import { called, crashed, failed, history, ok } from "./testing/told.js";

const txn = (process: number, ...value: readonly unknown[]) => ({ process, f: "txn", value }) as const;
const append = (element: number, key = "x") => ["append", key, element] as const;
const read = (elements: readonly unknown[] | null, key = "x") => ["r", key, elements] as const;
/** A transaction whose lists were not yet read when it was called. */
const ran = (process: number, ...value: readonly (readonly [string, string, unknown])[]) => [
  called(txn(process, ...value.map(([f, key, v]) => [f, key, f === "r" ? null : v]))),
  ok(txn(process, ...value)),
];
const APPENDED = ran(0, append(1));

describeWorkload(
  "append",
  [
    {
      what: "an element of a transaction that failed (G1a)",
      events: history(called(txn(0, append(1))), failed(txn(0, append(1))), ran(1, read([1]))),
      check: "strict-serializability",
      words: "G1a",
      operations: [2, 0],
      live: true,
    },
    {
      what: "the same, read before it failed",
      events: history(called(txn(0, append(1))), ran(1, read([1])), failed(txn(0, append(1)))),
      check: "strict-serializability",
      words: "G1a",
      operations: [1, 0],
      live: true,
    },
    {
      what: "an element that nobody appended",
      events: history(APPENDED, ran(1, read([1, 7]))),
      check: "strict-serializability",
      words: "garbage-read",
      operations: [2],
      live: true,
    },
    {
      what: "what is no list of numbers",
      events: history(APPENDED, ran(1, read(["spoilt"]))),
      check: "strict-serializability",
      words: "garbage-read",
      operations: [2],
      live: true,
    },
    {
      what: "an element twice",
      events: history(APPENDED, ran(1, read([1, 1]))),
      check: "strict-serializability",
      words: "duplicate-elements",
      operations: [2],
      live: true,
    },
    {
      what: "two orders of the same elements",
      events: history(
        called(txn(0, append(1))),
        called(txn(1, append(2))),
        called(txn(2, read(null))),
        called(txn(3, read(null))),
        ok(txn(0, append(1))),
        ok(txn(1, append(2))),
        ok(txn(2, read([1, 2]))),
        ok(txn(3, read([2, 1]))),
      ),
      check: "strict-serializability",
      words: "incompatible-order",
      operations: [3, 2],
      live: true,
    },
    {
      what: "an acknowledged append that is lost",
      events: history(APPENDED, ran(1, append(2)), ran(2, read([2]))),
      check: "strict-serializability",
      words: "realtime",
      operations: [0, 2],
      live: true,
    },
    {
      what: "a stale read",
      events: history(APPENDED, ran(1, read([1])), ran(2, read([]))),
      check: "strict-serializability",
      words: "G-single-item-realtime",
      operations: [0, 4],
      live: true,
    },
    {
      what: "two transactions each of which misses the other's append (write skew)",
      events: history(
        called(txn(0, ["r", "x", null], ["append", "y", 1])),
        called(txn(1, ["r", "y", null], ["append", "x", 1])),
        ok(txn(0, ["r", "x", []], ["append", "y", 1])),
        ok(txn(1, ["r", "y", []], ["append", "x", 1])),
        ran(2, ["r", "x", [1]], ["r", "y", [1]]),
      ),
      check: "strict-serializability",
      words: "G2-item",
      operations: [0, 1],
      live: false,
    },
    {
      what: "a snapshot of two moments",
      events: history(
        called(txn(2, ["r", "x", null], ["r", "y", null])),
        ran(0, ["append", "x", 1]),
        ran(1, ["append", "y", 1]),
        ok(txn(2, ["r", "x", []], ["r", "y", [1]])),
        ran(3, ["r", "x", [1]], ["r", "y", [1]]),
      ),
      check: "strict-serializability",
      words: "realtime",
      operations: [0, 1, 3],
      live: false,
    },
  ],
  [
    [
      "a crashed append, read or not, at any time",
      history(
        called(txn(0, append(1))),
        crashed(txn(0, append(1))),
        ran(1, read([])),
        ran(2, append(2), read([2])),
        ran(1, read([2, 1])),
      ),
    ],
    [
      "a failed append that nobody reads, and one that is open",
      history(
        called(txn(0, append(1))),
        failed(txn(0, append(1))),
        called(txn(1, append(2))),
        ran(2, append(3)),
        ran(3, read([2, 3])),
      ),
    ],
  ],
);
