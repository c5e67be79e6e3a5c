import { parse as parseYaml } from "yaml";
import { alignColumns, secondsOf } from "../text.js";
import type { CampaignRun } from "./campaign.js";
import type { Mutant } from "./mutant.js";
import { type Interval, median, medianInterval, shareInterval } from "./statistics.js";

/** A mutant and what its runs found. */
export interface Detection {
  readonly mutant: Mutant;
  readonly runs: readonly CampaignRun[];
}

/** For machines: one row of the table, with intervals of 95 %. Times are milliseconds since the first operation. */
export interface DetectionRow {
  readonly mutant: string;
  readonly plants: string;
  readonly workload: string;
  readonly schedule: string;
  readonly found: number;
  readonly runs: number;
  readonly share: Interval | null;
  readonly foundBy: Readonly<Record<string, number>>;
  readonly medianMs: number | null;
  readonly medianInterval: Interval | null;
}

export function detectionRow({ mutant, runs }: Detection): DetectionRow {
  // What broke or was stopped without finding anything decides nothing.
  const decisive = runs.filter(({ foundBy, isComplete }) => foundBy.length > 0 || isComplete);
  const found = decisive.filter(({ foundBy }) => foundBy.length > 0);
  const times = found.flatMap(({ violationAtMs }) => violationAtMs ?? []);
  const foundBy: Record<string, number> = {};
  for (const name of found.flatMap((run) => run.foundBy)) foundBy[name] = (foundBy[name] ?? 0) + 1;
  return {
    mutant: mutant.name,
    plants: mutant.plants.trim(),
    workload: mutant.workload,
    schedule: scheduleInWords(mutant.schedule.text),
    found: found.length,
    runs: decisive.length,
    share: shareInterval(found.length, decisive.length),
    foundBy,
    medianMs: median(times),
    medianInterval: medianInterval(times),
  };
}

export function detectionTable(rows: readonly DetectionRow[]): string {
  const percent = ({ low, high }: Interval): string => `${Math.round(low * 100)}-${Math.round(high * 100)} %`;
  const seconds = ({ low, high }: Interval): string => `${secondsOf(low)} to ${secondsOf(high)}`;
  const cells = rows.map((row) => [
    row.mutant,
    row.workload,
    row.schedule,
    row.runs === 0 ? "no run yet" : `${row.found} of ${row.runs}`,
    row.share === null ? "-" : percent(row.share),
    row.medianMs === null ? "-" : secondsOf(row.medianMs),
    row.medianInterval === null ? "-" : seconds(row.medianInterval),
    Object.keys(row.foundBy).join(", ") || "-",
  ]);
  const head = ["bug", "workload", "schedule", "found", "95 %", "median", "95 %", "found by"];
  return alignColumns([head, ...cells]);
}

/** `process.kill leader, partition.isolate n1`: its faults, each named once. */
function scheduleInWords(text: string): string {
  const { faults = [], phases = [] } = parseYaml(text) as ScheduleInFile;
  const all = [...faults, ...phases.flatMap((phase) => phase.faults ?? [])];
  const words = all.map(({ fault, target }) => `${fault} ${[target ?? []].flat().join("+")}`.trim());
  return [...new Set(words)].join(", ");
}

/** What is shown of a schedule that was read and found right before. */
interface ScheduleInFile {
  readonly faults?: readonly { readonly fault: string; readonly target?: string | readonly string[] }[];
  readonly phases?: readonly ScheduleInFile[];
}
