import { expect, test } from "vitest";
import { checkOperations } from "../check.js";
import { breakOneAnswer, type CasRegisterOperation, generateHistory } from "../generator.js";
import type { Model } from "../model.js";
import {
  casRegister,
  type CasRegisterInput,
  type CasRegisterOutput,
  type RegisterState,
} from "../models/cas-register.js";
import { InputError, ModelError, type Operation } from "../operation.js";
import type { CheckProgress } from "../result.js";
import type { Misbehaviour } from "../testing/thread-models.js";
import { checkOperationsParallel, type ModelReference, ModelSourceError } from "./index.js";
import { buffersOf, receive, send } from "./transfer.js";

type RegisterModel = Model<RegisterState, CasRegisterInput, CasRegisterOutput>;

/** Seen from src/ and from dist/ alike. */
const MODELS = new URL("../../dist/testing/thread-models.js", import.meta.url);
const telling = (options: Misbehaviour = {}): ModelReference => ({
  module: MODELS,
  export: "telling",
  options,
});

/** Nobody proves in a moment that the last read is wrong. */
function hard(key: string, firstProcess: number): CasRegisterOperation[] {
  const history = generateHistory({ seed: 5, operations: 2000, clients: 25, values: 5, crashRate: 0.3 });
  const last = {
    process: 10_000,
    input: { f: "read" },
    output: { value: 99 },
    call: 1e9,
    return: 2e9,
  } as const;
  return [...history, last].map((operation) => ({
    ...operation,
    process: operation.process + firstProcess,
    input: { ...operation.input, key },
  }));
}

function easy(key: string, process: number, value: number): CasRegisterOperation[] {
  return [
    { process, input: { f: "write", key, value: 1 }, output: {}, call: 0, return: 1 },
    { process, input: { f: "read", key }, output: { value }, call: 2, return: 3 },
  ];
}

/** Illegal, and found only by a search through ten thousand operations. */
function late(key: string): CasRegisterOperation[] {
  const history = generateHistory({ seed: 8, operations: 10_000, clients: 5, values: 5 });
  const last = { process: 9, input: { f: "read" }, output: { value: 99 }, call: 1e9, return: 2e9 } as const;
  return [...history, last].map((operation) => ({
    ...operation,
    process: operation.process + 70_000 + key.charCodeAt(0) * 10,
    input: { ...operation.input, key },
  }));
}

const HARD = [...hard("a", 0), ...hard("b", 20_000), ...hard("c", 40_000)];

test("threads say what one thread says, key by key", async () => {
  const legal = generateHistory({ seed: 2, operations: 20_000, clients: 10, values: 5, keys: 40 });
  const broken = [1, 2, 3, 4, 5, 6].reduce(
    (history, seed) => breakOneAnswer(history, seed) ?? history,
    legal,
  );
  for (const history of [legal, broken]) {
    // One engine: which of two wins a race is left to chance, and with it the witness.
    const options = { engine: "depth-first", verifyWitness: true, threads: 2 } as const;
    const alone = checkOperations(casRegister(), history, options);
    const parallel = await checkOperationsParallel(casRegister(), history, options);
    expect(parallel.verdict).toBe(alone.verdict);
    expect(parallel.partitions).toEqual(alone.partitions);
    expect(parallel.configurations).toBe(alone.configurations);
  }
});

/** Illegal, which takes a search through thousands of configurations. */
function violation(key: string, firstProcess: number): CasRegisterOperation[] {
  const history = generateHistory({ seed: 1, operations: 1000, clients: 25, values: 5, crashRate: 0.05 });
  return [10, 11, 12]
    .reduce((broken, seed) => breakOneAnswer(broken, seed) ?? broken, history)
    .map((operation) => ({
      ...operation,
      process: operation.process + firstProcess,
      input: { ...operation.input, key },
    }));
}

test("a model of one's own is imported by the threads, and they do the work", async () => {
  const history = [...violation("a", 0), ...easy("b", 90_000, 1), ...violation("c", 100_000)];
  const result = await checkOperationsParallel(telling(), history, { threads: 2 });
  expect(result.partitions.map(({ verdict }) => verdict)).toEqual(["illegal", "ok", "illegal"]);
  const [failed] = checkOperations(casRegister(), violation("a", 0)).partitions;
  const there = expect.arrayContaining([expect.stringMatching(/in a worker thread$/)]) as unknown;
  const { failedAt } = failed as { readonly failedAt: number };
  expect(result.partitions[0]).toMatchObject({ failedAt, possibleStates: there });
  expect(result.partitions[2]).toMatchObject({ failedAt: failedAt + 1002, possibleStates: there });
});

test("what is checked in a moment, and one hard key, stays in this thread", async () => {
  const here = expect.arrayContaining([expect.stringMatching(/in the main thread$/)]) as unknown;
  const history = [...violation("a", 0), ...easy("b", 90_000, 2)];
  const result = await checkOperationsParallel(telling(), history, { threads: 2 });
  expect(result.partitions).toMatchObject([{ possibleStates: here }, { possibleStates: here }]);
  const alone = await checkOperationsParallel(telling(), [...violation("a", 0), ...violation("b", 90_000)], {
    threads: 1,
  });
  expect(alone.partitions).toMatchObject([{ possibleStates: here }, { possibleStates: here }]);
  expect(await checkOperationsParallel(casRegister(), [])).toMatchObject({ verdict: "ok", partitions: [] });
});

test.each<[name: string, value: unknown]>([
  ["plain", { f: "write", list: [1, "2", null, true, { deep: [] }] }],
  ["nothing", undefined],
  ["a property without a value", { key: undefined }],
  ["minus zero", -0],
  ["no number", [Number.NaN, Number.POSITIVE_INFINITY]],
  ["a big integer", 2n ** 70n],
  ["a map", new Map([[1, new Set(["a"])]])],
  ["a list with a hole", Array.from({ length: 3 }).fill(1, 2)],
  ["a date", new Date(0)],
])("what is sent arrives as it is: %s", (_name, value) => {
  const operations: Operation<unknown, unknown>[] = [
    { process: 3, input: value, output: { value }, call: 0.5, return: 1.5, id: 7 },
    { process: 4, input: 1, call: 2 },
    { process: 5, input: 2, output: 0, call: -1, return: 2 },
  ];
  const partition = { key: "k", positions: [4, 5, 9], operations };
  const sent = send(partition);
  expect(receive(structuredClone(sent, { transfer: buffersOf(sent) }))).toStrictEqual(partition);
});

test("hard keys do not hold up the others, however many threads they could keep", async () => {
  const history = [...HARD, ...easy("d", 60_000, 1), ...easy("e", 60_001, 2), ...late("f"), ...late("g")];
  const abort = new AbortController();
  const settled: string[] = [];
  const result = await checkOperationsParallel(casRegister(), history, {
    threads: 2,
    signal: abort.signal,
    onPartition: ({ key }) => {
      if (settled.push(key) === 4) abort.abort();
    },
  });
  expect(settled.slice(0, 4).toSorted()).toEqual(["d", "e", "f", "g"]);
  expect(settled.toSorted()).toEqual(["a", "b", "c", "d", "e", "f", "g"]);
  expect(result.verdict).toBe("illegal");
  expect(result.partitions.map((p) => (p.verdict === "unknown" ? p.ranOut : p.verdict))).toEqual([
    "aborted",
    "aborted",
    "aborted",
    "ok",
    "illegal",
    "illegal",
    "illegal",
  ]);
});

test("time is for all of them", async () => {
  const result = await checkOperationsParallel(casRegister(), HARD, { threads: 2, timeoutMs: 300 });
  expect(result.partitions).toMatchObject([{ ranOut: "time" }, { ranOut: "time" }, { ranOut: "time" }]);
  expect(result.elapsedMs).toBeGreaterThanOrEqual(300);
});

test("one violation ends the others where that is enough", async () => {
  const result = await checkOperationsParallel(casRegister(), [...HARD, ...late("d")], {
    threads: 2,
    stopAtFirst: true,
  });
  expect(result.verdict).toBe("illegal");
  expect(result.partitions.map((p) => (p.verdict === "unknown" ? p.ranOut : p.verdict))).toEqual([
    "stopped",
    "stopped",
    "stopped",
    "illegal",
  ]);
});

test("a signal ends it, and progress is told until then", async () => {
  const abort = new AbortController();
  const told: CheckProgress[] = [];
  const result = await checkOperationsParallel(casRegister(), HARD, {
    threads: 2,
    signal: abort.signal,
    onProgress: (progress) => {
      told.push(progress);
      if (told.length === 3) abort.abort();
    },
  });
  expect(result.partitions).toMatchObject([
    { ranOut: "aborted" },
    { ranOut: "aborted" },
    { ranOut: "aborted" },
  ]);
  expect(told[0]).toMatchObject({ decided: 0, partitions: 3 });
  const before = await checkOperationsParallel(casRegister(), HARD, { signal: AbortSignal.abort() });
  expect(before.partitions[0]).toMatchObject({ ranOut: "aborted" });
});

test("memory is what all threads together may hold", async () => {
  const result = await checkOperationsParallel(casRegister(), HARD, { threads: 2, maxBytes: 2 ** 22 });
  expect(result.partitions).toMatchObject([{ ranOut: "memory" }, { ranOut: "memory" }, { ranOut: "memory" }]);
});

test("bad input is told with its place in the whole history", async () => {
  const history = [...easy("a", 0, 1), ...easy("b", 1, 1).map((operation) => ({ ...operation, return: -1 }))];
  const check = checkOperationsParallel(casRegister(), history);
  await expect(check).rejects.toThrow(InputError);
  await expect(check).rejects.toThrow("operation 2: it returned at -1");
  await expect(check).rejects.toHaveProperty("index", 2);
});

test.each<[misbehaviour: "die" | "throw" | "lie", type: new (...args: never[]) => Error, message: string]>([
  ["lie", ModelError, "is said to be read-only but changed the state"],
  ["throw", ModelError, "the model is broken"],
  ["die", Error, "a thread that checked the history died, so there is no verdict: it ended with code 3"],
])("a model that does this in a thread gives no verdict: %s", async (inThread, type, message) => {
  const check = checkOperationsParallel(telling({ inThread }), HARD, { threads: 2 });
  await expect(check).rejects.toThrow(message);
  await expect(check).rejects.toBeInstanceOf(type);
});

test("an error of the caller's own ends the check", async () => {
  const check = checkOperationsParallel(casRegister(), [...HARD, ...violation("v", 90_000)], {
    threads: 2,
    onPartition: ({ verdict }) => {
      if (verdict === "illegal") throw new Error("enough");
    },
  });
  await expect(check).rejects.toThrow("enough");
});

test.each<[name: string, model: ModelReference | RegisterModel, message: string]>([
  ["without a spec", { ...casRegister(), spec: undefined }, "model cas-register cannot be sent to a thread"],
  [
    "changed since",
    { ...casRegister(), step: (state: RegisterState) => [state] },
    "model cas-register is not the cas-register that its spec names: its step differs",
  ],
  [
    "a relative path",
    { module: "./my-model.js", export: "model" },
    'new URL("./my-model.js", import.meta.url)',
  ],
  ["no such export", { module: MODELS, export: "teling" }, 'has no export "teling"'],
  ["not a model", { module: MODELS, export: "notAModel" }, "is no model"],
])("a model that threads cannot make is refused, whatever the history: %s", async (_name, model, message) => {
  const check = checkOperationsParallel<RegisterState, CasRegisterInput, CasRegisterOutput>(model, []);
  await expect(check).rejects.toThrow(ModelSourceError);
  await expect(check).rejects.toThrow(message);
});

test("the time is looked at while the history is prepared, too", async () => {
  const operations = generateHistory({ seed: 1, operations: 50_000, clients: 5, values: 5 });
  const result = await checkOperationsParallel(casRegister(), operations, { threads: 2, timeoutMs: 0.001 });
  expect(result.partitions).toMatchObject([{ key: "", verdict: "unknown", ranOut: "time" }]);
  const signal = AbortSignal.abort();
  const aborted = await checkOperationsParallel(casRegister(), operations, { threads: 2, signal });
  expect(aborted.partitions).toMatchObject([{ key: "", verdict: "unknown", ranOut: "aborted" }]);
});
