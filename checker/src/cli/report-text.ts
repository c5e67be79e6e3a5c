import type { PartitionIllegal } from "../result.js";
import { failureText } from "./errors.js";
import type { ModelJudgement } from "./judge.js";
import { countVerdicts, enginesOf, type FileResult, operationReport } from "./report.js";

/** Of many keys that are broken alike, so many are told; --json has all. */
const KEYS_TOLD = 5;

/** The verdict of a file for people; of a file without one, nothing (see failureLine). */
export function verdictText(result: FileResult): string {
  if (result.type === "failure") return "";
  const { judgement } = result;
  const lines = [`${result.file}: ${result.status}`];
  if (judgement.type === "check") lines.push(`  ${judgement.name}: ${judgement.report.reason}`);
  else lines.push(...modelLines(judgement));
  return `${lines.join("\n")}\n`;
}

export function failureLine(result: Extract<FileResult, { readonly type: "failure" }>): string {
  return `porcupine: ${result.file}: ${failureText(result.failure)}\n`;
}

function modelLines(judgement: ModelJudgement): string[] {
  const { name, recorded, result } = judgement;
  const { partitions, configurations, elapsedMs } = result;
  const counts = countVerdicts(partitions);
  const parts = counts.total === 1 ? "" : ` of ${counts.total} keys`;
  const lines = [
    `  ${name}, ${recorded.operations.length} operations${parts}: ${durationText(elapsedMs)}, ` +
      `${configurations} configurations (${enginesOf(partitions)})`,
  ];
  const violations = partitions.filter((partition) => partition.verdict === "illegal");
  for (const violation of violations.slice(0, KEYS_TOLD)) lines.push(...violationLines(judgement, violation));
  if (violations.length > KEYS_TOLD) lines.push(`  ${violations.length - KEYS_TOLD} more keys are invalid`);
  const undecided = partitions.filter((partition) => partition.verdict === "unknown");
  for (const { key, reason } of undecided.slice(0, KEYS_TOLD))
    lines.push(`  ${named(key)}unknown: ${reason}`);
  if (undecided.length > KEYS_TOLD) lines.push(`  ${undecided.length - KEYS_TOLD} more keys are unknown`);
  return lines;
}

function violationLines(judgement: ModelJudgement, violation: PartitionIllegal): string[] {
  const { key, failedAt, reason, possibleStates, possibleStateCount } = violation;
  const explanation = judgement.explanations.get(key);
  const lines = [`  ${named(key)}${explanation?.sentence ?? reason}`];
  const told = [...new Set([...(explanation?.required ?? []), failedAt])];
  for (const position of told) {
    const { process, lines: places, description } = operationReport(judgement, position);
    const mark = position === failedAt ? "✗" : " ";
    lines.push(`    ${mark} process ${process}: ${description} (line ${places.join(" to ")})`);
  }
  const more =
    possibleStateCount > possibleStates.length
      ? ` or ${possibleStateCount - possibleStates.length} more`
      : "";
  lines.push(`    states that were possible: ${possibleStates.join(", ")}${more}`);
  return lines;
}

function named(key: string): string {
  return key === "" ? "" : `key ${key}: `;
}

export function durationText(ms: number): string {
  return ms < 1000 ? `${ms.toPrecision(3).replace(/\.?0+$/, "")} ms` : `${(ms / 1000).toFixed(2)} s`;
}
