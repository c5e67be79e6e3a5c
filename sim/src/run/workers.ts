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
import type { Loop } from "../world/loop.js";
import type { Pacer } from "./pacer.js";
import type { Recorder } from "./recorder.js";

export interface WorkersOptions {
  readonly loop: Loop;
  /** One a worker; worker w's is pinned to node w mod nodes. */
  readonly clients: readonly Client[];
  readonly nodes: readonly string[];
  readonly workload: Workload;
  readonly generator: Generator;
  readonly recorder: Recorder;
  /** For the trace. */
  readonly onInvoke: (process: number, node: string, operation: Operation) => void;
  readonly onComplete: (
    process: number,
    node: string,
    operation: Operation,
    outcome: Outcome<Answer>,
  ) => void;
}

/** Rest of a worker after a refused operation, doubled with each refusal in a row, as in the rig. */
const REFUSED_REST_MS = { first: 100, most: 1_000 } as const;
/** Between two tries of one final read. */
const FINAL_RETRY_MS = 200;

/**
 * The logical processes. Worker w begins as process w and, after an operation with an unknown end, goes on as
 * w + concurrency: the old process never shows up again. Nothing here may throw into the loop but a bug.
 */
export class Workers {
  private readonly options: WorkersOptions;
  private readonly processes: number[];
  /** What was thrown here, or by a call against its contract: the simulator's bug. Null: nothing. */
  problem: unknown = null;
  private busy = 0;
  private whenIdle: (() => void) | null = null;

  constructor(options: WorkersOptions) {
    this.options = options;
    this.processes = options.clients.map((_, worker) => worker);
  }

  get busyCount(): number {
    return this.busy;
  }

  /**
   * Hands out operations at the pacer's rate until `untilMs`, `most` at most; whoever has been idle longest is next.
   * Resolves when the time is over; operations may be open then.
   */
  run(pacer: Pacer, untilMs: number, most: number): Promise<void> {
    const { loop, generator } = this.options;
    const beganMs = loop.nowMs;
    const roster = new Roster(generator, { workers: this.processes.length, places: this.processes.length });
    const restMs = this.processes.map((): number => REFUSED_REST_MS.first);
    let left = most;
    let armedMs = Number.POSITIVE_INFINITY;
    const rested = (worker: number): void => {
      roster.release(worker);
      pump();
    };
    const done = ({ worker, operation }: Assignment, outcome: Outcome<Answer>): void => {
      generator.completed?.(worker, operation, outcome.type);
      roster.completed();
      const rest = restMs[worker] as number;
      if (!wasRefused(outcome)) {
        restMs[worker] = REFUSED_REST_MS.first;
        rested(worker);
        return;
      }
      restMs[worker] = Math.min(rest * 2, REFUSED_REST_MS.most);
      loop.after(rest, () => rested(worker));
      pump();
    };
    const work = async (assignment: Assignment): Promise<void> => {
      done(assignment, await this.execute(assignment.worker, assignment.operation, false));
    };
    /** `leastMs`: it is at least so late, whatever rounding makes of the difference. */
    const pump = (leastMs = 0): void => {
      const now = Math.max(loop.nowMs - beganMs, leastMs);
      if (now >= untilMs) return;
      while (left > 0 && pacer.dueMs < untilMs && pacer.dueMs <= now) {
        const assignment = roster.take(now);
        if (assignment === null) break;
        pacer.take(now);
        left -= 1;
        this.track(work(assignment));
      }
      const wakeMs = Math.max(pacer.dueMs, roster.askAtMs);
      if (wakeMs >= armedMs || left === 0 || pacer.dueMs >= untilMs || wakeMs >= untilMs) return;
      armedMs = wakeMs;
      loop.after(beganMs + wakeMs - loop.nowMs, () => {
        armedMs = Number.POSITIVE_INFINITY;
        pump(wakeMs);
      });
    };
    pump();
    return loop.sleep(untilMs);
  }

  /** Resolves to true when no operation is open, to false if that takes longer than `boundMs`. */
  async drain(boundMs: number): Promise<boolean> {
    if (this.busy === 0) return true;
    const { loop } = this.options;
    return new Promise((resolve) => {
      const settle = (isIdle: boolean): void => {
        loop.settle();
        resolve(isIdle);
      };
      const limit = loop.after(boundMs, () => settle(false));
      this.whenIdle = () => {
        limit.cancelled = true;
        settle(true);
      };
    });
  }

  /**
   * Performs each operation until it is ok, each try as a new operation of another worker. `isOf`: the workers that
   * take part. Resolves to those that were not answered by `untilMs` of the loop.
   */
  async runFinal(
    operations: readonly Operation[],
    untilMs: number,
    isOf: (worker: number) => boolean,
  ): Promise<readonly Operation[]> {
    const { loop } = this.options;
    const workers = this.processes.map((_, worker) => worker).filter(isOf);
    const unread = new Set(operations);
    const queues = workers.map((): { operation: Operation; next: number }[] => []);
    for (const [at, operation] of operations.entries()) {
      queues[at % queues.length]?.push({ operation, next: at + 1 });
    }
    const consume = async (worker: number, at: number): Promise<void> => {
      while (unread.size > 0 && loop.nowMs < untilMs) {
        const entry = queues[at]?.shift();
        if (entry === undefined) {
          await loop.sleep(20);
          continue;
        }
        const outcome = await this.execute(worker, entry.operation, true);
        if (outcome.type === "ok") {
          unread.delete(entry.operation);
          continue;
        }
        queues[entry.next % queues.length]?.push({ operation: entry.operation, next: entry.next + 1 });
        await loop.sleep(FINAL_RETRY_MS);
      }
    };
    await Promise.all(workers.map((worker, at) => consume(worker, at)));
    return [...unread];
  }

  private track(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.problem ??= error;
    });
  }

  private async execute(worker: number, operation: Operation, isFinal: boolean): Promise<Outcome<Answer>> {
    const { clients, nodes, recorder, workload, loop, onInvoke, onComplete } = this.options;
    const process = this.processes[worker] as number;
    const client = clients[worker] as Client;
    const node = nodes[worker % nodes.length] as string;
    recorder.invoke(process, node, operation, isFinal);
    onInvoke(process, node, operation);
    this.busy += 1;
    loop.settle();
    const outcome = await workload.perform(client, operation).catch((error: unknown): Outcome<Answer> => {
      this.problem ??= error;
      return { type: "info", error: { code: "client-threw", message: String(error) } };
    });
    this.busy -= 1;
    recorder.complete(process, node, operation, outcome);
    onComplete(process, node, operation, outcome);
    if (outcome.type === "info") this.processes[worker] = process + clients.length;
    if (this.busy === 0 && this.whenIdle !== null) {
      const whenIdle = this.whenIdle;
      this.whenIdle = null;
      whenIdle();
    }
    return outcome;
  }
}
