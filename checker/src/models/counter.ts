import type { Model } from "../model.js";
import { type Recorded, unknownOperation } from "./value.js";

export type CounterInput =
  | { readonly f: "read"; readonly key?: string | undefined }
  /** `value`: what is added, an integer, possibly negative. */
  | { readonly f: "add"; readonly key?: string | undefined; readonly value: number };

export interface CounterOutput {
  /** What a read returned. */
  readonly value?: number | undefined;
}

/** OUT_OF_REACH stands for all numbers from which no additions of the history lead to one that was read. */
export type CounterState = number | typeof OUT_OF_REACH;

const OUT_OF_REACH = null;

/** A number to which integers are added; 0 at first unless told otherwise. */
export function counter(
  options: { readonly initial?: number } = {},
): Model<CounterState, CounterInput, CounterOutput> {
  const initial = options.initial ?? 0;
  return {
    name: "counter",
    init: () => initial,
    step: stepCounter,
    stateKey: (state) => state ?? "out of reach",
    key: (input) => input.key ?? "",
    problem: counterProblem,
    readOnly: (input) => input.f === "read" || input.value === 0,
    operationKey: (input, output) =>
      JSON.stringify(
        input.f === "read" ? ["read", output?.value ?? []] : ["add", input.value, output !== undefined],
      ),
    project,
    spec: { name: "counter", options: { initial } },
    describeOperation,
    describeState: (state) =>
      state === OUT_OF_REACH ? "a number far from any that was read" : String(state),
  };
}

function stepCounter(
  state: CounterState,
  input: CounterInput,
  output: CounterOutput | undefined,
): readonly CounterState[] {
  if (input.f === "read") return output === undefined || output.value === state ? [state] : [];
  if (state === OUT_OF_REACH) return [OUT_OF_REACH];
  const sum = state + input.value;
  // Beyond, different sums would be the same number.
  if (!Number.isSafeInteger(sum)) throw new RangeError(`the sum of ${state} and ${input.value} is not exact`);
  return [sum];
}

/** Each addition takes place at most once, so that all of one sign together bound how far a number can still go. */
function project(
  operations: readonly Recorded<CounterInput, CounterOutput>[],
): (state: CounterState) => CounterState {
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [down, up] = [0, 0];
  for (const { input, output } of operations) {
    if (input.f === "add") {
      if (input.value > 0) up += input.value;
      else down += input.value;
    } else if (output?.value !== undefined) {
      lowest = Math.min(lowest, output.value);
      highest = Math.max(highest, output.value);
    }
  }
  return (state) =>
    state === OUT_OF_REACH || state + down > highest || state + up < lowest ? OUT_OF_REACH : state;
}

function counterProblem(input: CounterInput, output: CounterOutput | undefined): string | undefined {
  switch (input.f) {
    case "read":
      if (output === undefined || Number.isSafeInteger(output.value)) return undefined;
      return "a read must say what it returned, an integer";
    case "add":
      return Number.isSafeInteger(input.value) ? undefined : "an add needs a value, an integer";
    default:
      return unknownOperation((input as { f: unknown }).f, ["read", "add"]);
  }
}

function describeOperation(input: CounterInput, output: CounterOutput | undefined): string {
  const of = input.key === undefined ? "" : ` of ${input.key}`;
  const never = output === undefined ? " that never returned" : "";
  if (input.f === "read") return `read${of}${never === "" ? ` that returned ${output?.value}` : never}`;
  return `add of ${input.value}${input.key === undefined ? "" : ` to ${input.key}`}${never}`;
}
