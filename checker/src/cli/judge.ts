import type { CheckReport } from "../checks/check.js";
import { ADAPTERS } from "../formats/adapters.js";
import type { Recording } from "../formats/event.js";
import { splitIndependent } from "../formats/independent.js";
import { builtInModel, BuiltInModelError, modelNames } from "../models/index.js";
import { InputError } from "../operation.js";
import { CHECKS } from "./checks.js";
import { loadModel } from "./custom-model.js";
import { FailureError, UsageError } from "./errors.js";
import { judgeByModel } from "./judge-model.js";
import type { Judge, Judgement, JudgeOptions } from "./judgement.js";

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

export async function judge(by: Judge, recording: Recording, options: JudgeOptions): Promise<Judgement> {
  if (by.type === "model") return judgeByModel(by, recording, options);
  const check = by.make(recording);
  const startedAt = performance.now();
  const events = options.independent === true ? splitIndependent(recording.events) : recording.events;
  const notes = passedOver(by.name, options);
  let report: CheckReport;
  try {
    report = check.run(events);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const remedy = `record what the check ${by.name} asks for, or choose another with --model`;
    const line = events[error.index]?.line ?? null;
    throw new FailureError({ kind: "data", reason: error.message, remedy, line });
  }
  return { type: "check", name: by.name, report, elapsedMs: performance.now() - startedAt, notes };
}

/** Options that a check has no use for: what it does is linear, and without states. */
function passedOver(check: string, options: JudgeOptions): readonly string[] {
  const { timeoutMs, maxBytes, engine, threads, stopAtFirst, verifyWitness, meaning } = options;
  const forModels = {
    "--timeout": timeoutMs,
    "--memory": maxBytes,
    "--engine": engine,
    "--threads": threads,
    "--stop-at-first": stopAtFirst,
    "--verify": verifyWitness,
    "--nil": meaning.nilIsAbsent,
    "--failed-cas": meaning.failedCasHappened,
  };
  const given = Object.entries(forModels).filter(([, value]) => value !== undefined);
  if (given.length === 0) return [];
  return [
    `${check} is a check, and passes over what is for models: ${given.map(([flag]) => flag).join(", ")}`,
  ];
}
