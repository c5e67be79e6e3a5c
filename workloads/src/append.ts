import type { HistoryEvent } from "@gauntlet/histories";
import type { Client, Outcome } from "./client.js";
import { checkAppend } from "./append-check.js";
import { eachByItself } from "./each-by-itself.js";
import { readAll, sameVersion, writeGuarded } from "./guarded.js";
import { onlyReads } from "./generators/only-reads.js";
import { KeyRotation } from "./key-rotation.js";
import { liveAll } from "./live-all.js";
import { LiveAppend } from "./live-append.js";
import { checkRevisions, RevisionOrder } from "./revisions.js";
import type { Answer, Draw, Generator, Next, Operation, Workload, WorkloadOptions } from "./workload.js";

export interface AppendOptions {
  /** Lists in use at a time, at least. */
  readonly activeLists: number;
  /** After so many a list is done: lists are written and read whole, so their length is what they cost. */
  readonly appendsPerList: number;
  /** Micro-operations of a transaction, at most. */
  readonly longest: number;
}

export const APPEND_DEFAULTS: AppendOptions = { activeLists: 5, appendsPerList: 30, longest: 4 };

/** A micro-operation as Elle has it. A read's list is null until it was read; elements of one list are 1, 2, 3 … */
export type MicroOperation =
  | readonly ["append", string, number]
  | readonly ["r", string, readonly Element[] | null];

/** Text: what stands there is no list of numbers, so nobody appended it. */
type Element = number | string;

/**
 * Transactions that append to lists and read them, several at a time: read, then written on condition that none of the
 * lists, read or appended to, has changed. They must be strictly serializable.
 */
export function appendWorkload(options: Partial<AppendOptions> = {}): Workload {
  const all = { ...APPEND_DEFAULTS, ...options };
  return {
    name: "append",
    functions: ["txn"],
    callsPerOperation: 2,
    start: (workloadOptions, draw) => new AppendGenerator(all, workloadOptions, draw),
    perform,
    check: async (history) =>
      eachByItself("append", [() => checkAppend(history), () => checkRevisions(history, appends)]),
    live: () => liveAll([new RevisionOrder(appends), new LiveAppend()]),
  };
}

function appends({ value }: HistoryEvent): boolean {
  return microOperations(value).some(([f]) => f === "append");
}

async function perform(client: Client, { value }: Operation): Promise<Outcome<Answer>> {
  const wanted = microOperations(value);
  const keys = [...new Set(wanted.map(([, key]) => key))];
  const read = await readAll(client, keys);
  if (read.type !== "ok") return read;
  const lists = new Map([...read.value].map(([key, found]) => [key, elementsOf(found?.value)]));
  const appended = new Set<string>();
  const answered = wanted.map((micro): MicroOperation => {
    const [f, key, element] = micro;
    const list = lists.get(key) ?? [];
    if (f === "r") return ["r", key, list];
    lists.set(key, [...list, element]);
    appended.add(key);
    return micro;
  });
  const answer = { value: answered };
  if (appended.size === 0) return { ...read, value: answer };
  const guards = keys.map((key) => sameVersion(key, read.value.get(key) ?? null));
  const puts = new Map([...appended].map((key) => [key, (lists.get(key) ?? []).join(" ")]));
  return writeGuarded(client, guards, puts, answer);
}

function elementsOf(text: string | undefined): readonly Element[] {
  if (text === undefined) return [];
  return text.split(" ").map((word) => (/^\d+$/.test(word) ? Number(word) : word));
}

export function microOperations(value: unknown): readonly MicroOperation[] {
  if (Array.isArray(value)) return value as readonly MicroOperation[];
  throw new Error(`append: a list of micro-operations, not ${JSON.stringify(value)}`);
}

const WORKERS_PER_KEY = 2;

interface List {
  readonly name: string;
  /** Elements handed out. */
  elements: number;
}

/** A final read's lists: few enough for one transaction. */
const LISTS_PER_FINAL_READ = 10;

/** Of five workers two only read. The others mix, so that about half of the micro-operations of their transactions are reads. */
class AppendGenerator implements Generator {
  readonly #options: AppendOptions;
  readonly #onlyReads: (worker: number) => boolean;
  readonly #lists: KeyRotation<List>;
  readonly #draw: Draw;

  constructor(options: AppendOptions, { concurrency, keySkew }: WorkloadOptions, draw: Draw) {
    this.#options = options;
    this.#onlyReads = onlyReads(Math.floor((2 * concurrency) / 5), concurrency);
    this.#draw = draw;
    const { activeLists: active, appendsPerList: usesPerKey } = options;
    this.#lists = new KeyRotation(
      { active, workersPerKey: WORKERS_PER_KEY, workers: concurrency, usesPerKey, skew: keySkew },
      draw,
      (index) => ({
        name: nameOf(index),
        elements: 0,
      }),
    );
  }

  next(worker: number): Next {
    const value = Array.from({ length: 1 + this.#draw.below(this.#options.longest) }, () =>
      this.#onlyReads(worker) || this.#draw.below(2) === 0 ? this.#read() : this.#append(),
    );
    return { type: "operation", operation: { f: "txn", value } };
  }

  finalOperations(): readonly Operation[] {
    const reads = Array.from(
      { length: this.#lists.count },
      (_, index): MicroOperation => ["r", nameOf(index), null],
    );
    const operations: Operation[] = [];
    for (let start = 0; start < reads.length; start += LISTS_PER_FINAL_READ)
      operations.push({ f: "txn", value: reads.slice(start, start + LISTS_PER_FINAL_READ) });
    return operations;
  }

  #read(): MicroOperation {
    return ["r", this.#lists.look().name, null];
  }

  #append(): MicroOperation {
    const list = this.#lists.use();
    list.elements += 1;
    return ["append", list.name, list.elements];
  }
}

function nameOf(index: number): string {
  return `a${index}`;
}
