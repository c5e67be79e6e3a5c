import { describe, expect, test } from "vitest";
import { checkOperations } from "./check.js";
import { breakOneAnswer, type CasRegisterOperation, generateHistory, Random } from "./generator.js";
import type { Model } from "./model.js";
import { casRegister } from "./models/cas-register.js";
import { at, InputError, type Operation } from "./operation.js";
import type { PartitionResult } from "./result.js";
import { StreamingChecker } from "./stream.js";
import type { StreamEvent } from "./stream-result.js";
import { type AnyOperation, blindHistory, simulatedHistory, withAnotherAnswer } from "./testing/histories.js";
import { MODEL_CASES } from "./testing/model-cases.js";
import { orderEvents } from "./timeline.js";

type AnyEvent<Input, Output> = StreamEvent<Input, Output> & { readonly operation: number };

/**
 * As a recorder would have written it: an operation that never returned ends with `info`, late, or says nothing
 * more.
 */
function recording<Input, Output>(
  operations: readonly Operation<Input, Output>[],
  random: Random,
): AnyEvent<Input, Output>[] {
  const events: AnyEvent<Input, Output>[] = [];
  const late: AnyEvent<Input, Output>[] = [];
  for (const event of orderEvents(operations).events) {
    const operation = event >> 1;
    // A process of its own for each: the generator's are not all apart where times are equal.
    const { input, output, return: returned } = at(operations, operation);
    if (event & 1) events.push({ type: "ok", process: operation, output: output as Output, operation });
    else {
      events.push({ type: "invoke", process: operation, input, operation });
      if (returned === undefined && random.below(4) > 0)
        late.push({ type: "info", process: operation, operation });
    }
    if (late.length > 0 && random.below(3) === 0)
      events.push(late.splice(random.below(late.length), 1)[0] as AnyEvent<Input, Output>);
  }
  return [...events, ...late];
}

/** What the batch check says of the events up to one, given the answers that come later. */
function batchUpTo<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  events: readonly AnyEvent<Input, Output>[],
  end: number,
): "ok" | "illegal" | "unknown" {
  const call = new Map<number, number>();
  const returned = new Map<number, number>();
  for (const [place, event] of events.slice(0, end).entries()) {
    if (event.type === "invoke") call.set(event.operation, place);
    if (event.type === "ok") returned.set(event.operation, place);
  }
  const prefix = [...call].map(([operation, place]): Operation<Input, Output> => {
    const { input, output } = at(operations, operation);
    const end = returned.get(operation);
    return end === undefined
      ? { process: operation, input, call: place }
      : { process: operation, input, output, call: place, return: end };
  });
  return checkOperations(model, prefix, { engine: "frontier" }).verdict;
}

function failures(partitions: readonly PartitionResult[]): string[] {
  return partitions.map((partition) =>
    partition.verdict === "illegal"
      ? `${partition.key}: ${partition.failedAt}`
      : `${partition.key}: ${partition.verdict}`,
  );
}

/** Streams a history and compares with the batch check; returns the verdict. */
function compare<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  random: Random,
): "ok" | "illegal" | "unknown" {
  const events = recording(operations, random);
  const checker = new StreamingChecker(model);
  let brokeAt = -1;
  const positions: number[] = [];
  for (const [place, event] of events.entries()) {
    if (event.type === "invoke") positions.push(event.operation);
    if (checker.push(event) === "illegal" && brokeAt === -1) brokeAt = place;
  }
  const result = checker.end();
  // The very order of the recording, so that nothing is concurrent that was not.
  const places = new Map<string, number>();
  for (const [place, event] of events.entries()) places.set(`${event.operation} ${event.type}`, place);
  const recorded = operations.map((operation, i): Operation<Input, Output> => {
    const call = places.get(`${i} invoke`) as number;
    const { input, output } = operation;
    return operation.return === undefined
      ? { process: i, input, call }
      : { process: i, input, output, call, return: places.get(`${i} ok`) };
  });
  const batch = checkOperations(model, recorded, { engine: "frontier" });
  expect(result.verdict).toBe(batch.verdict);
  const streamed = result.partitions.map((partition) =>
    partition.verdict === "illegal"
      ? `${partition.key}: ${positions[partition.failedAt.position]}`
      : `${partition.key}: ${partition.verdict}`,
  );
  expect(streamed.toSorted()).toEqual(failures(batch.partitions).toSorted());
  const early = brokeAt === -1 ? "illegal" : batchUpTo(model, operations, events, brokeAt + 1);
  expect(early).toBe("illegal");
  return batch.verdict;
}

test("says the same as the batch check, on registers of several keys", () => {
  const random = new Random(1);
  const counts = { ok: 0, illegal: 0, unknown: 0 };
  for (let i = 0; i < 600; i++) {
    const legal = generateHistory({
      seed: i,
      operations: 10 + random.below(40),
      clients: 1 + random.below(8),
      values: random.pick(["unique", 2, 5]),
      crashRate: random.pick([0, 0, 0.1, 0.4]),
      keys: random.pick([1, 1, 3]),
      grainUs: random.pick([1, 500]),
    });
    counts[compare(casRegister(), legal, random)]++;
    counts[compare(casRegister(), breakOneAnswer(legal, i) ?? legal, random)]++;
  }
  expect(counts.unknown).toBe(0);
  expect(counts.illegal).toBeGreaterThan(200);
  expect(counts.ok).toBeGreaterThan(600);
});

describe("says the same as the batch check", () => {
  test.each(MODEL_CASES.map((drawn, i) => ({ name: drawn.name, drawn, seed: 50 + i })))(
    "$name",
    ({ drawn, seed }) => {
      const random = new Random(seed);
      const counts = { ok: 0, illegal: 0, unknown: 0 };
      for (let i = 0; i < 150; i++) {
        const legal: readonly AnyOperation[] = simulatedHistory(drawn, random);
        counts[compare(drawn.model, legal, random)]++;
        counts[compare(drawn.model, withAnotherAnswer(drawn, legal, random) ?? legal, random)]++;
        counts[compare(drawn.model, blindHistory(drawn, random), random)]++;
      }
      expect(counts.unknown).toBe(0);
      expect(counts.illegal).toBeGreaterThan(15);
    },
  );
});

const long = (operations: number, more: object = {}): CasRegisterOperation[] =>
  generateHistory({ seed: 3, operations, clients: 5, values: "unique", reads: 0.5, cas: 0, ...more });

function pushAll(
  checker: StreamingChecker<unknown, unknown, unknown>,
  operations: readonly Operation<unknown, unknown>[],
  afterEach: (pushed: number) => void = () => {},
): void {
  let pushed = 0;
  for (const event of orderEvents(operations).events) {
    const { process, input, output } = at(operations, event >> 1);
    checker.push(event & 1 ? { type: "ok", process, output } : { type: "invoke", process, input });
    afterEach(++pushed);
  }
}

const anyRegister = (): Model<unknown, unknown, unknown> =>
  casRegister() as unknown as Model<unknown, unknown, unknown>;

test("memory stays flat over 300,000 operations, each with a value of its own", () => {
  const checker = new StreamingChecker(anyRegister());
  let early = 0;
  let late = 0;
  pushAll(checker, long(300_000), (pushed) => {
    if (pushed % 100 !== 0) return;
    if (pushed < 60_000) early = Math.max(early, checker.bytes);
    else late = Math.max(late, checker.bytes);
  });
  expect(checker.end()).toMatchObject({ verdict: "ok", operations: 300_000 });
  expect(late).toBeLessThan(early * 1.5);
  expect(late).toBeLessThan(8 * 2 ** 20);
});

test("finds the violation long after the beginning was forgotten, and shows what led to it", () => {
  const operations = long(20_000);
  const position = operations.findLastIndex(({ input }) => input.f === "read");
  const broken = operations.with(position, { ...at(operations, position), output: { value: -1 } });
  const batch = checkOperations(casRegister(), broken, { engine: "frontier" }).partitions[0];
  const found: number[] = [];
  const checker = new StreamingChecker(casRegister(), {
    onViolation: ({ failedAt }) => found.push(failedAt.position),
  });
  pushAll(checker as unknown as StreamingChecker<unknown, unknown, unknown>, broken);
  const [partition] = checker.end().partitions;
  if (partition?.verdict !== "illegal" || batch?.verdict !== "illegal") throw new Error("not found");
  expect(found).toEqual([batch.failedAt]);
  expect(partition.failedAt).toMatchObject({ position: batch.failedAt, output: { value: -1 } });
  const tail = partition.lastOperations.map((operation) => operation.position);
  expect(tail.length).toBeGreaterThan(16);
  expect(tail.length).toBeLessThan(20_000);
  expect(partition.lastOperations.every(({ id, input }) => operations[id]?.input === input)).toBe(true);
});

test("a violation is told as soon as the operations that were open then have ended", () => {
  const checker = new StreamingChecker(casRegister());
  checker.push({ type: "invoke", process: 1, input: { f: "write", value: 1 } });
  checker.push({ type: "ok", process: 1, output: {} });
  checker.push({ type: "invoke", process: 2, input: { f: "write", value: 2 } });
  checker.push({ type: "invoke", process: 1, input: { f: "read" } });
  // Process 2 may explain it: nobody knows yet.
  expect(checker.push({ type: "ok", process: 1, output: { value: 3 } })).toBe("ok");
  expect(checker.push({ type: "fail", process: 2 })).toBe("illegal");
  expect(checker.end().partitions[0]).toMatchObject({
    verdict: "illegal",
    failedAt: { position: 2, process: 1 },
    possibleStates: ["1"],
    lastOperations: [{ position: 0 }],
    reason: expect.stringContaining("no order is left for operation 2, the read that returned 3 (process 1)"),
  });
});

test("an operation that failed did not happen, one of unknown outcome may have", () => {
  const after = (type: "fail" | "info"): string => {
    const checker = new StreamingChecker(casRegister());
    checker.push({ type: "invoke", process: 1, input: { f: "write", value: 1 } });
    checker.push({ type, process: 1 });
    checker.push({ type: "invoke", process: 2, input: { f: "read" } });
    checker.push({ type: "ok", process: 2, output: { value: 1 } });
    return checker.end().verdict;
  };
  expect(after("fail")).toBe("illegal");
  expect(after("info")).toBe("ok");
});

test("an operation that does not end makes its key unknown, and no other", () => {
  const checker = new StreamingChecker(casRegister(), { maxBuffered: 20 });
  checker.push({ type: "invoke", process: 0, input: { f: "write", key: "a", value: 7 }, id: 70 });
  for (let i = 0; i < 30; i++) {
    for (const [process, key] of [
      [1, "a"],
      [2, "b"],
    ] as const) {
      checker.push({ type: "invoke", process, input: { f: "read", key } });
      checker.push({ type: "ok", process, output: { value: null } });
    }
  }
  expect(checker.verdict).toBe("unknown");
  expect(checker.end().partitions).toMatchObject([
    {
      key: "a",
      verdict: "unknown",
      ranOut: "buffer",
      reason: expect.stringContaining("operation 70 of process 0"),
    },
    { key: "b", verdict: "ok" },
  ]);
});

test("a key that has no room is unknown", () => {
  const checker = new StreamingChecker(anyRegister(), { maxBytes: 2 ** 14 });
  pushAll(checker, long(3000));
  expect(checker.end().partitions).toMatchObject([{ verdict: "unknown", ranOut: "memory" }]);
});

test("a key whose next return takes too long is unknown", () => {
  const checker = new StreamingChecker(anyRegister(), { timeoutMs: 0 });
  pushAll(checker, generateHistory({ seed: 5, operations: 3000, clients: 25, values: 5, crashRate: 0.3 }));
  expect(checker.end().partitions).toMatchObject([{ verdict: "unknown", ranOut: "time" }]);
});

test.each<[name: string, events: readonly StreamEvent<{ f: "read" }, unknown>[], message: string]>([
  ["an end without a beginning", [{ type: "ok", process: 4, output: {} }], "process 4 has no operation open"],
  [
    "two open operations of a process",
    [
      { type: "invoke", process: 4, input: { f: "read" }, id: 10 },
      { type: "invoke", process: 4, input: { f: "read" }, id: 11 },
    ],
    "operation 11: process 4 called it while its operation 10 had not returned yet",
  ],
  [
    "a process that goes on after an info",
    [
      { type: "invoke", process: 4, input: { f: "read" } },
      { type: "info", process: 4 },
      { type: "invoke", process: 4, input: { f: "read" } },
    ],
    "operation 1: process 4 called it after an operation of unknown outcome",
  ],
  [
    "an answer that the model cannot judge",
    [
      { type: "invoke", process: 4, input: { f: "read" } },
      { type: "ok", process: 4, output: {} },
    ],
    "operation 0: a read must say what it returned",
  ],
  [
    "no answer",
    [
      { type: "invoke", process: 4, input: { f: "read" } },
      { type: "ok", process: 4, output: undefined },
    ],
    "operation 0: it returned without an answer",
  ],
  [
    "an input that the model does not know",
    [{ type: "invoke", process: 4, input: { f: "append" } as unknown as { f: "read" } }],
    'operation 0: unknown operation "append"',
  ],
  [
    "a process that is no number",
    [{ type: "invoke", process: Number.NaN, input: { f: "read" } }],
    "operation 0: process NaN is not a safe integer",
  ],
])("events that make no sense are no verdict: %s", (_name, events, message) => {
  const push = (): void => {
    const checker = new StreamingChecker(anyRegister());
    for (const event of events) checker.push(event);
  };
  expect(push).toThrow(InputError);
  expect(push).toThrow(message);
});

test("nothing comes after the end", () => {
  const checker = new StreamingChecker(casRegister());
  expect(checker.end()).toEqual({ verdict: "ok", partitions: [], configurations: 0, operations: 0 });
  expect(() => checker.push({ type: "fail", process: 0 })).toThrow("has ended");
});
