import type {
  Answer,
  Assignment,
  Client,
  Generator,
  Operation,
  Outcome,
  Workload,
} from "@gauntlet/workloads";
import { Roster, wasRefused } from "@gauntlet/workloads";
import { messageOf } from "../errors.js";
import type { RunClock } from "./clock.js";
import type { Pacer } from "./pacer.js";
import type { Recorder } from "./recorder.js";

export interface WorkersOptions {
  /** One client a worker; worker w's is pinned to node w mod nodes. */
  readonly clients: readonly Client[];
  readonly nodes: readonly string[];
  readonly workload: Workload;
  readonly generator: Generator;
  readonly recorder: Recorder;
  readonly clock: RunClock;
  /** A client ends each call within this; the guard below gives an operation one second more than its calls. */
  readonly opTimeoutMs: number;
}

const GUARD_MARGIN_MS = 1_000;
/**
 * Rest of a worker after a refused operation, doubled with each refusal in a row. A node that is down refuses
 * at once; without the rest its workers would eat up the rate, and the keys that the others still work on.
 */
const REFUSED_REST_MS = { first: 100, most: 1_000 } as const;
/** Between two tries of one final read. */
const FINAL_RETRY_MS = 200;

/**
 * The logical processes. Worker w begins as process w and, after an operation with an unknown end,
 * goes on as w + concurrency, w + 2 * concurrency, …: the old process never shows up again.
 */
export class Workers {
  readonly #options: WorkersOptions;

  readonly #processes: number[];

  readonly #busy = new Set<Promise<void>>();

  readonly #failures: unknown[] = [];

  #clientFault: string | null = null;

  constructor(options: WorkersOptions) {
    this.#options = options;
    this.#processes = options.clients.map((_, worker) => worker);
  }

  /** What a client did that its contract forbids (threw, or never ended), or null: the rig's own bug. */
  get clientFault(): string | null {
    return this.#clientFault;
  }

  /**
   * Hands out operations at the pacer's rate until `untilMs` or the signal. Whoever has been idle
   * longest is next, so a worker that hangs on one call holds nobody else up.
   */
  async run(pacer: Pacer, untilMs: number, signal: AbortSignal): Promise<void> {
    const { clock, generator } = this.#options;
    const roster = new Roster(generator, this.#processes.length);
    const restMs = this.#processes.map((): number => REFUSED_REST_MS.first);
    const work = async ({ worker, operation }: Assignment): Promise<void> => {
      const outcome = await this.#execute(worker, operation, {});
      generator.completed?.(worker, operation, outcome.type);
      roster.completed();
      const rest = restMs[worker] ?? REFUSED_REST_MS.first;
      const refused = wasRefused(outcome);
      if (refused) await clock.sleep(rest, signal);
      restMs[worker] = refused ? Math.min(rest * 2, REFUSED_REST_MS.most) : REFUSED_REST_MS.first;
      roster.release(worker);
    };
    while (!signal.aborted && clock.nowMs() < untilMs) {
      this.#throwFailure();
      for (let nowMs = clock.nowMs(); pacer.dueMs < untilMs && pacer.dueMs <= nowMs; nowMs = clock.nowMs()) {
        const assignment = roster.take(nowMs);
        if (assignment === null) break;
        pacer.take(nowMs);
        this.#track(work(assignment));
      }
      // With nobody free this wakes up once a millisecond or so until an answer frees a worker.
      await clock.sleep(Math.max(1, Math.min(pacer.dueMs, untilMs) - clock.nowMs()), signal);
    }
  }

  /** Waits for the operations still open. Each ends within its deadline. */
  async drain(): Promise<void> {
    while (this.#busy.size > 0) await Promise.all(this.#busy);
    this.#throwFailure();
  }

  /**
   * Performs each operation until it is ok, each try as a new operation of the next worker and so of
   * another node. Returns those that were never answered within the bound.
   */
  async runFinal(
    operations: readonly Operation[],
    untilMs: number,
    signal: AbortSignal,
  ): Promise<readonly Operation[]> {
    const queues = this.#processes.map((): { operation: Operation; next: number }[] => []);
    const unread = new Set(operations);
    for (const [index, operation] of operations.entries()) {
      queues[index % queues.length]?.push({ operation, next: index + 1 });
    }
    const { clock } = this.#options;
    const open = (): boolean => unread.size > 0 && clock.nowMs() < untilMs && !signal.aborted;
    const consume = async (worker: number): Promise<void> => {
      while (open()) {
        const entry = queues[worker]?.shift();
        if (entry === undefined) {
          await clock.sleep(20, signal);
          continue;
        }
        const outcome = await this.#execute(worker, entry.operation, { final: true });
        if (outcome.type === "ok") {
          unread.delete(entry.operation);
          continue;
        }
        queues[entry.next % queues.length]?.push({ operation: entry.operation, next: entry.next + 1 });
        await clock.sleep(FINAL_RETRY_MS, signal);
      }
    };
    await Promise.all(queues.map((_, worker) => consume(worker)));
    return [...unread];
  }

  /** Keeps the first failure for run() and drain() to throw: an operation itself never fails so. */
  #track(work: Promise<void>): void {
    const settled = work
      .catch((error: unknown) => void this.#failures.push(error))
      .finally(() => this.#busy.delete(settled));
    this.#busy.add(settled);
  }

  #throwFailure(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  async #execute(
    worker: number,
    operation: Operation,
    extra: Readonly<Record<string, unknown>>,
  ): Promise<Outcome<Answer>> {
    const { clients, nodes, recorder } = this.#options;
    const process = this.#processes[worker];
    const client = clients[worker];
    const node = nodes[worker % nodes.length];
    if (process === undefined || client === undefined || node === undefined) {
      throw new Error(`no worker ${worker}`);
    }
    recorder.invoke(process, node, operation, extra);
    const outcome = await this.#guarded(client, operation);
    recorder.complete(process, node, operation, outcome);
    if (outcome.type === "info") this.#processes[worker] = process + clients.length;
    return outcome;
  }

  /** A client that throws or never ends breaks its contract; what became of the call is unknown. */
  async #guarded(client: Client, operation: Operation): Promise<Outcome<Answer>> {
    const { opTimeoutMs, workload } = this.#options;
    const limitMs = workload.callsPerOperation * opTimeoutMs + GUARD_MARGIN_MS;
    let timer: NodeJS.Timeout | undefined;
    const guard = new Promise<Outcome<Answer>>((resolve) => {
      timer = setTimeout(() => {
        this.#clientFault ??= `${operation.f} did not end within ${limitMs} ms`;
        resolve({ type: "info", error: { code: "rig-timeout", message: `no end within ${limitMs} ms` } });
      }, limitMs);
    });
    try {
      return await Promise.race([workload.perform(client, operation), guard]);
    } catch (error) {
      this.#clientFault ??= `a call of ${operation.f} threw: ${messageOf(error)}`;
      return { type: "info", error: { code: "client-threw", message: messageOf(error) } };
    } finally {
      clearTimeout(timer);
    }
  }
}
