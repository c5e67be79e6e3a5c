import type { HistoryEvent } from "@gauntlet/histories";
import type { Client, Outcome, Step } from "./client.js";
import { eachByItself } from "./each-by-itself.js";
import { onlyReads } from "./generators/only-reads.js";
import { KeyRotation } from "./key-rotation.js";
import { checkLinearizability } from "./linearizability.js";
import { liveAll } from "./live-all.js";
import { LiveLinearizability } from "./live-linearizability.js";
import { checkRevisions, RevisionOrder } from "./revisions.js";
import { MULTI_REGISTER } from "./sequential-objects.js";
import type { Answer, Draw, Generator, Next, Operation, Workload, WorkloadOptions } from "./workload.js";

export interface MultiRegisterOptions {
  readonly registersPerGroup: number;
  /** For each group in use so many workers: what bounds how many operations of one group are open at a time. */
  readonly workersPerGroup: number;
  /** After so many a group is done: what bounds the cost of checking one. */
  readonly operationsPerGroup: number;
}

export const MULTI_REGISTER_DEFAULTS: MultiRegisterOptions = {
  registersPerGroup: 3,
  workersPerGroup: 5,
  operationsPerGroup: 60,
};

/** What an operation does to one register: a read says null, until it is answered. */
type Access = readonly ["r", string, string | null] | readonly ["w", string, string];

/** Groups of registers, of which each operation reads and writes some at one moment; each group must be linearizable. */
export function multiRegisterWorkload(options: Partial<MultiRegisterOptions> = {}): Workload {
  const all = { ...MULTI_REGISTER_DEFAULTS, ...options };
  return {
    name: "multi-register",
    functions: ["txn"],
    callsPerOperation: 1,
    start: (workloadOptions, draw) => new MultiRegisterGenerator(all, workloadOptions, draw),
    perform,
    check: async (history, limits) =>
      eachByItself("multi-register", [
        () => checkLinearizability(MULTI_REGISTER, history, limits),
        () => checkRevisions(history, writes),
      ]),
    live: () => liveAll([new RevisionOrder(writes), new LiveLinearizability(MULTI_REGISTER)]),
  };
}

function writes({ value }: HistoryEvent): boolean {
  return accesses(value).some(([f]) => f === "w");
}

async function perform(client: Client, { value }: Operation): Promise<Outcome<Answer>> {
  const wanted = accesses(value);
  const then = wanted.map(
    ([f, key, put]): Step => (f === "r" ? { type: "get", key } : { type: "put", key, value: put }),
  );
  const outcome = await client.transact({ guards: [], then });
  if (outcome.type !== "ok") return outcome;
  const reads = outcome.value.reads.values();
  const answered = wanted.map((access): Access => {
    if (access[0] === "w") return access;
    return ["r", access[1], reads.next().value?.value ?? null];
  });
  return { ...outcome, value: { value: answered } };
}

function accesses(value: unknown): readonly Access[] {
  if (Array.isArray(value)) return value as readonly Access[];
  throw new Error(`multi-register: a list of reads and writes, not ${JSON.stringify(value)}`);
}

/** Odd groups write few values: equal writes make histories that unique values never make. */
const FEW_VALUES = 3;

interface Group {
  readonly name: string;
  readonly isUnique: boolean;
  /** Values handed out. */
  values: number;
}

/**
 * Half of the workers only read, each time all registers of a group, as one snapshot; the others read and write a random
 * part of them, in random order.
 */
class MultiRegisterGenerator implements Generator {
  readonly #options: MultiRegisterOptions;
  readonly #onlyReads: (worker: number) => boolean;
  readonly #groups: KeyRotation<Group>;
  readonly #draw: Draw;

  constructor(options: MultiRegisterOptions, { concurrency, keySkew }: WorkloadOptions, draw: Draw) {
    this.#options = options;
    this.#onlyReads = onlyReads(Math.floor(concurrency / 2), concurrency);
    this.#draw = draw;
    const { workersPerGroup, operationsPerGroup: usesPerKey } = options;
    this.#groups = new KeyRotation(
      { active: 1, workersPerKey: workersPerGroup, workers: concurrency, usesPerKey, skew: keySkew },
      draw,
      (index) => ({
        name: nameOf(index),
        isUnique: index % 2 === 0,
        values: 0,
      }),
    );
  }

  next(worker: number): Next {
    const group = this.#groups.use();
    const operation = this.#onlyReads(worker)
      ? this.#snapshot(group.name)
      : { ...TXN, key: group.name, value: this.#mix(group) };
    return { type: "operation", operation };
  }

  finalOperations(): readonly Operation[] {
    return Array.from({ length: this.#groups.count }, (_, index) => this.#snapshot(nameOf(index)));
  }

  #snapshot(group: string): Operation {
    return { ...TXN, key: group, value: this.#registers(group).map((key): Access => ["r", key, null]) };
  }

  /** At least one access; a register now and then read and written, as then the one has to see the other. */
  #mix(group: Group): readonly Access[] {
    const registers = [...this.#registers(group.name)];
    const wanted = 1 + this.#draw.below(registers.length);
    const mixed: Access[] = [];
    for (let count = 0; count < wanted; count++) {
      const [register = ""] = registers.splice(this.#draw.below(registers.length), 1);
      const read: Access = ["r", register, null];
      const kind = this.#draw.below(8);
      if (kind >= 6) mixed.push(read);
      else {
        const write: Access = ["w", register, this.#value(group)];
        mixed.push(...(kind < 4 ? [write] : kind === 4 ? [read, write] : [write, read]));
      }
    }
    return mixed;
  }

  #value(group: Group): string {
    if (!group.isUnique) return String(1 + this.#draw.below(FEW_VALUES));
    group.values += 1;
    return String(group.values);
  }

  #registers(group: string): readonly string[] {
    return Array.from({ length: this.#options.registersPerGroup }, (_, register) => `${group}/${register}`);
  }
}

const TXN = { f: "txn" } as const;

function nameOf(index: number): string {
  return `m${index}`;
}
