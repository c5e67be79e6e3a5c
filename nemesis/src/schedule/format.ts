import { stringify } from "yaml";
import { formatDuration } from "../duration.js";
import type { Schedule, ScheduledFault } from "./schedule.js";

/** The shape of a schedule file, as plain data. */
export interface ScheduleFile {
  readonly seed?: number;
  readonly faults: readonly ScheduleEntry[];
  readonly repeat?: { readonly every: string };
}

export interface ScheduleEntry {
  readonly at: string;
  readonly for: string;
  readonly fault: string;
  readonly target: string | readonly string[];
  readonly args?: Readonly<Record<string, unknown>>;
  /** What a run made of it; readers of schedules ignore it. */
  readonly executed?: unknown;
}

/** Text that parseSchedule reads back to an equal schedule. */
export function formatSchedule(schedule: Schedule, form: "yaml" | "json" = "yaml"): string {
  const file = toScheduleFile(schedule);
  return form === "json"
    ? `${JSON.stringify(file, null, 2)}\n`
    : stringify(file, { aliasDuplicateObjects: false });
}

export function toScheduleFile(schedule: Schedule): ScheduleFile {
  const { seed, faults, repeat } = schedule;
  return {
    ...(seed === undefined ? {} : { seed }),
    faults: faults.map(toEntry),
    ...(repeat === undefined ? {} : { repeat: { every: formatDuration(repeat.everyMs) } }),
  };
}

export function toEntry(fault: ScheduledFault): ScheduleEntry {
  return {
    at: formatDuration(fault.atMs),
    for: formatDuration(fault.forMs),
    fault: fault.fault,
    target: fault.target,
    ...(Object.keys(fault.args).length === 0 ? {} : { args: fault.args }),
  };
}
