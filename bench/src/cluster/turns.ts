/*
 * Loaded into a server before its program (`node --import=<this>?<file>`): notes, a line of JSON (`Turns`) every half second, what
 * held up its event loop. The processor time of a turn is what its own work took; the rest of the time, the machine had others
 * to serve. It wakes up every few milliseconds, which a server should not: this is for measurements.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { PerformanceObserver } from "node:perf_hooks";
import { isMainThread } from "node:worker_threads";

const WAKE_MS = 5;
const LINE_MS = 500;
/** So much processor time of a process is not looked at: in it Node compiles the program, which serves nobody yet. */
const STARTING_CPU_MS = 1500;

/** Of about half a second, the longest of each, in milliseconds. */
export interface Turns {
  /** When it ended, since the Unix epoch. */
  readonly atMs: number;
  /** From one waking to the next, less the time that was to lie between them. */
  readonly turnMs: number;
  /** Processor time of the main thread meanwhile: not less than that of the longest turn. */
  readonly cpuMs: number;
  /** At one stretch, in the collector. */
  readonly collectorMs: number;
}

function mainThreadCpuMs(): number {
  return Number(readFileSync("/proc/thread-self/schedstat", "latin1").split(" ")[0]) / 1e6;
}

function noteTurns(file: string): void {
  let [turnMs, cpuMs, collectorMs] = [0, 0, 0];
  let [lastMs, lastCpuMs] = [performance.now(), mainThreadCpuMs()];
  let lineMs = lastMs;
  const collector = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) collectorMs = Math.max(collectorMs, duration);
  });
  collector.observe({ entryTypes: ["gc"] });
  const wake = (): void => {
    const [nowMs, nowCpuMs] = [performance.now(), mainThreadCpuMs()];
    if (nowCpuMs < STARTING_CPU_MS) {
      [lastMs, lastCpuMs, collectorMs] = [nowMs, nowCpuMs, 0];
      return;
    }
    turnMs = Math.max(turnMs, nowMs - lastMs - WAKE_MS);
    cpuMs = Math.max(cpuMs, nowCpuMs - lastCpuMs);
    [lastMs, lastCpuMs] = [nowMs, nowCpuMs];
    if (nowMs - lineMs < LINE_MS) return;
    lineMs = nowMs;
    const line: Turns = { atMs: Date.now(), turnMs, cpuMs, collectorMs };
    [turnMs, cpuMs, collectorMs] = [0, 0, 0];
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  };
  setInterval(wake, WAKE_MS).unref();
}

const { search } = new URL(import.meta.url);
// Without a file: imported for its type.
if (isMainThread && search !== "") noteTurns(decodeURIComponent(search.slice(1)));
