import type { Model } from "../model.js";
import {
  describeList,
  encode,
  isValue,
  listKey,
  mergeUnobserved,
  outputKey,
  type Recorded,
  unknownOperation,
  type Value,
} from "./value.js";

/** Input of an object that values are put into and taken from; `Put` and `Take` are the names of its operations. */
export type ContainerInput<Put extends string, Take extends string> =
  | { readonly f: Put; readonly key?: string | undefined; readonly value: Value }
  | { readonly f: Take; readonly key?: string | undefined };

export interface ContainerOutput {
  /** Of a take: the value, or null where it found nothing. Of a put: nothing. */
  readonly value?: Value | null | undefined;
}

/** Encoded values. */
export type ContainerState = readonly string[];

/** How queues and stacks differ. */
export interface ContainerShape<Put extends string, Take extends string> {
  readonly name: string;
  readonly put: Put;
  readonly take: Take;
  insert(state: ContainerState, value: string): ContainerState;
  /** The positions, in a state that is not empty, of the values that a take may return. */
  within(state: ContainerState): readonly number[];
  /**
   * The part of a state that matters, where only `spare` more takes can remove values for which `isSeen` is false.
   * Removing from the part and removing from the whole must stay as good as each other.
   */
  visible(state: ContainerState, isSeen: (value: string) => boolean, spare: number): ContainerState;
}

export function container<Put extends string, Take extends string>(
  shape: ContainerShape<Put, Take>,
): Model<ContainerState, ContainerInput<Put, Take>, ContainerOutput> {
  type Input = ContainerInput<Put, Take>;
  return {
    name: shape.name,
    init: () => [],
    step: (state, input, output) => stepContainer(shape, state, valuePut(shape, input), output),
    stateKey: listKey,
    key: (input) => input.key ?? "",
    problem: (input, output) => containerProblem(shape, input, output),
    // A take that found nothing.
    readOnly: (input, output) => input.f === shape.take && output?.value === null,
    operationKey: (input, output) =>
      JSON.stringify([input.f, valuePut(shape, input) ?? null, outputKey(output)]),
    simplify: (operations) =>
      mergeUnobserved(
        operations.map(({ input }) => input),
        valuesTaken(shape, operations),
        (input) => valuePut(shape, input),
        (input: Input, value) => ({ ...input, value }),
      ),
    project: (operations) => {
      const seen = new Set([...valuesTaken(shape, operations)].map(encode));
      const takes = operations.filter(({ input }) => input.f === shape.take);
      const spare = takes.filter(({ output }) => output === undefined).length;
      return (state) => shape.visible(state, (value) => seen.has(value), spare);
    },
    spec: { name: shape.name, options: {} },
    describeOperation: (input, output) => describeOperation(shape, input, output),
    describeState: (state) => (state.length === 0 ? "empty" : describeList(state)),
  };
}

/** What a put puts; undefined for a take. */
function valuePut<Put extends string, Take extends string>(
  shape: ContainerShape<Put, Take>,
  input: ContainerInput<Put, Take>,
): Value | undefined {
  return input.f === shape.put ? (input as { readonly value: Value }).value : undefined;
}

function stepContainer<Put extends string, Take extends string>(
  shape: ContainerShape<Put, Take>,
  state: ContainerState,
  put: Value | undefined,
  output: ContainerOutput | undefined,
): readonly ContainerState[] {
  if (put !== undefined) return [shape.insert(state, encode(put))];
  const taken = output?.value;
  if (state.length === 0) return output === undefined || taken === null ? [state] : [];
  if (taken === null) return [];
  const wanted = taken === undefined ? undefined : encode(taken);
  const positions = shape.within(state).filter((at) => wanted === undefined || state[at] === wanted);
  return positions.map((at) => state.toSpliced(at, 1));
}

function valuesTaken<Put extends string, Take extends string>(
  shape: ContainerShape<Put, Take>,
  operations: readonly Recorded<ContainerInput<Put, Take>, ContainerOutput>[],
): Set<Value> {
  const values = new Set<Value>();
  for (const { input, output } of operations) {
    const value = input.f === shape.take ? output?.value : undefined;
    if (value !== undefined && value !== null) values.add(value);
  }
  return values;
}

function containerProblem<Put extends string, Take extends string>(
  shape: ContainerShape<Put, Take>,
  input: ContainerInput<Put, Take>,
  output: ContainerOutput | undefined,
): string | undefined {
  const { put, take } = shape;
  if (input.f === put)
    return isValue(valuePut(shape, input)) ? undefined : `${put} needs a value, a string or a number`;
  if (input.f !== take) return unknownOperation(input.f, [put, take]);
  if (output === undefined || output.value === null || isValue(output.value)) return undefined;
  return `${take} must say what it returned: a string, a number, or null for nothing`;
}

function describeOperation<Put extends string, Take extends string>(
  shape: ContainerShape<Put, Take>,
  input: ContainerInput<Put, Take>,
  output: ContainerOutput | undefined,
): string {
  const key = input.key === undefined ? "" : ` (${input.key})`;
  const put = valuePut(shape, input);
  const what = put === undefined ? `${input.f}${key}` : `${input.f}${key} of ${encode(put)}`;
  if (output === undefined) return `${what} that never returned`;
  if (put !== undefined) return what;
  return `${what} that returned ${output.value === null ? "nothing" : JSON.stringify(output.value)}`;
}
