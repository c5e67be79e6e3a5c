import { existsSync } from "node:fs";
import { join } from "node:path";
import { CHECK_KINDS, type CheckKind, RUN_FILES, type RunResults } from "@gauntlet/histories";
import { verdictsByKind } from "../checks/judge.js";
import { messageOf } from "../errors.js";
import { alignColumns, CUT, shownPath, wrap } from "../text.js";
import { drawText, violationsOf } from "../ui/violations.js";
import { faultLines } from "./fault-lines.js";
import { violationLines } from "./violation-lines.js";
import { WIDTH } from "./width.js";

/** The last line of a summary in which something was cut. */
const WHOLE = `${CUT.trim()} whole in the report, and by gauntlet check --json`;
const MAX_REASON_LINES = 6;
const MAX_CHECK_LINES = 2;

/**
 * What stands on the screen when a run or a check is over: the verdict first, last the pages to go on with. Reads the
 * history only for the operations of a violation.
 */
export async function summarize(results: RunResults, historyPath: string): Promise<string> {
  const parts = [
    headline(results),
    kindLines(results),
    await violationPart(results, historyPath),
    checkLines(results),
    statsTable(results),
    faultLines(results),
  ];
  const text = parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
  return text.includes(`${CUT}\n`) || text.endsWith(CUT) ? `${text}\n\n${WHOLE}` : text;
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

function headline({ verdict, reason }: RunResults): readonly string[] {
  return wrap(`${verdict.toUpperCase()}: ${reason}`, WIDTH, 2, MAX_REASON_LINES);
}

/** A line for each kind: its verdict, and by which checks it is not a clean one. */
function kindLines({ checks }: RunResults): readonly string[] {
  const verdicts = verdictsByKind(checks);
  return CHECK_KINDS.map((kind) => {
    const verdict = verdicts[kind];
    const line = (word: string, by: string): string => `  ${kind.padEnd(9)} ${word.padEnd(8)} ${by}`;
    if (verdict === null) return line("-", NOT_ASKED[kind]);
    const all = checks.filter((check) => check.kind === kind);
    const by = all.filter((check) => check.verdict === verdict).map(({ name }) => name);
    return line(verdict, verdict === "valid" ? by.join(", ") : `by ${by.join(", ")}`);
  });
}

const NOT_ASKED: Readonly<Record<CheckKind, string>> = {
  safety: "no answer was judged",
  liveness: "not asked: nobody knows what was done to the nodes, or nothing was answered",
  vacuity: "not asked",
  rig: "not known",
};

async function violationPart(results: RunResults, historyPath: string): Promise<readonly string[]> {
  if (results.verdict !== "invalid") return [];
  try {
    return violationLines(await violationsOf(results, historyPath, drawText));
  } catch (error) {
    // The verdict is told in every case.
    return [`the operations of the violation cannot be shown: ${messageOf(error)}`];
  }
}

function checkLines({ checks }: RunResults): readonly string[] {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks.flatMap(({ name, verdict, reason }) => {
    const cells = `  ${name.padEnd(width)}  ${verdict.padEnd(8)}`;
    const [first, ...rest] = wrap(reason, WIDTH - cells.length - 1, 0, MAX_CHECK_LINES);
    return [`${cells} ${first}`, ...rest.map((line) => `${" ".repeat(cells.length)} ${line}`)];
  });
}

/** Nothing where no operation took place. */
function statsTable({ stats, okPerSecond }: RunResults): readonly string[] {
  const rows = stats.filter(({ ok, fail, info }) => ok + fail + info > 0);
  if (rows.length === 0) return [];
  const cell = (value: number | null): string => (value === null ? "-" : String(value));
  const table = [
    ["  function", "ok", "fail", "info", "p50 ms", "p99 ms", "max ms"],
    ...rows.map(({ f, ok, fail, info, p50Ms, p99Ms, maxMs }) => [
      `  ${f}`,
      ...[ok, fail, info, p50Ms, p99Ms, maxMs].map(cell),
    ]),
  ];
  return [alignColumns(table, 1), `  ${okPerSecond} ok operations a second`];
}
