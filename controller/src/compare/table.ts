import { alignColumns, secondsOf, shownPath } from "../text.js";
import type { Figures } from "./figures.js";

/** One row a figure, one column a system. */
export function comparisonTable(runs: readonly Figures[]): string {
  const row = (title: string, cell: (figures: Figures) => string): string[] => [title, ...runs.map(cell)];
  return alignColumns([
    row("", ({ system }) => system),
    row("version", ({ version }) => version),
    row("verdict", ({ verdict }) => verdict),
    row("ok operations a second", ({ okPerSecond }) => String(okPerSecond)),
    row("ok, fail, info", ({ ok, fail, info }) => `${ok}, ${fail}, ${info}`),
    row("latency p50", ({ p50Ms }) => inMs(p50Ms)),
    row("latency p99", ({ p99Ms }) => inMs(p99Ms)),
    row("latency max", ({ maxMs }) => inMs(maxMs)),
    row("longest time without a write", ({ longestGapMs }) => inSeconds(longestGapMs)),
    row("first write after a fault, at worst", ({ slowestReturnMs }) => inSeconds(slowestReturnMs)),
    row("writes everywhere after the heal", ({ recoveryMs }) => inSeconds(recoveryMs)),
    row("faults proved, skipped", ({ faultsProved, faultsSkipped }) => `${faultsProved}, ${faultsSkipped}`),
    row("recorded in", ({ directory }) => shownPath(directory)),
  ]);
}

function inMs(value: number | null): string {
  return value === null ? "-" : `${value} ms`;
}

function inSeconds(ms: number | null): string {
  return ms === null ? "-" : secondsOf(ms);
}
