import type { ConsistencyModel } from "../anomalies/index.js";
import type { Check, CheckReport } from "../checks/check.js";
import type { EngineName } from "../engine.js";
import type { Explanation } from "../explain/explain.js";
import type { Adapter } from "../formats/adapter.js";
import type { Meaning, Recording } from "../formats/event.js";
import type { RecordedOperations } from "../formats/operations.js";
import type { AnyModel } from "../models/index.js";
import type { ModelReference } from "../parallel/index.js";
import type { CheckProgress, CheckResult } from "../result.js";

export interface JudgeOptions {
  /** Undefined: by the operations of the history. */
  readonly model?: string | undefined;
  /** What `--init` says. */
  readonly initial?: unknown;
  readonly meaning: Partial<Meaning>;
  readonly independent?: boolean | undefined;
  readonly groupSize?: number | undefined;
  readonly consistencyModel?: ConsistencyModel | undefined;
  /** Absent: as many as there are processors. */
  readonly threads?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly maxBytes?: number | undefined;
  readonly engine?: EngineName | "auto" | undefined;
  readonly stopAtFirst?: boolean | undefined;
  readonly verifyWitness?: boolean | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: CheckProgress) => void) | undefined;
}

/** A verdict with all that is known about it. */
export type Judgement = ModelJudgement | CheckJudgement;

export interface ModelJudgement {
  readonly type: "model";
  readonly name: string;
  readonly model: AnyModel;
  readonly recorded: RecordedOperations;
  readonly result: CheckResult;
  /** By key, of the partitions that are illegal (as many as time allowed). */
  readonly explanations: ReadonlyMap<string, Explanation>;
  readonly notes: readonly string[];
}

export interface CheckJudgement {
  readonly type: "check";
  readonly name: string;
  readonly report: CheckReport;
  readonly elapsedMs: number;
  readonly notes: readonly string[];
}

/** What can judge a history, whichever file comes. */
export type Judge =
  | {
      readonly type: "model";
      readonly name: string;
      readonly model: AnyModel;
      readonly adapter: Adapter;
      /** Of a model of the user's own: how a thread gets it. */
      readonly reference?: ModelReference | undefined;
    }
  | { readonly type: "check"; readonly name: string; make(recording: Recording): Check };
