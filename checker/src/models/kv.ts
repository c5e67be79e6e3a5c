import type { Model } from "../model.js";
import { type Recorded, unknownOperation } from "./value.js";

export type KvInput =
  | { readonly f: "get"; readonly key: string }
  | { readonly f: "put"; readonly key: string; readonly value: string }
  | { readonly f: "append"; readonly key: string; readonly value: string };

export interface KvOutput {
  /** What a get returned. */
  readonly value?: string | undefined;
}

/** The value of one key. DEAD stands for all values that no get of the history can see, with whatever is appended. */
export type KvState = string | typeof DEAD;

const DEAD = null;

/**
 * Strings by key: put replaces, append adds at the end, get returns. A key that was never put holds `initial` (the
 * empty string unless told otherwise). Each key is a partition.
 *
 * What appends build is seen by gets, so `project` keeps only the values that are a prefix of what some get returned:
 * of n concurrent appends usually one order survives instead of n!.
 */
export function kv(options: { readonly initial?: string } = {}): Model<KvState, KvInput, KvOutput> {
  const initial = options.initial ?? "";
  return {
    name: "kv",
    init: () => initial,
    step: stepKv,
    // A number is no string's key.
    stateKey: (state) => state ?? 0,
    key: (input) => input.key,
    problem: kvProblem,
    overwrites: (input) => input.f === "put",
    readOnly: (input) => input.f === "get" || (input.f === "append" && input.value === ""),
    operationKey: (input, output) =>
      JSON.stringify(
        input.f === "get" ? ["get", output?.value ?? []] : [input.f, input.value, output !== undefined],
      ),
    simplify: mergeDead,
    project: (operations) => {
      const seen = new Prefixes(operations);
      return (state) => (state === DEAD || seen.has(state) ? state : DEAD);
    },
    spec: { name: "kv", options: { initial } },
    describeOperation,
    describeState: (state) => (state === DEAD ? "a value that no get returned" : shown(state)),
  };
}

function stepKv(state: KvState, input: KvInput, output: KvOutput | undefined): readonly KvState[] {
  if (input.f === "get") return output === undefined || output.value === state ? [state] : [];
  if (input.f === "put") return [input.value];
  return [state === DEAD ? DEAD : state + input.value];
}

function kvProblem(input: KvInput, output: KvOutput | undefined): string | undefined {
  if (!["get", "put", "append"].includes(input.f)) return unknownOperation(input.f, ["get", "put", "append"]);
  if (typeof input.key !== "string") return `${input.f} needs a key, a string`;
  if (input.f !== "get")
    return typeof input.value === "string" ? undefined : `${input.f} needs a value, a string`;
  if (output === undefined || typeof output.value === "string") return undefined;
  return 'get must say what it returned: a string ("" for nothing)';
}

/** The strings that gets returned, and their prefixes. */
class Prefixes {
  readonly #operations: readonly Recorded<KvInput, KvOutput>[];
  #longest: readonly string[] | undefined;
  #joined: string | undefined;

  constructor(operations: readonly Recorded<KvInput, KvOutput>[]) {
    this.#operations = operations;
  }

  has(prefix: string): boolean {
    const longest = this.#sorted();
    let low = 0;
    let high = longest.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((longest[middle] as string) < prefix) low = middle + 1;
      else high = middle;
    }
    return longest[low]?.startsWith(prefix) ?? false;
  }

  /** Whether it occurs anywhere in one of them. May say true of what spans two: no harm, it is only not merged. */
  mayContain(part: string): boolean {
    this.#joined ??= this.#sorted().join("\u0000");
    return this.#joined.includes(part);
  }

  /** In order, so that a string stands just before those that it is a prefix of. */
  #sorted(): readonly string[] {
    if (this.#longest !== undefined) return this.#longest;
    const returned = new Set<string>();
    for (const { input, output } of this.#operations) {
      if (input.f === "get" && output?.value !== undefined) returned.add(output.value);
    }
    // Where a value only grows, most are prefixes of the longest: to sort long strings that share much would be slow.
    const kept: string[] = [];
    for (const text of [...returned].toSorted((a, b) => b.length - a.length)) {
      if (!kept.slice(0, 4).some((longer) => longer.startsWith(text))) kept.push(text);
    }
    this.#longest = kept.toSorted((a, b) => (a < b ? -1 : 1));
    return this.#longest;
  }
}

/**
 * A put of a value that is a prefix of nothing that was read, and an append of what occurs in nothing that was read,
 * both leave the key dead, whatever it held: all are one and the same put. It makes most operations that
 * never returned alike.
 */
function mergeDead(operations: readonly Recorded<KvInput, KvOutput>[]): readonly KvInput[] {
  const seen = new Prefixes(operations);
  let stand: string | undefined;
  return operations.map(({ input, output }) => {
    if (input.f === "get") return input;
    // Appends that returned are many, and looking for each in all that was read is not worth it.
    const dead =
      input.f === "put" ? !seen.has(input.value) : output === undefined && !seen.mayContain(input.value);
    if (!dead) return input;
    stand ??= input.value;
    return { f: "put", key: input.key, value: stand };
  });
}

function describeOperation(input: KvInput, output: KvOutput | undefined): string {
  const never = output === undefined ? " that never returned" : "";
  if (input.f !== "get") {
    const direction = input.f === "put" ? "into" : "to";
    return `${input.f} of ${shown(input.value)} ${direction} ${input.key}${never}`;
  }
  return `get of ${input.key}${output === undefined ? never : ` that returned ${shown(output.value ?? "")}`}`;
}

/** The ends of a long value: appends make thousands of characters. */
function shown(value: string): string {
  if (value.length <= 120) return JSON.stringify(value);
  return `${JSON.stringify(value.slice(0, 40))} … ${JSON.stringify(value.slice(-60))} (${value.length} characters)`;
}
