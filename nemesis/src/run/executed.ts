import type { NodeName } from "../hosts.js";
import { type ScheduleEntry, type ScheduleFile, toEntry } from "../schedule/format.js";
import type { ScheduledFault } from "../schedule/schedule.js";

export type FaultOutcome =
  | { readonly type: "proved"; readonly proof: string }
  /** Acted, but nothing showed that it took effect. */
  | { readonly type: "unproved"; readonly reason: string }
  /** Never acted. */
  | { readonly type: "skipped"; readonly reason: string };

/** One fault as it was executed. Times are milliseconds since the run's time 0. */
export interface ExecutedFault {
  /** Its place in the expanded schedule. */
  readonly index: number;
  readonly scheduled: ScheduledFault;
  readonly fault: string;
  /** As the schedule said it. */
  readonly target: string | readonly string[];
  /** Resolved when the action happened; empty when it never did. */
  readonly nodes: readonly NodeName[];
  /** With defaults filled in. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Each node's own word on its role just before the action. */
  readonly roles: Readonly<Record<NodeName, string>>;
  readonly outcome: FaultOutcome;
  /** Just before the action, and just after the undo. */
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** Whether the undo was seen to have worked. Null: nothing to undo. */
  readonly healed: boolean | null;
  /** What was read back after the undo, or why it could not be. */
  readonly healing: string | null;
  /** Raw readings by node: the last ones of the proof and of the undo. */
  readonly evidence: Readonly<Record<"proof" | "undo", Readonly<Record<NodeName, unknown>> | null>>;
}

/** For the history: faults are `info` at both ends. */
export interface NemesisEvent {
  readonly type: "info";
  /** Name of the fault. */
  readonly f: string;
  /** `begin` just before the action, `end` just after the undo; `skipped` instead of both. */
  readonly phase: "begin" | "end" | "skipped";
  readonly value: {
    /** The same at begin and end of one fault. */
    readonly index: number;
    readonly target: string | readonly string[];
    readonly nodes: readonly NodeName[];
    readonly args: Readonly<Record<string, unknown>>;
    /** At begin. */
    readonly roles?: Readonly<Record<NodeName, string>>;
    /** At begin, of a fault that waited for its leader (or follower) to be seen. */
    readonly waitedMs?: number;
    /** At end and skipped. */
    readonly outcome?: FaultOutcome;
  };
}

/**
 * The schedule as it was executed, in the form that a replay takes: targets as they were written, what became of
 * each fault under `executed`, which parseSchedule does not read.
 * @param seed the one that resolved the targets; with it a replay makes the same random choices
 */
export function toExecutedSchedule(faults: readonly ExecutedFault[], seed: number): ScheduleFile {
  const inOrder = faults.toSorted((a, b) => a.index - b.index);
  return { seed, faults: inOrder.map(toExecutedEntry) };
}

function toExecutedEntry(fault: ExecutedFault): ScheduleEntry {
  const { nodes, roles, outcome, startedAtMs, endedAtMs, healed, healing, evidence } = fault;
  return {
    ...toEntry(fault.scheduled),
    executed: { nodes, roles, outcome, startedAtMs, endedAtMs, healed, healing, evidence },
  };
}
