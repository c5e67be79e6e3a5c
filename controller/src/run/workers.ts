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
import { Deadlines } from "./deadlines.js";
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
  /** Up to so many places, each with one operation at a time; beyond one a worker they are hired when all are busy. */
  readonly maxProcesses: number;
}

const GUARD_MARGIN_MS = 1_000;
/**
 * Rest of a place after a refused operation, doubled with each refusal in a row. A node that is down refuses
 * at once; without the rest its workers would eat up the rate, and the keys that the others still work on.
 */
const REFUSED_REST_MS = { first: 100, most: 1_000 } as const;
/** Between two tries of one final read. */
const FINAL_RETRY_MS = 200;

/**
 * The logical processes. Place p acts for worker p mod workers and shares its client. It begins as process p and, after an
 * operation with an unknown end, goes on as p + maxProcesses, …: the old process never shows up again.
 */
export class Workers {
  readonly #options: WorkersOptions;

  readonly #deadlines: Deadlines;

  /** By place. */
  readonly #processes: number[] = [];

  readonly #restMs: number[] = [];

  #busy = 0;

  #whenDrained: (() => void) | null = null;

  readonly #failures: unknown[] = [];

  #clientFault: string | null = null;

  constructor(options: WorkersOptions) {
    this.#options = options;
    const { workload, opTimeoutMs } = options;
    this.#deadlines = new Deadlines(workload.callsPerOperation * opTimeoutMs + GUARD_MARGIN_MS);
  }

  /** What a client did that its contract forbids (threw, or never ended), or null: the rig's own bug. */
  get clientFault(): string | null {
    return this.#clientFault;
  }

  /** Hands out operations as they arrive, until `untilMs` or the signal, or until there are no more for anybody. */
  async run(pacer: Pacer, untilMs: number, signal: AbortSignal): Promise<void> {
    const { clock, generator, clients, maxProcesses } = this.#options;
    const roster = new Roster(generator, { workers: clients.length, places: maxProcesses });
    let settle = (): void => undefined;
    const over = new Promise<void>((resolve) => (settle = resolve));
    let timer: NodeJS.Timeout | undefined;
    let wakeMs = 0;
    let soon: NodeJS.Immediate | undefined;

    /** After a stall much is due. In portions, so that what is answered at once was not open all at the same time. */
    const handOut = (): void => {
      let nowMs = clock.nowMs();
      if (signal.aborted || nowMs >= untilMs || this.#failures.length > 0) return settle();
      for (let left = clients.length; left > 0 && pacer.dueMs <= nowMs && pacer.dueMs < untilMs; left--) {
        const assignment = roster.take(nowMs);
        if (assignment === null) break;
        const dueMs = pacer.take(nowMs);
        this.#begin(work(assignment, pacer.arrival === "open" ? dueMs : null), settle);
        nowMs = clock.nowMs();
        if (left === 1) freed();
      }
      if (roster.isEmpty && this.#busy === 0) return settle();
      wakeAt(Math.min(Math.max(pacer.dueMs, roster.askAtMs), untilMs), nowMs);
    };
    const pump = (): void => {
      soon = undefined;
      try {
        handOut();
      } catch (error) {
        this.#failures.push(error);
        settle();
      }
    };
    const wakeAt = (atMs: number, nowMs: number): void => {
      clearTimeout(timer);
      wakeMs = atMs;
      timer = setTimeout(pump, Math.max(1, atMs - nowMs));
    };
    /** Somebody is free, or may be asked again: the next arrival is for them. */
    const freed = (): void => {
      const nowMs = clock.nowMs();
      if (pacer.dueMs <= nowMs) soon ??= setImmediate(pump);
      else if (pacer.dueMs < wakeMs) wakeAt(pacer.dueMs, nowMs);
    };
    const work = async (assignment: Assignment, dueMs: number | null): Promise<void> => {
      const { place, worker, operation } = assignment;
      const outcome = await this.#execute(
        place,
        operation,
        dueMs === null ? {} : { due: Math.round(dueMs * 1e6) },
      );
      generator.completed?.(worker, operation, outcome.type);
      roster.completed();
      if (wasRefused(outcome)) {
        freed();
        await this.#rest(place, signal);
      } else this.#restMs[place] = REFUSED_REST_MS.first;
      roster.release(place);
      freed();
    };

    signal.addEventListener("abort", settle);
    pump();
    await over;
    clearTimeout(timer);
    clearImmediate(soon);
    signal.removeEventListener("abort", settle);
    this.#throwFailure();
  }

  /** Waits for the operations still open. Each ends within its deadline. */
  async drain(): Promise<void> {
    if (this.#busy > 0) await new Promise<void>((resolve) => (this.#whenDrained = resolve));
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
    const { clock, clients } = this.#options;
    const queues = clients.map((): { operation: Operation; next: number }[] => []);
    const unread = new Set(operations);
    for (const [index, operation] of operations.entries()) {
      queues[index % queues.length]?.push({ operation, next: index + 1 });
    }
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
  #begin(work: Promise<void>, onFailure: () => void): void {
    this.#busy += 1;
    const ended = (): void => {
      this.#busy -= 1;
      if (this.#busy === 0) this.#whenDrained?.();
    };
    work.then(ended, (error: unknown) => {
      this.#failures.push(error);
      // At once: whoever failed is never free again, so that nobody else may notice before the time is over.
      onFailure();
      ended();
    });
  }

  #throwFailure(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  async #rest(place: number, signal: AbortSignal): Promise<void> {
    const restMs = this.#restMs[place] ?? REFUSED_REST_MS.first;
    this.#restMs[place] = Math.min(restMs * 2, REFUSED_REST_MS.most);
    await this.#options.clock.sleep(restMs, signal);
  }

  async #execute(
    place: number,
    operation: Operation,
    extra: Readonly<Record<string, unknown>>,
  ): Promise<Outcome<Answer>> {
    const { clients, nodes, recorder, maxProcesses } = this.#options;
    const worker = place % clients.length;
    const process = this.#processes[place] ?? place;
    const client = clients[worker];
    const node = nodes[worker % nodes.length];
    if (client === undefined || node === undefined) throw new Error(`no worker ${worker}`);
    recorder.invoke(process, node, operation, extra);
    const outcome = await this.#guarded(client, operation);
    recorder.complete(process, node, operation, outcome);
    if (outcome.type === "info") this.#processes[place] = process + maxProcesses;
    return outcome;
  }

  /** A client that throws or never ends breaks its contract; what became of the call is unknown. */
  #guarded(client: Client, operation: Operation): Promise<Outcome<Answer>> {
    return new Promise((resolve) => {
      const broken = (code: string, what: string): void => {
        this.#clientFault ??= `${operation.f} ${what}`;
        resolve({ type: "info", error: { code, message: what } });
      };
      const guard = this.#deadlines.add(() =>
        broken("rig-timeout", "did not end within its calls' deadlines"),
      );
      this.#perform(client, operation).then(
        (outcome) => {
          this.#deadlines.over(guard);
          return resolve(outcome);
        },
        (error: unknown) => {
          this.#deadlines.over(guard);
          broken("client-threw", `threw: ${messageOf(error)}`);
        },
      );
    });
  }

  /** Rejects also where the client throws before there is a promise. */
  async #perform(client: Client, operation: Operation): Promise<Outcome<Answer>> {
    return this.#options.workload.perform(client, operation);
  }
}
