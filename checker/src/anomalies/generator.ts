import type { HistoryEvent } from "../checks/check.js";
import { Random } from "../generator.js";
import { at } from "../operation.js";
import type { AnomalyType } from "./anomaly.js";
import { SCENARIO_PROCESSES, scenarioEvents } from "./planted.js";

export interface TransactionGeneratorOptions {
  readonly seed: number;
  readonly transactions: number;
  readonly clients: number;
  /** Keys in use at a time (10 if absent). Each is replaced by a new one after `appendsPerKey` (32). */
  readonly keys?: number;
  readonly appendsPerKey?: number;
  /** A transaction has 1 to so many micro-operations (4), of which this share are reads (0.5). */
  readonly maxOperations?: number;
  readonly reads?: number;
  /** Share of transactions that fail; that never return, and take effect or do not (0 each). */
  readonly failRate?: number;
  readonly crashRate?: number;
  /** At the end one client reads every key, so that the order of all appends is known. */
  readonly finalReads?: boolean;
  /** Put into the midst of the history, each on keys and by processes of its own. */
  readonly plant?: readonly AnomalyType[];
}

/**
 * A history of list-append transactions of concurrent clients: strictly serializable by construction, since each
 * takes effect at one instant between its invocation and its completion, except for what is planted. The
 * same options give the same history.
 */
export function generateTransactions(options: TransactionGeneratorOptions): HistoryEvent[] {
  return new Simulation(options).run();
}

type MicroOperation = readonly ["append" | "r", number, number | readonly number[] | null];

interface Client {
  process: number;
  operations: readonly MicroOperation[] | undefined;
  /** What it answers, once it has taken effect; itself, if it never does. */
  result: readonly MicroOperation[] | undefined;
  fate: "ok" | "fail" | "lost" | "info";
}

class Simulation {
  readonly #options: TransactionGeneratorOptions;
  readonly #random: Random;
  readonly #lists: number[][] = [];
  /** Appends handed out, by key. */
  readonly #handedOut: number[] = [];
  readonly #active: number[] = [];
  readonly #clients: Client[] = [];
  #events: HistoryEvent[] = [];
  #nextProcess: number;
  #begun = 0;

  constructor(options: TransactionGeneratorOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    for (let i = 0; i < (options.keys ?? 10); i++) this.#active.push(this.#newKey());
    for (let process = 0; process < options.clients; process++)
      this.#clients.push({ process, operations: undefined, result: undefined, fate: "ok" });
    this.#nextProcess = options.clients;
  }

  run(): HistoryEvent[] {
    const busy = [...this.#clients];
    while (busy.length > 0) {
      const chosen = this.#random.below(busy.length);
      const client = at(busy, chosen);
      if (this.#step(client)) continue;
      busy[chosen] = at(busy, busy.length - 1);
      busy.pop();
    }
    if (this.#options.finalReads === true) this.#readAll();
    for (const type of this.#options.plant ?? []) this.#plant(type);
    return this.#events;
  }

  /** The next thing that the client does; false: nothing is left to do. */
  #step(client: Client): boolean {
    if (client.operations === undefined) {
      if (this.#begun >= this.#options.transactions) return false;
      this.#begun++;
      client.operations = this.#transaction();
      client.fate = this.#fate();
      this.#emit("invoke", client, client.operations);
      return true;
    }
    if (client.result === undefined) {
      const happens = client.fate === "ok" || client.fate === "info";
      client.result = happens
        ? client.operations.map((operation) => this.#apply(operation))
        : client.operations;
      return true;
    }
    const type = client.fate === "ok" || client.fate === "fail" ? client.fate : "info";
    this.#emit(type, client, type === "ok" ? client.result : client.operations);
    client.operations = client.result = undefined;
    // A process ends with an operation whose outcome it never learnt.
    if (type === "info") client.process = this.#nextProcess++;
    return true;
  }

  #fate(): Client["fate"] {
    const { failRate = 0, crashRate = 0 } = this.#options;
    const chance = this.#random.fraction();
    if (chance < failRate) return "fail";
    if (chance >= failRate + crashRate) return "ok";
    return this.#random.below(2) === 0 ? "info" : "lost";
  }

  #transaction(): MicroOperation[] {
    const { maxOperations = 4, reads = 0.5, appendsPerKey = 32 } = this.#options;
    const operations: MicroOperation[] = [];
    const count = 1 + this.#random.below(maxOperations);
    for (let i = 0; i < count; i++) {
      const slot = this.#random.below(this.#active.length);
      const key = at(this.#active, slot);
      if (this.#random.fraction() < reads) {
        operations.push(["r", key, null]);
        continue;
      }
      const element = at(this.#handedOut, key) + 1;
      this.#handedOut[key] = element;
      operations.push(["append", key, element]);
      if (element >= appendsPerKey) this.#active[slot] = this.#newKey();
    }
    return operations;
  }

  #newKey(): number {
    this.#lists.push([]);
    this.#handedOut.push(0);
    return this.#lists.length - 1;
  }

  #apply(operation: MicroOperation): MicroOperation {
    const list = at(this.#lists, operation[1]);
    if (operation[0] === "r") return ["r", operation[1], list.slice()];
    list.push(operation[2] as number);
    return operation;
  }

  #readAll(): void {
    const client: Client = {
      process: this.#nextProcess++,
      operations: undefined,
      result: undefined,
      fate: "ok",
    };
    for (let key = 0; key < this.#lists.length; key++) {
      const read: MicroOperation = ["r", key, null];
      this.#emit("invoke", client, [read]);
      this.#emit("ok", client, [this.#apply(read)]);
    }
  }

  #emit(type: HistoryEvent["type"], { process }: Client, value: readonly MicroOperation[]): void {
    this.#events.push({ index: this.#events.length, process, type, f: "txn", value });
  }

  #plant(type: AnomalyType): void {
    const planted = scenarioEvents(type, `${type}-${this.#nextProcess}-`, this.#nextProcess);
    this.#nextProcess += SCENARIO_PROCESSES;
    const place = this.#random.below(this.#events.length + 1);
    const events = [...this.#events.slice(0, place), ...planted, ...this.#events.slice(place)];
    this.#events = events.map((event, index) => ({ ...event, index }));
  }
}
