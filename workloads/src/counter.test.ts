import { describeWorkload } from "./testing/planted.js";
import { called, crashed, failed, history, ok, whole } from "./testing/told.js";

const count = (process: number, amount: number, from: number) =>
  whole({ process, f: "add", key: "c0", value: amount }, { from });
const counted = (process: number, value: unknown) => whole({ process, f: "read", key: "c0" }, { value });
const up = { process: 7, f: "add", key: "c0", value: 1 } as const;

describeWorkload(
  "counter",
  [
    {
      what: "an add that took effect twice",
      events: history(count(0, 1, 0), counted(1, 2)),
      check: "counter-bounds",
      words: "returned 2, but the counter was exactly 1",
      operations: [2],
      live: true,
    },
    {
      what: "an acknowledged add that is lost",
      events: history(count(0, 1, 0), count(0, 1, 1), counted(1, 1)),
      check: "counter-bounds",
      words: "returned 1, but the counter was exactly 2",
      operations: [4],
      live: true,
    },
    {
      what: "a failed add that took effect",
      events: history(called(up), failed(up), counted(1, 1)),
      check: "counter-bounds",
      words: "returned 1, but the counter was exactly 0",
      operations: [2],
      live: true,
    },
    {
      what: "a second effect that the bounds hide behind a crashed add, but what an add found does not",
      events: history(
        called(up),
        crashed(up),
        count(0, -1, 0),
        count(0, 1, -1),
        count(0, 1, 1),
        count(0, 1, 3),
      ),
      check: "linearizability",
      words: "key c0 is not linearizable",
      operations: [8],
      live: true,
    },
    {
      what: "what is no number",
      events: history(count(0, 1, 0), counted(1, "spoilt")),
      check: "linearizability",
      words: "key c0 is not linearizable",
      operations: [2],
      live: true,
    },
  ],
  [
    [
      "a crashed add that counts late",
      history(called(up), crashed(up), counted(1, 0), count(0, -1, 0), counted(1, 0)),
    ],
    ["one that never does", history(called(up), crashed(up), count(0, 1, 0), counted(1, 1))],
    ["a failed one that did not", history(called(up), failed(up), count(0, 1, 0), counted(1, 1))],
    [
      "a read while adds are open",
      history(
        called({ process: 9, f: "read", key: "c0" }),
        count(0, 1, 0),
        count(0, 1, 1),
        ok({ process: 9, f: "read", key: "c0" }, { value: 1 }),
      ),
    ],
  ],
);
