import type { HistoryEvent } from "@gauntlet/histories";
import type { CallError, Client, Found, Outcome, Transaction, TransactionAnswer } from "../client.js";
import type { Draw, Generator, Operation, Workload } from "../workload.js";

/** Registers behind a Client, correct by construction: every call takes effect at once, in one order. */
export class RegisterStore {
  readonly #values = new Map<string, Found>();
  #revision = 1;

  readonly client: Client = {
    read: async (key) => this.#ok(this.#values.get(key)?.value ?? null),
    write: async (key, value) => {
      this.#set(key, value);
      return this.#ok(undefined);
    },
    compareAndSet: async (key, from, to) => {
      const found = this.#values.get(key)?.value === from;
      if (found) {
        this.#set(key, to);
      }
      return this.#ok(found);
    },
    transact: async (transaction) => this.#ok(this.#transact(transaction)),
  };

  #transact({ guards, then, else: otherwise = [] }: Transaction): TransactionAnswer {
    const succeeded = guards.every((guard) => {
      const found = this.#values.get(guard.key);
      return "value" in guard
        ? found?.value === guard.value
        : (found?.modRevision ?? 0) === guard.modRevision;
    });
    const steps = succeeded ? then : otherwise;
    const modRevision = this.#revision + 1;
    const reads: (Found | null)[] = [];
    for (const step of steps) {
      if (step.type === "get") reads.push(this.#values.get(step.key) ?? null);
      else this.#values.set(step.key, { value: step.value, modRevision });
    }
    if (steps.some(({ type }) => type === "put")) this.#revision = modRevision;
    return { succeeded, reads };
  }

  #set(key: string, value: string): void {
    this.#revision += 1;
    this.#values.set(key, { value, modRevision: this.#revision });
  }

  #ok<Value>(value: Value): Outcome<Value> {
    return { type: "ok", value, revision: this.#revision };
  }
}

export interface Simulation {
  readonly workload: Workload;
  readonly concurrency: number;
  readonly nodes: number;
  readonly operations: number;
  readonly draw: Draw;
}

interface Pending {
  readonly operation: Operation;
  /** Null until it has taken effect. */
  outcome: Outcome<Readonly<Record<string, unknown>>> | null;
}

const LOST: CallError = { code: "deadline-exceeded", message: "lost on the way back" };
const REFUSED: CallError = { code: "never-sent", message: "refused" };

/**
 * Runs a workload's generator against a correct store with overlapping operations: each is invoked, takes
 * effect once somewhere in between (or never, or its answer is lost), and is completed. The history is
 * therefore linearizable. Final reads come at the end.
 */
export async function simulate(simulation: Simulation): Promise<HistoryEvent[]> {
  const { workload, concurrency, nodes, operations, draw } = simulation;
  const store = new RegisterStore();
  const generator = workload.start({ concurrency, nodes }, draw);
  const history: HistoryEvent[] = [];
  const processes = Array.from({ length: concurrency }, (_, worker) => worker);
  const pending = new Map<number, Pending>();
  const emit = (worker: number, event: Pick<HistoryEvent, "type" | "f"> & Partial<HistoryEvent>): void => {
    const process = processes[worker] ?? 0;
    const node = `n${(worker % nodes) + 1}`;
    history.push({ index: history.length, time: history.length * 1_000_000, process, node, ...event });
  };
  let left = operations;
  while (left > 0 || pending.size > 0) {
    const worker = draw.below(concurrency);
    const open = pending.get(worker);
    if (open === undefined) {
      if (left > 0) {
        left -= 1;
        const next = generator.next(worker, history.length);
        if (next.type !== "operation") continue;
        const { operation } = next;
        pending.set(worker, { operation, outcome: null });
        emit(worker, { type: "invoke", ...operation });
      }
    } else if (open.outcome === null) {
      open.outcome = await effect(simulation, store, open.operation);
    } else {
      pending.delete(worker);
      emit(worker, completion(open.operation, open.outcome));
      generator.completed?.(worker, open.operation, open.outcome.type);
      if (open.outcome.type === "info") {
        processes[worker] = (processes[worker] ?? 0) + concurrency;
      }
    }
  }
  await readAll(generator, workload, store, emit);
  return history;
}

async function effect(
  { workload, draw }: Simulation,
  store: RegisterStore,
  operation: Operation,
): Promise<Outcome<Readonly<Record<string, unknown>>>> {
  const fate = draw.below(100);
  if (fate < 3) {
    return { type: "fail", error: REFUSED };
  }
  const outcome = fate === 4 ? null : await workload.perform(store.client, operation);
  return outcome === null || fate < 6 ? { type: "info", error: LOST } : outcome;
}

async function readAll(
  generator: Generator,
  workload: Workload,
  store: RegisterStore,
  emit: (worker: number, event: Pick<HistoryEvent, "type" | "f"> & Partial<HistoryEvent>) => void,
): Promise<void> {
  for (const operation of generator.finalOperations()) {
    emit(0, { type: "invoke", ...operation });
    emit(0, completion(operation, await workload.perform(store.client, operation)));
  }
}

function completion(
  operation: Operation,
  outcome: Outcome<Readonly<Record<string, unknown>>>,
): Pick<HistoryEvent, "type" | "f"> & Partial<HistoryEvent> {
  return outcome.type === "ok"
    ? { type: "ok", ...operation, ...outcome.value, revision: outcome.revision }
    : { type: outcome.type, ...operation, error: outcome.error };
}
