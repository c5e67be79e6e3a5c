import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Adapter } from "../formats/adapter.js";
import { PLAIN_ADAPTER } from "../formats/adapters.js";
import type { AnyModel } from "../models/index.js";
import { messageOf, UsageError } from "./errors.js";
import type { Judge } from "./judgement.js";
import { ownModel } from "./own-model.js";

const HOOKS = ["init", "step", "stateKey", "describeOperation", "describeState"] as const;

/**
 * A model of the user's own: a JavaScript module that exports `model` (a Model) and, if inputs and
 * outputs are not simply `{ f, key, value }` and `{ value }`, `adapter` (an Adapter).
 * Throws UsageError.
 */
export async function loadModel(path: string, initial: unknown): Promise<Judge> {
  if (initial !== undefined) throw new UsageError(`--init: the model of ${path} has its own init`);
  if (!existsSync(path)) throw new UsageError(`--model: ${path} cannot be loaded: no such file`);
  const { href } = pathToFileURL(resolve(path));
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new UsageError(`--model: ${path} cannot be loaded: ${messageOf(error).split("\n")[0]}`);
  }
  const { model, adapter } = module;
  if (!isObject(model))
    throw new UsageError(
      `--model: ${path} exports no "model" (a module exports const model = { init, step … })`,
    );
  const missing = HOOKS.find((hook) => typeof model[hook] !== "function");
  if (missing !== undefined) throw new UsageError(`--model: the model of ${path} has no function ${missing}`);
  const name = typeof model["name"] === "string" ? model["name"] : path;
  return {
    type: "model",
    name,
    model: ownModel(model as unknown as AnyModel, name),
    reference: {
      module: new URL("./own-model.js", import.meta.url),
      export: "importOwnModel",
      options: { href, name },
    },
    adapter: adapterOf(adapter, path),
  };
}

function adapterOf(adapter: unknown, path: string): Adapter {
  if (adapter === undefined) return PLAIN_ADAPTER;
  if (isObject(adapter) && isObject(adapter["operations"])) return adapter as unknown as Adapter;
  throw new UsageError(`--model: the adapter of ${path} has no "operations" (by f: { input, output })`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
