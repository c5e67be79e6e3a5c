import { ChainEngine } from "./engines/chain.js";
import { DepthFirstEngine } from "./engines/depth-first.js";

import { FrontierEngine } from "./engines/frontier.js";
import { UniqueWritesEngine } from "./engines/unique-writes.js";
import { type Engine, type EngineLimits, type EngineName, type EngineOutcome, Task } from "./engine.js";
import type { Model } from "./model.js";
import type { Operation } from "./operation.js";

/** A partition on its way to a verdict: which engines to try, and whose turn it is. */
export class Decision<State, Input, Output> {
  readonly task: Task<State, Input, Output>;
  readonly #limits: EngineLimits;
  /** Tried one after another, all but the last alone: a group races. */
  readonly #groups: (readonly EngineName[])[];
  #racers: Racer[] = [];
  #turn = 0;
  #sliceMs = FIRST_SLICE_MS;
  #best: Engine | undefined;
  #failure: Failure | undefined;

  constructor(
    model: Model<State, Input, Output>,
    operations: readonly Operation<Input, Output>[],
    limits: EngineLimits,
    forced?: EngineName,
  ) {
    this.task = new Task(model, operations);
    this.#limits = limits;
    this.#groups = forced === undefined ? suitable(model) : [[forced]];
  }

  /** The engine that decided; before that, the one that got farthest. */
  get engine(): Engine | undefined {
    return this.#best;
  }

  get bytes(): number {
    return this.#racers.reduce((sum, { engine }) => sum + engine.bytes, 0);
  }

  /** Works until it is decided, or until the time `until` of performance.now() at the latest. Undefined: not yet. */
  advance(until: number): EngineOutcome | undefined {
    do {
      if (this.#racers.length === 0 && !this.#nextGroup()) return this.#failure;
      const racer = this.#racers[this.#turn++ % this.#racers.length] as Racer;
      const outcome = runUntil(racer, Math.min(until, performance.now() + this.#sliceMs));
      if (this.#turn % this.#racers.length === 0) this.#sliceMs = Math.min(this.#sliceMs * 2, MAX_SLICE_MS);
      this.#note(racer.engine);
      if (outcome === undefined) continue;
      if (outcome.type === "ok" || outcome.type === "illegal") {
        this.#best = racer.engine;
        this.#racers = [];
        return outcome;
      }
      this.#failure = outcome;
      this.#racers = this.#racers.filter((other) => other !== racer);
    } while (performance.now() < until);
    return this.#racers.length === 0 && this.#groups.length === 0 ? this.#failure : undefined;
  }

  #nextGroup(): boolean {
    const group = this.#groups.shift();
    if (group === undefined) return false;
    this.#racers = group.map((name) => {
      const engine = createEngine(name, this.task, this.#limits);
      return { engine, steps: engine.run() };
    });
    return true;
  }

  #note(engine: Engine): void {
    if (this.#best === undefined || engine.settledReturns >= this.#best.settledReturns) this.#best = engine;
  }
}

type Failure = Extract<EngineOutcome, { readonly type: "full" | "inapplicable" }>;

interface Racer {
  readonly engine: Engine;
  readonly steps: Generator<undefined, EngineOutcome>;
}

/** Racers take turns that grow, so that the one that is fast on this history is not held up for long. */
const FIRST_SLICE_MS = 1;
const MAX_SLICE_MS = 64;

/**
 * The linear paths first, where the model has them: they find out quickly whether they can decide. Then the two
 * searches race: breadth first wins where a violation must be proved, depth first where crashed operations
 * leave many ways of which one will do.
 */
function suitable<State, Input, Output>(model: Model<State, Input, Output>): EngineName[][] {
  const groups: EngineName[][] = [];
  if (model.version !== undefined) groups.push(["chain"]);
  if (model.register !== undefined) groups.push(["unique-writes"]);
  return [...groups, ["frontier", "depth-first"]];
}

export function createEngine<State, Input, Output>(
  name: EngineName,
  task: Task<State, Input, Output>,
  limits: EngineLimits,
): Engine {
  switch (name) {
    case "frontier":
      return new FrontierEngine(task.problem, limits);
    case "depth-first":
      return new DepthFirstEngine(task.problem, limits);
    case "unique-writes":
      return new UniqueWritesEngine(task, limits);
    case "chain":
      return new ChainEngine(task, limits);
  }
}

function runUntil({ steps }: Racer, until: number): EngineOutcome | undefined {
  do {
    const step = steps.next();
    if (step.done === true) return step.value;
  } while (performance.now() < until);
  return undefined;
}
