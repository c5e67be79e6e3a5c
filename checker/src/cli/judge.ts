import { type ConsistencyModel, listAppend } from "../anomalies/index.js";
import type { Check, CheckReport } from "../checks/check.js";
import { bank, counterBounds, longFork, setFull, uniqueIds } from "../checks/index.js";
import type { EngineName } from "../engine.js";
import type { Explanation } from "../explain/explain.js";
import { ADAPTERS, type Adapter } from "../formats/adapters.js";
import type { Meaning, RecordedEvent, Recording } from "../formats/event.js";
import type { RecordedOperations } from "../formats/operations.js";
import { splitIndependent } from "../formats/independent.js";
import { type AnyModel, builtInModel, BuiltInModelError, modelNames } from "../models/index.js";
import { InputError } from "../operation.js";
import type { ModelReference } from "../parallel/index.js";
import type { CheckProgress, CheckResult } from "../result.js";
import { loadModel } from "./custom-model.js";
import { FailureError, UsageError } from "./errors.js";
import { judgeByModel } from "./judge-model.js";

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

/** Checks by name, with the operations that they know, for the list. One line adds one. */
interface CheckEntry {
  readonly operations: readonly string[];
  readonly summary: string;
  make(recording: Recording, options: JudgeOptions): Check;
}

export const CHECKS: ReadonlyMap<string, CheckEntry> = new Map<string, CheckEntry>([
  [
    "list-append",
    {
      operations: ["txn [[append k v] [r k vs] …]"],
      summary: "anomalies of transactions on lists (--consistency-model)",
      make: (_, { consistencyModel }) => listAppend({ consistencyModel }),
    },
  ],
  [
    "set-full",
    {
      operations: ["add", "read"],
      summary: "elements of a set that were lost, stale, doubled or never added",
      make: () => setFull(),
    },
  ],
  [
    "set-linearizable",
    {
      operations: ["add", "read"],
      summary: "the same set, linearizable: exact and linear, for it only grows",
      make: () => setFull({ linearizable: true }),
    },
  ],
  [
    "counter-bounds",
    {
      operations: ["add", "read"],
      summary: "reads of a counter beyond what it could have been",
      make: () => counterBounds(),
    },
  ],
  [
    "unique-ids",
    { operations: ["generate"], summary: "ids that were given out twice", make: () => uniqueIds() },
  ],
  [
    "bank",
    {
      operations: ["transfer", "read"],
      summary: "reads of all accounts that are no snapshot: a wrong total, an overdrawn account",
      make: () => bank(),
    },
  ],
  [
    "long-fork",
    {
      operations: ["read [[r k v] …]", "write [[w k v]]"],
      summary: "reads that saw two writes in contradictory orders (--group-size)",
      make: (recording, { groupSize }) =>
        longFork({ groupSize: groupSize ?? longestTransaction(recording.events) }),
    },
  ],
]);

/** Throws UsageError for a name that nothing has, or options that it does not take. */
export async function findJudge(name: string, options: JudgeOptions): Promise<Judge> {
  refuseForeign("--group-size", options.groupSize, "long-fork", name);
  refuseForeign("--consistency-model", options.consistencyModel, "list-append", name);
  const check = CHECKS.get(name);
  if (check !== undefined) {
    if (options.initial !== undefined) throw new UsageError(`--init: the check ${name} has no initial state`);
    return { type: "check", name, make: (recording) => check.make(recording, options) };
  }
  if (/[/\\]|\.[cm]?js$/.test(name)) return loadModel(name, options.initial);
  const adapter = ADAPTERS.get(name);
  try {
    const model = builtInModel(name, options.initial === undefined ? {} : { initial: options.initial });
    if (adapter === undefined) throw new Error(`the model ${name} has no adapter`);
    return { type: "model", name, model, adapter };
  } catch (error) {
    if (!(error instanceof BuiltInModelError)) throw error;
    const flag = modelNames.includes(name) ? "--init" : "--model";
    const checks =
      flag === "--model" ? `; checks: ${[...CHECKS.keys()].join(", ")}; porcupine models tells more` : "";
    throw new UsageError(`${flag}: ${error.message}${checks}`);
  }
}

/** An option that would be passed over in silence. */
function refuseForeign(flag: string, value: unknown, owner: string, name: string): void {
  if (value !== undefined && name !== owner)
    throw new UsageError(`${flag}: only ${owner} takes it (--model ${owner}), ${name} does not`);
}

/** The model whose operations these are beyond doubt. Undefined: the user must say. */
export function guessModel({ events }: Recording): string | undefined {
  if (events.some(({ f, value }) => f === "txn" && appends(value))) return "list-append";
  const names = new Set<string>();
  for (const { process, f } of events) if (typeof process === "number") names.add(f);
  if (names.size === 0) return undefined;
  const model = UNMISTAKABLE.find((name) =>
    [...names].every((f) => Object.hasOwn(ADAPTERS.get(name)?.operations ?? {}, f)),
  );
  if (model !== "cas-register") return model;
  // Reads and writes of lists of registers go by these names too.
  return events.some(({ f, value }) => f === "cas" || (f === "write" && isScalar(value))) ? model : undefined;
}

const UNMISTAKABLE = ["cas-register", "kv", "mutex", "stack"];

function appends(value: unknown): boolean {
  return Array.isArray(value) && value.some((micro) => Array.isArray(micro) && micro[0] === "append");
}

function isScalar(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number";
}

export async function judge(by: Judge, recording: Recording, options: JudgeOptions): Promise<Judgement> {
  if (by.type === "model") return judgeByModel(by, recording, options);
  const check = by.make(recording);
  const startedAt = performance.now();
  const events = options.independent === true ? splitIndependent(recording.events) : recording.events;
  let report: CheckReport;
  try {
    report = check.run(events);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const remedy = `record what the check ${by.name} asks for, or choose another with --model`;
    const line = events[error.index]?.line ?? null;
    throw new FailureError({ kind: "data", reason: error.message, remedy, line });
  }
  return { type: "check", name: by.name, report, elapsedMs: performance.now() - startedAt, notes: [] };
}

/** Reads are of one whole group. */
function longestTransaction(events: readonly RecordedEvent[]): number {
  const lengths = events.map(({ value }) => (Array.isArray(value) ? value.length : 0));
  return lengths.reduce((longest, length) => Math.max(longest, length), 2);
}
