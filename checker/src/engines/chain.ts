import type { Engine, EngineLimits, EngineOutcome, Task } from "../engine.js";
import { at } from "../operation.js";
import { Replay, type Replayed } from "./chain-replay.js";
import { Versions } from "./versions.js";

/**
 * For objects whose answers name versions (`model.version`), as etcd's do with its revisions: the versions give the order,
 * which is replayed (chain-replay.ts). Log-linear, and no search but for operations that never returned: where versions
 * were seen that nobody is known to have made, such operations are tried.
 *
 * Whatever order it finds is legal, for it was replayed. Of illegal histories it decides those where versions alone forbid
 * every order, or where no update without a known version could have helped; else it does not decide.
 */
export class ChainEngine<State, Input, Output> implements Engine {
  readonly name = "chain";
  settledReturns = 0;
  readonly #task: Task<State, Input, Output>;
  readonly #limits: EngineLimits;
  #versions: Versions<State, Input, Output> | undefined;
  #replay: Replay<State, Input, Output> | undefined;

  constructor(task: Task<State, Input, Output>, limits: EngineLimits) {
    this.#task = task;
    this.#limits = limits;
  }

  /** Operations replayed. */
  get configurations(): number {
    return this.#replay?.steps ?? 0;
  }

  get bytes(): number {
    return (this.#versions?.bytes ?? 0) + (this.#replay?.bytes ?? 0);
  }

  *run(): Generator<undefined, EngineOutcome> {
    const { model, operations } = this.#task;
    if (model.version === undefined)
      return { type: "inapplicable", reason: `the model ${model.name} knows no versions` };
    const versions = new Versions(model, operations);
    this.#versions = versions;
    for (let start = 0; start < operations.length; start += CHUNK) {
      versions.scan(start, Math.min(operations.length, start + CHUNK));
      if (this.#limits.isFull()) return { type: "full" };
      yield;
    }
    if (versions.named === 0) return { type: "inapplicable", reason: "no answer names a version" };
    const timeline = yield* this.#task.ordering();
    versions.arrange(timeline);
    yield;
    const replay = new Replay(model, operations, timeline, versions);
    this.#replay = replay;
    const whole = yield* this.#judge(replay, timeline.events.length);
    if (whole === "full") return { type: "full" };
    if (whole.type !== "legal") return yield* this.#findViolation(replay, whole.type === "stuck");
    this.settledReturns = timeline.returns;
    return { type: "ok", order: whole.order };
  }

  /** A prefix of what is legal is legal, so the first return that is too much is found by bisection. */
  *#findViolation(
    replay: Replay<State, Input, Output>,
    isStuck: boolean,
  ): Generator<undefined, EngineOutcome> {
    const { events, callAt, returns } = this.#task.timeline;
    const doubtful = this.#versions?.crashed[0];
    if (isStuck && doubtful !== undefined) {
      // Where operations did not return, replaying is no proof that there is no order: mostly in vain, so not tried.
      const sure = yield* this.#judge(replay, callAt[doubtful] as number);
      if (sure === "full") return { type: "full" };
      if (sure.type !== "illegal") return UNDECIDED;
    }
    const places = events.reduce<number[]>((list, event, place) => {
      if ((event & 1) === 1) list.push(place);
      return list;
    }, []);
    let legal = 0;
    let order: readonly number[] = [];
    let illegal = returns;
    let failure: Replayed["type"] = isStuck ? "stuck" : "illegal";
    while (illegal - legal > 1) {
      const returned = (legal + illegal) >>> 1;
      const judged = yield* this.#judge(replay, at(places, returned - 1) + 1);
      if (judged === "full") return { type: "full" };
      if (judged.type === "legal") {
        legal = returned;
        order = judged.order;
      } else {
        illegal = returned;
        failure = judged.type;
      }
    }
    if (failure !== "illegal") return UNDECIDED;
    this.settledReturns = legal;
    return {
      type: "illegal",
      operation: at([...events], at(places, legal)) >> 1,
      orders: [order],
      stateCount: 1,
    };
  }

  *#judge(replay: Replay<State, Input, Output>, end: number): Generator<undefined, Replayed | "full"> {
    let judged: Replayed = { type: "stuck" };
    for (const unseen of ["take", "leave", "both"] as const) {
      const steps = replay.run(end, unseen);
      let step = steps.next();
      for (; step.done !== true; step = steps.next()) {
        if (this.#limits.isFull()) return "full";
        yield;
      }
      judged = step.value;
      if (judged.type !== "stuck") break;
    }
    return judged;
  }
}

const CHUNK = 2048;

const UNDECIDED: EngineOutcome = {
  type: "inapplicable",
  reason: "updates of which no version is known leave more orders than the one that versions give",
};
