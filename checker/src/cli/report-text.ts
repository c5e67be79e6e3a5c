import type { PartitionIllegal } from "../result.js";
import type { Explanation } from "../explain/explain.js";
import { explanationText } from "../explain/text.js";
import { failureText } from "./errors.js";
import type { ModelJudgement } from "./judgement.js";
import {
  counted,
  countVerdicts,
  enginesOf,
  type FileResult,
  isLong,
  type OperationReport,
  operationReport,
  reasonOf,
} from "./report.js";

/** Of many keys that are broken alike, so many are told; --json has all. */
const KEYS_TOLD = 5;
const STATES_TOLD = 4;
const STATE_WIDTH = 60;
/** Where the output is no terminal. */
const WIDTH_OF_FILES = 160;

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
    `  ${name}, ${counted(recorded.operations.length, "operation")}${parts}: ${durationText(elapsedMs)}, ` +
      `${counted(configurations, "configuration")} (${enginesOf(partitions)})`,
  ];
  const violations = partitions.filter((partition) => partition.verdict === "illegal");
  // Those that were explained say most.
  const explainedFirst = violations.toSorted(
    (a, b) => Number(judgement.explanations.has(b.key)) - Number(judgement.explanations.has(a.key)),
  );
  for (const violation of explainedFirst.slice(0, KEYS_TOLD))
    lines.push(...violationLines(judgement, violation));
  if (violations.length > KEYS_TOLD)
    lines.push(`  invalid too: ${counted(violations.length - KEYS_TOLD, "more key")}`);
  const undecided = partitions.filter((partition) => partition.verdict === "unknown");
  for (const { key, reason } of undecided.slice(0, KEYS_TOLD))
    lines.push(`  ${named(key)}unknown: ${reason}`);
  if (undecided.length > KEYS_TOLD)
    lines.push(`  unknown too: ${counted(undecided.length - KEYS_TOLD, "more key")}`);
  return lines;
}

function violationLines(judgement: ModelJudgement, violation: PartitionIllegal): string[] {
  const { key, failedAt } = violation;
  const explanation = judgement.explanations.get(key);
  const lines = [`  ${named(key)}${reasonOf(violation, explanation)}`];
  const told = [...(explanation?.required ?? []), ...(explanation?.optional ?? []), failedAt];
  const places = told.map((position) => placeOf(operationReport(judgement, position)));
  if (isLong(explanation)) {
    lines.push(`    ${places.at(-1)}; the minimal part has ${told.length - 1} operations (--json, --svg)`);
  } else {
    if (explanation !== undefined) lines.push(...pictureLines(judgement, explanation));
    lines.push(`    in the file: ${[...new Set(places)].join("; ")}`);
  }
  lines.push(`    states that were possible: ${statesText(violation)}`);
  return lines;
}

function statesText({ possibleStates, possibleStateCount }: PartitionIllegal): string {
  const told = possibleStates
    .slice(0, STATES_TOLD)
    .map((state) => (state.length > STATE_WIDTH ? `${state.slice(0, STATE_WIDTH)}…` : state));
  const more = possibleStateCount - told.length;
  return `${told.join(" or ")}${more > 0 ? ` or ${more} more` : ""}`;
}

/** None where it would not fit: lines that wrap say nothing. */
function pictureLines({ model, recorded }: ModelJudgement, explanation: Explanation): string[] {
  const lines = explanationText(model, recorded.operations, explanation)
    .split("\n")
    .map((line) => `    ${line}`);
  const width = process.stdout.columns ?? WIDTH_OF_FILES;
  return lines.some((line) => line.length > width) ? [] : ["", ...lines, ""];
}

function placeOf({ index, lines }: OperationReport): string {
  return `operation ${index} on ${lines.length === 1 ? "line" : "lines"} ${lines.join(" and ")}`;
}

function named(key: string): string {
  return key === "" ? "" : `key ${key}: `;
}

export function durationText(ms: number): string {
  return ms < 1000 ? `${Number(ms.toPrecision(3))} ms` : `${(ms / 1000).toFixed(2)} s`;
}
