import type { HistoryEvent } from "./event.js";

/**
 * Nanoseconds that a caller waited, which count from when the operation was due: else a stall would hide behind
 * the operations that were not even begun while it lasted (coordinated omission).
 */
export function latencyNs(invoke: HistoryEvent, completion: HistoryEvent): number {
  return completion.time - (invoke.due ?? invoke.time);
}
