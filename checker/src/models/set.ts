import type { Model } from "../model.js";
import {
  describeList,
  encode,
  isValue,
  listKey,
  outputKey,
  type Recorded,
  unknownOperation,
  type Value,
} from "./value.js";

export type SetInput =
  | { readonly f: "add" | "remove" | "contains"; readonly key?: string | undefined; readonly value: Value }
  | { readonly f: "read"; readonly key?: string | undefined };

export interface SetOutput {
  /** Of a read: all elements, in any order. Of contains: whether it was there. Of add and remove: nothing. */
  readonly value?: readonly Value[] | boolean | undefined;
}

/** Encoded elements in order. DEAD stands for all sets that no read of the history can see, whatever is added. */
export type SetState = readonly string[] | typeof DEAD;

const DEAD = null;

/** A set, empty at first: add, remove, membership, and reading it whole. */
export function set(): Model<SetState, SetInput, SetOutput> {
  return {
    name: "set",
    init: () => [],
    step: stepSet,
    // A number is no list's key.
    stateKey: (state) => (state === DEAD ? 0 : listKey(state)),
    key: (input) => input.key ?? "",
    problem: setProblem,
    readOnly: (input) => input.f === "read" || input.f === "contains",
    operationKey: (input, output) =>
      JSON.stringify(
        input.f === "read"
          ? ["read", output !== undefined, output === undefined ? "" : listKey(elementsOf(output))]
          : [input.f, input.value, outputKey(output)],
      ),
    project,
    spec: { name: "set", options: {} },
    describeOperation,
    describeState: (state) => (state === DEAD ? "a set that no read returned" : describeList(state)),
  };
}

function stepSet(state: SetState, input: SetInput, output: SetOutput | undefined): readonly SetState[] {
  if (input.f === "read") {
    if (output === undefined) return [state];
    if (state === DEAD || (output.value as readonly Value[]).length !== state.length) return [];
    return elementsOf(output).every((element, i) => element === state[i]) ? [state] : [];
  }
  if (state === DEAD) return [DEAD];
  const element = encode(input.value);
  const at = lowerBound(state, element);
  const present = state[at] === element;
  if (input.f === "contains") return output === undefined || output.value === present ? [state] : [];
  if (input.f === "add") return [present ? state : state.toSpliced(at, 0, element)];
  return [present ? state.toSpliced(at, 1) : state];
}

/** What a read returned, encoded and in order. One that returned an element twice is no set's. */
function elementsOf(output: SetOutput): string[] {
  return (output.value as readonly Value[]).map(encode).toSorted();
}

function lowerBound(state: readonly string[], element: string): number {
  let low = 0;
  let high = state.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((state[middle] as string) < element) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Where elements are only added and the set only read whole, a set that is part of nothing that was read will never be
 * read again. (A remove could revive it, and contains sees single elements: then all states are kept.)
 */
function project(operations: readonly Recorded<SetInput, SetOutput>[]): (state: SetState) => SetState {
  if (operations.some(({ input }) => input.f === "remove" || input.f === "contains")) return (state) => state;
  const largest: ReadonlySet<string>[] = [];
  const reads = new Map<string, readonly string[]>();
  for (const { input, output } of operations) {
    if (input.f !== "read" || output === undefined) continue;
    const elements = elementsOf(output);
    reads.set(listKey(elements), elements);
  }
  const within = (elements: readonly string[]): boolean =>
    largest.some((read) => elements.length <= read.size && elements.every((element) => read.has(element)));
  for (const elements of [...reads.values()].toSorted((a, b) => b.length - a.length)) {
    if (!within(elements)) largest.push(new Set(elements));
  }
  return (state) => (state === DEAD || within(state) ? state : DEAD);
}

function setProblem(input: SetInput, output: SetOutput | undefined): string | undefined {
  switch (input.f) {
    case "read": {
      if (output === undefined) return undefined;
      if (!Array.isArray(output.value) || !output.value.every(isValue))
        return "a read must say which elements it returned: a list of strings or numbers";
      return undefined;
    }
    case "add":
    case "remove":
    case "contains":
      if (!isValue(input.value)) return `${input.f} needs a value, a string or a number`;
      if (input.f !== "contains" || output === undefined || typeof output.value === "boolean")
        return undefined;
      return "contains must say what it returned, true or false";
    default:
      return unknownOperation((input as { f: unknown }).f, ["add", "remove", "contains", "read"]);
  }
}

function describeOperation(input: SetInput, output: SetOutput | undefined): string {
  const of = input.key === undefined ? "" : ` of ${input.key}`;
  const never = output === undefined ? " that never returned" : "";
  if (input.f === "read")
    return output === undefined
      ? `read${of}${never}`
      : `read${of} that returned ${describeList(elementsOf(output))}`;
  const answer =
    input.f === "contains" && output !== undefined ? ` that returned ${String(output.value)}` : "";
  return `${input.f}${of}, element ${encode(input.value)}${answer}${never}`;
}
