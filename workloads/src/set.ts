import type { HistoryEvent } from "@gauntlet/histories";
import type { Client, Outcome } from "./client.js";
import { CONFLICT } from "./contention.js";
import { eachByItself } from "./each-by-itself.js";
import { readAll } from "./guarded.js";
import { onlyReads } from "./generators/only-reads.js";
import { KeyRotation } from "./key-rotation.js";
import { liveAll } from "./live-all.js";
import { LiveSet } from "./live-set.js";
import { checkRevisions, RevisionOrder } from "./revisions.js";
import { checkAppliedOnce, checkSet } from "./set-check.js";
import type { Answer, Draw, Generator, Next, Operation, Workload, WorkloadOptions } from "./workload.js";

export interface SetOptions {
  /** Sets in use at a time, at least. */
  readonly activeSets: number;
  /** After so many a set is full: one is read by one transaction, which has room for 128. */
  readonly elementsPerSet: number;
}

export const SET_DEFAULTS: SetOptions = { activeSets: 2, elementsPerSet: 64 };

/**
 * Sets that only grow. Each element is a key of its own, written once, so that each acknowledged write can get lost by itself;
 * a read reads all elements of a set at one moment. At the end every set is read once more.
 */
export function setWorkload(options: Partial<SetOptions> = {}): Workload {
  const all = { ...SET_DEFAULTS, ...options };
  return {
    name: "set",
    functions: ["add", "read"],
    callsPerOperation: 1,
    start: (workloadOptions, draw) => new SetGenerator(all, workloadOptions, draw),
    perform: (client, operation) => perform(all, client, operation),
    check: async (history) =>
      eachByItself("set", [
        () => checkSet(history),
        () => checkAppliedOnce(history),
        () => checkRevisions(history, adds),
      ]),
    live: () => liveAll([new RevisionOrder(adds), new LiveSet()]),
  };
}

function adds({ f }: HistoryEvent): boolean {
  return f === "add";
}

async function perform(
  { elementsPerSet }: SetOptions,
  client: Client,
  { f, key = "", value }: Operation,
): Promise<Outcome<Answer>> {
  if (f === "add") return add(client, key, Number(value));
  const keys = Array.from({ length: elementsPerSet }, (_, element) => keyOf(key, element));
  const outcome = await readAll(client, keys);
  if (outcome.type !== "ok") return outcome;
  const found = keys.flatMap((each, element) => {
    const there = outcome.value.get(each) ?? null;
    return there === null ? [] : [{ element, modRevision: there.modRevision }];
  });
  const answer = {
    value: found.map(({ element }) => element),
    modRevisions: found.map(({ modRevision }) => modRevision),
  };
  return { ...outcome, value: answer };
}

/** In every other set on condition that the element is not there yet: that it is shows that a write was repeated. */
async function add(client: Client, set: string, element: number): Promise<Outcome<Answer>> {
  const key = keyOf(set, element);
  if (!isGuarded(set)) {
    const outcome = await client.write(key, String(element));
    return outcome.type === "ok" ? { ...outcome, value: {} } : outcome;
  }
  const put = { type: "put", key, value: String(element) } as const;
  const outcome = await client.transact({ guards: [{ key, modRevision: 0 }], then: [put] });
  if (outcome.type !== "ok") return outcome;
  return outcome.value.succeeded ? { ...outcome, value: {} } : { type: "fail", error: CONFLICT };
}

function isGuarded(set: string): boolean {
  return Number(set.slice(1)) % 2 === 0;
}

function keyOf(set: string, element: number): string {
  return `${set}/${element}`;
}

const WORKERS_PER_KEY = 10;

interface GrowingSet {
  readonly name: string;
  /** Elements handed out: 0, 1, 2 … */
  elements: number;
}

/** Of ten reads so many are of any set that there has been, to see that nothing old gets lost. */
const OLD = 3;

/** Half of the workers only read. */
class SetGenerator implements Generator {
  readonly #onlyReads: (worker: number) => boolean;
  readonly #sets: KeyRotation<GrowingSet>;
  readonly #draw: Draw;

  constructor(options: SetOptions, { concurrency, keySkew }: WorkloadOptions, draw: Draw) {
    this.#onlyReads = onlyReads(Math.floor(concurrency / 2), concurrency);
    this.#draw = draw;
    const { activeSets: active, elementsPerSet: usesPerKey } = options;
    this.#sets = new KeyRotation(
      { active, workersPerKey: WORKERS_PER_KEY, workers: concurrency, usesPerKey, skew: keySkew },
      draw,
      (index) => ({
        name: nameOf(index),
        elements: 0,
      }),
    );
  }

  next(worker: number): Next {
    return {
      type: "operation",
      operation: this.#onlyReads(worker) ? this.#read() : this.#add(),
    };
  }

  finalOperations(): readonly Operation[] {
    return Array.from({ length: this.#sets.count }, (_, index) => ({ f: "read", key: nameOf(index) }));
  }

  #read(): Operation {
    const isOld = this.#draw.below(10) < OLD;
    const key = isOld ? nameOf(this.#draw.below(this.#sets.count)) : this.#sets.look().name;
    return { f: "read", key };
  }

  #add(): Operation {
    const set = this.#sets.use();
    const element = set.elements;
    set.elements += 1;
    return { f: "add", key: set.name, value: element };
  }
}

function nameOf(index: number): string {
  return `s${index}`;
}
