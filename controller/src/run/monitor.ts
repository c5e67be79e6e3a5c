import { RigError } from "../errors.js";
import type { Progress } from "../cli/terminal.js";
import type { RunClock } from "./clock.js";
import type { Cluster } from "./cluster.js";
import type { Recorder } from "./recorder.js";
import { leaderOf } from "./service.js";
import { RateMeter, statusText } from "./status.js";

const POLL_MS = 250;
/** Asking for the leader costs each node a call. */
const ASK_LEADER_MS = 1_000;

export interface MonitorOptions {
  readonly cluster: Cluster;
  readonly recorder: Recorder;
  readonly clock: RunClock;
  readonly progress: Progress;
  readonly limitMs: number;
  /** The faults that act at this moment, for people. */
  readonly currentFaults: () => readonly string[];
}

/** Keeps the status line fresh, and ends the main phase when the cluster's machinery breaks. */
export async function monitor(options: MonitorOptions, signal: AbortSignal): Promise<void> {
  const { cluster, recorder, clock, progress, limitMs } = options;
  const rate = new RateMeter();
  let leader: string | null = null;
  let askedMs = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> = Promise.resolve();
  const ask = async (): Promise<void> => {
    const views = await cluster.hosts.view().catch(() => new Map());
    leader = leaderOf(views);
  };
  while (!signal.aborted && clock.nowMs() < limitMs) {
    throwFailure(cluster);
    const nowMs = clock.nowMs();
    if (progress.isLive && nowMs - askedMs >= ASK_LEADER_MS) {
      askedMs = nowMs;
      asking = ask();
    }
    const { counts } = recorder;
    const ratePerSecond = rate.sample(nowMs, counts.ok + counts.fail + counts.info);
    progress.status(
      statusText({
        elapsedMs: nowMs,
        limitMs,
        counts,
        ratePerSecond,
        leader,
        faults: options.currentFaults(),
      }),
    );
    await clock.sleep(Math.max(1, Math.min(POLL_MS, limitMs - nowMs)), signal);
  }
  await asking;
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
