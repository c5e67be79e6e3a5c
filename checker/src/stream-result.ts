import type { CheckVerdict } from "./result.js";

export type StreamEvent<Input, Output> =
  /** `id`: for messages; the number of operations invoked before it if absent. */
  | {
      readonly type: "invoke";
      readonly process: number;
      readonly input: Input;
      readonly id?: number | undefined;
    }
  | { readonly type: "ok"; readonly process: number; readonly output: Output }
  /** It certainly did not happen. */
  | { readonly type: "fail"; readonly process: number }
  /** Nobody knows; the process calls nothing more. */
  | { readonly type: "info"; readonly process: number };

export interface StreamResult<Input, Output> {
  readonly verdict: CheckVerdict;
  /** In order of first appearance. */
  readonly partitions: readonly StreamPartition<Input, Output>[];
  readonly configurations: number;
  /** How many were invoked. */
  readonly operations: number;
}

export type StreamPartition<Input, Output> =
  | (StreamBase & { readonly verdict: "ok" })
  | StreamIllegal<Input, Output>
  | (StreamBase & {
      readonly verdict: "unknown";
      readonly ranOut: "time" | "memory" | "buffer";
      /** Returns that were settled: the history of this key is legal up to there. */
      readonly settledReturns: number;
      readonly reason: string;
    });

interface StreamBase {
  readonly key: string;
  readonly operations: number;
  readonly configurations: number;
}

export interface StreamIllegal<Input, Output> extends StreamBase {
  readonly verdict: "illegal";
  /** The operation whose return left no order: the same that `checkOperations` finds. */
  readonly failedAt: StreamOperation<Input, Output>;
  /** The end of a longest legal order of all that had returned before; of a short history all of it. */
  readonly lastOperations: readonly StreamOperation<Input, Output>[];
  /** The states that the object could be in before that return; at most STATES_SHOWN. */
  readonly possibleStates: readonly string[];
  readonly possibleStateCount: number;
  readonly reason: string;
}

export interface StreamOperation<Input, Output> {
  /** How many operations were invoked before it, of all keys. */
  readonly position: number;
  readonly id: number;
  readonly process: number;
  readonly input: Input;
  /** Undefined: it has not returned, or never did. */
  readonly output?: Output | undefined;
}
