import type { PartitionIllegal } from "../result.js";
import { failureText } from "./errors.js";
import type { CheckJudgement, ModelJudgement } from "./judgement.js";
import {
  countVerdicts,
  enginesOf,
  type FileResult,
  type FileVerdict,
  operationReport,
  reasonOf,
} from "./report.js";

/** One line of JSON a file. A file without a verdict has `error` instead. */
export function jsonLine(result: FileResult): string {
  if (result.type === "failure") {
    const { file, failure } = result;
    return JSON.stringify({ file, error: { ...failure, message: failureText(failure) } });
  }
  const { judgement } = result;
  const body = judgement.type === "model" ? modelBody(judgement) : checkBody(judgement);
  return JSON.stringify({ ...head(result), ...body, notes: result.notes });
}

function head({ file, status, format, events, readMs, judgement }: FileVerdict): object {
  return { file, verdict: status, model: judgement.name, format, events, readMs: rounded(readMs) };
}

function modelBody(judgement: ModelJudgement): object {
  const { recorded, result } = judgement;
  const { partitions, elapsedMs, configurations } = result;
  const violations = partitions.filter((partition) => partition.verdict === "illegal");
  const undecided = partitions.filter((partition) => partition.verdict === "unknown");
  return {
    operations: recorded.operations.length,
    partitions: countVerdicts(partitions),
    violations: violations.map((violation) => violationBody(judgement, violation)),
    undecided: undecided.map(({ key, ranOut, settledReturns, returns, reason }) => ({
      key,
      ranOut,
      settledReturns,
      returns,
      reason,
    })),
    engine: enginesOf(partitions),
    configurations,
    elapsedMs: rounded(elapsedMs),
  };
}

function violationBody(judgement: ModelJudgement, violation: PartitionIllegal): object {
  const { key, failedAt, possibleStates, possibleStateCount } = violation;
  const explanation = judgement.explanations.get(key);
  const reports = (positions: readonly number[]): object[] =>
    positions.map((position) => operationReport(judgement, position));
  return {
    key,
    failedAt: operationReport(judgement, failedAt),
    reason: reasonOf(violation, explanation),
    /** Null: there was no time to look for it. */
    minimal:
      explanation === undefined
        ? null
        : {
            required: reports(explanation.required),
            optional: reports(explanation.optional),
            isMinimal: explanation.isMinimal,
          },
    possibleStates,
    possibleStateCount,
  };
}

function checkBody({ report, elapsedMs }: CheckJudgement): object {
  return { reason: report.reason, details: report.details, elapsedMs: rounded(elapsedMs) };
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
