import { PIECE, type Steps } from "./steps.js";

/**
 * One operation: the interval between a call and its return. Times are any numbers of one clock, which
 * may be positions in a recording. Intervals are closed: of an operation that returned at the very time
 * at which another was called, nobody can say that it came first, so the two are concurrent. (A recorder
 * that does know the order should give it, by distinct times.)
 */
export interface Operation<Input, Output> {
  /** Who called. A process has at most one operation open, and none after one that never returned. */
  readonly process: number;
  readonly input: Input;
  /** The answer; undefined exactly if the operation never returned. */
  readonly output?: Output | undefined;
  readonly call: number;
  /** Undefined: never returned, may take effect at any time after the call, or never. */
  readonly return?: number | undefined;
  /** For messages: the operation's index in its recording. Its position in the array if absent. */
  readonly id?: number | undefined;
}

/** The history itself makes no sense; there is no verdict. `index`: position in the array given. */
export class InputError extends Error {
  readonly index: number;

  constructor(index: number, id: number, problem: string) {
    super(`operation ${id}: ${problem}`);
    this.name = "InputError";
    this.index = index;
  }
}

/** A model broke one of its promises (model.ts), or failed: a bug in the model, so there is no verdict. */
export class ModelError extends Error {
  constructor(model: string, problem: string, cause?: unknown) {
    super(`model ${model}: ${problem}`, { cause });
    this.name = "ModelError";
  }
}

type ProblemOf<Input, Output> =
  | ((input: Input, output: Output | undefined) => string | undefined)
  | undefined;

/** Throws InputError at the first operation that is not well formed. In pieces; linear for a recording in order of calls. */
export function* validating<Input, Output>(
  operations: readonly Operation<Input, Output>[],
  problem: ProblemOf<Input, Output>,
): Steps<void> {
  for (let start = 0; start < operations.length; start += PIECE) {
    if (start > 0) yield;
    validatePiece(operations, start, Math.min(operations.length, start + PIECE), problem);
  }
  if (!(yield* areProcessesSequential(operations))) validateProcesses(operations);
}

function validatePiece<Input, Output>(
  operations: readonly Operation<Input, Output>[],
  start: number,
  end: number,
  problem: ProblemOf<Input, Output>,
): void {
  for (let index = start; index < end; index++) {
    const operation = operations[index] as Operation<Input, Output>;
    if (typeof operation !== "object" || operation === null)
      throw new InputError(
        index,
        index,
        `${String(operation)} is no operation (process, input, output, call, return)`,
      );
    const reason = intervalProblem(operation) ?? contentProblem(operation, problem);
    if (reason !== undefined) throw new InputError(index, operation.id ?? index, reason);
  }
}

/** A null where a model takes an object makes its `problem` throw: that, too, is said with the place. */
function contentProblem<Input, Output>(
  { input, output }: Operation<Input, Output>,
  problem: ProblemOf<Input, Output>,
): string | undefined {
  try {
    return problem?.(input, output);
  } catch (error) {
    return `the model cannot read it: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function intervalProblem(operation: Operation<unknown, unknown>): string | undefined {
  if (!Number.isFinite(operation.call))
    return `the time of its call is ${operation.call}, not a finite number`;
  if (!Number.isSafeInteger(operation.process)) return `process ${operation.process} is not a safe integer`;
  if (operation.return === undefined) {
    return operation.output === undefined ? undefined : "it has an answer but no time of return";
  }
  if (!Number.isFinite(operation.return))
    return `the time of its return is ${operation.return}, not a finite number`;
  if (operation.return < operation.call)
    return `it returned at ${operation.return}, before its call at ${operation.call}`;
  if (operation.output === undefined)
    return "it returned without an answer (give null or {} where there is nothing to say)";
  return undefined;
}

/** Sees it in one pass where operations come in order of their calls; false: somebody has to look closer. */
function* areProcessesSequential(operations: readonly Operation<unknown, unknown>[]): Steps<boolean> {
  const ends = new Map<number, number>();
  for (let index = 0; index < operations.length; index++) {
    const operation = operations[index] as Operation<unknown, unknown>;
    if (index % PIECE === PIECE - 1) yield;
    const end = ends.get(operation.process);
    if (end !== undefined && operation.call < end) return false;
    ends.set(operation.process, endOf(operation));
  }
  return true;
}

function validateProcesses(operations: readonly Operation<unknown, unknown>[]): void {
  const byProcess = new Map<number, number[]>();
  operations.forEach((operation, index) => {
    const list = byProcess.get(operation.process);
    if (list === undefined) byProcess.set(operation.process, [index]);
    else list.push(index);
  });
  for (const [process, indexes] of byProcess) {
    const ops = indexes.map((index) => ({ index, operation: at(operations, index) }));
    ops.sort((a, b) => a.operation.call - b.operation.call || endOf(a.operation) - endOf(b.operation));
    for (let i = 1; i < ops.length; i++) {
      const [earlier, later] = [at(ops, i - 1), at(ops, i)];
      if (later.operation.call >= endOf(earlier.operation)) continue;
      const earlierId = earlier.operation.id ?? earlier.index;
      const open = earlier.operation.return === undefined ? "never returned" : "had not returned yet";
      throw new InputError(
        later.index,
        later.operation.id ?? later.index,
        `process ${process} called it while its operation ${earlierId} ${open}`,
      );
    }
  }
}

function endOf(operation: Operation<unknown, unknown>): number {
  return operation.return ?? Number.POSITIVE_INFINITY;
}

/** The element at a position that must exist. */
export function at<T>(list: readonly T[], index: number): T {
  const element = list[index];
  if (element === undefined && !(index in list))
    throw new RangeError(`no element ${index} of ${list.length}`);
  return element as T;
}
