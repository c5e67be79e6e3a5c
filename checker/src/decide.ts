import { ChainEngine } from "./engines/chain.js";
import { DepthFirstEngine } from "./engines/depth-first.js";
import { FrontierEngine } from "./engines/frontier.js";
import { UniqueWritesEngine } from "./engines/unique-writes.js";
import { type Engine, type EngineLimits, type EngineName, type EngineOutcome, Task } from "./engine.js";
import type { Model } from "./model.js";
import type { Operation } from "./operation.js";
import type { Steps } from "./steps.js";

/**
 * A partition on its way to a verdict: which engines to try, and whose turn it is. Where two race, the second is not even
 * made before the first has worked for ALONE_MS; then they get the same time, so that the verdict takes at most
 * twice the time of the faster one, and a slice.
 */
export class Decision<State, Input, Output> {
  readonly task: Task<State, Input, Output>;
  readonly #limits: EngineLimits;
  /** Tried one group after another. Those in a group race. */
  readonly #groups: EngineName[][];
  /** Of the present group, those that have not begun. */
  #waiting: EngineName[] = [];
  #racers: Racer[] = [];
  /** What they need first. */
  #preparation: Steps<void> | undefined;
  readonly #started: EngineName[] = [];
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

  /** All engines that have begun until now. */
  get started(): readonly EngineName[] {
    return this.#started;
  }

  /** Configurations that the engines now at work have explored, all together. */
  get explored(): number {
    return this.#racers.reduce((sum, { engine }) => sum + engine.configurations, 0);
  }

  get bytes(): number {
    return this.#racers.reduce((sum, { engine }) => sum + engine.bytes, 0);
  }

  /** Works until it is decided, or until the time `until` of performance.now() at the latest. Undefined: not yet. */
  advance(until: number): EngineOutcome | undefined {
    do {
      if (this.#racers.length === 0 && this.#waiting.length === 0 && !this.#beginGroup())
        return this.#failure;
      if (this.#isPreparing()) continue;
      const racer = this.#next();
      const outcome = run(racer, until);
      this.#note(racer.engine);
      if (outcome === undefined) continue;
      this.#drop(racer);
      if (outcome.type === "ok" || outcome.type === "illegal") {
        this.#best = racer.engine;
        this.#racers = [];
        return outcome;
      }
      this.#failure = outcome;
    } while (performance.now() < until);
    return undefined;
  }

  /** False: there is none left. */
  #beginGroup(): boolean {
    this.#waiting = this.#groups.shift() ?? [];
    if (this.#waiting.some((name) => SEARCHING.includes(name))) this.#preparation = this.#preparing();
    return this.#waiting.length > 0;
  }

  *#preparing(): Steps<void> {
    const problem = yield* this.task.preparing();
    if (!this.#waiting.includes("depth-first")) return;
    yield;
    // Made when first asked for: now, so that the clock is looked at in between.
    void problem.slots;
    yield;
    void problem.crashedGroups;
    yield;
  }

  /** One piece of the preparation. */
  #isPreparing(): boolean {
    if (this.#preparation?.next().done === true) this.#preparation = undefined;
    return this.#preparation !== undefined;
  }

  /** Whose turn it is. */
  #next(): Racer {
    const isFirstAlone = this.#racers.length > 0 && this.#racers.every(({ usedMs }) => usedMs < ALONE_MS);
    if (!isFirstAlone && this.#waiting.length > 0) return this.#start(this.#waiting.shift() as EngineName);
    return this.#racers.reduce((least, racer) => (racer.usedMs < least.usedMs ? racer : least));
  }

  #start(name: EngineName): Racer {
    const engine: Engine = createEngine(name, this.task, { isFull: () => this.#isFull(engine) });
    const racer = { engine, steps: engine.run(), usedMs: 0 };
    this.#started.push(name);
    this.#racers.push(racer);
    return racer;
  }

  /** Of two racers the one that holds more gives way: the other may need little. */
  #isFull(asking: Engine): boolean {
    if (!this.#limits.isFull()) return false;
    const larger = this.#racers.find(({ engine }) => engine !== asking && engine.bytes > asking.bytes);
    if (larger === undefined) return true;
    this.#drop(larger);
    this.#failure = { type: "full" };
    return this.#limits.isFull();
  }

  #drop(racer: Racer): void {
    this.#racers = this.#racers.filter((other) => other !== racer);
  }

  #note(engine: Engine): void {
    if (this.#best === undefined || engine.settledReturns >= this.#best.settledReturns) this.#best = engine;
  }
}

type Failure = Extract<EngineOutcome, { readonly type: "full" | "inapplicable" }>;

interface Racer {
  readonly engine: Engine;
  readonly steps: Generator<undefined, EngineOutcome>;
  usedMs: number;
}

const ALONE_MS = 2;
/** A turn is a part of the time used already, so that a race costs little where it ends early. */
const MIN_TURN_MS = 0.5;
const MAX_TURN_MS = 50;

/**
 * The linear paths first, where the model has them: they find out quickly whether they can decide. Then the two
 * searches race: depth first wins where one of many orders will do, above all with crashed operations, breadth first
 * where a violation must be proved, or where an early choice is found wrong much later.
 */
function suitable<State, Input, Output>(model: Model<State, Input, Output>): EngineName[][] {
  const groups: EngineName[][] = [];
  if (model.version !== undefined) groups.push(["chain"]);
  if (model.register !== undefined) groups.push(["unique-writes"]);
  return [...groups, [...SEARCHING]];
}

const SEARCHING: readonly EngineName[] = ["depth-first", "frontier"];

const ENGINES: {
  readonly [Name in EngineName]: <State, Input, Output>(
    task: Task<State, Input, Output>,
    limits: EngineLimits,
  ) => Engine;
} = {
  frontier: (task, limits) => new FrontierEngine(task.problem, limits),
  "depth-first": (task, limits) => new DepthFirstEngine(task.problem, limits),
  "unique-writes": (task, limits) => new UniqueWritesEngine(task, limits),
  chain: (task, limits) => new ChainEngine(task, limits),
};

export function createEngine<State, Input, Output>(
  name: EngineName,
  task: Task<State, Input, Output>,
  limits: EngineLimits,
): Engine {
  return ENGINES[name](task, limits);
}

/** One turn. */
function run(racer: Racer, until: number): EngineOutcome | undefined {
  const start = performance.now();
  const end = Math.min(until, start + Math.min(MAX_TURN_MS, Math.max(MIN_TURN_MS, racer.usedMs)));
  let now = start;
  do {
    const step = racer.steps.next();
    if (step.done === true) return step.value;
    now = performance.now();
  } while (now < end);
  racer.usedMs += now - start;
  return undefined;
}
