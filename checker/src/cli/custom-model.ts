import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Adapter } from "../formats/adapter.js";
import { PLAIN_ADAPTER } from "../formats/adapters.js";
import type { AnyModel } from "../models/index.js";
import { messageOf, UsageError } from "./errors.js";
import type { Judge } from "./judgement.js";

const HOOKS = ["init", "step", "stateKey", "describeOperation", "describeState"] as const;

/**
 * A model of the user's own: a JavaScript module that exports `model` (a Model) and, if inputs and
 * outputs are not simply `{ f, key, value }` and `{ value }`, `adapter` (an Adapter).
 * Throws UsageError.
 */
export async function loadModel(path: string, initial: unknown): Promise<Judge> {
  if (initial !== undefined) throw new UsageError(`--init: the model of ${path} has its own init`);
  if (!existsSync(path)) throw new UsageError(`--model: ${path} cannot be loaded: no such file`);
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(resolve(path)).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new UsageError(`--model: ${path} cannot be loaded: ${messageOf(error).split("\n")[0]}`);
  }
  const { model, adapter } = module;
  if (typeof model !== "object" || model === null)
    throw new UsageError(
      `--model: ${path} exports no "model" (a module exports const model = { init, step … })`,
    );
  const missing = HOOKS.find(
    (hook) => typeof (model as Readonly<Record<string, unknown>>)[hook] !== "function",
  );
  if (missing !== undefined) throw new UsageError(`--model: the model of ${path} has no function ${missing}`);
  const named = model as AnyModel;
  return {
    type: "model",
    name: named.name ?? path,
    model: named,
    reference: { module: resolve(path), export: "model" },
    adapter: (adapter as Adapter | undefined) ?? PLAIN_ADAPTER,
  };
}
