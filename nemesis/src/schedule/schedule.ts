import type { Target } from "../targets.js";

/** What happens to the nodes and when, with times in milliseconds. */
export interface Schedule {
  /** Resolves random targets; the run's seed when absent. */
  readonly seed?: number;
  readonly faults: readonly ScheduledFault[];
  /** The whole list again, this often, until the time limit. */
  readonly repeat?: { readonly everyMs: number };
}

export interface ScheduledFault {
  /** Since the first operation. */
  readonly atMs: number;
  /** Length of the window: the undo begins this long after the action. */
  readonly forMs: number;
  /** For example partition.isolate. */
  readonly fault: string;
  readonly target: Target;
  /** As written, and valid for the fault. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Of a fault that was drawn: the family that it was drawn for, which took effect if any of its faults did. */
  readonly family?: string;
}

/** Limits of a schedule, so that no file can stall the rig. */
export const MAX_SCHEDULE_BYTES = 1024 * 1024;
export const MAX_FAULTS = 10_000;

export function endMs(fault: ScheduledFault): number {
  return fault.atMs + fault.forMs;
}
