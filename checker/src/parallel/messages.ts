import type { EngineName } from "../engine.js";
import type { CheckProgress } from "../result.js";
import type { ModelSource } from "./model-source.js";
import type { SentPartition } from "./transfer.js";
import type { Settled } from "./turns.js";

/** What a thread is told when it starts. */
export interface WorkerStart {
  readonly model: ModelSource;
  readonly engine: EngineName | undefined;
  readonly verifyWitness: boolean;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly maxBytes: number;
  /** Its place in `shared`. */
  readonly thread: number;
  readonly shared: SharedArrayBuffer;
}

export interface ToWorker {
  readonly number: number;
  readonly sent: SentPartition;
}

export type FromWorker =
  | { readonly type: "settled"; readonly results: readonly Settled[] }
  /** It could take more work. */
  | { readonly type: "hungry" }
  | { readonly type: "progress"; readonly progress: Omit<CheckProgress, "decided" | "partitions"> }
  | { readonly type: "failed"; readonly error: unknown; readonly isModelError: boolean };
