import type { Engine, EngineLimits, EngineOutcome, Task } from "../engine.js";
import { Clusters, INITIAL, NONE, READ, UPDATE } from "./clusters.js";
import { PIECE, type Steps } from "../steps.js";
import { placeFailedCas } from "./failed-cas.js";
import { Zones } from "./zones.js";

/**
 * For registers in which every value that was observed had been written once: linear in the legal case, log-linear in
 * the other, no search (Gibbons and Korach 1997; Lee and Mathur, "Efficient linearizability monitoring", OOPSLA 2025,
 * with cas). What decides is in zones.ts.
 *
 * A cas that failed says only what the value was not. It changes nothing, so what is illegal without is illegal with it;
 * where a legal order of the rest is found, it goes into a gap of that order. If it fits into none, another order might
 * have had room for it: then the engine does not decide.
 */
export class UniqueWritesEngine<State, Input, Output> implements Engine {
  readonly name = "unique-writes";
  readonly #task: Task<State, Input, Output>;
  readonly #limits: EngineLimits;
  #clusters: Clusters | undefined;
  #zones: Zones | undefined;
  #settledReturns = 0;

  constructor(task: Task<State, Input, Output>, limits: EngineLimits) {
    this.#task = task;
    this.#limits = limits;
  }

  get settledReturns(): number {
    return this.#settledReturns;
  }

  /** Blocks of clusters that were put in order. */
  get configurations(): number {
    return this.#zones?.blocks ?? 0;
  }

  get bytes(): number {
    return (this.#clusters?.bytes ?? 0) + (this.#zones?.bytes ?? 0);
  }

  *run(): Generator<undefined, EngineOutcome> {
    const { operations, model } = this.#task;
    if (model.register === undefined)
      return { type: "inapplicable", reason: `the model ${model.name} does not say that it is a register` };
    const clusters = new Clusters(operations, model.register);
    this.#clusters = clusters;
    for (let start = 0; start < operations.length; start += CHUNK) {
      clusters.scan(start, Math.min(operations.length, start + CHUNK));
      if (clusters.unsuitable !== undefined) return { type: "inapplicable", reason: clusters.unsuitable };
      if (this.#limits.isFull()) return { type: "full" };
      yield;
    }
    const timeline = yield* this.#task.ordering();
    yield;
    const zones = new Zones(clusters, timeline);
    this.#zones = zones;
    if (this.#limits.isFull()) return { type: "full" };
    const end = timeline.events.length;
    if (!(yield* zones.isLegal(end))) return yield* this.#findViolation(zones);
    const order = yield* orderOf(zones, end);
    if (order === undefined) return NO_ROOM;
    this.#settledReturns = timeline.returns;
    return { type: "ok", order };
  }

  /** A prefix of what is legal is legal, so the first return that is too much is found by bisection. */
  *#findViolation(zones: Zones): Generator<undefined, EngineOutcome> {
    const { events, returns } = zones.timeline;
    const places = new Int32Array(returns);
    for (let place = 0, count = 0; place < events.length; place++) {
      if (((events[place] as number) & 1) === 1) places[count++] = place;
    }
    let legal = 0;
    let illegal = returns;
    while (illegal - legal > 1) {
      const returned = (legal + illegal) >>> 1;
      if (yield* zones.isLegal((places[returned - 1] as number) + 1)) legal = returned;
      else illegal = returned;
    }
    const place = places[legal] as number;
    if (!(yield* zones.isLegal(place))) throw new Error("the prefix before the first violation is not legal");
    const operation = (events[place] as number) >> 1;
    const { orders, stateCount } = yield* endings(zones, place, operation);
    if (orders.length === 0) return NO_ROOM;
    this.#settledReturns = legal;
    return { type: "illegal", operation, orders, stateCount };
  }
}

const CHUNK = 8192;
const ORDERS_KEPT = 16;

const NO_ROOM: EngineOutcome = {
  type: "inapplicable",
  reason: "a cas that failed does not fit into the order found, and may fit into another",
};

/**
 * Legal orders of the events before `end`, just found legal but for cas that failed, that leave different values; but for
 * those without `operation`. None if the cas that failed fit into none.
 */
function* endings(
  zones: Zones,
  end: number,
  operation: number,
): Steps<{ orders: readonly (readonly number[])[]; stateCount: number }> {
  const { kind, cluster, from } = zones.clusters;
  const blocks = zones.lastBlocks();
  const orders: number[][] = [];
  for (const block of blocks.slice(0, ORDERS_KEPT)) {
    const order = yield* orderOf(zones, end, block);
    if (order !== undefined) orders.push(order);
  }
  const whole = orders[0];
  if (whole === undefined) return { orders, stateCount: 0 };
  // Writes that have not returned, and that nobody has seen, may have come last.
  let stateCount = blocks.length;
  for (let place = 0; place < end; place++) {
    const open = (zones.timeline.events[place] as number) >> 1;
    const value = cluster[open] as number;
    if (open === operation || kind[open] !== UPDATE || from[value] !== NONE || zones.isRequired(value))
      continue;
    stateCount++;
    if (orders.length < ORDERS_KEPT) orders.push([...whole, open]);
  }
  return { orders: orders.toSorted((a, b) => b.length - a.length), stateCount };
}

/**
 * A legal order of the events before `end`, just found legal but for cas that failed; undefined if those do not fit.
 * `last`: one of zones.lastBlocks(), which then comes last.
 */
function* orderOf(zones: Zones, end: number, last = NONE): Steps<number[] | undefined> {
  const { clusters, timeline, next, blockAt } = zones;
  const { kind, cluster, writer, failedCas } = clusters;
  const { events, returnAt } = timeline;
  // Lists of reads by cluster, in order of call, for they are put in front of one another backwards.
  const firstRead = new Int32Array(clusters.count).fill(NONE);
  const nextRead = new Int32Array(kind.length);
  for (let place = end - 1; place >= 0; place--) {
    if (place % PIECE === 0) yield;
    const event = events[place] as number;
    const operation = event >> 1;
    if ((event & 1) === 1 || kind[operation] !== READ || (returnAt[operation] as number) >= end) continue;
    const value = cluster[operation] as number;
    nextRead[operation] = firstRead[value] as number;
    firstRead[value] = operation;
  }
  const order: number[] = [];
  const append = (block: number): void => {
    for (let value = block; value !== NONE; value = next[value] as number) {
      if (value !== INITIAL) order.push(writer[value] as number);
      for (let read = firstRead[value] as number; read !== NONE; read = nextRead[read] as number)
        order.push(read);
    }
  };
  for (let place = 0; place < blockAt.length; place++) {
    if (place % PIECE === PIECE - 1) yield;
    const block = blockAt[place] as number;
    if (block !== last) append(block);
  }
  append(last);
  return failedCas === 0 ? order : placeFailedCas(clusters, timeline, end, order);
}
