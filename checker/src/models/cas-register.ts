import type { Model } from "../model.js";

export type RegisterValue = string | number;

export type CasRegisterInput =
  | { readonly f: "read"; readonly key?: string | undefined }
  | { readonly f: "write"; readonly key?: string | undefined; readonly value: RegisterValue }
  | {
      readonly f: "cas";
      readonly key?: string | undefined;
      readonly from: RegisterValue;
      readonly to: RegisterValue;
    };

export interface CasRegisterOutput {
  /** What a read returned; null: the register was absent. */
  readonly value?: RegisterValue | null | undefined;
  /** Whether a cas found `from`. False says: the value was not `from` (another one, or absent). */
  readonly succeeded?: boolean | undefined;
}

export type RegisterState = RegisterValue | null;

/** A register with compare-and-set for each key; absent (null) at first unless told otherwise. */
export function casRegister(
  options: { readonly initial?: RegisterState } = {},
): Model<RegisterState, CasRegisterInput, CasRegisterOutput> {
  const initial = options.initial ?? null;
  return {
    name: "cas-register",
    init: () => initial,
    step: stepRegister,
    stateKey: valueKey,
    key: (input) => input.key ?? "",
    problem: registerProblem,
    readOnly: (input, output) =>
      input.f === "read" || (input.f === "cas" && output !== undefined && output.succeeded === false),
    operationKey,
    covers: (general, special) =>
      general.f === "write" && special.f === "cas" && general.value === special.to,
    simplify: mergeUnobserved,
    register: { initial, input: (input) => input, output: (output) => output },
    spec: { name: "cas-register", options: { initial } },
    describeOperation,
    describeState,
  };
}

/** Without cas: reads and writes only. A cas in the history is an input error. */
export function register(
  options: { readonly initial?: RegisterState } = {},
): Model<RegisterState, CasRegisterInput, CasRegisterOutput> {
  return {
    ...casRegister(options),
    name: "register",
    spec: { name: "register", options: { initial: options.initial ?? null } },
    problem: (input, output) =>
      input.f === "cas"
        ? 'a register has no "cas" (model cas-register does)'
        : registerProblem(input, output),
  };
}

function stepRegister(
  state: RegisterState,
  input: CasRegisterInput,
  output: CasRegisterOutput | undefined,
): readonly RegisterState[] {
  if (input.f === "read") return output === undefined || output.value === state ? [state] : [];
  if (input.f === "write") return [input.value];
  const found = state === input.from;
  if (output !== undefined && output.succeeded !== found) return [];
  return [found ? input.to : state];
}

/** Injective: 1 and "1" and null stay apart. */
function valueKey(value: RegisterState): string | number {
  if (value === null) return "";
  return typeof value === "number" ? value : `=${value}`;
}

/** Injective: a number's text has no comma, and a string's length says where it ends. */
function operationKey(input: CasRegisterInput, output: CasRegisterOutput | undefined): string {
  if (input.f === "read") return output === undefined ? "r?" : `r${operationValueKey(output.value)}`;
  if (input.f === "write") return `w${operationValueKey(input.value)}`;
  const answer = output === undefined ? "?" : output.succeeded === true ? "+" : "-";
  return `${answer}${operationValueKey(input.from)},${operationValueKey(input.to)}`;
}

function operationValueKey(value: RegisterState | undefined): string {
  if (typeof value === "number") return `${value}`;
  return typeof value === "string" ? `=${value.length}:${value}` : "";
}

function registerProblem(input: CasRegisterInput, output: CasRegisterOutput | undefined): string | undefined {
  switch (input.f) {
    case "read":
      if (output === undefined || output.value === null || isValue(output.value)) return undefined;
      return "a read must say what it returned: a string, a number, or null for absent";
    case "write":
      return isValue(input.value) ? undefined : "a write needs a value, a string or a number";
    case "cas":
      if (!isValue(input.from) || !isValue(input.to)) return "a cas needs from and to, strings or numbers";
      if (output === undefined || typeof output.succeeded === "boolean") return undefined;
      return "a cas that returned must say whether it succeeded, true or false";
    default:
      return `unknown operation ${JSON.stringify((input as { f: unknown }).f)}; known: read, write, cas`;
  }
}

function isValue(value: unknown): value is RegisterValue {
  return typeof value === "string" || (typeof value === "number" && Number.isFinite(value));
}

/**
 * Values that no read returned and no cas compares with cannot be told apart by any operation of the
 * history, so one of them stands for all. A register can still hold it, which matters: it is a value
 * that is not the `from` of a failed cas. What it buys: writes of such values that never returned,
 * usually most of them, become interchangeable.
 */
function mergeUnobserved(
  operations: readonly {
    readonly input: CasRegisterInput;
    readonly output?: CasRegisterOutput | undefined;
  }[],
): readonly CasRegisterInput[] {
  const observed = new Set<RegisterState | undefined>();
  for (const { input, output } of operations) {
    if (input.f === "read") observed.add(output?.value);
    // Also of a cas that failed or never returned: it tells `from` from all other values.
    if (input.f === "cas") observed.add(input.from);
  }
  let stand: RegisterValue | undefined;
  const merge = (value: RegisterValue): RegisterValue => {
    if (observed.has(value)) return value;
    stand ??= value;
    return stand;
  };
  return operations.map(({ input }) => {
    if (input.f === "read" || observed.has(input.f === "write" ? input.value : input.to)) return input;
    if (input.f === "write") return { f: "write", key: input.key, value: merge(input.value) };
    return { f: "cas", key: input.key, from: input.from, to: merge(input.to) };
  });
}

function describeOperation(input: CasRegisterInput, output: CasRegisterOutput | undefined): string {
  const key = input.key === undefined ? "" : ` ${input.key}`;
  const lost = output === undefined ? " that never returned" : "";
  if (input.f === "read")
    return `read${key && ` of${key}`}${lost || ` that returned ${describeState(output?.value ?? null)}`}`;
  if (input.f === "write") return `write of ${JSON.stringify(input.value)}${key && ` to${key}`}${lost}`;
  const result = output?.succeeded === true ? " that succeeded" : " that found another value";
  return `cas${key && ` of${key}`} from ${JSON.stringify(input.from)} to ${JSON.stringify(input.to)}${lost || result}`;
}

function describeState(state: RegisterState): string {
  return state === null ? "absent" : JSON.stringify(state);
}
