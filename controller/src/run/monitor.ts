import { RigError } from "../errors.js";
import type { Progress } from "../cli/terminal.js";
import type { RunClock } from "./clock.js";
import type { Cluster } from "./cluster.js";
import type { Recorder } from "./recorder.js";
import { RateMeter, statusText } from "./status.js";

const POLL_MS = 250;

export interface MonitorOptions {
  readonly cluster: Cluster;
  readonly recorder: Recorder;
  readonly clock: RunClock;
  readonly progress: Progress;
  readonly limitMs: number;
  /** Who led when the nodes were last asked. */
  readonly leader: () => string | null;
  /** The faults that act at this moment, for people. */
  readonly currentFaults: () => readonly string[];
}

/** Keeps the status line fresh, and ends the main phase when the cluster's machinery breaks. */
export async function monitor(options: MonitorOptions, signal: AbortSignal): Promise<void> {
  const { cluster, recorder, clock, progress, limitMs } = options;
  const rate = new RateMeter();
  while (!signal.aborted && clock.nowMs() < limitMs) {
    throwFailure(cluster);
    const nowMs = clock.nowMs();
    const { counts } = recorder;
    const ratePerSecond = rate.sample(nowMs, counts.ok + counts.fail + counts.info);
    progress.status(
      statusText({
        elapsedMs: nowMs,
        limitMs,
        counts,
        ratePerSecond,
        leader: options.leader(),
        faults: options.currentFaults(),
      }),
    );
    await clock.sleep(Math.max(1, Math.min(POLL_MS, limitMs - nowMs)), signal);
  }
}

/** The same where there is nothing to show: throws when the machinery breaks, else ends with the signal. */
export async function awaitFailure(cluster: Cluster, clock: RunClock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    throwFailure(cluster);
    await clock.sleep(POLL_MS, signal);
  }
}

function throwFailure(cluster: Cluster): void {
  const [failure] = cluster.failures();
  if (failure !== undefined) throw new RigError(failure);
}
