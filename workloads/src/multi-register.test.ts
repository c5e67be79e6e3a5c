import { describeWorkload } from "./testing/planted.js";
import { called, crashed, history, ok } from "./testing/told.js";

const group = (process: number, ...value: readonly (readonly [string, string, unknown])[]) => {
  const operation = { process, f: "txn", key: "m0" } as const;
  const asked = value.map(([f, key, v]) => [f, key, f === "r" ? null : v]);
  return { called: called({ ...operation, value: asked }), ok: ok({ ...operation, value }) };
};
const did = (process: number, ...value: readonly (readonly [string, string, unknown])[]) =>
  Object.values(group(process, ...value));
const crash = (process: number, ...value: readonly (readonly [string, string, unknown])[]) => {
  const operation = { process, f: "txn", key: "m0", value } as const;
  return [called(operation), crashed(operation)];
};

describeWorkload(
  "multi-register",
  [
    {
      what: "a transaction of which half is seen",
      events: history(did(0, ["w", "a", "1"], ["w", "b", "1"]), did(1, ["r", "a", "1"], ["r", "b", null])),
      check: "linearizability",
      words: "key m0 is not linearizable",
      operations: [2],
      live: true,
    },
    {
      what: "a stale snapshot",
      events: history(
        did(0, ["w", "a", "1"]),
        did(0, ["w", "b", "2"]),
        did(1, ["r", "a", null], ["r", "b", null]),
      ),
      check: "linearizability",
      words: "key m0 is not linearizable",
      operations: [4, 2],
      live: true,
    },
    {
      what: "a transaction that does not see its own write",
      events: history(did(0, ["w", "a", "1"], ["r", "a", null])),
      check: "linearizability",
      words: "key m0 is not linearizable",
      operations: [0],
      live: true,
    },
    {
      what: "a crashed transaction of which half happened",
      events: history(crash(0, ["w", "a", "1"], ["w", "b", "1"]), did(1, ["r", "a", "1"], ["r", "b", null])),
      check: "linearizability",
      words: "key m0 is not linearizable",
      operations: [2],
      live: true,
    },
  ],
  [
    [
      "a crashed transaction that shows late",
      history(
        crash(0, ["w", "a", "1"], ["w", "b", "1"]),
        did(1, ["r", "a", null], ["r", "b", null]),
        did(1, ["r", "a", "1"], ["r", "b", "1"]),
      ),
    ],
    [
      "a transaction that reads what it overwrites",
      history(did(0, ["r", "a", null], ["w", "a", "1"], ["r", "a", "1"])),
    ],
  ],
);
