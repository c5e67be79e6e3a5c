import { describe, expect, test } from "vitest";
import { type Client, type Transaction, wasRefused, WORKLOADS } from "./index.js";
import { clientOf, Store } from "./testing/store.js";
import { drawFrom } from "./testing/random.js";
import type { Generator, Operation, Workload } from "./workload.js";

function operationsOf(generator: Generator, workers: number, count: number): readonly Operation[] {
  return Array.from({ length: count }, (_, at) => {
    const next = generator.next(at % workers, at);
    if (next.type !== "operation") throw new Error("there is always something to do");
    return next.operation;
  });
}

/** Names of what an operation touches: its key, its accounts, its lists. */
function namesIn(text: string): readonly string[] {
  return [...text.matchAll(/"([a-z]\d+)/g)].flatMap(([, name]) => (name === undefined ? [] : [name]));
}

/** Puts into a store what a client wrote of its own; counts the calls. */
function watched(): { readonly client: Client; readonly calls: Transaction[]; readonly store: Store } {
  const store = new Store();
  const calls: Transaction[] = [];
  const client = clientOf(async (transaction) => {
    calls.push(transaction);
    const { answer, revision } = store.apply(transaction);
    return { type: "ok", value: answer, revision };
  });
  return { client, calls, store };
}

describe.each(Object.values(WORKLOADS))("$name", (workload: Workload) => {
  const SIZE = { concurrency: 10, nodes: 5 };

  test("the same draw gives the same operations, another one others", () => {
    const drawn = (seed: number) => operationsOf(workload.start(SIZE, drawFrom(seed)), 10, 500);
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1)).not.toEqual(drawn(2));
  });

  test("every function occurs, and the final operations look at all that was touched", () => {
    const generator = workload.start(SIZE, drawFrom(3));
    const operations = operationsOf(generator, 10, 3_000);
    const functions = new Set(operations.map(({ f }) => f));
    for (const f of workload.functions) expect(functions).toContain(f);
    const final = generator.finalOperations();
    expect(final.length).toBeGreaterThan(0);
    if (workload.name === "bank") return;
    const looked = new Set(final.flatMap((operation) => namesIn(JSON.stringify(operation))));
    const touched = new Set(operations.flatMap((operation) => namesIn(JSON.stringify(operation))));
    expect([...touched].filter((name) => !looked.has(name))).toEqual([]);
  });

  test("a skew makes some names far more frequent than others", () => {
    const most = (keySkew: number): number => {
      const operations = operationsOf(
        workload.start({ concurrency: 40, nodes: 5, keySkew }, drawFrom(4)),
        40,
        400,
      );
      const counts = new Map<string, number>();
      for (const name of operations.flatMap((operation) => [...new Set(namesIn(JSON.stringify(operation)))]))
        counts.set(name, (counts.get(name) ?? 0) + 1);
      const all = [...counts.values()];
      return Math.max(...all) / (all.reduce((sum, count) => sum + count, 0) / all.length);
    };
    expect(most(2)).toBeGreaterThan(1.3 * most(0));
  });

  test("an operation makes no more calls than the workload says, and writes in its last one alone", async () => {
    const { client, calls } = watched();
    for (const operation of operationsOf(workload.start(SIZE, drawFrom(5)), 10, 300)) {
      calls.length = 0;
      const outcome = await workload.perform(client, operation);
      expect(outcome.type === "ok" || !wasRefused(outcome)).toBe(true);
      expect(calls.length).toBeLessThanOrEqual(workload.callsPerOperation);
      for (const { then } of calls.slice(0, -1)) expect(then.every(({ type }) => type === "get")).toBe(true);
    }
  });

  test.each(["fail", "info"] as const)(
    "the operation ends as the call that was to write: %s",
    async (type) => {
      const error = { code: "unavailable", message: "gone" };
      for (const operation of operationsOf(workload.start(SIZE, drawFrom(6)), 10, 100)) {
        const { client, calls } = watched();
        const sound = await workload.perform(client, operation);
        const writes = calls.at(-1)?.then.some((step) => step.type === "put");
        if (sound.type !== "ok" || writes !== true) continue;
        const [last, first] = [calls.length, new Store()];
        let count = 0;
        const broken = clientOf(async (transaction) => {
          count += 1;
          const { answer, revision } = first.apply(transaction);
          return count < last ? { type: "ok", value: answer, revision } : { type, error };
        });
        expect(await workload.perform(broken, operation)).toEqual({ type, error });
      }
    },
  );

  test("a first call that does not end leaves an operation of several undone: fail", async () => {
    if (workload.callsPerOperation === 1) return;
    const error = { code: "unavailable", message: "gone" };
    for (const operation of operationsOf(workload.start(SIZE, drawFrom(7)), 10, 100)) {
      const client = clientOf(async () => ({ type: "fail", error }));
      expect(await workload.perform(client, operation)).toEqual({ type: "fail", error });
    }
  });
});

describe("what changed between reading and writing", () => {
  test.each([
    ["append", { f: "txn", value: [["append", "a0", 1]] }],
    ["counter", { f: "add", key: "c0", value: 1 }],
    ["bank", { f: "transfer", value: { from: "b0", to: "b1", amount: 1 } }],
    ["unique-ids", { f: "generate", key: "u0" }],
  ])("is a conflict, which is a failure but no refusal (%s)", async (name, operation) => {
    const store = new Store();
    const touched = ["a0", "c0", "b0", "u0"];
    const client = clientOf(async (transaction) => {
      const { answer, revision } = store.apply(transaction);
      for (const key of touched) store.apply({ guards: [], then: [{ type: "put", key, value: "7" }] });
      return { type: "ok", value: answer, revision };
    });
    const outcome = await WORKLOADS[name]?.perform(client, operation);
    expect(outcome).toMatchObject({ type: "fail", error: { code: "conflict" } });
    expect(outcome !== undefined && wasRefused(outcome)).toBe(false);
  });

  test("an element that is there before it is added is a conflict, where sets are guarded", async () => {
    const store = new Store();
    store.apply({ guards: [], then: [{ type: "put", key: "s0/3", value: "3" }] });
    const client = clientOf(async (transaction) => {
      const { answer, revision } = store.apply(transaction);
      return { type: "ok", value: answer, revision };
    });
    const outcome = await WORKLOADS["set"]?.perform(client, { f: "add", key: "s0", value: 3 });
    expect(outcome).toMatchObject({ type: "fail", error: { code: "conflict" } });
  });

  test("nobody is overdrawn: that fails, and nothing is written", async () => {
    const { client, calls } = watched();
    const operation = { f: "transfer", value: { from: "b0", to: "b1", amount: 51 } };
    const outcome = await WORKLOADS["bank"]?.perform(client, operation);
    expect(outcome).toMatchObject({ type: "fail", error: { code: "not-possible" } });
    expect(calls.length).toBe(1);
  });
});
