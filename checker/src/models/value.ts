import type { Scalar } from "../model.js";

/** What the built-in models store. 1 and "1" are two values. */
export type Value = Exclude<Scalar, null>;

export function isValue(value: unknown): value is Value {
  return typeof value === "string" || (typeof value === "number" && Number.isFinite(value));
}

/** Injective: a JSON text says whether it is a string or a number, and needs no separator beside a comma. */
export function encode(value: Value): string {
  return JSON.stringify(value);
}

/** An injective key of a list of encoded values. */
export function listKey(encoded: readonly string[]): string {
  return encoded.join(",");
}

export function describeList(encoded: readonly string[]): string {
  if (encoded.length <= SHOWN) return `[${encoded.join(", ")}]`;
  const first = encoded.slice(0, SHOWN / 2).join(", ");
  const last = encoded.slice(-SHOWN / 2).join(", ");
  return `[${first}, … ${last}] (${encoded.length} values)`;
}

const SHOWN = 16;

export function unknownOperation(f: unknown, known: readonly string[]): string {
  return `unknown operation ${JSON.stringify(f)}; known: ${known.join(", ")}`;
}

/** An operation as the hooks that look at a whole partition see it. */
export interface Recorded<Input, Output> {
  readonly input: Input;
  readonly output?: Output | undefined;
}

/**
 * Values that no answer names cannot be told apart, so the first of them stands for all: operations that store them
 * become alike. `stored`: what an input stores, if anything; `storing`: the same input storing another value.
 */
export function mergeUnobserved<Input>(
  inputs: readonly Input[],
  observed: ReadonlySet<unknown>,
  stored: (input: Input) => Value | undefined,
  storing: (input: Input, value: Value) => Input,
): readonly Input[] {
  let stand: Value | undefined;
  return inputs.map((input) => {
    const value = stored(input);
    if (value === undefined || observed.has(value)) return input;
    stand ??= value;
    return storing(input, stand);
  });
}

/** A key of a crashed operation must differ from that of any answer: an answer is never an empty list. */
export function outputKey(output: { readonly value?: unknown } | undefined): unknown {
  return output === undefined ? [] : { value: output.value };
}
