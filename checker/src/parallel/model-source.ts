import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import type { Model, ModelSpec } from "../model.js";
import { type AnyModel, builtInModel } from "../models/index.js";

/** A model of your own, for threads: functions cannot be sent to them, so each thread imports it. */
export interface ModelReference {
  /** URL of a module, or an absolute path: `new URL("./my-model.js", import.meta.url)`. */
  readonly module: string | URL;
  /** Name of an export: a model, or a function that makes one (or a promise of one) from `options`. */
  readonly export: string;
  /** Whatever can be sent to a thread (structured clone). */
  readonly options?: unknown;
}

/** The model cannot be made again in another thread. The message says what to do. */
export class ModelSourceError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = "ModelSourceError";
  }
}

/** How a thread gets the model: what can be sent to it. */
export type ModelSource =
  | { readonly from: "registry"; readonly spec: ModelSpec }
  | { readonly from: "module"; readonly href: string; readonly export: string; readonly options: unknown };

/** Throws ModelSourceError. */
export function modelSource<State, Input, Output>(
  model: Model<State, Input, Output> | ModelReference,
): ModelSource {
  if (!("step" in model))
    return { from: "module", href: hrefOf(model.module), export: model.export, options: model.options };
  const { spec, name } = model;
  if (spec === undefined)
    throw new ModelSourceError(
      `model ${name} cannot be sent to a thread: it has no spec. Give { module, export } instead, which each thread ` +
        `imports, or use checkOperationsAsync`,
    );
  const difference = firstDifference(model, builtInModel(spec.name, spec.options));
  if (difference !== undefined)
    throw new ModelSourceError(
      `model ${name} is not the ${spec.name} that its spec names: its ${difference} differs. Give { module, export } ` +
        `instead, which each thread imports, or use checkOperationsAsync`,
    );
  return { from: "registry", spec };
}

/** Throws ModelSourceError if the module does not hold a model. */
export async function loadModel(source: ModelSource): Promise<AnyModel> {
  if (source.from === "registry") return builtInModel(source.spec.name, source.spec.options);
  const module = (await import(source.href)) as Readonly<Record<string, unknown>>;
  const exported = module[source.export];
  if (exported === undefined)
    throw new ModelSourceError(`${source.href} has no export ${JSON.stringify(source.export)}`);
  const model: unknown = typeof exported === "function" ? await exported(source.options) : exported;
  const isModel = ["init", "step", "stateKey", "describeOperation", "describeState"].every(
    (method) => typeof (model as Readonly<Record<string, unknown>> | null)?.[method] === "function",
  );
  if (!isModel)
    throw new ModelSourceError(
      `export ${JSON.stringify(source.export)} of ${source.href} is no model: a model has at least name, init, step, ` +
        `stateKey, describeOperation and describeState`,
    );
  return model as AnyModel;
}

function hrefOf(module: string | URL): string {
  if (typeof module !== "string") return module.href;
  if (isAbsolute(module)) return pathToFileURL(module).href;
  if (URL.canParse(module)) return module;
  throw new ModelSourceError(
    `${JSON.stringify(module)} is neither a URL nor an absolute path; give new URL(${JSON.stringify(module)}, import.meta.url)`,
  );
}

/**
 * A spec that was copied together with the rest of a built-in model says nothing of what was changed since; a thread
 * would check something else. So everything of the two is compared, functions by their text.
 */
function firstDifference(model: object, made: object): string | undefined {
  const text = (value: unknown): string =>
    JSON.stringify(value, (_, part: unknown) => (typeof part === "function" ? String(part) : part)) ?? "";
  const [ours, theirs] = [model, made] as [Record<string, unknown>, Record<string, unknown>];
  return [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].find(
    (property) => text(ours[property]) !== text(theirs[property]),
  );
}
