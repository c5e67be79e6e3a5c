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
import { type Add, spinning, type SpinningOptions } from "../testing/thread-models.js";
import { checkOperationsParallel, type ModelReference, ModelSourceError } from "./index.js";

type RegisterModel = Model<RegisterState, CasRegisterInput, CasRegisterOutput>;

/** Seen from src/ and from dist/ alike. */
const MODELS = new URL("../../dist/testing/thread-models.js", import.meta.url);
const reference = (options: SpinningOptions): ModelReference => ({
  module: MODELS,
  export: "spinning",
  options,
});

/** Keys one after another, each longer than the one before; in the last the last sum is wrong if `isBroken`. */
function sums(keys: number, isBroken: boolean): Operation<Add, number>[] {
  const operations: Operation<Add, number>[] = [];
  for (let k = 0; k < keys; k++) {
    const length = 5 + k;
    for (let i = 1; i <= length; i++) {
      const time = operations.length * 2;
      const output = isBroken && k === keys - 1 && i === length ? 0 : i;
      operations.push({ process: 0, input: { key: `k${k}`, add: 1 }, output, call: time, return: time + 1 });
    }
  }
  return operations;
}

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

test("a model of one's own is imported by the threads, and they do the work", async () => {
  const history = sums(12, true);
  const result = await checkOperationsParallel(reference({ stepMs: 2 }), history, { threads: 2 });
  const expected = checkOperations(spinning({ stepMs: 0 }), history);
  expect(result.partitions.map(({ key, verdict }) => [key, verdict])).toEqual(
    expected.partitions.map(({ key, verdict }) => [key, verdict]),
  );
  expect(result.verdict).toBe("illegal");
  expect(result.partitions.at(-1)).toMatchObject({
    failedAt: history.length - 1,
    possibleStates: ["15 in a worker thread"],
  });
});

test("what is checked in a moment, and what is one key, stays in this thread", async () => {
  const few = await checkOperationsParallel(reference({ stepMs: 0 }), sums(2, true), { threads: 2 });
  expect(few.partitions[1]).toMatchObject({ possibleStates: ["5 in the main thread"] });
  const one = await checkOperationsParallel(reference({ stepMs: 15 }), sums(1, true), { threads: 2 });
  expect(one.partitions[0]).toMatchObject({ possibleStates: ["4 in the main thread"] });
  const none = await checkOperationsParallel(casRegister(), []);
  expect(none).toMatchObject({ verdict: "ok", partitions: [] });
});

test("values that JSON would change arrive as they are", async () => {
  const history = sums(12, false).map((operation) =>
    operation.output === 1
      ? { ...operation, input: { ...operation.input, add: -0, more: undefined }, output: 0 }
      : operation,
  );
  const shifted = history.map((operation) => ({
    ...operation,
    output: operation.input.add === 1 ? Number(operation.output) - 1 : operation.output,
  }));
  const result = await checkOperationsParallel(reference({ stepMs: 2 }), shifted, { threads: 2 });
  expect(result.verdict).toBe("ok");
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
  ["lie", ModelError, 'model spinning: "add 1: 1" is said to be read-only but changed the state'],
  ["throw", TypeError, "the model is broken"],
  ["die", Error, "a thread that checked the history died, so there is no verdict: it ended with code 3"],
])("a model that does this in a thread gives no verdict: %s", async (inThread, type, message) => {
  const check = checkOperationsParallel(reference({ stepMs: 5, inThread }), sums(12, false), { threads: 2 });
  await expect(check).rejects.toThrow(message);
  await expect(check).rejects.toBeInstanceOf(type);
});

test("an error of the caller's own ends the check", async () => {
  const check = checkOperationsParallel(reference({ stepMs: 2 }), sums(12, true), {
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
  ["no such export", { module: MODELS, export: "spining" }, 'has no export "spining"'],
  ["not a model", { module: MODELS, export: "notAModel" }, "is no model"],
])("a model that threads cannot make is refused, whatever the history: %s", async (_name, model, message) => {
  const check = checkOperationsParallel<RegisterState, CasRegisterInput, CasRegisterOutput>(model, []);
  await expect(check).rejects.toThrow(ModelSourceError);
  await expect(check).rejects.toThrow(message);
});
