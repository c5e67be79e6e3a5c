import { InputError } from "../operation.js";
import type { HistoryEvent } from "./check.js";
import { describeValue, type PlainValue, sameValue } from "./value.js";

/** An invoke with its completion. `begin` and `end` are positions in the history, so no two are equal. */
export interface PairedOperation {
  readonly process: number;
  readonly f: string;
  /** `info` also for an operation that has no completion. */
  readonly outcome: "ok" | "fail" | "info";
  /** Undefined only in a recording of completions alone. */
  readonly invoke: HistoryEvent | undefined;
  readonly completion: HistoryEvent | undefined;
  readonly begin: number;
  /** Infinity where the outcome is not known: it may take effect at any time from its begin on. */
  readonly end: number;
}

/** An operation as reports name it: plain JSON. */
export interface OperationRef {
  /** Index of the invoke; of the completion where there is no invoke. */
  readonly index: number;
  /** Index of the completion, null if there is none. */
  readonly completion: number | null;
  readonly process: number;
  readonly f: string;
}

export interface PairOptions {
  /** The functions that the check knows. Any other in the history is an input error. */
  readonly functions: readonly string[];
  /** Whether the check compares times: then a recording of completions alone is an input error. */
  readonly intervals: boolean;
}

type MutableOperation = { -readonly [K in keyof PairedOperation]: PairedOperation[K] };

const TYPES: readonly unknown[] = ["invoke", "ok", "fail", "info"];

/**
 * The operations of all clients in order of their invokes. Processes that are not numbers are passed over. Linear.
 * Throws InputError: an unknown function or type, a completion without its invoke, two operations open
 * on one process (one that crashed stays open, so its process must not be used again).
 */
export function pairOperations(
  history: readonly HistoryEvent[],
  { functions, intervals }: PairOptions,
): PairedOperation[] {
  const open = new Map<number, MutableOperation>();
  const operations: MutableOperation[] = [];
  const completionsOnly =
    !intervals && !history.some(({ process, type }) => typeof process === "number" && type === "invoke");
  for (const [position, event] of history.entries()) {
    const { process, type, f } = event;
    if (typeof process === "string") continue;
    const problem = eventProblem(event, functions);
    if (problem !== undefined) throw new InputError(position, event.index, problem);
    const begun = open.get(process);
    if (type === "invoke") {
      if (begun !== undefined) throw new InputError(position, event.index, reuseProblem(begun, event));
      const operation = operationAt(position, Number.POSITIVE_INFINITY, event, "info");
      open.set(process, operation);
      operations.push(operation);
      continue;
    }
    const end = type === "info" ? Number.POSITIVE_INFINITY : position;
    if (completionsOnly) {
      operations.push(operationAt(position, end, event, type));
      continue;
    }
    if (begun === undefined || begun.completion !== undefined || begun.f !== f)
      throw new InputError(position, event.index, orphanProblem(begun, event));
    begun.completion = event;
    begun.outcome = type;
    begun.end = end;
    if (type !== "info") open.delete(process);
  }
  return operations;
}

function operationAt(
  begin: number,
  end: number,
  event: HistoryEvent,
  outcome: PairedOperation["outcome"],
): MutableOperation {
  const { process, f, type } = event;
  if (typeof process !== "number") throw new Error("an operation of a process that is no client");
  const isInvoke = type === "invoke";
  return {
    process,
    f,
    outcome,
    invoke: isInvoke ? event : undefined,
    completion: isInvoke ? undefined : event,
    begin,
    end,
  };
}

function eventProblem({ process, type, f }: HistoryEvent, functions: readonly string[]): string | undefined {
  if (!Number.isSafeInteger(process))
    return `process ${describeValue(process)} is neither an integer nor a name`;
  if (!TYPES.includes(type)) return `its type is ${describeValue(type)}; there are invoke, ok, fail and info`;
  if (functions.includes(f)) return undefined;
  return `its f is ${describeValue(f)}; this check knows ${functions.join(" and ")} alone`;
}

function reuseProblem({ invoke, completion, f }: PairedOperation, event: HistoryEvent): string {
  const state = completion === undefined ? "is open still" : "crashed; give the client a new process number";
  return `process ${event.process} invokes while its ${f} of operation ${invoke?.index} ${state}`;
}

function orphanProblem(begun: PairedOperation | undefined, { type, f, process }: HistoryEvent): string {
  const has =
    begun === undefined || begun.completion !== undefined
      ? "has none open"
      : `has open the ${begun.f} of operation ${begun.invoke?.index}`;
  return `${type} of ${f}, but process ${process} ${has}`;
}

/** The error of an operation whose completion (else whose invoke) says what it must not. */
export function operationError(operation: PairedOperation, problem: string): InputError {
  const position = Number.isFinite(operation.end) ? operation.end : operation.begin;
  const event = Number.isFinite(operation.end) ? operation.completion : operation.invoke;
  return new InputError(position, event?.index ?? indexOf(operation), problem);
}

/** The value of an update: what the invoke says. A completion repeats it or says nothing. */
export function updateValue(operation: PairedOperation): unknown {
  const { invoke, completion, f } = operation;
  const value = invoke?.value ?? null;
  const repeated = completion?.value ?? null;
  if (operation.outcome !== "ok" || repeated === null || sameValue(repeated, value)) return value;
  throw operationError(
    operation,
    `the ${f} was invoked with ${describeValue(value)} and acknowledged with ${describeValue(repeated)}`,
  );
}

export function indexOf({ invoke, completion }: PairedOperation): number {
  return (invoke ?? completion)?.index ?? Number.NaN;
}

export function refOf(operation: PairedOperation): OperationRef {
  const { completion, process, f } = operation;
  return { index: indexOf(operation), completion: completion?.index ?? null, process, f };
}

/** "add of 7 (operation 4, process 0)"; without a value: "read (operation 9, process 2)". */
export function describeRef({ index, process, f }: OperationRef, value?: PlainValue): string {
  const of = value === undefined ? "" : ` of ${describeValue(value)}`;
  return `${f}${of} (operation ${index}, process ${process})`;
}
