import { existsSync } from "node:fs";
import { join } from "node:path";
import { RUN_FILES, type RunResults } from "@gauntlet/histories";
import { describeFault, outcomeText } from "../checks/faults.js";
import { shownPath } from "../text.js";

/** What stands on the screen when a run or a check is over: verdict first. */
export function summarize(results: RunResults): string {
  return [
    `${results.verdict.toUpperCase()}: ${results.reason}`,
    "",
    ...results.checks.map(
      ({ name, kind, verdict, reason }) =>
        `  ${name.padEnd(16)} ${kind.padEnd(9)} ${verdict.padEnd(8)} ${reason}`,
    ),
    "",
    ...statsTable(results),
    ...(results.faults.length === 0 ? [] : ["", "faults:"]),
    ...results.faults.map(
      (record) => `  ${record.outcome.type.padEnd(9)} ${describeFault(record)}: ${outcomeText(record)}`,
    ),
  ].join("\n");
}

/** The pages of a run that a reader can open, one a line. */
export function pagesOf(directory: string): string {
  const pages = [
    ["report:", RUN_FILES.report],
    ["failed keys:", RUN_FILES.linearizability],
  ] as const;
  return pages
    .map(([title, file]) => [title, join(directory, file)] as const)
    .filter(([, path]) => existsSync(path))
    .map(([title, path]) => `${title.padEnd(13)}${shownPath(path)}\n`)
    .join("");
}

function statsTable({ stats, okPerSecond }: RunResults): readonly string[] {
  const cell = (value: number | string | null, unit = ""): string =>
    (value === null ? "-" : `${value}${unit}`).padStart(12);
  const row = (cells: readonly string[]): string => `  ${cells.join("")}`;
  return [
    row(["function".padEnd(10), ...["ok", "fail", "info", "p50", "p99", "max"].map((title) => cell(title))]),
    ...stats.map(({ f, ok, fail, info, p50Ms, p99Ms, maxMs }) =>
      row([
        f.padEnd(10),
        cell(ok),
        cell(fail),
        cell(info),
        cell(p50Ms, " ms"),
        cell(p99Ms, " ms"),
        cell(maxMs, " ms"),
      ]),
    ),
    `  ${okPerSecond} ok operations a second`,
  ];
}
