import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { REGISTER_DEFAULTS, RegisterGenerator } from "./register-generator.js";
import { drawFrom } from "./testing/random.js";
import type { Operation } from "./workload.js";

interface Taken {
  readonly worker: number;
  readonly operation: Operation;
}

function take(
  seed: number,
  count: number,
  concurrency = 10,
  options = REGISTER_DEFAULTS,
): { taken: Taken[]; generator: RegisterGenerator } {
  const generator = new RegisterGenerator(options, { concurrency, nodes: 5 }, drawFrom(seed));
  const taken = Array.from({ length: count }, (_, index) => {
    const worker = index % concurrency;
    const next = generator.next(worker);
    if (next.type !== "operation") throw new Error("a register has always something to do");
    return { worker, operation: next.operation };
  });
  return { taken, generator };
}

function writtenValue({ operation: { f, value } }: Taken): unknown {
  return f === "cas" && Array.isArray(value) ? value[1] : value;
}

describe("RegisterGenerator", () => {
  test("the same seed and the same calls give the same operations", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const [first, second] = [take(seed, 700), take(seed, 700)];
        expect(second.taken).toEqual(first.taken);
        expect(second.generator.finalOperations()).toEqual(first.generator.finalOperations());
      }),
      { numRuns: 30 },
    );
  });

  test("workers 0 to 4 of 10 only read, one on each of five nodes; the others do everything", () => {
    const { taken } = take(1, 4000);
    for (let worker = 0; worker < 10; worker++) {
      const functions = new Set(
        taken.filter((each) => each.worker === worker).map(({ operation }) => operation.f),
      );
      expect(functions).toEqual(new Set(worker < 5 ? ["read"] : ["read", "write", "cas"]));
    }
  });

  test("a single worker does everything", () => {
    const functions = take(1, 200, 1).taken.map(({ operation }) => operation.f);
    expect(new Set(functions)).toEqual(new Set(["read", "write", "cas"]));
  });

  test("keys follow one another, few at a time, each with its full number of operations", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 60 }),
        (seed, activeKeys, operationsPerKey) => {
          const { taken, generator } = take(seed, 1000, 10, { activeKeys, operationsPerKey });
          const counts = new Map<string, number>();
          for (const { operation } of taken) {
            counts.set(operation.key ?? "", (counts.get(operation.key ?? "") ?? 0) + 1);
          }
          const full = [...counts.values()].filter((count) => count === operationsPerKey);
          expect(Math.max(...counts.values())).toBeLessThanOrEqual(operationsPerKey);
          expect(counts.size - full.length).toBeLessThanOrEqual(activeKeys);
          const keys = generator.finalOperations();
          expect(keys.map(({ key }) => key)).toEqual(keys.map((_, index) => `r${index}`));
          expect(keys.every(({ f }) => f === "read")).toBe(true);
          for (const key of counts.keys()) {
            expect(keys.some((final) => final.key === key)).toBe(true);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test("the more workers, the more keys at a time, so that as many operations overlap on one", () => {
    for (const [concurrency, keys] of [
      [1, 2],
      [10, 2],
      [11, 3],
      [50, 10],
    ] as const) {
      const { generator } = take(1, 1, concurrency);
      expect(generator.finalOperations()).toHaveLength(keys);
    }
  });

  test("with a skew, ten keys at a time, chosen as Zipf has it", () => {
    const generator = new RegisterGenerator(
      { activeKeys: 2, operationsPerKey: 1_000_000 },
      { concurrency: 1, nodes: 1, keySkew: 1 },
      drawFrom(5),
    );
    const counts = new Map<string, number>();
    for (let turn = 0; turn < 20_000; turn++) {
      const next = generator.next(0);
      const key = next.type === "operation" ? (next.operation.key ?? "") : "";
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const harmonic = Array.from({ length: 10 }, (_, at) => 1 / (at + 1));
    const sum = harmonic.reduce((total, share) => total + share, 0);
    for (const [at, share] of harmonic.entries()) {
      expect(Math.abs((counts.get(`r${at}`) ?? 0) / 20_000 - share / sum)).toBeLessThan(0.02);
    }
    expect(counts.size).toBe(10);
  });

  test("even keys never write a value twice, odd keys write five values, all of them strings", () => {
    const { taken } = take(3, 3000);
    const writes = taken.filter(({ operation }) => operation.f !== "read");
    const keys = new Set(writes.map(({ operation }) => operation.key ?? ""));
    expect(keys.size).toBeGreaterThan(4);
    for (const key of keys) {
      const values = writes.filter(({ operation }) => operation.key === key).map(writtenValue);
      expect(values.every((value) => typeof value === "string" && /^[1-9]\d*$/.test(value))).toBe(true);
      const unique = Number(key.slice(1)) % 2 === 0;
      const different = new Set(values).size;
      expect(unique ? different === values.length : different <= 5).toBe(true);
    }
  });
});
