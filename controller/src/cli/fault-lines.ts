import type { CheckResult, FaultRecord, FaultWindow, RunResults } from "@gauntlet/histories";
import { describeFault, outcomeText } from "../checks/faults.js";
import { alignColumns, CUT, wrap } from "../text.js";
import { WIDTH } from "./width.js";

/** More are for the report. */
const MAX_WINDOWS = 30;
const MAX_TOLD = 10;
const NODE_CHARACTERS = 20;

/** What clients saw while each fault acted, and which faults did not, or showed no effect. Nothing where there were none. */
export function faultLines(results: RunResults): readonly string[] {
  const { faults, windows = [] } = results;
  const acted = windows.filter(({ index }) => index !== null);
  const table = acted.length === 0 ? [] : windowTable(windows);
  return [
    ...table,
    ...told("unproved", faults),
    ...told("skipped", faults),
    ...leftOutOf(results.checks).flatMap(({ name, reason }) => line("left out", `${name}: ${reason}`)),
  ];
}

function windowTable(windows: readonly FaultWindow[]): readonly string[] {
  const shown = windows.slice(0, MAX_WINDOWS);
  const header = ["  fault", "nodes", "from s", "to s", "ok", "fail", "info", "p50 ms", "p99 ms"];
  const rows = shown.map((window) => [
    `  ${window.fault}`,
    window.index === null ? "" : nodesText(window.nodes),
    seconds(window.startMs),
    seconds(window.endMs),
    ...[window.ok, window.fail, window.info].map(String),
    ...[window.p50Ms, window.p99Ms].map((ms) => (ms === null ? "-" : String(ms))),
    seconds(window.longestGapMs),
    recoveryText(window),
  ]);
  const more = windows.length - shown.length;
  return [
    alignColumns([[...header, "no write s", "recovery s"], ...rows], 2),
    ...(more === 0 ? [] : [`  and ${more} more${CUT}`]),
  ];
}

/** Those that acted without proof, or never, with the reason; of those that differ in numbers alone the first. */
function told(outcome: "unproved" | "skipped", faults: readonly FaultRecord[]): readonly string[] {
  const alike = new Map<string, string[]>();
  for (const record of faults) {
    if (record.outcome.type !== outcome) continue;
    const text = `${describeFault(record)}: ${outcomeText(record)}`;
    const likeness = text.replaceAll(/\d+(\.\d+)?/g, "");
    alike.set(likeness, [...(alike.get(likeness) ?? []), text]);
  }
  const shown = [...alike.values()].slice(0, MAX_TOLD);
  return [
    ...shown.flatMap(([text, ...others]) =>
      line(outcome, `${others.length === 0 ? "" : `${others.length + 1} × `}${text}`),
    ),
    ...(alike.size === shown.length ? [] : line(outcome, `${alike.size - shown.length} others${CUT}`)),
  ];
}

function line(title: string, text: string): readonly string[] {
  const margin = `  ${title.padEnd(9)} `;
  return wrap(text, WIDTH - margin.length, 0, 2).map(
    (each, at) => `${at === 0 ? margin : " ".repeat(margin.length)}${each}`,
  );
}

/** What nothing can do to the system that is tested, as the check of faults says. */
function leftOutOf(checks: readonly CheckResult[]): readonly { name: string; reason: string }[] {
  const details = checks.find(({ name }) => name === "faults")?.details as
    | { readonly leftOut?: readonly { name: string; reason: string }[] }
    | undefined;
  return details?.leftOut ?? [];
}

function nodesText(nodes: readonly string[]): string {
  const text = nodes.join(",");
  return text.length <= NODE_CHARACTERS ? text : `${text.slice(0, NODE_CHARACTERS - 1)}…`;
}

function seconds(ms: number | null): string {
  return ms === null ? "-" : (ms / 1000).toFixed(1);
}

function recoveryText({ index, recoveryMs, longestGapMs }: FaultWindow): string {
  if (index === null || longestGapMs === null) return "-";
  return recoveryMs === null ? "never" : seconds(recoveryMs);
}
