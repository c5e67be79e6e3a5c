import { stringify } from "yaml";
import { formatDuration } from "../duration.js";
import type { Phase, PhasedSchedule, Range, WrittenSchedule } from "./phases.js";
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
  readonly family?: string;
  /** What a run made of it; readers of schedules ignore it. */
  readonly executed?: unknown;
}

/** The shape of a schedule file with phases, as plain data. */
export interface PhasedScheduleFile {
  readonly seed?: number;
  readonly phases: readonly PhaseEntry[];
  readonly repeat?: { readonly every: string };
}

export interface PhaseEntry {
  readonly name?: string;
  readonly for: string;
  readonly faults?: readonly ScheduleEntry[];
  readonly random?: {
    readonly weights: Readonly<Record<string, number>>;
    readonly atOnce: number;
    readonly window: string | readonly string[];
    readonly gap: string | readonly string[];
  };
}

/** Text that parseSchedule reads back to an equal schedule. */
export function formatSchedule(schedule: WrittenSchedule, form: "yaml" | "json" = "yaml"): string {
  const file = "phases" in schedule ? toPhasedScheduleFile(schedule) : toScheduleFile(schedule);
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

export function toPhasedScheduleFile({ seed, phases, repeat }: PhasedSchedule): PhasedScheduleFile {
  return {
    ...(seed === undefined ? {} : { seed }),
    phases: phases.map(toPhaseEntry),
    ...(repeat === undefined ? {} : { repeat: { every: formatDuration(repeat.everyMs) } }),
  };
}

function toPhaseEntry({ name, forMs, content }: Phase): PhaseEntry {
  const entry = { ...(name === undefined ? {} : { name }), for: formatDuration(forMs) };
  switch (content.type) {
    case "listed":
      return { ...entry, faults: content.faults.map(toEntry) };
    case "random": {
      const { weights, atOnce, windowMs, gapMs } = content;
      return { ...entry, random: { weights, atOnce, window: rangeText(windowMs), gap: rangeText(gapMs) } };
    }
    default:
      return content satisfies never;
  }
}

function rangeText({ leastMs, mostMs }: Range): string | readonly string[] {
  return leastMs === mostMs ? formatDuration(leastMs) : [leastMs, mostMs].map(formatDuration);
}

export function toEntry(fault: ScheduledFault): ScheduleEntry {
  return {
    at: formatDuration(fault.atMs),
    for: formatDuration(fault.forMs),
    fault: fault.fault,
    target: fault.target,
    ...(Object.keys(fault.args).length === 0 ? {} : { args: fault.args }),
    ...(fault.family === undefined ? {} : { family: fault.family }),
  };
}
