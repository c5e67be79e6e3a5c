import { formatDuration } from "../duration.js";
import { findFault } from "../faults/catalogue.js";
import type { NodeName } from "../hosts.js";
import { expand } from "./expand.js";
import { type Phase, phasesLengthMs, type WrittenSchedule } from "./phases.js";
import { resolveSchedule } from "./resolve.js";
import { endMs, type ScheduledFault } from "./schedule.js";

export interface ExplainOptions {
  /** Draws what is random, unless the schedule has a seed of its own. Default 1. */
  readonly seed?: number;
  /** Default n1 to n5. */
  readonly nodes?: readonly NodeName[];
}

/** Columns of the time line. */
const WIDTH = 60;
const MARKS = 4;
const DEFAULT_NODES: readonly NodeName[] = ["n1", "n2", "n3", "n4", "n5"];

/**
 * The time line of a schedule as text: phases on top, a row for each kind of fault with its target and arguments, a bar
 * for each of its windows, and what does not fit below.
 * @throws ScheduleError where it does not fit the time limit
 */
export function explainSchedule(
  written: WrittenSchedule,
  limitMs: number,
  options: ExplainOptions = {},
): string {
  const { seed = 1, nodes = DEFAULT_NODES } = options;
  const resolved = resolveSchedule(written, { seed, timeLimitMs: limitMs, nodes });
  const { schedule, dropped } = expand(resolved.schedule, limitMs);
  const rows = [
    ...("phases" in written ? phaseRows(written, limitMs) : []),
    ...faultRows(schedule.faults, limitMs),
  ];
  const width = Math.max(0, ...rows.map(({ label }) => label.length));
  const lines = [
    headline(written, schedule.faults, limitMs, options),
    "",
    ...axis(limitMs).map((line) => `${" ".repeat(width)}  ${line}`),
    ...rows.map(({ label, bar, note }) => `${label.padEnd(width)}  ${bar}${note === "" ? "" : `  ${note}`}`),
    ...notes(resolved.leftOut.map(({ name, reason }) => `left out: ${name}, ${reason}`)),
    ...notes([...resolved.dropped, ...dropped].map((text) => `left out: ${text}`)),
  ];
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

interface Row {
  readonly label: string;
  readonly bar: string;
  readonly note: string;
}

function headline(
  written: WrittenSchedule,
  faults: readonly ScheduledFault[],
  limitMs: number,
  { seed = 1, nodes = DEFAULT_NODES }: ExplainOptions,
): string {
  const count = `${faults.length} ${faults.length === 1 ? "fault" : "faults"}`;
  const atOnce = Math.max(0, ...faults.map((fault) => openAt(faults, fault.atMs)));
  const isRandom = "phases" in written && written.phases.some(({ content }) => content.type === "random");
  const drawn = isRandom
    ? `; drawn from seed ${written.seed ?? seed} for ${nodes.length} ${nodes.length === 1 ? "node" : "nodes"}`
    : "";
  const by = written.seed === undefined ? "" : `, seed ${written.seed}`;
  return `${formatDuration(limitMs)}${isRandom ? "" : by}: ${count}, at most ${atOnce} at once${drawn}`;
}

function openAt(faults: readonly ScheduledFault[], ms: number): number {
  return faults.filter((fault) => fault.atMs <= ms && endMs(fault) > ms).length;
}

function notes(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", ...lines];
}

/** Times, and the marks that they stand at. */
function axis(limitMs: number): readonly [string, string] {
  let times = "";
  for (let mark = 0; mark <= MARKS; mark++) {
    const at = column((mark * limitMs) / MARKS, limitMs);
    times = times.padEnd(at) + shortly((mark * limitMs) / MARKS);
  }
  const step = WIDTH / MARKS;
  return [times, `${`|${"-".repeat(step - 1)}`.repeat(MARKS)}|`];
}

function shortly(ms: number): string {
  return ms < 1_000 && ms > 0 ? `${Math.round(ms)}ms` : `${Math.round(ms / 100) / 10}s`;
}

function phaseRows(
  { phases, repeat }: { readonly phases: readonly Phase[]; readonly repeat?: { readonly everyMs: number } },
  limitMs: number,
): readonly Row[] {
  const everyMs = repeat?.everyMs ?? Number.POSITIVE_INFINITY;
  const cells = Array.from({ length: WIDTH }, () => " ");
  for (let fromMs = 0; fromMs < limitMs; fromMs += everyMs) {
    let atMs = fromMs;
    for (const [index, phase] of phases.entries()) {
      const name = `|${phase.name ?? `phase ${index + 1}`}`;
      const [from, to] = [column(atMs, limitMs), column(atMs + phase.forMs, limitMs)];
      for (let at = from; at < Math.min(to, WIDTH); at++) cells[at] = name[at - from] ?? " ";
      atMs += phase.forMs;
    }
    const end = column(fromMs + phasesLengthMs(phases), limitMs);
    if (end < WIDTH) cells[end] = "|";
  }
  return [{ label: "phase", bar: `${cells.join("")}|`, note: "" }];
}

/** What is alike but for its time shares a row. */
function faultRows(faults: readonly ScheduledFault[], limitMs: number): readonly Row[] {
  const rows = new Map<string, ScheduledFault[]>();
  for (const fault of faults) {
    const label = labelOf(fault);
    rows.set(label, [...(rows.get(label) ?? []), fault]);
  }
  return [...rows].map(([label, same]) => ({ label, bar: barOf(same, limitMs), note: timesOf(same) }));
}

function labelOf({ fault, target, args }: ScheduledFault): string {
  const told = Object.entries(args).map(([key, value]) => `${key}=${[value].flat().join(",")}`);
  return [fault, [target].flat().join(","), ...told].join(" ");
}

function barOf(faults: readonly ScheduledFault[], limitMs: number): string {
  const cells = Array.from({ length: WIDTH }, () => "·");
  for (const fault of faults) {
    const isEvent = findFault(fault.fault)?.isEvent === true;
    const from = Math.min(column(fault.atMs, limitMs), WIDTH - 1);
    // Whatever is short is seen.
    const to = isEvent ? from + 1 : Math.max(from + 1, column(endMs(fault), limitMs));
    for (let at = from; at < Math.min(to, WIDTH); at++) cells[at] = isEvent ? "◆" : "█";
  }
  return `${cells.join("")}|`;
}

const MOST_TIMES = 3;

/** `3s for 10s, 19s for 10s and 4 more` */
function timesOf(faults: readonly ScheduledFault[]): string {
  const times = faults.map(({ fault, atMs, forMs }) =>
    findFault(fault)?.isEvent === true
      ? formatDuration(atMs)
      : `${formatDuration(atMs)} for ${formatDuration(forMs)}`,
  );
  const more = times.length - MOST_TIMES;
  return times.slice(0, MOST_TIMES).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function column(ms: number, limitMs: number): number {
  return Math.round((ms / limitMs) * WIDTH);
}
