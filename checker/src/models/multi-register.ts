import type { Model, Scalar } from "../model.js";
import { isValue, type Recorded, unknownOperation, type Value } from "./value.js";

/** A read (its value is null in an input; in an output what it returned, null: absent) or a write of one register. */
export type MicroOperation = readonly ["r", Value, Scalar] | readonly ["w", Value, Value];

/** All of `value` at one instant, one after the other: a read sees the writes before it. */
export interface MultiRegisterInput {
  readonly f: "txn";
  readonly value: readonly MicroOperation[];
}

/** The same, with what the reads returned. */
export interface MultiRegisterOutput {
  readonly value: readonly MicroOperation[];
}

/** By register (encoded name); one that is not there is absent. */
export type MultiRegisterState = ReadonlyMap<string, Value>;

/**
 * Several registers, read and written by operations that each touch any of them at one instant. Absent (null) at
 * first but for those that `initial` names, as pairs of register and value. No partitions: an operation may join
 * any registers.
 */
export function multiRegister(
  options: { readonly initial?: readonly (readonly [Value, Value])[] } = {},
): Model<MultiRegisterState, MultiRegisterInput, MultiRegisterOutput> {
  const initial = options.initial ?? [];
  const start = new Map(initial.map(([register, value]) => [JSON.stringify(register), value]));
  return {
    name: "multi-register",
    init: () => start,
    step: stepTransaction,
    stateKey: (state) => JSON.stringify([...state].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    problem: transactionProblem,
    readOnly: (input) => input.value.every(([f]) => f === "r"),
    operationKey: (input, output) => {
      const micro = input.value.map(([f, register, value], i) =>
        f === "w" ? [register, value] : [register, output === undefined ? [] : output.value[i]?.[2], "r"],
      );
      return JSON.stringify([output !== undefined, micro]);
    },
    simplify: mergeUnread,
    spec: { name: "multi-register", options: { initial } },
    describeOperation,
    describeState: (state) => {
      const registers = [...state].map(([register, value]) => `${register}: ${JSON.stringify(value)}`);
      return registers.length === 0 ? "all absent" : `{${registers.toSorted().join(", ")}}`;
    },
  };
}

function stepTransaction(
  state: MultiRegisterState,
  input: MultiRegisterInput,
  output: MultiRegisterOutput | undefined,
): readonly MultiRegisterState[] {
  let after = state;
  for (const [i, [f, register, value]] of input.value.entries()) {
    const name = JSON.stringify(register);
    if (f === "w") {
      if (after === state) after = new Map(state);
      (after as Map<string, Value>).set(name, value);
    } else if (output !== undefined && output.value[i]?.[2] !== (after.get(name) ?? null)) return [];
  }
  return [after];
}

/** By register, values that no read returned cannot be told apart: one stands for all. */
function mergeUnread(
  operations: readonly Recorded<MultiRegisterInput, MultiRegisterOutput>[],
): readonly MultiRegisterInput[] {
  const read = new Set<string>();
  for (const { output } of operations) {
    for (const [f, register, value] of output?.value ?? []) {
      if (f === "r") read.add(JSON.stringify([register, value]));
    }
  }
  const stands = new Map<Value, Value>();
  return operations.map(({ input }) => ({
    f: "txn",
    value: input.value.map((micro): MicroOperation => {
      const [f, register, value] = micro;
      if (f === "r" || read.has(JSON.stringify([register, value]))) return micro;
      const stand = stands.get(register) ?? value;
      stands.set(register, stand);
      return ["w", register, stand];
    }),
  }));
}

function transactionProblem(
  input: MultiRegisterInput,
  output: MultiRegisterOutput | undefined,
): string | undefined {
  if (input.f !== "txn") return unknownOperation((input as { f: unknown }).f, ["txn"]);
  if (!Array.isArray(input.value)) return `a txn needs a value: a list of ${SHAPES}`;
  for (const micro of input.value) {
    if (!isMicro(micro)) return `${JSON.stringify(micro)} in a txn is none of ${SHAPES}`;
  }
  if (output === undefined) return undefined;
  if (!Array.isArray(output.value) || output.value.length !== input.value.length)
    return "a txn that returned must say what each of its parts returned, in a list of the same length";
  for (const [i, [f, register, value]] of input.value.entries()) {
    const answer: unknown = output.value[i];
    const matches = isMicro(answer) && answer[0] === f && answer[1] === register;
    if (!matches || (f === "w" && answer[2] !== value))
      return `part ${i} of a txn is ${JSON.stringify(input.value[i])} but its answer ${JSON.stringify(answer)}`;
  }
  return undefined;
}

const SHAPES = '["r", register, null] and ["w", register, value]';

function isMicro(micro: unknown): micro is MicroOperation {
  if (!Array.isArray(micro) || micro.length !== 3 || !isValue(micro[1])) return false;
  return micro[0] === "w" ? isValue(micro[2]) : micro[0] === "r" && (micro[2] === null || isValue(micro[2]));
}

function describeOperation(input: MultiRegisterInput, output: MultiRegisterOutput | undefined): string {
  const parts = (output ?? input).value.map(([f, register, value]) => {
    if (f === "w") return `${register} := ${JSON.stringify(value)}`;
    if (output === undefined) return `read ${register}`;
    return `${register} = ${value === null ? "absent" : JSON.stringify(value)}`;
  });
  return `transaction (${parts.join("; ")})${output === undefined ? " that never returned" : ""}`;
}
