import { PRECEDENCE, type FileStatus } from "./exit-codes.js";
import { counted, type FileResult, statusOf } from "./report.js";
import { durationText } from "./report-text.js";

const WORDS: Readonly<Record<FileStatus, string>> = {
  valid: "valid",
  invalid: "invalid",
  unknown: "unknown",
  failed: "failed",
  usage: "not judged",
  data: "unreadable",
};

/** After several files: how many of each kind, and a row for each file, the worst first. */
export function summaryText(results: readonly FileResult[]): string {
  const worstFirst = PRECEDENCE.flatMap((status) => results.filter((result) => statusOf(result) === status));
  const tally = PRECEDENCE.map((status) => {
    const count = results.filter((result) => statusOf(result) === status).length;
    return count === 0 ? [] : [`${count} ${WORDS[status]}`];
  }).flat();
  const rows = worstFirst.map((result) => [WORDS[statusOf(result)], result.file, ...figures(result)]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(([status = "", file = "", size = "", time = ""]) =>
    `  ${status.padEnd(widths[0] ?? 0)}  ${file.padEnd(widths[1] ?? 0)}  ${size.padStart(widths[2] ?? 0)}  ${time.padStart(widths[3] ?? 0)}`.trimEnd(),
  );
  return `\n${counted(results.length, "file")}: ${tally.join(", ")}\n${lines.join("\n")}\n`;
}

/** Size and time. Of a file without a verdict there are none. */
function figures(result: FileResult): readonly string[] {
  if (result.type === "failure") return [];
  const { judgement, events } = result;
  return judgement.type === "model"
    ? [counted(judgement.recorded.operations.length, "operation"), durationText(judgement.result.elapsedMs)]
    : [counted(events, "event"), durationText(judgement.elapsedMs)];
}
