import { describe, expect, test } from "vitest";
import { checkOperations } from "./check.js";
import { ENGINE_NAMES, type EngineName } from "./engine.js";
import { Random } from "./generator.js";
import type { Model } from "./model.js";
import { casRegister, type CasRegisterInput } from "./models/cas-register.js";
import { counter } from "./models/counter.js";
import { fifoQueue } from "./models/fifo-queue.js";
import { kv } from "./models/kv.js";
import { multiRegister } from "./models/multi-register.js";
import { set } from "./models/set.js";
import { stack } from "./models/stack.js";
import { unorderedQueue } from "./models/unordered-queue.js";
import type { PartitionResult } from "./result.js";
import { crashedUpdateHistories } from "./testing/crashed-updates.js";
import { Differential, Truth } from "./testing/differential.js";
import type { AnyModel } from "./models/index.js";
import { MODEL_CASES } from "./testing/model-cases.js";
import { type AnyOperation, drawHistory } from "./testing/histories.js";
import { isLinearizable } from "./testing/oracle.js";
import type { AnyCase } from "./testing/model-case.js";

// What the differential test would not notice it does not test: here are models and an engine that are wrong.

function caseOf(name: string): AnyCase {
  const found = MODEL_CASES.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return found;
}

/** How many histories it takes until the wrong model is found out; Infinity: it never is. */
function foundAfter(drawn: AnyCase, wrong: AnyModel, engine: EngineName): number {
  const random = new Random(7);
  for (let i = 0; i < LIMIT; i++) {
    const truth = new Truth(drawn.model, drawHistory(drawn, random));
    const [honest, lying] = [new Differential(), new Differential()];
    lying.compare(wrong, truth, engine);
    if (lying.wrong.length === 0) continue;
    honest.compare(drawn.model, truth, engine);
    if (honest.wrong.length > 0) throw new Error(`the honest model is found out too: ${honest.wrong[0]}`);
    return i;
  }
  return Number.POSITIVE_INFINITY;
}

const LIMIT = 3000;

function lie<State, Input, Output>(
  honest: Model<State, Input, Output>,
  hooks: Partial<Model<State, Input, Output>>,
): AnyModel {
  return { ...honest, ...hooks } as unknown as AnyModel;
}

/** A projection that believes that one operation fewer of a kind never returned. */
function blindToOneCrash<State, Input extends { readonly f: string }, Output>(
  honest: Model<State, Input, Output>,
  f: string,
): AnyModel {
  return lie(honest, {
    project: (operations) => {
      const crashed = operations.findIndex(({ input, output }) => input.f === f && output === undefined);
      const project = honest.project?.(operations.filter((_, i) => i !== crashed));
      return project ?? ((state) => state);
    },
  });
}

const cas = casRegister();
const LIES: readonly (readonly [lie: string, caseName: string, AnyModel])[] = [
  ["a write never changes the state", "cas-register", lie(cas, { readOnly: (input) => input.f !== "cas" })],
  ["all writes are alike", "cas-register", lie(cas, { operationKey: (input) => input.f })],
  ['1 and "1" are the same', "cas-register", lie(cas, { stateKey: (state) => String(state) })],
  [
    "all written values are one, observed or not",
    "cas-register",
    lie(cas, {
      simplify: (operations) =>
        operations.map(
          ({ input }): CasRegisterInput => (input.f === "write" ? { ...input, value: 1 } : input),
        ),
    }),
  ],
  [
    "a value that was read in full has no future",
    "kv",
    lie(kv(), {
      project: (operations) => (state) =>
        operations.some(({ output }) => output?.value === state && state !== "") ? null : state,
    }),
  ],
  ["two separated elements are one", "set", lie(set(), { stateKey: (state) => String(state?.length) })],
  [
    "a set that was not read exactly will not be read",
    "set, only added to and read",
    lie(set(), {
      project: (operations) => (state) =>
        operations.some(({ output }) => Array.isArray(output?.value) && output.value.length === state?.length)
          ? state
          : null,
    }),
  ],
  [
    "no subtraction leads back to what was read",
    "counter",
    lie(counter(), {
      project: (operations) => (state) =>
        state !== null && operations.every(({ output }) => (output?.value ?? -9) < state) ? null : state,
    }),
  ],
  ["a dequeue did not crash", "fifo-queue", blindToOneCrash(fifoQueue(), "dequeue")],
  ["a dequeue did not crash", "unordered-queue", blindToOneCrash(unorderedQueue(), "dequeue")],
  ["a pop did not crash", "stack", blindToOneCrash(stack(), "pop")],
  [
    "transactions that read the same are alike",
    "multi-register",
    lie(multiRegister({ initial: [["x", 0]] }), {
      operationKey: (input) => JSON.stringify(input.value.filter(([f]) => f === "r")),
    }),
  ],
];

describe("a model that breaks a promise is found out", () => {
  test.each(LIES)("%s (%s)", (_, caseName, wrong) => {
    const drawn = caseOf(caseName);
    expect(foundAfter(drawn, wrong, "frontier")).toBeLessThan(LIMIT);
    expect(foundAfter(drawn, wrong, "depth-first")).toBeLessThan(LIMIT);
  });
});

describe("a model that lies about what crashed operations can stand in for is found out", () => {
  test.each([
    ["write", "cas"],
    ["cas", "write"],
  ])("any %s for any %s", (general, special) => {
    const wrong = lie(cas, { covers: (a, b) => a.f === general && b.f === special });
    for (const engine of ["frontier", "depth-first"] as const) {
      const lying = new Differential();
      for (const history of crashedUpdateHistories()) {
        lying.compare(wrong, new Truth(wrong, history), engine);
        if (lying.wrong.length > 0) break;
      }
      expect(lying.wrong[0]).toMatch("said illegal");
    }
  });
});

/** The trap: takes at once whatever leaves the present state as it is. Right for reads only. */
function eager(model: AnyModel, left: readonly AnyOperation[], state: unknown): boolean {
  if (left.every((operation) => operation.return === undefined)) return true;
  const minimal = left.filter(({ call }) => !left.some((other) => (other.return ?? Infinity) < call));
  const steps = minimal.flatMap((operation) =>
    model.step(state, operation.input, operation.output).map((after) => ({ operation, after })),
  );
  const harmless = steps.find(
    ({ operation, after }) =>
      operation.return !== undefined && model.stateKey(after) === model.stateKey(state),
  );
  return (harmless === undefined ? steps : [harmless]).some(({ operation, after }) =>
    eager(
      model,
      left.filter((other) => other !== operation),
      after,
    ),
  );
}

describe("a write that repeats the present value", () => {
  /** The second write of 1 is what the last read needs: taken at once, while the value is 1, it is wasted. */
  const history = [
    { process: 0, input: { f: "write", value: 1 }, output: {}, call: 0, return: 1 },
    { process: 1, input: { f: "write", value: 1 }, output: {}, call: 2, return: 9 },
    { process: 2, input: { f: "write", value: 2 }, output: {}, call: 3, return: 4 },
    { process: 2, input: { f: "read" }, output: { value: 1 }, call: 5, return: 6 },
  ];

  test("is not taken at once by any engine", () => {
    const differential = new Differential();
    differential.compareAll(caseOf("cas-register").model, history);
    expect(differential.wrong).toEqual([]);
    expect(differential.legal).toBe(1);
    expect([...differential.decided.values()].reduce((sum, n) => sum + n)).toBeGreaterThanOrEqual(
      ENGINE_NAMES.length,
    );
  });

  test("fools a search that does take it, and random histories show it", () => {
    const { model } = caseOf("cas-register");
    expect(eager(model, history, model.init())).toBe(false);
    const random = new Random(5);
    let fooled = 0;
    for (let i = 0; i < 4000; i++) {
      const drawn = drawHistory(caseOf("cas-register"), random).map((operation) => ({
        ...operation,
        input: { ...(operation.input as object), key: "a" },
      }));
      if (isLinearizable(model, drawn) !== eager(model, drawn, model.init())) fooled++;
    }
    expect(fooled).toBeGreaterThan(10);
  });
});

describe("evidence that does not hold is found out", () => {
  const { model } = caseOf("cas-register");
  const write = { process: 0, input: { f: "write", value: 1 }, output: {}, call: 0, return: 1 };
  const read = (value: number | null): AnyOperation => ({
    process: 0,
    input: { f: "read" },
    output: { value },
    call: 2,
    return: 3,
  });
  const judge = (history: readonly AnyOperation[], change: Partial<PartitionResult>): string => {
    const truth = new Truth(model, history);
    const { partitions } = checkOperations(model, history);
    return truth.partitions[0]?.problemOf({ ...partitions[0], ...change } as PartitionResult) ?? "holds";
  };

  test.each([
    [{}, "holds"],
    [{ witness: [1, 0] }, "the order [1,0] fails"],
    [{ witness: [0] }, "operation 1 returned but is not in the order"],
    [{ verdict: "illegal" as const }, "said illegal"],
    [{ verdict: "unknown" as const }, "unknown"],
  ])("of a legal history: %j", (change, problem) => {
    expect(judge([write, read(1)], change)).toContain(problem);
  });

  test.each([
    [{}, "holds"],
    [{ verdict: "ok" as const }, "said ok"],
    [{ failedAt: 0 }, "said that it fails at 0, not 1"],
    [{ partialOrder: [] }, "operation 0 had returned but is not in the partial order"],
    [{ partialOrder: [0, 1] }, "the partial order holds what has no place"],
    [{ possibleStates: [] }, "gave 0 of 1 states"],
  ])("of an illegal history: %j", (change, problem) => {
    expect(judge([write, read(2)], change)).toContain(problem);
  });
});
