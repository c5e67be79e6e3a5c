import type { Engine, EngineLimits, EngineOutcome } from "../engine.js";
import type { Problem } from "../problem.js";
import { JustInTime } from "./just-in-time.js";

/** Goes once through a recorded history, breadth first: see just-in-time.ts. */
export class FrontierEngine implements Engine {
  readonly name = "frontier";
  settledReturns = 0;
  readonly #problem: Problem;
  readonly #limits: EngineLimits;
  readonly #search: JustInTime;

  constructor(problem: Problem, limits: EngineLimits) {
    this.#problem = problem;
    this.#limits = limits;
    this.#search = new JustInTime(problem.states);
  }

  get configurations(): number {
    return this.#search.configurations;
  }

  get bytes(): number {
    return this.#search.bytes;
  }

  *run(): Generator<undefined, EngineOutcome> {
    const { events, classes, returnAt } = this.#problem;
    const search = this.#search;
    const slots = new Int32Array(classes.length);
    let limit = search.work + WORK_BETWEEN_YIELDS;
    for (let i = 0; i < events.length; i++) {
      const event = events[i] as number;
      const operation = event >> 1;
      const returned = returnAt[operation] as number;
      if ((event & 1) === 0) {
        if (returned === -1) search.crash(operation, classes[operation] as number);
        else slots[operation] = search.open(operation, classes[operation] as number, returned);
        continue;
      }
      search.begin(slots[operation] as number);
      let step = search.advance(limit - search.work);
      while (step === "unsettled" || search.work >= limit) {
        yield;
        if (this.#limits.isFull()) return { type: "full" };
        limit = search.work + WORK_BETWEEN_YIELDS;
        if (step === "unsettled") step = search.advance(WORK_BETWEEN_YIELDS);
      }
      if (step === "failed") {
        const { orders, stateCount } = search.orders(ORDERS_KEPT);
        return { type: "illegal", operation, orders, stateCount };
      }
      this.settledReturns++;
    }
    return { type: "ok", order: search.anyOrder() };
  }
}

const WORK_BETWEEN_YIELDS = 2000;
const ORDERS_KEPT = 16;
