import type { HistoryEvent } from "@gauntlet/histories";
import { uniqueIds } from "porcupine-ts/checks";
import type { Client, Outcome } from "./client.js";
import { checkCounterBounds, liveCounterBounds } from "./counter-bounds.js";
import { add, readNumber } from "./counter.js";
import { eachByItself } from "./each-by-itself.js";
import { resultOf, runCheck } from "./evidence.js";
import { zipf } from "./generators/zipf.js";
import { checkIdOrder, IdOrder } from "./id-order.js";
import { liveAll } from "./live-all.js";
import { checkRevisions, RevisionOrder } from "./revisions.js";
import type { Answer, Draw, Generator, Next, Operation, Workload, WorkloadOptions } from "./workload.js";

/** So that not every worker is in every other one's way. */
const WORKERS_PER_SEQUENCE = 2;

/** Ids from sequences, each a number in one key that goes up by compare-and-set. No id may be handed out twice. */
export function uniqueIdsWorkload(): Workload {
  return {
    name: "unique-ids",
    functions: ["generate"],
    callsPerOperation: 2,
    start: (options, draw) => new UniqueIdsGenerator(options, draw),
    perform,
    check: async (history) =>
      eachByItself("unique-ids", [
        () => {
          const ids = history.filter(({ f }) => f === "generate");
          return resultOf("unique-ids", runCheck(uniqueIds(), ids), ({ duplicates }) =>
            duplicates.first.flatMap(({ operations }) => operations.first.map(({ index }) => index)),
          );
        },
        () => checkIdOrder(history),
        () => checkCounterBounds(history),
        () => checkRevisions(history, generates),
      ]),
    live: () => liveAll([new IdOrder(), new RevisionOrder(generates), liveCounterBounds()]),
  };
}

function generates({ f }: HistoryEvent): boolean {
  return f === "generate";
}

async function perform(client: Client, { f, key = "" }: Operation): Promise<Outcome<Answer>> {
  if (f === "read") {
    const outcome = await readNumber(client, key);
    return outcome.type === "ok" ? { ...outcome, value: { value: outcome.value } } : outcome;
  }
  const outcome = await add(client, key, 1);
  return outcome.type === "ok" ? { ...outcome, value: { value: `${key}-${outcome.value + 1}` } } : outcome;
}

/** Every worker asks for ids. What the sequences stand at is read at the end, and now and then before. */
class UniqueIdsGenerator implements Generator {
  readonly #sequences: number;
  readonly #draw: Draw;
  readonly #rank: (draw: Draw) => number;

  constructor({ concurrency, keySkew }: WorkloadOptions, draw: Draw) {
    this.#sequences = Math.ceil(concurrency / WORKERS_PER_SEQUENCE);
    this.#draw = draw;
    this.#rank = zipf(this.#sequences, keySkew ?? 0);
  }

  next(): Next {
    const key = nameOf(this.#rank(this.#draw));
    const f = this.#draw.below(10) === 0 ? "read" : "generate";
    return { type: "operation", operation: { f, key } };
  }

  finalOperations(): readonly Operation[] {
    return Array.from({ length: this.#sequences }, (_, index) => ({ f: "read", key: nameOf(index) }));
  }
}

function nameOf(index: number): string {
  return `u${index}`;
}
