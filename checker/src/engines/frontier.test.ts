import { describe, expect, test } from "vitest";
import { checkOperations } from "../check.js";
import { breakOneAnswer, generateHistory } from "../generator.js";
import { casRegister } from "../models/cas-register.js";
import { kv, type KvInput, type KvOutput } from "../models/kv.js";
import { ModelError, type Operation } from "../operation.js";
import type { CheckResult } from "../result.js";
import { verifyWitness } from "../witness.js";

const model = casRegister();

function summary({ partitions: [partition] }: CheckResult): string {
  return partition?.verdict === "illegal" ? `illegal at ${partition.failedAt}` : String(partition?.verdict);
}

test("a crashed write of the present value may be what hides an open write", () => {
  const history = [
    { process: 2, input: { f: "write", value: 3 }, output: {}, call: 881, return: 2169 },
    { process: 3, input: { f: "write", value: 3 }, call: 949 },
    {
      process: 0,
      input: { f: "cas", from: 3, to: 1 },
      output: { succeeded: true },
      call: 2098,
      return: 3401,
    },
    { process: 9, input: { f: "write", value: 0 }, output: {}, call: 2394, return: 3416 },
    { process: 9, input: { f: "read" }, output: { value: 1 }, call: 4245, return: 5059 },
  ] as const;
  const result = checkOperations(model, history, { engine: "frontier", verifyWitness: true });
  expect(result.partitions[0]).toMatchObject({ verdict: "ok", witness: [0, 3, 1, 2, 4] });
});

// One integer holds the bits of 32 open operations.
test.each([20, 33, 70])(
  "agrees with the search in depth where %d operations are open at a time",
  (clients) => {
    const counts = { ok: 0, illegal: 0, compared: 0 };
    for (let seed = 0; seed < 6; seed++) {
      const values = seed % 2 === 0 ? "unique" : 4;
      const legal = generateHistory({ seed, operations: 4 * clients, clients, values, reads: 0.5 });
      for (const history of [legal, breakOneAnswer(legal, seed) ?? legal]) {
        const result = checkOperations(model, history, { engine: "frontier", verifyWitness: true });
        const [partition] = result.partitions;
        const partial = partition?.verdict === "illegal" ? partition.partialOrder : [];
        expect(verifyWitness(model, history, partial, { partial: true })).toEqual({ valid: true });
        counts[result.verdict === "ok" ? "ok" : "illegal"]++;
        const other = checkOperations(model, history, { engine: "depth-first", maxBytes: 2 ** 20 });
        if (other.verdict === "unknown") continue;
        expect(summary(result)).toBe(summary(other));
        counts.compared++;
      }
    }
    expect(counts.illegal).toBeGreaterThan(1);
    expect(counts.compared).toBeGreaterThan(5);
  },
);

test.each<[name: string, step: (state: unknown, value: unknown) => readonly (string | number)[]]>([
  ["is not always possible", () => []],
  ["adds to what was there", (state, value) => [`${String(state)} ${String(value)}`]],
])("a register's write that %s is found out", (_name, write) => {
  const lying: typeof model = {
    ...model,
    step: (state, input, output) =>
      input.f === "write" ? write(state, input.value) : model.step(state, input, output),
  };
  const history = generateHistory({
    seed: 1,
    operations: 20,
    clients: 3,
    values: "unique",
    reads: 0,
    cas: 0,
  });
  expect(() => checkOperations(lying, history, { engine: "frontier" })).toThrow(ModelError);
});

describe("explores few configurations, whatever the machine", () => {
  test.each<[name: string, most: number, options: Omit<Parameters<typeof generateHistory>[0], "seed">]>([
    ["25 clients, 5 values", 40_000, { operations: 1000, clients: 25, values: 5 }],
    [
      "25 clients, unique values",
      80_000,
      { operations: 1000, clients: 25, values: "unique", reads: 0.5, cas: 0 },
    ],
    [
      "5 clients, unique values",
      35_000,
      { operations: 10_000, clients: 5, values: "unique", reads: 0.5, cas: 0 },
    ],
    ["10 clients, 2 % crashed", 60_000, { operations: 1000, clients: 10, values: 5, crashRate: 0.02 }],
    [
      "10 clients, 20 % crashed, unique values",
      20_000,
      { operations: 1000, clients: 10, values: "unique", crashRate: 0.2 },
    ],
  ])("%s", (_name, most, options) => {
    for (const seed of [1, 2, 3]) {
      const result = checkOperations(model, generateHistory({ seed, ...options }), { engine: "frontier" });
      expect(result.verdict).toBe("ok");
      expect(result.configurations).toBeLessThan(most);
    }
  });
});

test("a put of a map may be hidden like a register's write", () => {
  for (const seed of [1, 2, 3]) {
    const puts = generateHistory({ seed, operations: 1000, clients: 25, values: 5, reads: 0.5, cas: 0 });
    const history = puts.map(({ input, output, ...times }): Operation<KvInput, KvOutput> => {
      const value = String(input.f === "write" ? input.value : (output?.value ?? ""));
      return input.f === "read"
        ? { ...times, input: { f: "get", key: "a" }, output: { value } }
        : { ...times, input: { f: "put", key: "a", value }, output: {} };
    });
    const result = checkOperations(kv(), history, { engine: "frontier", verifyWitness: true });
    expect(result.verdict).toBe("ok");
    expect(result.configurations).toBeLessThan(40_000);
  }
});
