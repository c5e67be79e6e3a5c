import type { FaultRecord, HistoryEvent } from "@gauntlet/histories";
import type { Draw, Operation } from "@gauntlet/workloads";
import { registerWorkload } from "@gauntlet/workloads";

/** What happens in a sample run besides operations. Times in milliseconds. */
export interface SampleOptions {
  readonly draw: Draw;
  readonly lengthMs: number;
  readonly operationsPerSecond: number;
  readonly faults: readonly FaultRecord[];
  /** While n3 is isolated it answers reads from what it knew when the isolation began. */
  readonly staleReads: boolean;
}

interface Step {
  readonly timeMs: number;
  readonly act: () => void;
}

const WORKERS = 10;
const NODES = 5;
const TIMEOUT_MS = 2000;

/** The history that a register workload leaves on an imagined cluster: correct but for what `staleReads` plants. */
export function sampleHistory(options: SampleOptions): HistoryEvent[] {
  const { draw, lengthMs, operationsPerSecond, faults } = options;
  const generator = registerWorkload().start({ concurrency: WORKERS, nodes: NODES }, draw);
  const store = new SampleStore();
  const history: HistoryEvent[] = [];
  const steps: Step[] = [];
  const busyUntil = Array.from({ length: WORKERS }, () => 0);
  const processes = busyUntil.map((_, worker) => worker);
  const emit = (timeMs: number, event: Omit<HistoryEvent, "index" | "time">): void => {
    history.push({ index: history.length, time: Math.round(timeMs * 1e6), ...event } as HistoryEvent);
  };
  for (const fault of faults.filter(({ startedAtMs }) => startedAtMs !== null)) {
    steps.push({ timeMs: fault.startedAtMs ?? 0, act: () => store.freeze() });
  }
  for (let due = 1; due < lengthMs; due += 1000 / operationsPerSecond) {
    const worker = draw.below(WORKERS);
    if ((busyUntil[worker] ?? 0) > due) {
      continue;
    }
    const next = generator.next(worker, due);
    if (next.type !== "operation") continue;
    const { operation } = next;
    const node = `n${(worker % NODES) + 1}`;
    const hit = faults.find((fault) => isOn(fault, node, due));
    // A deposed leader answers reads at once; what needs a quorum is lost.
    const local = hit?.fault === "partition.isolate" && operation.f === "read";
    const latencyMs = hit === undefined || local ? 0.8 + draw.below(400) / 100 : 20 + draw.below(300);
    const lost = hit !== undefined && !local && draw.below(100) < 25;
    const refused = hit !== undefined && !lost && !local && draw.below(100) < 20;
    const endMs = due + (lost ? TIMEOUT_MS : latencyMs);
    busyUntil[worker] = endMs;
    const process = processes[worker] ?? 0;
    processes[worker] = lost ? process + WORKERS : process;
    const stale = options.staleReads && node === "n3" && hit?.fault === "partition.isolate";
    let answer: Readonly<Record<string, unknown>> = {};
    steps.push({ timeMs: due, act: () => emit(due, { process, type: "invoke", node, ...operation }) });
    steps.push({
      timeMs: due + latencyMs / 2,
      act: () => {
        answer = refused || (lost && draw.below(2) === 0) ? {} : store.apply(operation, stale);
      },
    });
    steps.push({
      timeMs: endMs,
      act: () => emit(endMs, { process, node, ...operation, ...completionOf(lost, refused, answer) }),
    });
  }
  for (const { act } of steps.toSorted((a, b) => a.timeMs - b.timeMs)) {
    act();
  }
  return history;
}

function completionOf(
  lost: boolean,
  refused: boolean,
  answer: Readonly<Record<string, unknown>>,
): Pick<HistoryEvent, "type"> & Readonly<Record<string, unknown>> {
  if (lost) {
    return {
      type: "info",
      error: { code: "deadline-exceeded", message: "10.0.0.3:2379: Deadline exceeded" },
    };
  }
  if (refused) {
    return { type: "fail", error: { code: "no-leader", message: "10.0.0.3:2379: etcdserver: no leader" } };
  }
  return { type: "ok", ...answer };
}

function isOn(fault: FaultRecord, node: string, atMs: number): boolean {
  const { startedAtMs, endedAtMs, nodes } = fault;
  return (
    startedAtMs !== null && atMs >= startedAtMs && atMs <= (endedAtMs ?? Infinity) && nodes.includes(node)
  );
}

class SampleStore {
  readonly #values = new Map<string, string>();
  #frozen = new Map<string, string>();
  #revision = 1;

  freeze(): void {
    this.#frozen = new Map(this.#values);
  }

  apply({ f, key = "", value }: Operation, stale: boolean): Readonly<Record<string, unknown>> {
    if (f === "read") {
      const values = stale && this.#frozen.has(key) ? this.#frozen : this.#values;
      return { value: values.get(key) ?? null, revision: this.#revision };
    }
    const [from, to] = f === "cas" && Array.isArray(value) ? (value as string[]) : [undefined, String(value)];
    const succeeded = f === "write" || this.#values.get(key) === from;
    if (succeeded) {
      this.#values.set(key, to ?? "");
      this.#revision += 1;
    }
    return { revision: this.#revision, ...(f === "cas" ? { succeeded } : {}) };
  }
}

export const SAMPLE_FAULTS: readonly FaultRecord[] = [
  {
    fault: "partition.isolate",
    target: "leader",
    nodes: ["n3"],
    roles: { n3: "leader" },
    outcome: { type: "proved", proof: "412 packets dropped by the rule inside the window" },
    startedAtMs: 6000,
    endedAtMs: 12_000,
    healed: true,
  },
  {
    fault: "process.kill",
    target: "minority",
    nodes: ["n1", "n4"],
    roles: { n1: "follower", n4: "leader" },
    outcome: { type: "proved", proof: "pid 214 and pid 198 gone, new pids 260 and 261 after the window" },
    startedAtMs: 16_000,
    endedAtMs: 19_000,
    healed: true,
  },
  {
    fault: "process.pause",
    target: "one",
    nodes: ["n2"],
    roles: { n2: "follower" },
    outcome: { type: "proved", proof: "state T in the process table, no answer for 3.9 s" },
    startedAtMs: 22_000,
    endedAtMs: 26_000,
    healed: true,
  },
  {
    fault: "clock.rate",
    target: "one",
    nodes: ["n5"],
    roles: { n5: "follower" },
    outcome: { type: "proved", proof: "timers ran at 1.98 times true time, asked for 2" },
    startedAtMs: 24_000,
    endedAtMs: 30_000,
    healed: true,
  },
];
