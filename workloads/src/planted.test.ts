import type { CheckResult, HistoryEvent } from "@gauntlet/histories";
import { describe, expect, test } from "vitest";
import type { Evidence } from "./evidence.js";
import { WORKLOADS } from "./index.js";
import { called, crashed, failed, history, ok, whole } from "./testing/told.js";

/** What each check of a workload says, and what the live checks find. */
interface Said {
  readonly checks: Readonly<Record<string, CheckResult>>;
  readonly live: CheckResult | undefined;
}

async function judge(name: string, events: readonly HistoryEvent[]): Promise<Said> {
  const workload = WORKLOADS[name];
  if (workload === undefined) throw new Error(`no workload ${name}`);
  const checks = await workload.check(events, { timeLimitMs: 30_000 });
  const live = workload.live?.();
  const found = events.map((event) => live?.push(event)).find((result) => result !== undefined);
  return { checks: Object.fromEntries(checks.map((check) => [check.name, check])), live: found };
}

/** Wrong, by which check, in which words, and the invokes of the operations to look at; whether a prefix shows it. */
interface Planted {
  readonly what: string;
  readonly events: readonly HistoryEvent[];
  readonly check: string;
  readonly words: string;
  readonly operations: readonly number[];
  readonly live: boolean;
}

/** Right, though it may not look so. */
type Sound = readonly [what: string, events: readonly HistoryEvent[]];

function describeWorkload(name: string, planted: readonly Planted[], sound: readonly Sound[]): void {
  describe(`of ${name}`, () => {
    test.each(planted)("$what is invalid: $check", async ({ events, check, words, operations, live }) => {
      const said = await judge(name, events);
      expect(said.checks[check]).toMatchObject({ verdict: "invalid", kind: "safety" });
      expect(said.checks[check]?.reason).toContain(words);
      expect(said.checks[check]?.details).toMatchObject({ operations } satisfies Partial<Evidence>);
      expect(said.live?.verdict).toBe(live ? "invalid" : undefined);
    });

    test.each(sound)("%s is valid", async (_, events) => {
      const { checks, live } = await judge(name, events);
      expect(Object.values(checks).filter(({ verdict }) => verdict !== "valid")).toEqual([]);
      expect(live).toBeUndefined();
    });
  });
}

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

const add = (process: number, value: unknown, key = "s0") => ({ process, f: "add", key, value }) as const;
const readOf = (process: number, key: string) => ({ process, f: "read", key }) as const;
const shows = (process: number, ...value: readonly number[]) => whole(readOf(process, "s0"), { value });

describeWorkload(
  "set",
  [
    {
      what: "a lost element",
      events: history(whole(add(0, 1)), whole(add(0, 2)), shows(1, 1, 2), shows(2, 2)),
      check: "set",
      words: "1 element is lost",
      operations: [6, 0, 4],
      live: true,
    },
    {
      what: "an element that is missing for a while",
      events: history(whole(add(0, 1)), whole(add(0, 2)), shows(1, 2), shows(2, 1, 2)),
      check: "set",
      words: "stale",
      operations: [4, 0, 6],
      live: true,
    },
    {
      what: "one that was read once, though its add crashed",
      events: history(called(add(0, 1)), crashed(add(0, 1)), whole(add(3, 2)), shows(1, 1, 2), shows(2, 2)),
      check: "set",
      words: "lost",
      operations: [6, 4, 0],
      live: true,
    },
    {
      what: "an element that nobody added",
      events: history(whole(add(0, 1)), shows(1, 1, 9)),
      check: "set",
      words: "never added",
      operations: [2],
      live: true,
    },
    {
      what: "an element whose add failed",
      events: history(called(add(0, 1)), failed(add(0, 1)), shows(1, 1)),
      check: "set",
      words: "its add failed",
      operations: [2, 0],
      live: true,
    },
    {
      what: "an element whose add failed after it was read",
      events: history(called(add(0, 1)), shows(1, 1), failed(add(0, 1)), shows(1, 1)),
      check: "set",
      words: "its add failed",
      operations: [1, 0],
      live: true,
    },
    {
      what: "two reads of which each lacks what the other shows",
      events: history(
        called(add(0, 1)),
        called(add(1, 2)),
        called(readOf(2, "s0")),
        called(readOf(3, "s0")),
        ok(readOf(2, "s0"), { value: [1] }),
        ok(readOf(3, "s0"), { value: [2] }),
        ok(add(0, 1)),
        ok(add(1, 2)),
        shows(4, 1, 2),
      ),
      check: "set",
      words: "contradict",
      operations: [3, 2],
      live: false,
    },
    {
      what: "a later element without an earlier one",
      events: history(
        called(readOf(2, "s0")),
        whole(add(0, 1)),
        whole(add(1, 2)),
        ok(readOf(2, "s0"), { value: [2] }),
        shows(4, 1, 2),
      ),
      check: "set",
      words: "without 1",
      operations: [0, 1, 3],
      live: false,
    },
    {
      what: "a write that took effect twice",
      events: history(
        whole(add(0, 1), { revision: 2 }),
        whole(readOf(1, "s0"), { value: [1], modRevisions: [3], revision: 3 }),
      ),
      check: "applied-once",
      words: "took effect twice",
      operations: [2, 0],
      live: true,
    },
    {
      what: "one that did so between two reads, unacknowledged",
      events: history(
        called(add(0, 1)),
        whole(readOf(1, "s0"), { value: [1], modRevisions: [2], revision: 2 }),
        whole(readOf(1, "s0"), { value: [1], modRevisions: [3], revision: 3 }),
      ),
      check: "applied-once",
      words: "took effect twice",
      operations: [3, 1],
      live: true,
    },
  ],
  [
    [
      "a crashed add that shows late, and one that never does",
      history(
        called(add(0, 1)),
        crashed(add(0, 1)),
        called(add(5, 3)),
        whole(add(1, 2)),
        shows(2, 2),
        shows(2, 1, 2),
      ),
    ],
    [
      "sets that have nothing to do with one another",
      history(whole(add(0, 1)), whole(add(0, 1, "s1")), shows(1, 1), whole(readOf(1, "s1"), { value: [1] })),
    ],
  ],
);

test("a set whose acknowledged element was never looked for is undecided", async () => {
  const { checks } = await judge("set", history(whole(add(0, 1)), shows(1, 1), whole(add(0, 2))));
  expect(checks["set"]).toMatchObject({
    verdict: "unknown",
    reason: expect.stringContaining("never looked for"),
  });
});

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

const OPENING = Object.fromEntries(Array.from({ length: 8 }, (_, account) => [`b${account}`, null]));
const balances = (process: number, changes: Readonly<Record<string, unknown>>) =>
  whole({ process, f: "read" }, { value: { ...OPENING, ...changes } });
const transfer = (process: number, from: string, to: string, amount: number) =>
  ({ process, f: "transfer", value: { from, to, amount } }) as const;

describeWorkload(
  "bank",
  [
    {
      what: "a read of two moments: a wrong total",
      events: history(whole(transfer(0, "b0", "b1", 5)), balances(1, { b0: 45 })),
      check: "bank",
      words: "sums up to 395, not 400",
      operations: [2],
      live: true,
    },
    {
      what: "an overdrawn account",
      events: history(called(transfer(0, "b0", "b1", 60)), balances(1, { b0: -10, b1: 110 })),
      check: "bank",
      words: "overdrawn",
      operations: [1],
      live: true,
    },
    {
      what: "accounts that are gone, with the right total all the same",
      events: history(whole(transfer(0, "b0", "b1", 5)), balances(1, { b0: 45, b1: 55 }), balances(1, {})),
      check: "bank",
      words: "has nothing of account b0",
      operations: [4, 0],
      live: true,
    },
    {
      what: "a lost transfer, with the right total",
      events: history(
        whole(transfer(0, "b0", "b1", 5)),
        whole(transfer(0, "b0", "b1", 1)),
        balances(1, { b0: 49, b1: 51 }),
      ),
      check: "balances",
      words: "b0: 1 of 1 read out of bounds",
      operations: [4],
      live: true,
    },
    {
      what: "a transfer that took effect twice, with the right total",
      events: history(whole(transfer(0, "b0", "b1", 5)), balances(1, { b0: 40, b1: 60 })),
      check: "balances",
      words: "b0: 1 of 1 read out of bounds",
      operations: [2],
      live: true,
    },
    {
      what: "a failed transfer that took effect",
      events: history(
        called(transfer(0, "b0", "b1", 5)),
        failed(transfer(0, "b0", "b1", 5)),
        balances(1, { b0: 45, b1: 55 }),
      ),
      check: "balances",
      words: "b0: 1 of 1 read out of bounds",
      operations: [2],
      live: true,
    },
    {
      what: "what is no number",
      events: history(whole(transfer(0, "b0", "b1", 5)), balances(1, { b0: "spoilt", b1: 55 })),
      check: "bank",
      words: "without a balance",
      operations: [2],
      live: true,
    },
  ],
  [
    ["nothing that was written yet", history(balances(1, {}), called(transfer(0, "b0", "b1", 5)))],
    [
      "a crashed transfer that shows late",
      history(
        called(transfer(0, "b0", "b1", 5)),
        crashed(transfer(0, "b0", "b1", 5)),
        balances(1, {}),
        balances(1, { b0: 45, b1: 55 }),
      ),
    ],
  ],
);

const generate = (process: number) => ({ process, f: "generate", key: "u0" }) as const;
const id = (process: number, number: number) => whole(generate(process), { value: `u0-${number}` });
const stands = (process: number, value: unknown) => whole({ process, f: "read", key: "u0" }, { value });

describeWorkload(
  "unique-ids",
  [
    {
      what: "an id that is handed out twice, one after the other",
      events: history(id(0, 1), id(1, 1), stands(2, 2)),
      check: "unique-ids",
      words: "given out more than once",
      operations: [0, 2],
      live: true,
    },
    {
      what: "the same, to two that asked at the same time",
      events: history(
        called(generate(0)),
        called(generate(1)),
        ok(generate(0), { value: "u0-1" }),
        ok(generate(1), { value: "u0-1" }),
        stands(2, 2),
      ),
      check: "unique-ids",
      words: "given out more than once",
      operations: [0, 1],
      live: true,
    },
    {
      what: "an id below one that had been handed out",
      events: history(id(0, 3), id(1, 2), stands(2, 2)),
      check: "id-order",
      words: 'answered "u0-2"',
      operations: [2, 0],
      live: true,
    },
    {
      what: "a sequence that went back",
      events: history(id(0, 1), id(0, 2), stands(2, 1)),
      check: "id-order",
      words: "answered 1",
      operations: [4, 2],
      live: true,
    },
    {
      what: "an id that was used up by what failed",
      events: history(called(generate(0)), failed(generate(0)), stands(1, 1)),
      check: "counter-bounds",
      words: "returned 1, but the counter was exactly 0",
      operations: [2],
      live: true,
    },
  ],
  [
    [
      "an id that a crashed operation took",
      history(called(generate(0)), crashed(generate(0)), id(1, 2), stands(2, 2)),
    ],
    [
      "a failed operation that took none",
      history(called(generate(0)), failed(generate(0)), id(1, 1), stands(2, 1)),
    ],
  ],
);

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
