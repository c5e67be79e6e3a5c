import { Decision } from "../decide.js";
import type { EngineLimits, EngineName } from "../engine.js";
import type { Model } from "../model.js";
import type { Partition } from "../partition.js";
import type { CheckProgress, PartitionResult, PartitionUnknown } from "../result.js";
import { settle, undecided } from "../verdict.js";

export interface TurnsOptions {
  /** Undefined: those that suit. */
  readonly engine: EngineName | undefined;
  readonly verifyWitness: boolean;
}

export interface Settled {
  readonly number: number;
  readonly result: PartitionResult;
}

interface Pending<State, Input, Output> {
  readonly number: number;
  readonly partition: Partition<Input, Output>;
  readonly decision: Decision<State, Input, Output>;
}

/** The partitions that one thread has in hand: they take turns, so that a hard one does not hold up the others. */
export class Turns<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #options: TurnsOptions;
  readonly #limits: EngineLimits;
  #pending: Pending<State, Input, Output>[] = [];
  #turn = 0;

  constructor(model: Model<State, Input, Output>, options: TurnsOptions, limits: EngineLimits) {
    this.#model = model;
    this.#options = options;
    this.#limits = limits;
  }

  /** Numbers of the partitions in hand. */
  get numbers(): readonly number[] {
    return this.#pending.map(({ number }) => number);
  }

  get bytes(): number {
    return this.#pending.reduce((sum, { decision }) => sum + decision.bytes, 0);
  }

  add(number: number, partition: Partition<Input, Output>): void {
    const decision = new Decision(this.#model, partition.operations, this.#limits, this.#options.engine);
    this.#pending.push({ number, partition, decision });
  }

  /** Works on the partition whose turn it is until it is settled or until the time `until` of performance.now(). */
  advance(until: number): Settled | undefined {
    const pending = this.#pending[this.#turn % this.#pending.length];
    const settled = pending === undefined ? undefined : this.#work(pending, until);
    if (settled === undefined) this.#turn++;
    return settled;
  }

  /** The same, on the partition added last. */
  advanceLast(until: number): Settled | undefined {
    const last = this.#pending.at(-1);
    return last === undefined ? undefined : this.#work(last, until);
  }

  /** Configurations explored for the partition added last. */
  get exploredLast(): number {
    return this.#pending.at(-1)?.decision.explored ?? 0;
  }

  /** Takes all out of this thread's hands; returns their numbers. */
  release(): number[] {
    const pending = this.#pending;
    this.#pending = [];
    return pending.map(({ number }) => number);
  }

  #work(pending: Pending<State, Input, Output>, until: number): Settled | undefined {
    const { number, partition, decision } = pending;
    const outcome = decision.advance(until);
    if (outcome === undefined) return undefined;
    this.#pending = this.#pending.filter((other) => other !== pending);
    const result = settle(this.#model, partition, decision, outcome, this.#options.verifyWitness);
    return { number, result };
  }

  /** Of the partition whose turn it is. */
  progress(): Omit<CheckProgress, "decided" | "partitions"> | undefined {
    const pending = this.#pending[this.#turn % this.#pending.length];
    if (pending === undefined) return undefined;
    const { partition, decision } = pending;
    return {
      key: partition.key,
      settledReturns: decision.engine?.settledReturns ?? 0,
      returns: decision.task.timeline.returns,
      configurations: decision.engine?.configurations ?? 0,
      bytes: this.bytes,
    };
  }

  giveUp(why: PartitionUnknown["ranOut"]): Settled[] {
    const pending = this.#pending;
    this.#pending = [];
    return pending.map(({ number, partition, decision }) => ({
      number,
      result: undecided(partition, decision, why),
    }));
  }
}
