import type { EngineName } from "../engine.js";
import type { CheckProgress, PartitionResult } from "../result.js";
import type { ModelSource } from "./model-source.js";
import type { SentPartition } from "./transfer.js";

/** What a thread is told when it starts. */
export interface WorkerStart {
  readonly model: ModelSource;
  readonly engine: EngineName | undefined;
  readonly verifyWitness: boolean;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly maxBytes: number;
  readonly thread: number;
  readonly threads: number;
  readonly shared: SharedArrayBuffer;
}

export interface ToWorker {
  readonly partitions: readonly { readonly number: number; readonly sent: SentPartition }[];
}

export type FromWorker =
  | {
      readonly type: "settled";
      readonly results: readonly { readonly number: number; readonly result: PartitionResult }[];
    }
  /** It could take more work. */
  | { readonly type: "hungry" }
  | { readonly type: "progress"; readonly progress: Omit<CheckProgress, "decided" | "partitions"> }
  | { readonly type: "failed"; readonly error: unknown; readonly isModelError: boolean };
