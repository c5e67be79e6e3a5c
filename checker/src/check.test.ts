import { expect, test } from "vitest";
import { checkOperations, checkOperationsAsync } from "./check.js";
import { breakOneAnswer, type CasRegisterOperation, generateHistory } from "./generator.js";
import {
  casRegister,
  type CasRegisterInput,
  type CasRegisterOutput,
  register,
} from "./models/cas-register.js";
import type { Model } from "./model.js";
import { InputError } from "./operation.js";
import type { CheckProgress, PartitionIllegal } from "./result.js";
import { verifyWitness } from "./witness.js";

const model = casRegister();
const read = (value: string | number | null): { input: CasRegisterInput; output: CasRegisterOutput } => ({
  input: { f: "read" },
  output: { value },
});
const write = (value: string | number): { input: CasRegisterInput; output: CasRegisterOutput } => ({
  input: { f: "write", value },
  output: {},
});
const cas = (
  from: string | number,
  to: string | number,
  succeeded: boolean,
): { input: CasRegisterInput; output: CasRegisterOutput } => ({
  input: { f: "cas", from, to },
  output: { succeeded },
});

/** Operations given as [call, return, what]; each of a process of its own; return null: never returned. */
function history(
  ...rows: readonly (readonly [
    number,
    number | null,
    { input: CasRegisterInput; output: CasRegisterOutput },
  ])[]
): CasRegisterOperation[] {
  return rows.map(([call, returned, { input, output }], process) =>
    returned === null ? { process, input, call } : { process, input, output, call, return: returned },
  );
}

test.each<[name: string, verdict: "ok" | "illegal", operations: CasRegisterOperation[]]>([
  ["nothing at all", "ok", []],
  ["an absent register", "ok", history([0, 1, read(null)])],
  ["a stale read", "illegal", history([0, 1, write(1)], [2, 3, read(null)])],
  ["a read beside the write", "ok", history([0, 2, write(1)], [1, 3, read(null)])],
  ["touching intervals are concurrent", "ok", history([0, 2, write(1)], [2, 3, read(null)])],
  ["an instant operation at another's return", "ok", history([0, 2, write(1)], [2, 2, read(null)])],
  ["1 is not '1'", "illegal", history([0, 1, write(1)], [2, 3, read("1")])],
  [
    "a crashed write, read much later",
    "ok",
    history([0, null, write(1)], [5, 6, read(null)], [9, 10, read(1)]),
  ],
  [
    "a crashed write is used once",
    "illegal",
    history([0, null, write(1)], [2, 3, read(1)], [4, 5, write(2)], [6, 7, read(1)]),
  ],
  [
    "two crashed writes are used twice",
    "ok",
    history([0, null, write(1)], [0, null, write(1)], [2, 3, read(1)], [4, 5, write(2)], [6, 7, read(1)]),
  ],
  ["a crashed write does not act before its call", "illegal", history([0, 1, read(1)], [2, null, write(1)])],
  [
    "a crashed cas explains the first read, so that a crashed write can explain the second",
    "ok",
    history(
      [0, 1, write(1)],
      [0, null, write(2)],
      [0, null, cas(1, 2, true)],
      [2, 3, read(2)],
      [4, 5, write(3)],
      [6, 7, read(2)],
    ),
  ],
  [
    "a crashed write and a crashed cas do not explain three",
    "illegal",
    history(
      [0, 1, write(1)],
      [0, null, write(2)],
      [0, null, cas(1, 2, true)],
      [2, 3, read(2)],
      [4, 5, write(3)],
      [6, 7, read(2)],
      [8, 9, write(1)],
      [10, 11, read(2)],
    ),
  ],
  ["a failed cas of the present value", "illegal", history([0, 1, write(1)], [2, 3, cas(1, 2, false)])],
  ["a failed cas of another value", "ok", history([0, 1, write(1)], [2, 3, cas(2, 1, false)])],
  ["a cas on an absent register fails", "ok", history([0, 1, cas(1, 2, false)])],
  [
    "a crashed cas explains a read",
    "ok",
    history([0, 1, write(1)], [2, null, cas(1, 2, true)], [3, 4, read(2)]),
  ],
  [
    "a crashed cas of the wrong value does not",
    "illegal",
    history([0, 1, write(1)], [2, null, cas(3, 2, true)], [3, 4, read(2)]),
  ],
  // Nobody read 7, and yet its write is what let the cas fail.
  [
    "an unobserved crashed write lets a cas fail",
    "ok",
    history([0, 1, write(1)], [2, null, write(7)], [3, 4, cas(1, 2, false)]),
  ],
  [
    "a crashed write of that value does not",
    "illegal",
    history([0, 1, write(1)], [2, null, write(1)], [3, 4, cas(1, 2, false)]),
  ],
  // Taking the second write(1) at once, because it changes nothing, would leave the last read without an order.
  [
    "a write of the present value may come later",
    "ok",
    history([0, 1, write(1)], [2, 9, write(1)], [3, 4, write(2)], [5, 6, read(1)]),
  ],
  [
    "nor a cas that puts back the same",
    "ok",
    history([0, 1, write(1)], [2, 9, cas(1, 1, true)], [3, 4, write(2)], [5, 6, write(1)], [7, 8, read(1)]),
  ],
])("%s: %s", (_name, verdict, operations) => {
  expect(checkOperations(model, operations, { verifyWitness: true }).verdict).toBe(verdict);
});

test("says where it broke, how far it got and what was possible", () => {
  const operations = history([0, 1, write(1)], [2, 5, write(2)], [6, 7, read(2)], [8, 9, read(1)]);
  const [partition] = checkOperations(model, operations).partitions;
  expect(partition).toMatchObject({
    verdict: "illegal",
    failedAt: 3,
    partialOrder: [0, 1, 2],
    possibleStates: ["2"],
    possibleStateCount: 1,
    reason:
      "no order is left for operation 3, the read that returned 1 (process 3): whichever way the operations " +
      "up to its return are ordered, the state it meets is 2",
  });
});

test("keys are checked apart and the worst verdict counts", () => {
  const on = (key: string, operation: CasRegisterOperation): CasRegisterOperation => ({
    ...operation,
    process: operation.process + (key === "a" ? 0 : 10),
    input: { ...operation.input, key },
  });
  const good = history([0, 1, write(1)], [2, 3, read(1)]).map((operation) => on("a", operation));
  const bad = history([0, 1, write(1)], [2, 3, read(2)]).map((operation) => on("b", operation));
  const result = checkOperations(model, [...bad, ...good], { verifyWitness: true });
  expect(result.verdict).toBe("illegal");
  expect(result.partitions.map(({ key, verdict, operations }) => [key, verdict, operations])).toEqual([
    ["b", "illegal", [0, 1]],
    ["a", "ok", [2, 3]],
  ]);
});

/** Many clients, few values, many crashes, and a last read of what nobody wrote: nobody proves that in a moment. */
const HARD: CasRegisterOperation[] = [
  ...generateHistory({ seed: 5, operations: 3000, clients: 25, values: 5, crashRate: 0.3 }),
  { process: 10_000, input: { f: "read" }, output: { value: 99 }, call: 1e9, return: 2e9 },
];

test("time runs out: unknown, and how far it got", () => {
  const result = checkOperations(model, HARD, { timeoutMs: 2_000 });
  expect(result.verdict).toBe("unknown");
  const [partition] = result.partitions;
  expect(partition).toMatchObject({ verdict: "unknown", ranOut: "time" });
  if (partition?.verdict !== "unknown") throw new Error("decided");
  expect(partition.settledReturns).toBeGreaterThan(0);
  expect(partition.settledReturns).toBeLessThan(partition.returns);
  expect(partition.reason).toContain(
    `legal up to return ${partition.settledReturns} of ${partition.returns}`,
  );
});

test("memory runs out: unknown", () => {
  const result = checkOperations(model, HARD, { maxBytes: 2 ** 20, timeoutMs: 60_000 });
  expect(result.partitions[0]).toMatchObject({ verdict: "unknown", ranOut: "memory" });
});

test("a hard key does not keep an easy one from its verdict", () => {
  const hard = HARD.map((operation) => ({ ...operation, input: { ...operation.input, key: "hard" } }));
  const easy = history([0, 1, write(1)], [2, 3, read(2)]).map((operation, i) => ({
    ...operation,
    process: 1_000_000 + i,
  }));
  const result = checkOperations(model, [...hard, ...easy], { timeoutMs: 200 });
  expect(result.verdict).toBe("illegal");
  expect(result.partitions.map(({ verdict }) => verdict)).toEqual(["unknown", "illegal"]);
});

test("progress is told, and an abort from within it ends the check", () => {
  const told: CheckProgress[] = [];
  const abort = new AbortController();
  const result = checkOperations(model, HARD, {
    signal: abort.signal,
    onProgress: (progress) => {
      told.push(progress);
      abort.abort();
    },
  });
  expect(result.partitions[0]).toMatchObject({ verdict: "unknown", ranOut: "aborted" });
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject({ key: "", decided: 0, partitions: 1 });
});

test("the asynchronous check lets others run and can be aborted from outside", async () => {
  const abort = new AbortController();
  let turns = 0;
  const timer = setInterval(() => {
    if (++turns === 3) abort.abort();
  }, 1);
  const result = await checkOperationsAsync(model, HARD, { signal: abort.signal, sliceMs: 5 });
  clearInterval(timer);
  expect(result.partitions[0]).toMatchObject({ verdict: "unknown", ranOut: "aborted" });
  const easy = history([0, 1, write(1)], [2, 3, read(1)]);
  expect((await checkOperationsAsync(model, easy)).verdict).toBe("ok");
});

test.each<[name: string, operations: CasRegisterOperation[], message: string]>([
  [
    "a return before the call",
    history([0, 1, write(1)], [5, 4, read(1)]),
    "operation 1: it returned at 4, before its call at 5",
  ],
  ["a call at no time", history([Number.NaN, 1, write(1)]), "operation 0: the time of its call is NaN"],
  [
    "an endless return",
    history([0, Number.POSITIVE_INFINITY, write(1)]),
    "operation 0: the time of its return is Infinity",
  ],
  [
    "two open operations of one process",
    history([0, 5, write(1)], [4, 6, write(2)]).map((operation) => ({ ...operation, process: 3 })),
    "operation 1: process 3 called it while its operation 0 had not returned yet",
  ],
  [
    "a process that goes on after an operation that never returned",
    history([4, 6, write(1)], [0, null, write(2)]).map((operation) => ({ ...operation, process: 3 })),
    "operation 0: process 3 called it while its operation 1 never returned",
  ],
  [
    "a return without an answer",
    [{ process: 0, input: { f: "read" }, call: 0, return: 1 }],
    "operation 0: it returned without an answer",
  ],
  [
    "an answer without a return",
    [{ process: 0, input: { f: "read" }, output: { value: 1 }, call: 0 }],
    "operation 0: it has an answer but no time of return",
  ],
  [
    "a read that does not say what",
    history([0, 1, { input: { f: "read" }, output: {} }]),
    "operation 0: a read must say what it returned",
  ],
  [
    "a cas that does not say whether",
    history([0, 1, { ...cas(1, 2, true), output: {} }]),
    "operation 0: a cas that returned must say whether",
  ],
  [
    "an unknown operation",
    history([0, 1, { input: { f: "append" } as unknown as CasRegisterInput, output: {} }]),
    'operation 0: unknown operation "append"',
  ],
])("a history that makes no sense is no verdict: %s", (_name, operations, message) => {
  expect(() => checkOperations(model, operations)).toThrow(InputError);
  expect(() => checkOperations(model, operations)).toThrow(message);
});

test("messages name an operation by its id", () => {
  const [operation] = history([5, 4, write(1)]);
  expect(() => checkOperations(model, operation === undefined ? [] : [{ ...operation, id: 77 }])).toThrow(
    "operation 77:",
  );
});

test("a register without cas refuses one", () => {
  expect(() => checkOperations(register(), history([0, 1, cas(1, 2, false)]))).toThrow(
    'a register has no "cas"',
  );
  expect(checkOperations(register({ initial: 3 }), history([0, 1, read(3)])).verdict).toBe("ok");
});

test("a limit that is no number is refused, and not taken for none", () => {
  const all = { timeoutMs: Number.NaN, maxBytes: -1 };
  for (const [name, value] of Object.entries(all))
    expect(() => checkOperations(model, [], { [name]: value })).toThrow(`${name} is ${value}`);
});

/** A coin: a flip may show either side, a look shows the side. */
const coin: Model<number, "flip" | "look", number> = {
  name: "coin",
  init: () => 0,
  step: (state, input, output) =>
    input === "flip" ? [0, 1] : output === undefined || output === state ? [state] : [],
  stateKey: (state) => state,
  describeOperation: (input, output) => `${input} ${output}`,
  describeState: String,
};

test("a model may be nondeterministic", () => {
  const look = (process: number, call: number, output: number) =>
    ({ process, input: "look", output, call, return: call + 1 }) as const;
  const flip = { process: 9, input: "flip", output: -1, call: 2, return: 3 } as const;
  const legal = [look(0, 0, 0), flip, look(1, 4, 1), look(2, 6, 1)];
  expect(checkOperations(coin, legal, { verifyWitness: true }).verdict).toBe("ok");
  expect(checkOperations(coin, [...legal, look(3, 8, 0)]).verdict).toBe("illegal");
});

test("the same verdict with and without the model's hints, on longer histories", () => {
  const hintless: Model<string | number | null, CasRegisterInput, CasRegisterOutput> = {
    name: "hintless",
    init: () => model.init(),
    step: (state, input, output) => model.step(state, input, output),
    stateKey: (state) => model.stateKey(state),
    describeOperation: (input, output) => model.describeOperation(input, output),
    describeState: (state) => model.describeState(state),
  };
  const counts = { ok: 0, illegal: 0, unknown: 0 };
  for (let seed = 0; seed < 250; seed++) {
    const values = seed % 3 === 0 ? "unique" : 2 + (seed % 4);
    const legal = generateHistory({ seed, operations: 30, clients: 3 + (seed % 4), values, crashRate: 0.25 });
    const broken = [1, 2, 3].reduce((h, i) => breakOneAnswer(h, seed * 10 + i) ?? h, legal);
    expect(checkOperations(model, legal, { verifyWitness: true }).verdict).toBe("ok");
    const result = checkOperations(model, broken, { verifyWitness: true });
    expect(checkOperations(hintless, broken).verdict).toBe(result.verdict);
    counts[result.verdict]++;
  }
  console.log(`with and without hints: ${JSON.stringify(counts)}`);
  expect(counts.illegal).toBeGreaterThan(40);
  expect(counts.ok).toBeGreaterThan(20);
});

test("histories like a rig's are decided, legal or not", () => {
  const verdicts = { ok: 0, illegal: 0, unknown: 0 };
  for (let seed = 0; seed < 6; seed++) {
    for (const values of ["unique", 5] as const) {
      const options = { seed, operations: 300, clients: 10, values, crashRate: 0.1 };
      const legal = generateHistory(options);
      const limits = { timeoutMs: 20_000, verifyWitness: true };
      expect(checkOperations(model, legal, limits).verdict).toBe("ok");
      const broken = [1, 2, 3, 4].reduce((h, i) => breakOneAnswer(h, seed * 10 + i) ?? h, legal);
      const result = checkOperations(model, broken, limits);
      verdicts[result.verdict]++;
      const illegal = result.partitions.find((p): p is PartitionIllegal => p.verdict === "illegal");
      if (illegal === undefined) continue;
      expect(verifyWitness(model, broken, illegal.partialOrder, { partial: true })).toEqual({ valid: true });
    }
  }
  expect(verdicts.unknown).toBe(0);
  expect(verdicts.illegal).toBeGreaterThan(0);
});

test("of many keys each is decided or counted as undecided, however the check ends", () => {
  const operations = Array.from({ length: 30_000 }, (_, i) => ({
    process: i,
    input: { f: "write", key: `k${i}`, value: i } as const,
    output: {},
    call: i,
    return: i + 1,
  }));
  const stale = {
    process: -1,
    input: { f: "read", key: "k0" },
    output: { value: 7 },
    call: 1,
    return: 2,
  } as const;
  const all = checkOperations(casRegister(), [...operations, stale]);
  expect(
    all.partitions
      .map(({ verdict }) => verdict)
      .toSorted()
      .slice(0, 2),
  ).toEqual(["illegal", "ok"]);
  expect(all.partitions).toHaveLength(30_000);
  const abort = new AbortController();
  const cut = checkOperations(casRegister(), operations, {
    signal: abort.signal,
    onPartition: () => {
      abort.abort();
    },
  });
  expect(cut.partitions.map(({ verdict }) => verdict)).toEqual([
    "ok",
    ...Array<string>(29_999).fill("unknown"),
  ]);
});

test.each([
  ["nothing", null, "operation 0: null is no operation (process, input, output, call, return)"],
  [
    "no input",
    { process: 0, input: null, output: {}, call: 0, return: 1 },
    "operation 0: the model cannot read it: Cannot read properties of null (reading 'f')",
  ],
])("%s in place of an operation is refused with its place", (_, operation, message) => {
  const operations = [operation] as unknown as readonly CasRegisterOperation[];
  expect(() => checkOperations(casRegister(), operations)).toThrow(new InputError(0, 0, message.slice(13)));
});
