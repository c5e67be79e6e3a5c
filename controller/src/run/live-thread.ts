import { parentPort, workerData } from "node:worker_threads";
import type { CheckResult, HistoryEvent } from "@gauntlet/histories";
import { WORKLOADS } from "@gauntlet/workloads";

/** The other end of LiveCheck: events come in, violations go out. */
export type ToLive = readonly HistoryEvent[];
export type FromLive =
  | { readonly type: "ready" }
  | { readonly type: "seen"; readonly events: number; readonly heapBytes: number }
  | { readonly type: "violation"; readonly result: CheckResult };

const TELL_EVERY_MS = 250;

const live = WORKLOADS[workerData as string]?.live?.();
const port = parentPort;
if (live === undefined || port === null) throw new Error(`no live check of ${String(workerData)}`);
let events = 0;
let toldMs = 0;
const found = new Set<string>();
port.on("message", (batch: ToLive) => {
  for (const event of batch) {
    const result = live.push(event);
    events++;
    if (result === undefined || found.has(result.name)) continue;
    found.add(result.name);
    tell({ type: "violation", result });
  }
  const nowMs = performance.now();
  if (nowMs - toldMs < TELL_EVERY_MS) return;
  toldMs = nowMs;
  tell({ type: "seen", events, heapBytes: process.memoryUsage().heapUsed });
});

tell({ type: "ready" });

function tell(message: FromLive): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  port?.postMessage(message);
}
