import { expect, test } from "vitest";
import type { HistoryEvent } from "../checks/check.js";
import { InputError } from "../operation.js";
import type { ConsistencyModel } from "./consistency-models.js";
import type { Cycle } from "./cycle.js";
import { cycleSvg } from "./cycle-svg.js";
import { generateTransactions } from "./generator.js";
import { analyzeListAppend, listAppend } from "./list-append.js";
import { parseListAppend } from "./list-append-history.js";
import { scenarioEvents } from "./planted.js";

/** Events of one client; each is a type and a value. */
function events(...list: (readonly [HistoryEvent["type"], unknown])[]): HistoryEvent[] {
  return list.map(([type, value], index) => ({ index: 10 + index, process: 0, type, f: "txn", value }));
}

const BAD_INPUT: readonly (readonly [string, readonly HistoryEvent[], number, RegExp])[] = [
  ["no list", events(["ok", 5]), 0, /operation 10: its value 5 is not a list of micro-operations/],
  ["no value", events(["ok", undefined]), 0, /its value undefined is not a list/],
  ["no micro-operation", events(["ok", [7]]), 0, /7 is not \["append", key, element\]/],
  ["another micro-operation", events(["ok", [["w", "x", 1]]]), 0, /micro-operation "w" is neither/],
  ["a key that is an object", events(["ok", [["r", {}, null]]]), 0, /key \{\} is neither/],
  [
    "an element that is no number",
    events(["ok", [["append", "x", Number.NaN]]]),
    0,
    /element null is neither/,
  ],
  ["a read that is no list", events(["ok", [["r", "x", 5]]]), 0, /a read returned 5/],
  ["a list of lists", events(["ok", [["r", "x", [[1]]]]]), 0, /a read returned \[1\], neither/],
  [
    "an element appended twice",
    events(["ok", [["append", "x", 1]]], ["info", [["append", "x", 1]]]),
    1,
    /1 is appended to "x" here and in transaction 10/,
  ],
  [
    "an answer to another question",
    events(["invoke", [["append", "x", 1]]], ["ok", [["append", "x", 2]]]),
    1,
    /\["append","x",2\] is not what was invoked/,
  ],
  [
    "an answer that is too short",
    events(["invoke", [["append", "x", 1]]], ["ok", []]),
    1,
    /it has 0 micro-operations, its invocation 1/,
  ],
  [
    "two at once",
    events(["invoke", []], ["invoke", []]),
    1,
    /invokes a transaction while it has another one open/,
  ],
  [
    "an answer without question",
    events(["invoke", []], ["ok", []], ["ok", []]),
    2,
    /that it has not invoked/,
  ],
  [
    "no transaction",
    [{ index: 3, process: 0, type: "ok", f: "read", value: [] }],
    0,
    /operation 3: f "read" is no transaction/,
  ],
  [
    "an unknown type",
    [{ index: 3, process: 0, type: "done" as "ok", f: "txn", value: [] }],
    0,
    /type "done" is none of/,
  ],
  [
    "half a process",
    [{ index: 3, process: 0.5, type: "ok", f: "txn", value: [] }],
    0,
    /process 0.5 is neither/,
  ],
  ["no event", [null as unknown as HistoryEvent], 0, /an event must be an object/],
];

test.each(BAD_INPUT)(
  "bad input has no verdict, but a place and a reason: %s",
  (_, history, index, message) => {
    let error: unknown;
    try {
      listAppend().run(history);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).index).toBe(index);
    expect((error as InputError).message).toMatch(message);
  },
);

test("an unknown model is refused by name", () => {
  expect(() => listAppend({ consistencyModel: "serialisable" as "serializable" }).run([])).toThrow(
    /unknown consistency model "serialisable"; known are .*serializable/,
  );
});

test("a history in which nothing depends on anything is not called good", () => {
  for (const history of [[], events(["ok", [["append", "x", 1]]]), events(["ok", [["r", "x", null]]])]) {
    const { verdict, reason } = listAppend().run(history);
    expect([verdict, reason]).toEqual(["unknown", expect.stringMatching(/nothing could be checked/)]);
  }
});

test("the nemesis is passed over, names with a colon are understood", () => {
  const nemesis: HistoryEvent = { index: 0, process: "nemesis", type: "info", f: "kill", value: "n1" };
  const history = [nemesis, ...events(["ok", [[":append", ":x", 1]]], ["ok", [[":r", ":x", [1]]]])];
  expect(listAppend().run(history).verdict).toBe("ok");
});

test("what has no real time is not said to be judged by it", () => {
  const { reason } = listAppend().run(events(["ok", [["append", "x", 1]]], ["ok", [["r", "x", [1]]]]));
  expect(reason).toMatch(/has no invocations, so that of real time only the order within each process/);
});

test("a transaction of unknown outcome may have happened late, but not before its invocation", () => {
  const append = [["append", "x", 1]];
  const late: HistoryEvent[] = [
    { index: 0, process: 0, type: "invoke", f: "txn", value: append },
    { index: 1, process: 0, type: "info", f: "txn", value: append },
    { index: 2, process: 0, type: "invoke", f: "txn", value: [["r", "x", null]] },
    { index: 3, process: 0, type: "ok", f: "txn", value: [["r", "x", []]] },
    { index: 4, process: 1, type: "invoke", f: "txn", value: [["r", "x", null]] },
    { index: 5, process: 1, type: "ok", f: "txn", value: [["r", "x", [1]]] },
  ];
  expect(listAppend().run(late).verdict).toBe("ok");
  const early = [...late.slice(4), ...late.slice(0, 2)].map((event, index) => ({ ...event, index }));
  const { verdict, reason } = listAppend().run(early);
  expect([verdict, reason]).toEqual([
    "illegal",
    expect.stringMatching(/^G1c-realtime.*T1 had completed when T3 was invoked/),
  ]);
});

/** Transactions without invocations, of a process each, and what a model says of them. */
function judged(consistencyModel: ConsistencyModel, ...values: readonly unknown[]) {
  const history = values.map(
    (value, i): HistoryEvent => ({ index: i, process: i, type: "ok", f: "txn", value }),
  );
  const { verdict, details } = listAppend({ consistencyModel }).run(history);
  return [verdict, ...details.anomalies.map(({ type }) => type)];
}

test("an order that another read contradicts is no evidence of cycles", () => {
  const a = [
    ["append", "x", 1],
    ["append", "y", 1],
  ];
  const b = [
    ["append", "x", 2],
    ["append", "y", 2],
  ];
  const c = [
    ["r", "x", [1, 2]],
    ["r", "y", [2, 1]],
  ];
  expect(judged("read-uncommitted", a, b, c)).toEqual(["illegal", "G0"]);
  const contrary = [["r", "y", [1, 2]]];
  expect(judged("read-uncommitted", a, b, c, contrary)).toEqual(["ok", "incompatible-order"]);
});

test("a read that finds more, or less, than the same transaction's last one is internal", () => {
  const append = [["append", "x", 1]];
  for (const lists of [
    [[], [1]],
    [[1], []],
  ]) {
    const reads = lists.map((list) => ["r", "x", list]);
    expect(judged("read-atomic", append, reads)).toContain("internal");
  }
});

test("a cycle that snapshots exclude is found beside a shorter one that they allow", () => {
  const types = judged(
    "snapshot-isolation",
    [
      ["r", "x", []],
      ["r", "w", [1]],
    ],
    [
      ["append", "x", 1],
      ["append", "z", 1],
      ["r", "y", []],
    ],
    [
      ["r", "z", [1]],
      ["r", "y", []],
    ],
    [
      ["append", "y", 1],
      ["append", "w", 1],
    ],
  );
  expect(types).toEqual(["illegal", "G-nonadjacent-item", "G2-item"]);
});

function worstCycle(history: readonly HistoryEvent[]): Cycle {
  const example = listAppend().run(history).details.anomalies[0]?.examples[0];
  if (example === undefined || !("steps" in example)) throw new Error("no cycle");
  return example;
}

test("a cycle is told in words, with the evidence of every step", () => {
  expect(
    worstCycle(
      scenarioEvents("G-nonadjacent-item-realtime", "", 0).map((event, index) => ({ ...event, index })),
    ).text,
  ).toBe(
    "T7 before T3 before T5 before T6 before T7: " +
      "T7 read y as [], without T3's append of 1, which no read shows; T3 had completed when T5 was invoked; " +
      "T5 read x as [], without T6's append of 1, which no read shows; T7 read z as [1], with T6's append of 1",
  );
});

test("a cycle is drawn as one document that holds every transaction and refers to nothing", () => {
  const svg = cycleSvg(
    worstCycle(scenarioEvents("G0", "<&\u0000>", 0).map((event, index) => ({ ...event, index }))),
  );
  expect(svg).toMatch(
    /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^>]*>\n<title>G0: a cycle of 2 transactions<\/title>/,
  );
  expect(svg).toMatch(/T2 {2}process 1.*T3 {2}process 2/s);
  expect(svg).toContain("&lt;&amp;\uFFFD&gt;x: 2 after 1");
  expect(svg.replace("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:|url\(|<script|<image/);
});

test("a long cycle is drawn without its middle", () => {
  const cycle = worstCycle(scenarioEvents("G2-item", "", 0));
  const [transaction, step] = [cycle.transactions[0], cycle.steps[0]];
  if (transaction === undefined || step === undefined) throw new Error("no cycle");
  const long = { ...cycle, transactions: Array(100).fill(transaction), steps: Array(100).fill(step) };
  const svg = cycleSvg(long);
  expect(svg).toContain("84 more transactions");
  expect(svg.match(/<rect/g)).toHaveLength(16);
});

/** Every transaction read all keys as empty and appended to one: a component of all of them. */
function allAppendsLost(transactions: number): HistoryEvent[] {
  const keys = ["x", "y", "z"];
  return Array.from({ length: transactions }, (_, i) => {
    const value = [...keys.map((key) => ["r", key, []]), ["append", keys[i % 3], i]];
    return { index: i, process: i, type: "ok", f: "txn", value };
  });
}

/** A chain of transactions that each miss the next one's append, and a first one that saw the last: one long cycle. */
function oneLongCycle(transactions: number): HistoryEvent[] {
  return Array.from({ length: transactions }, (_, i) => {
    const next = (i + 1) % transactions;
    const value = [["append", i, 1], next === 0 ? ["append", next, 2] : ["r", next, []]];
    return { index: i, process: i, type: "ok", f: "txn", value };
  });
}

test("a component of 20,000 transactions that depend on each other in pairs stays linear", () => {
  const { verdict, details } = listAppend().run(allAppendsLost(20_000));
  expect(verdict).toBe("illegal");
  expect(details.components).toEqual({ count: 1, largest: 20_000 });
  expect(details.edges.rw).toBeLessThan(200_000);
  expect(details.anomalies.map(({ type }) => type)).toEqual(["lost-update", "G2-item"]);
});

test("a cycle through 20,000 transactions is found whole", () => {
  const history = oneLongCycle(20_000);
  history.push({ index: 20_000, process: -1, type: "ok", f: "txn", value: [["r", 0, [2, 1]]] });
  const { details } = analyzeListAppend(parseListAppend(history), { consistencyModel: "serializable" });
  const [worst] = details.anomalies;
  expect(worst?.type).toBe("G2-item");
  const [cycle] = worst?.examples ?? [];
  expect(cycle?.transactions).toHaveLength(20_000);
});

test("generated histories are the same for the same seed, and others for another", () => {
  const options = { transactions: 50, clients: 3, crashRate: 0.1, failRate: 0.1 };
  expect(generateTransactions({ seed: 1, ...options })).toEqual(
    generateTransactions({ seed: 1, ...options }),
  );
  expect(generateTransactions({ seed: 1, ...options })).not.toEqual(
    generateTransactions({ seed: 2, ...options }),
  );
});
