import type { Explanation } from "../explain/explain.js";
import type { RecordedEvent } from "../formats/event.js";
import { type OperationEvents } from "../formats/operations.js";
import { at } from "../operation.js";
import type { PartitionIllegal, PartitionResult } from "../result.js";
import type { Failure } from "./errors.js";
import type { FileStatus } from "./exit-codes.js";
import type { Judgement, ModelJudgement } from "./judgement.js";

/** What became of one file. */
export type FileResult =
  | { readonly type: "failure"; readonly file: string; readonly failure: Failure }
  | FileVerdict;

export interface FileVerdict {
  readonly type: "verdict";
  readonly file: string;
  readonly status: FileStatus;
  readonly format: string;
  readonly events: number;
  readonly readMs: number;
  readonly judgement: Judgement;
  readonly notes: readonly string[];
}

export function statusOf(result: FileResult): FileStatus {
  return result.type === "failure" ? result.failure.kind : result.status;
}

/** "1 file", "2 files". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** An operation as reports name it. */
export interface OperationReport {
  /** Index of its invoke in the recording. */
  readonly index: number;
  readonly process: number;
  /** Lines of its invoke and its completion. */
  readonly lines: readonly number[];
  readonly description: string;
}

export function operationReport({ model, recorded }: ModelJudgement, position: number): OperationReport {
  const { process, input, output } = at(recorded.operations, position);
  const { invoke, completion } = at(recorded.events, position);
  return {
    index: invoke.index,
    process,
    lines: linesOf({ invoke, completion }),
    description: model.describeOperation(input, output),
  };
}

function linesOf({ invoke, completion }: OperationEvents): number[] {
  return [invoke, completion]
    .filter((event): event is RecordedEvent => event !== undefined)
    .map(({ line }) => line);
}

/** The engines that decided, the busiest first. */
export function enginesOf(partitions: readonly PartitionResult[]): string {
  const counts = new Map<string, number>();
  for (const { engine } of partitions) counts.set(engine, (counts.get(engine) ?? 0) + 1);
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([name]) => name)
    .join(", ");
}

export function countVerdicts(partitions: readonly PartitionResult[]): {
  readonly total: number;
  readonly valid: number;
  readonly invalid: number;
  readonly unknown: number;
} {
  const of = (verdict: PartitionResult["verdict"]): number =>
    partitions.filter((partition) => partition.verdict === verdict).length;
  return { total: partitions.length, valid: of("ok"), invalid: of("illegal"), unknown: of("unknown") };
}

/** More operations than anybody reads in a sentence. */
const OPERATIONS_IN_WORDS = 12;

/** Whether a minimal part is too large for words: that of a lock can be the whole history. */
export function isLong(explanation: Explanation | undefined): boolean {
  return (
    explanation !== undefined &&
    explanation.required.length + explanation.optional.length > OPERATIONS_IN_WORDS
  );
}

export function reasonOf(violation: PartitionIllegal, explanation: Explanation | undefined): string {
  return explanation === undefined || isLong(explanation) ? violation.reason : explanation.sentence;
}
