import type { HistoryEvent } from "@gauntlet/histories";
import type { Client, Found, Outcome } from "./client.js";
import { notPossible } from "./contention.js";
import { checkCounterBounds, liveCounterBounds } from "./counter-bounds.js";
import { eachByItself } from "./each-by-itself.js";
import { readAll, sameValue, writeGuarded } from "./guarded.js";
import { onlyReads } from "./generators/only-reads.js";
import { KeyRotation } from "./key-rotation.js";
import { checkLinearizability } from "./linearizability.js";
import { liveAll } from "./live-all.js";
import { LiveLinearizability } from "./live-linearizability.js";
import { checkRevisions, RevisionOrder } from "./revisions.js";
import { COUNTER } from "./sequential-objects.js";
import type { Answer, Draw, Generator, Next, Operation, Workload, WorkloadOptions } from "./workload.js";

export interface CounterOptions {
  /** Counters in use at a time, at least. */
  readonly activeCounters: number;
  /** After so many a counter is done: what bounds how many adds of unknown end there are to one. */
  readonly operationsPerCounter: number;
}

export const COUNTER_DEFAULTS: CounterOptions = { activeCounters: 4, operationsPerCounter: 80 };

/**
 * Counters that go up and down by one: read, then written on condition that the value is still the same. Numbers come again,
 * so a write that is applied a second time later takes effect a second time, and shows.
 */
export function counterWorkload(options: Partial<CounterOptions> = {}): Workload {
  const all = { ...COUNTER_DEFAULTS, ...options };
  return {
    name: "counter",
    functions: ["add", "read"],
    callsPerOperation: 2,
    start: (workloadOptions, draw) => new CounterGenerator(all, workloadOptions, draw),
    perform,
    check: async (history, limits) =>
      eachByItself("counter", [
        () => checkCounterBounds(history),
        () => checkLinearizability(COUNTER, history, limits),
        () => checkRevisions(history, adds),
      ]),
    live: () => liveAll([new RevisionOrder(adds), liveCounterBounds(), new LiveLinearizability(COUNTER)]),
  };
}

function adds({ f }: HistoryEvent): boolean {
  return f === "add";
}

async function perform(client: Client, { f, key = "", value }: Operation): Promise<Outcome<Answer>> {
  const outcome = f === "add" ? await add(client, key, Number(value)) : await readNumber(client, key);
  if (outcome.type !== "ok") return outcome;
  return { ...outcome, value: f === "add" ? { from: outcome.value } : { value: outcome.value } };
}

/** What a key holds as a number, 0 where it is absent; as it is where it is none, which nobody ever wrote. */
export async function readNumber(client: Client, key: string): Promise<Outcome<number | string>> {
  const outcome = await client.read(key);
  return outcome.type === "ok" ? { ...outcome, value: numberOf(outcome.value) } : outcome;
}

/** Adds to a number by compare-and-set, once: `fail` where another one was faster. Answers what it found. */
export async function add(client: Client, key: string, amount: number): Promise<Outcome<number>> {
  const read = await readAll(client, [key]);
  if (read.type !== "ok") return read;
  const found: Found | null = read.value.get(key) ?? null;
  const from = numberOf(found?.value ?? null);
  if (typeof from === "string") return notPossible(`${key} holds ${JSON.stringify(from)}, no number`);
  return writeGuarded(client, [sameValue(key, found)], new Map([[key, String(from + amount)]]), from);
}

/** An integer, else the text as it is. */
export function numberOf(value: string | null): number | string {
  const number = Number(value ?? 0);
  return Number.isSafeInteger(number) && value !== "" ? number : (value ?? "");
}

const WORKERS_PER_KEY = 2.5;

interface Counter {
  readonly name: string;
  /** What is added next: one up, one down, so that the few numbers near 0 come again and again. */
  next: 1 | -1;
}

/** Half of the workers only read. */
class CounterGenerator implements Generator {
  readonly #onlyReads: (worker: number) => boolean;
  readonly #counters: KeyRotation<Counter>;

  constructor(options: CounterOptions, { concurrency, keySkew }: WorkloadOptions, draw: Draw) {
    this.#onlyReads = onlyReads(Math.floor(concurrency / 2), concurrency);
    const { activeCounters: active, operationsPerCounter: usesPerKey } = options;
    this.#counters = new KeyRotation(
      { active, workersPerKey: WORKERS_PER_KEY, workers: concurrency, usesPerKey, skew: keySkew },
      draw,
      (index) => ({
        name: nameOf(index),
        next: 1,
      }),
    );
  }

  next(worker: number): Next {
    const counter = this.#counters.use();
    const { name: key, next: value } = counter;
    if (this.#onlyReads(worker)) return { type: "operation", operation: { f: "read", key } };
    counter.next = value === 1 ? -1 : 1;
    return { type: "operation", operation: { f: "add", key, value } };
  }

  finalOperations(): readonly Operation[] {
    return Array.from({ length: this.#counters.count }, (_, index) => ({ f: "read", key: nameOf(index) }));
  }
}

function nameOf(index: number): string {
  return `c${index}`;
}
