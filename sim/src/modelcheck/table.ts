import { figure } from "../report/numbers.js";
import type { BoundResult } from "./run.js";

const WIDTHS = [22, 12, 13, 6, 9, 10, 12, 9, 12] as const;

export const TABLE_HEAD = line([
  "bound",
  "states",
  "transitions",
  "depth",
  "CPU s",
  "states/s",
  "exhausted",
  "B/state",
  "core steps",
]);

/** The figures of one search, under the head. `depth`: levels that are complete. */
export function row({ bound, result, coreSteps }: BoundResult): string {
  const { states, transitions, depth, seconds, ended, tableBytes } = result;
  return line([
    bound.name,
    figure(states),
    figure(transitions),
    String(depth),
    seconds.toFixed(1),
    figure(Math.round(states / Math.max(seconds, 0.001))),
    ended === "exhausted" ? "yes" : ended === "broken" ? "BROKEN" : `no: ${ended}`,
    figure(Math.round(tableBytes / states)),
    figure(coreSteps),
  ]);
}

function line(cells: readonly string[]): string {
  return cells
    .map((cell, at) => (at === 0 ? cell.padEnd(WIDTHS[0]) : cell.padStart(WIDTHS[at] ?? 0)))
    .join(" ")
    .trimEnd();
}
