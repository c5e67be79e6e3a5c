import { Decision } from "../decide.js";
import type { EngineOutcome } from "../engine.js";
import type { Model } from "../model.js";
import { at, type Operation } from "../operation.js";
import type { PartitionIllegal } from "../result.js";
import { type Marked, tookEffect, withOptional } from "./optional.js";
import { reachableStates } from "./reachable.js";

/**
 * A smallest reason why a history is illegal. Its operations are _required_ or _optional_: an optional one took
 * effect within its interval, or never did.
 *
 * The required ones are 1-minimal: together with the optional ones they are illegal, and as soon as any one of
 * them is optional too they are legal. To leave an operation out altogether would be no measure: without
 * the write of 1, any read of 1 is illegal by itself, and the smallest illegal part of every history would be a read
 * of something that the rest of it wrote.
 */
export interface MinimalHistory {
  /** Positions in the array that was checked, in order of call. */
  readonly required: readonly number[];
  /** Updates that have to take effect once one of the required may be left out; in order of call. */
  readonly optional: readonly number[];
  /** Whether 1-minimality was proved; false: time ran out, and `required` is merely small. */
  readonly isMinimal: boolean;
  /** Checks made. */
  readonly checks: number;
}

export interface MinimizeOptions {
  /** For all checks together; 2000 if absent. */
  readonly timeoutMs?: number | undefined;
}

/**
 * QuickXplain (Junker, AAAI 2004), since the question is monotone: more required operations leave fewer orders.
 * About k log2(n / k) checks for k required of n operations.
 */
export function minimize<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  violation: PartitionIllegal,
  options: MinimizeOptions = {},
): MinimalHistory {
  return new Minimizer(model, operations, violation, options).run();
}

class Minimizer<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #marked: Model<State, Marked<State, Input>, Output>;
  /** What had been called when it broke, in order of call; numbers below are positions in here. */
  readonly #all: readonly Operation<Input, Output>[];
  readonly #positions: readonly number[];
  readonly #failed: number;
  readonly #timeoutMs: number;
  readonly #deadline: number;
  #checks = 0;

  constructor(
    model: Model<State, Input, Output>,
    operations: readonly Operation<Input, Output>[],
    violation: PartitionIllegal,
    options: MinimizeOptions,
  ) {
    this.#model = model;
    this.#marked = withOptional(model);
    this.#timeoutMs = options.timeoutMs ?? 2000;
    this.#deadline = performance.now() + this.#timeoutMs;
    const end = at(operations, violation.failedAt).return ?? Number.POSITIVE_INFINITY;
    this.#positions = violation.operations
      .filter((position) => at(operations, position).call <= end)
      .toSorted((a, b) => at(operations, a).call - at(operations, b).call || a - b);
    this.#all = this.#positions.map((position) => at(operations, position));
    this.#failed = this.#positions.indexOf(violation.failedAt);
  }

  run(): MinimalHistory {
    // What had not returned when it broke is not to blame. What returned last before it broke is kept where there
    // is a choice: a reason close to the effect.
    const end = returnOf(this.#all, this.#failed);
    const candidates = this.#all
      .map((_, i) => i)
      .filter((i) => i !== this.#failed && this.#returnedBefore(i, end))
      .toSorted((a, b) => returnOf(this.#all, b) - returnOf(this.#all, a));
    const near = this.#nearest(candidates);
    const { required, optional, isMinimal } = this.#prove([
      this.#failed,
      ...this.#reduce([this.#failed], true, near),
    ]);
    return {
      required: this.#named(required),
      optional: this.#named(optional),
      isMinimal,
      checks: this.#checks,
    };
  }

  /** Mostly the last few operations are reason enough: the fewest of 4, 16, 64 … that are. */
  #nearest(candidates: readonly number[]): readonly number[] {
    for (let count = 4; count < candidates.length; count *= 4) {
      const near = candidates.slice(0, count);
      if (this.#isIllegal([this.#failed, ...near])) return near;
    }
    return candidates;
  }

  /**
   * A minimal part of `candidates` that is illegal together with `background`, given that all of them are.
   * `grown`: the background has grown since it was last found too weak by itself.
   */
  #reduce(background: readonly number[], grown: boolean, candidates: readonly number[]): readonly number[] {
    if (candidates.length === 0) return [];
    if (grown && this.#isIllegal(background)) return [];
    if (candidates.length === 1) return candidates;
    const half = candidates.length >> 1;
    const [near, far] = [candidates.slice(0, half), candidates.slice(half)];
    const fromFar = this.#reduce([...background, ...near], true, far);
    const fromNear = this.#reduce([...background, ...fromFar], fromFar.length > 0, near);
    return [...fromNear, ...fromFar];
  }

  /** Takes out what is not needed after all, and proves the rest needed. */
  #prove(required: readonly number[]): Pick<MinimalHistory, "required" | "optional" | "isMinimal"> {
    const optional = new Set<number>();
    let isMinimal = true;
    for (const one of required) {
      const without = required.filter((other) => other !== one);
      const { operations, numbers } = this.#mark(without, 0);
      const outcome = this.#decide(operations);
      if (outcome?.type === "illegal") return this.#prove(without);
      const effective =
        outcome?.type === "ok" ? tookEffect(this.#model, operations, outcome.order) : undefined;
      if (effective === undefined) isMinimal = false;
      else for (const i of effective) optional.add(at(numbers, i));
    }
    return { required, optional: [...optional].filter((one) => !required.includes(one)), isMinimal };
  }

  /**
   * Whether these required operations are certainly illegal, with all other updates optional. Quick: what had
   * returned before the first of them was called may have happened in any order, which leaves more orders than
   * there are.
   */
  #isIllegal(required: readonly number[]): boolean {
    const begin = Math.min(...required.map((i) => at(this.#all, i).call));
    const { operations } = this.#mark(required, begin);
    const [before, within] = [this.#updatesBefore(begin), operations.flatMap(unmark)];
    const states = before.length === 0 ? [] : reachableStates(this.#model, before, within);
    if (states === undefined) return this.#decide(this.#mark(required, 0).operations)?.type === "illegal";
    if (states.length === 0) return this.#decide(operations)?.type === "illegal";
    const entry: Operation<Marked<State, Input>, Output> = {
      process: -1,
      input: { type: "entry", states },
      output: at(this.#all, this.#failed).output,
      call: begin - 2,
      return: begin - 1,
    };
    return this.#decide([entry, ...operations])?.type === "illegal";
  }

  #updatesBefore(begin: number): Operation<Input, Output>[] {
    return this.#all.filter(
      (operation) =>
        operation.call < begin && this.#model.readOnly?.(operation.input, operation.output) !== true,
    );
  }

  /** Without those optional ones that had returned before `begin`; the numbers are by position in `operations`. */
  #mark(
    required: readonly number[],
    begin: number,
  ): { operations: Operation<Marked<State, Input>, Output>[]; numbers: number[] } {
    const isRequired = new Set(required);
    const numbers: number[] = [];
    const operations: Operation<Marked<State, Input>, Output>[] = [];
    this.#all.forEach((operation, i) => {
      const type = isRequired.has(i) ? "required" : "optional";
      if (type === "optional" && this.#model.readOnly?.(operation.input, operation.output) === true) return;
      if (operation.return !== undefined && operation.return < begin) return;
      numbers.push(i);
      // One that was under way when the part begins may have taken effect before it: that is in the entry's states.
      const call = Math.max(operation.call, begin);
      operations.push({ ...operation, call, input: { type, input: operation.input } });
    });
    return { operations, numbers };
  }

  /** Undefined: no time left. */
  #decide(operations: readonly Operation<Marked<State, Input>, Output>[]): EngineOutcome | undefined {
    this.#checks++;
    let decision: Decision<State, Marked<State, Input>, Output> | undefined = undefined;
    const isFull = (): boolean => (decision?.bytes ?? 0) > MAX_BYTES;
    decision = new Decision(this.#marked, operations, { isFull });
    // One check that is hard must not use up the time of all.
    return decision.advance(Math.min(this.#deadline, performance.now() + this.#timeoutMs / 8));
  }

  /** Of returns at one time the engines take those first that come first in the history (timeline.ts). */
  #returnedBefore(operation: number, end: number): boolean {
    const returned = returnOf(this.#all, operation);
    const isFirst = at(this.#positions, operation) < at(this.#positions, this.#failed);
    return returned < end || (returned === end && isFirst);
  }

  #named(list: readonly number[]): number[] {
    return list.toSorted((a, b) => a - b).map((i) => at(this.#positions, i));
  }
}

const MAX_BYTES = 2 ** 29;

function returnOf(operations: readonly Operation<unknown, unknown>[], i: number): number {
  return at(operations, i).return ?? Number.POSITIVE_INFINITY;
}

function unmark<State, Input, Output>(
  operation: Operation<Marked<State, Input>, Output>,
): Operation<Input, Output>[] {
  const { input } = operation;
  return input.type === "entry" ? [] : [{ ...operation, input: input.input }];
}
