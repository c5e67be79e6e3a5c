import type { Model } from "./model.js";
import type { Operation } from "./operation.js";
import { type Problem, preparing } from "./problem.js";
import { finish, type Steps } from "./steps.js";
import { orderingEvents, type Timeline } from "./timeline.js";

/**
 * The ways to decide one partition. All are exact, and agree on the verdict and on the operation where it broke:
 *
 * - `frontier`: Lowe's just-in-time linearization, breadth first (engines/frontier.ts);
 * - `depth-first`: Wing and Gong's search with Lowe's memoization (engines/depth-first.ts);
 * - `unique-writes`: log-linear, for registers where each value that is read was written once (engines/unique-writes.ts);
 * - `chain`: log-linear, for objects whose answers carry version numbers (engines/chain.ts).
 */
export const ENGINE_NAMES = ["frontier", "depth-first", "unique-writes", "chain"] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** One partition of a history, as engines get it. All numbers they return are positions in `operations`. */
export class Task<State, Input, Output> {
  readonly model: Model<State, Input, Output>;
  readonly operations: readonly Operation<Input, Output>[];
  #timeline: Timeline | undefined;
  #problem: Problem | undefined;
  #returns: number | undefined;

  constructor(model: Model<State, Input, Output>, operations: readonly Operation<Input, Output>[]) {
    this.model = model;
    this.operations = operations;
  }

  /** Calls and returns in order of time. */
  get timeline(): Timeline {
    return this.#timeline ?? finish(this.ordering());
  }

  /** In small integers, for the searching engines: made once, however many of them race. */
  get problem(): Problem {
    return this.#problem ?? finish(this.preparing());
  }

  /** What makes `timeline`, in pieces. */
  *ordering(): Steps<Timeline> {
    this.#timeline ??= yield* orderingEvents(this.operations);
    return this.#timeline;
  }

  /** What makes `problem`, in pieces. */
  *preparing(): Steps<Problem> {
    this.#problem ??= yield* preparing(this.model, this.operations, yield* this.ordering());
    return this.#problem;
  }

  /** How many operations returned. */
  get returns(): number {
    if (this.#returns !== undefined) return this.#returns;
    this.#returns = 0;
    // Also of a million operations, after the time has run out.
    for (let i = 0; i < this.operations.length; i++)
      if (this.operations[i]?.return !== undefined) this.#returns++;
    return this.#returns;
  }
}

export interface Engine {
  readonly name: EngineName;
  /** Configurations explored until now: a measure of the work that does not depend on the machine. */
  readonly configurations: number;
  /** Returns settled until now: the history up to there is legal. */
  readonly settledReturns: number;
  /** Bytes that its own tables take now. */
  readonly bytes: number;
  /** Yields often (well under a millisecond apart), so that the caller can look at clock, memory and signals. */
  run(): Generator<undefined, EngineOutcome>;
}

export type EngineOutcome =
  /** `order`: legal, holds every operation that returned, and crashed ones only if they had to take effect. */
  | { readonly type: "ok"; readonly order: readonly number[] }
  | {
      readonly type: "illegal";
      /**
       * The operation whose return left no order: the history up to and with that return is illegal, given
       * the answers that operations open then gave later; up to the return before it is legal.
       */
      readonly operation: number;
      /** Legal orders of all that had returned before, the longest first, one for each state kept; never empty. */
      readonly orders: readonly (readonly number[])[];
      /** How many distinct states were possible, as far as the engine knows; at least one. */
      readonly stateCount: number;
    }
  /** The limit of memory was reached. */
  | { readonly type: "full" }
  /** A specialised engine cannot decide this history; says why. Never after it has been right for a while: at once, or at the end. */
  | { readonly type: "inapplicable"; readonly reason: string };

/** Asked often: whether the check as a whole holds more bytes than it may. Then an engine ends with `full`. */
export interface EngineLimits {
  isFull(): boolean;
}
