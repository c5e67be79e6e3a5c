import type { Model } from "../model.js";
import { casRegister, register } from "./cas-register.js";
import { counter } from "./counter.js";
import { etcdKey } from "./etcd-key.js";
import { fifoQueue } from "./fifo-queue.js";
import { kv } from "./kv.js";
import { multiRegister } from "./multi-register.js";
import { mutex } from "./mutex.js";
import { set } from "./set.js";
import { stack } from "./stack.js";
import { unorderedQueue } from "./unordered-queue.js";
import { isValue, type Value } from "./value.js";

/** A model whose types are known only at run time; its `problem` says whether an operation is one of its own. */
export type AnyModel = Model<unknown, unknown, unknown>;

/** No such model, or an option that it does not take. The message says what there is. */
export class BuiltInModelError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = "BuiltInModelError";
  }
}

interface Entry {
  /** What `initial` must be; undefined: the model takes no options. */
  readonly initial?: { readonly shape: string; isValid(value: unknown): boolean };
  make(options: { readonly initial?: never }): unknown;
}

const REGISTER = {
  shape: "a string, a number, or null for absent",
  isValid: (value: unknown): boolean => value === null || isValue(value),
};

const ENTRIES: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ["register", { initial: REGISTER, make: register }],
  ["cas-register", { initial: REGISTER, make: casRegister }],
  ["kv", { initial: { shape: "a string", isValid: (value) => typeof value === "string" }, make: kv }],
  ["etcd-key", { make: etcdKey }],
  [
    "multi-register",
    {
      initial: {
        shape:
          "an object of values by register, or a list of pairs [register, value] (registers whose names are numbers, " +
          'or look so, need the pairs: 1 and "1" are two)',
        isValid: (value) => arePairs(value) || isByRegister(value),
      },
      make: ({ initial }: { readonly initial?: Registers | Readonly<Record<string, Value>> }) =>
        multiRegister({ initial: pairsOf(initial ?? []) }),
    },
  ],
  [
    "mutex",
    {
      initial: {
        shape: "true (locked) or false (free)",
        isValid: (value) => typeof value === "boolean",
      },
      make: mutex,
    },
  ],
  ["set", { make: set }],
  ["counter", { initial: { shape: "an integer", isValid: Number.isSafeInteger }, make: counter }],
  ["fifo-queue", { make: fifoQueue }],
  ["unordered-queue", { make: unorderedQueue }],
  ["stack", { make: stack }],
]);

/** The built-in models, as `builtInModel` knows them. */
export const modelNames: readonly string[] = [...ENTRIES.keys()];

/**
 * The built-in model of this name, as a command line or a worker thread asks for it: `builtInModel(spec.name,
 * spec.options)` makes a model again. The one option there is, for some, is `initial`: what the object holds at the
 * start, in plain JSON. Throws BuiltInModelError.
 */
export function builtInModel(name: string, options: Readonly<Record<string, unknown>> = {}): AnyModel {
  const entry = ENTRIES.get(name);
  if (entry === undefined)
    throw new BuiltInModelError(
      `there is no model ${JSON.stringify(name)}${nearest(name)}; known: ${modelNames.join(", ")}`,
    );
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (option !== "initial" || entry.initial === undefined) {
      const known = entry.initial === undefined ? "it takes none" : "it takes: initial";
      throw new BuiltInModelError(`model ${name} has no option ${JSON.stringify(option)}; ${known}`);
    }
    if (!entry.initial.isValid(value))
      throw new BuiltInModelError(
        `option initial of model ${name} must be ${entry.initial.shape}, not ${JSON.stringify(value)}`,
      );
  }
  return entry.make(options) as AnyModel;
}

type Registers = readonly (readonly [Value, Value])[];

function pairsOf(initial: Registers | Readonly<Record<string, Value>>): Registers {
  return arePairs(initial) ? initial : Object.entries(initial);
}

/** The names of an object are strings, so that `{"1": 0}` says nothing of the register 1, whoever meant it. */
function isByRegister(value: unknown): value is Readonly<Record<string, Value>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(([name, held]) => isValue(held) && (name === "" || isNaN(Number(name))));
}

function arePairs(value: unknown): value is Registers {
  return (
    Array.isArray(value) &&
    value.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every(isValue))
  );
}

function nearest(name: string): string {
  const byDistance = modelNames
    .map((known) => ({ known, edits: editDistance(name.toLowerCase(), known) }))
    .toSorted((a, b) => a.edits - b.edits);
  const best = byDistance[0];
  return best === undefined || best.edits > 3 ? "" : `, did you mean ${best.known}?`;
}

/** Insertions, deletions and replacements of a character (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
