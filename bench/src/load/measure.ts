import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHistogram } from "node:perf_hooks";
import {
  type Arrival,
  drawFrom,
  LiveCheck,
  Pacer,
  Recorder,
  RunClock,
  Workers,
} from "@gauntlet/controller/inside";
import { HistoryWriter, latencyNs, readHistory } from "@gauntlet/histories";
import type { Client, Workload } from "@gauntlet/workloads";
import { cpuSeconds, threadIds } from "./threads.js";

export interface LoadOptions {
  readonly workload: Workload;
  /** One a worker. */
  readonly clients: readonly Client[];
  readonly nodes: readonly string[];
  readonly ratePerSecond: number;
  readonly arrival: Arrival;
  readonly maxProcesses: number;
  readonly seconds: number;
  /** Not counted: what is young is being compiled. */
  readonly warmUpSeconds: number;
}

export interface LoadFigures {
  readonly okPerSecond: number;
  readonly notOk: number;
  readonly processes: number;
  /** From when an operation was due to its invocation. */
  readonly lateness: Percentiles;
  /** From when it was due to its answer. */
  readonly latency: Percentiles;
  /** CPU time an operation, microseconds. Of work that is done, so that a busy machine, which lets it wait, hides none. */
  readonly mainUs: number;
  readonly liveUs: number;
  /** Thread pool, collector, compiler. */
  readonly otherUs: number;
  /** Events that the live check had still to look at when the load was over, and what it found. */
  readonly behind: number;
  readonly violation: string | null;
}

export interface Percentiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const OP_TIMEOUT_MS = 10_000;

/** A run's own way from the generator over the recorder to the live check, without faults and without a report. */
export async function measureRig(options: LoadOptions): Promise<LoadFigures> {
  const { workload, clients, nodes, ratePerSecond, arrival, maxProcesses, seconds, warmUpSeconds } = options;
  const directory = await mkdtemp(join(tmpdir(), "gauntlet-bench-load-"));
  try {
    const clock = new RunClock();
    const historyPath = join(directory, "history.jsonl");
    const writer = await HistoryWriter.create(historyPath, () => clock.nowNs());
    const before = threadIds();
    const live = new LiveCheck(writer, { workload: workload.name, log: (line) => console.error(line) });
    await live.ready();
    const liveThreads = [...threadIds()].filter((thread) => !before.has(thread));
    const generator = workload.start({ concurrency: clients.length, nodes: nodes.length }, drawFrom(1, 1));
    const workers = new Workers({
      clients,
      nodes,
      workload,
      generator,
      recorder: new Recorder(live),
      clock,
      opTimeoutMs: OP_TIMEOUT_MS,
      maxProcesses,
    });
    const pacer = new Pacer({ ratePerSecond, arrival, draw: drawFrom(1, 2) });
    const spent = (): Spent => spentBy(liveThreads, live.status());
    let warm = spent();
    const warmUp = setTimeout(() => (warm = spent()), warmUpSeconds * 1000);
    clock.restart();
    await workers.run(pacer, (warmUpSeconds + seconds) * 1000, new AbortController().signal);
    clearTimeout(warmUp);
    await workers.drain();
    const end = spent();
    const caughtUp = await catchUp(spent);
    const violation = live.status().reason;
    await live.close();
    await writer.close();
    const operations = (end.recorded - warm.recorded) / 2;
    return {
      ...(await figuresOf(historyPath, warmUpSeconds, seconds)),
      mainUs: ((end.main - warm.main) / operations) * 1e6,
      liveUs: ((caughtUp.live - warm.live) / (caughtUp.checked - warm.checked)) * 2e6,
      otherUs: ((end.other - warm.other) / operations) * 1e6,
      behind: end.recorded - end.checked,
      violation,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** CPU seconds of each kind of thread, and what they had done by then, events. */
interface Spent {
  readonly main: number;
  readonly live: number;
  readonly other: number;
  readonly recorded: number;
  readonly checked: number;
}

function spentBy(
  liveThreads: readonly number[],
  { recorded, checked }: { readonly recorded: number; readonly checked: number },
): Spent {
  const used = [...cpuSeconds()];
  const sumOf = (isOf: (thread: number) => boolean): number =>
    used.reduce((sum, [thread, seconds]) => sum + (isOf(thread) ? seconds : 0), 0);
  const [isMain, isLive] = [(id: number) => id === process.pid, (id: number) => liveThreads.includes(id)];
  const other = sumOf((id) => !isMain(id) && !isLive(id));
  return { main: sumOf(isMain), live: sumOf(isLive), other, recorded, checked };
}

/** Waits until the live check has seen all, or says nothing new for seconds. */
async function catchUp(spent: () => Spent): Promise<Spent> {
  let last = spent();
  for (let idle = 0; idle < 12 && last.checked < last.recorded; ) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    const now = spent();
    idle = now.checked > last.checked ? 0 : idle + 1;
    last = now.checked > last.checked ? now : last;
  }
  return last;
}

async function figuresOf(
  historyPath: string,
  warmUpSeconds: number,
  seconds: number,
): Promise<Pick<LoadFigures, "okPerSecond" | "notOk" | "processes" | "lateness" | "latency">> {
  const { events } = await readHistory(historyPath);
  const [lateness, latency] = [createHistogram(), createHistogram()];
  const open = new Map<number | "nemesis", (typeof events)[number]>();
  const processes = new Set<number | "nemesis">();
  const [fromNs, untilNs] = [warmUpSeconds * 1e9, (warmUpSeconds + seconds) * 1e9];
  let [ok, notOk] = [0, 0];
  for (const event of events) {
    processes.add(event.process);
    if (event.type === "invoke") {
      open.set(event.process, event);
      if (event.time >= fromNs) lateness.record(Math.max(1, event.time - (event.due ?? event.time)));
      continue;
    }
    const invoke = open.get(event.process);
    if (event.time < fromNs || event.time >= untilNs) continue;
    if (event.type === "ok") ok += 1;
    else notOk += 1;
    if (invoke !== undefined) latency.record(Math.max(1, latencyNs(invoke, event)));
  }
  const percentiles = (histogram: typeof lateness): Percentiles => ({
    p50Ms: histogram.percentile(50) / 1e6,
    p99Ms: histogram.percentile(99) / 1e6,
  });
  return {
    okPerSecond: ok / seconds,
    notOk,
    processes: processes.size,
    lateness: percentiles(lateness),
    latency: percentiles(latency),
  };
}
