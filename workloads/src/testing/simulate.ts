import type { HistoryEvent } from "@gauntlet/histories";
import type { CallError, Client, Outcome, Transaction, TransactionAnswer } from "../client.js";
import type { Answer, Draw, Generator, Operation, Workload } from "../workload.js";
import { type Serve, soundStore } from "./broken-store.js";
import { clientOf, isReadOnly } from "./store.js";

export interface Simulation {
  readonly workload: Workload;
  readonly concurrency: number;
  readonly nodes: number;
  readonly operations: number;
  readonly draw: Draw;
  readonly keySkew?: number;
  /** A sound store if absent. */
  readonly serve?: Serve;
  /** Of a thousand calls so many are refused, and twice as many lost; 25 if absent. */
  readonly trouble?: number;
}

/** What a worker is at. */
type Stage =
  | { readonly type: "idle" }
  /** It waits for a call that has not reached the store. */
  | { readonly type: "called"; readonly transaction: Transaction; readonly answer: Deliver }
  /** For the answer of one that has been dealt with. */
  | { readonly type: "answered"; readonly outcome: Outcome<TransactionAnswer>; readonly answer: Deliver }
  | { readonly type: "done"; readonly outcome: Outcome<Answer> };
type Deliver = (outcome: Outcome<TransactionAnswer>) => void;

const IDLE: Stage = { type: "idle" };
const LOST: CallError = { code: "deadline-exceeded", message: "lost on the way" };
const REFUSED: CallError = { code: "never-sent", message: "refused" };

/**
 * Runs a workload's generator against a store, with operations whose calls overlap at random: each call takes effect at one
 * moment between the call and its answer; or is refused; or its answer is lost, and it may take effect much later or never.
 * Of a sound store the history is therefore strictly serializable. Final operations come at the end.
 */
export async function simulate(simulation: Simulation): Promise<HistoryEvent[]> {
  const world = new World(simulation);
  await world.load();
  await world.final();
  return world.history;
}

class World {
  readonly history: HistoryEvent[] = [];
  readonly #simulation: Simulation;
  readonly #serve: Serve;
  readonly #generator: Generator;
  readonly #processes: number[];
  readonly #stages: Stage[];
  readonly #operations = new Map<number, Operation>();
  /** Calls whose answers were lost, and that may take effect yet. */
  readonly #ghosts: Transaction[] = [];

  constructor(simulation: Simulation) {
    const { workload, concurrency, nodes, draw, keySkew } = simulation;
    this.#simulation = simulation;
    this.#serve = simulation.serve ?? soundStore();
    const options = keySkew === undefined ? { concurrency, nodes } : { concurrency, nodes, keySkew };
    this.#generator = workload.start(options, draw);
    this.#processes = Array.from({ length: concurrency }, (_, worker) => worker);
    this.#stages = this.#processes.map(() => IDLE);
  }

  async load(): Promise<void> {
    const { operations, concurrency, draw } = this.#simulation;
    let left = operations;
    while (left > 0 || this.#stages.some(({ type }) => type !== "idle")) {
      this.#haunt();
      const worker = draw.below(concurrency);
      if (this.#stages[worker]?.type !== "idle") {
        await this.#advance(worker);
        continue;
      }
      if (left === 0) continue;
      const next = this.#generator.next(worker, this.history.length);
      if (next.type === "done") left = 0;
      if (next.type !== "operation") continue;
      left -= 1;
      this.#begin(worker, next.operation);
      await this.#settled(() => this.#perform(worker, next.operation));
    }
  }

  async final(): Promise<void> {
    const client = clientOf(async (transaction) => this.#serve(transaction));
    for (const operation of this.#generator.finalOperations()) {
      this.#begin(0, operation);
      this.#end(0, operation, await this.#simulation.workload.perform(client, operation));
    }
  }

  async #advance(worker: number): Promise<void> {
    const stage = this.#stages[worker] ?? IDLE;
    if (stage.type === "called") {
      const { transaction, answer } = stage;
      this.#stages[worker] = { type: "answered", outcome: this.#deal(transaction), answer };
    } else if (stage.type === "answered") {
      await this.#settled(() => stage.answer(stage.outcome));
    } else if (stage.type === "done") {
      const operation = this.#operations.get(worker);
      if (operation === undefined) throw new Error("an operation ends that did not begin");
      this.#stages[worker] = IDLE;
      this.#end(worker, operation, stage.outcome);
      this.#generator.completed?.(worker, operation, stage.outcome.type);
    }
  }

  /** What becomes of a call. */
  #deal(transaction: Transaction): Outcome<TransactionAnswer> {
    const { draw, trouble = 25 } = this.#simulation;
    const fate = draw.below(1_000);
    if (fate < trouble) return { type: "fail", error: REFUSED };
    const isLost = fate < 3 * trouble;
    if (isLost && isReadOnly(transaction)) return { type: "fail", error: LOST };
    if (fate < 2 * trouble) {
      this.#ghosts.push(transaction);
      return { type: "info", error: LOST };
    }
    const outcome = this.#serve(transaction);
    return isLost ? { type: "info", error: LOST } : outcome;
  }

  /** Half of the ghosts never take effect. */
  #haunt(): void {
    const { draw } = this.#simulation;
    if (this.#ghosts.length === 0 || draw.below(60) > 0) return;
    const [ghost] = this.#ghosts.splice(draw.below(this.#ghosts.length), 1);
    if (ghost !== undefined && draw.below(2) === 0) this.#serve(ghost);
  }

  #begin(worker: number, operation: Operation): void {
    this.#operations.set(worker, operation);
    this.#emit(worker, { type: "invoke", ...operation });
  }

  #perform(worker: number, operation: Operation): void {
    const client: Client = clientOf(
      (transaction) =>
        new Promise((answer) => {
          this.#stages[worker] = { type: "called", transaction, answer };
          this.#noticed();
        }),
    );
    const done = async (): Promise<void> => {
      const outcome = await this.#simulation.workload.perform(client, operation);
      this.#stages[worker] = { type: "done", outcome };
      this.#noticed();
    };
    void done();
  }

  #noticed: () => void = () => undefined;

  /** Goes on once the worker waits for its next call, or has done. */
  async #settled(step: () => void): Promise<void> {
    const settled = new Promise<void>((resolve) => {
      this.#noticed = resolve;
    });
    step();
    await settled;
  }

  #end(worker: number, operation: Operation, outcome: Outcome<Answer>): void {
    this.#emit(
      worker,
      outcome.type === "ok"
        ? { type: "ok", ...operation, ...outcome.value, revision: outcome.revision }
        : { type: outcome.type, ...operation, error: outcome.error },
    );
    if (outcome.type === "info")
      this.#processes[worker] = (this.#processes[worker] ?? 0) + this.#processes.length;
  }

  #emit(worker: number, event: Pick<HistoryEvent, "type" | "f"> & Partial<HistoryEvent>): void {
    const index = this.history.length;
    const process = this.#processes[worker] ?? 0;
    const node = `n${(worker % this.#simulation.nodes) + 1}`;
    this.history.push({ index, time: index * 1_000_000, process, node, ...event });
  }
}
