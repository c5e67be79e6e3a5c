import { describe, expect, test, vi } from "vitest";
import { checkOperations } from "./check.js";
import { type CasRegisterOperation, generateHistory } from "./generator.js";
import { casRegister } from "./models/cas-register.js";

describe("looks at the clock between pieces of work, counted in calls of the model", () => {
  const size = 60_000;
  const options = { seed: 1, operations: size, clients: 5, reads: 0.5, cas: 0 } as const;
  const lastRead = (history: readonly CasRegisterOperation[]): CasRegisterOperation[] => [
    ...history,
    { process: 99, input: { f: "read" }, output: { value: -1 }, call: 1e12, return: 1e12 + 1 },
  ];

  test.each([
    ["unique values", size / 3, generateHistory({ ...options, values: "unique" })],
    // Once it is illegal, what the orders share is replayed in one piece.
    ["unique values, illegal", 1.1 * size, lastRead(generateHistory({ ...options, values: "unique" }))],
    ["five values", size / 3, generateHistory({ ...options, values: 5 })],
  ])("%s", (_name, bound, history) => {
    const model = casRegister();
    let calls = 0;
    const view = model.register as NonNullable<typeof model.register>;
    const counted: typeof model = {
      ...model,
      problem: (...args) => (calls++, model.problem?.(...args)),
      key: (...args) => (calls++, model.key?.(...args) ?? ""),
      operationKey: (...args) => (calls++, model.operationKey?.(...args) ?? ""),
      register: { ...view, input: (input) => (calls++, view.input(input)) },
      step: (...args) => (calls++, model.step(...args)),
    };
    let [before, most, looks] = [0, 0, 0];
    const clock = vi.spyOn(performance, "now").mockImplementation(() => {
      most = Math.max(most, calls - before);
      before = calls;
      return looks++ / 100;
    });
    try {
      checkOperations(counted, history);
    } finally {
      clock.mockRestore();
    }
    expect(calls).toBeGreaterThan(2 * size);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(bound);
  });

  test("it may end before the history was gone through once", () => {
    let looks = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => looks++);
    try {
      const history = generateHistory({ ...options, values: 5, keys: 3, crashRate: 0.001 });
      const result = checkOperations(casRegister(), history, { timeoutMs: 4 });
      const returns = history.filter((operation) => operation.return !== undefined).length;
      expect(result.verdict).toBe("unknown");
      expect(result.partitions).toMatchObject([{ key: "", ranOut: "time", settledReturns: 0, returns }]);
      expect(result.partitions[0]?.operations).toHaveLength(history.length);
    } finally {
      clock.mockRestore();
    }
  });
});
