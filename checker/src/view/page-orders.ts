import type { Model } from "../model.js";
import { at, type Operation } from "../operation.js";
import type { PartitionResult } from "../result.js";
import type { PageOrder } from "./data.js";
import { replayOrder, STATE_TEXT_ALLOWED } from "./order.js";
import { count, type Texts } from "./texts.js";

/** Orders of one partition on the page. */
export const ORDERS_SHOWN = 16;
/** Steps that the orders after a partition's first have on the page: of one partition, and of all. */
export const FURTHER_STEPS_OF_PARTITION = 60_000;
export const FURTHER_STEPS_SHOWN = 300_000;

/** The orders of partitions, from the first partition to the last: room that one took is gone for the next. */
export class PageOrders<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #operations: readonly Operation<Input, Output>[];
  readonly #texts: Texts;
  #left = FURTHER_STEPS_SHOWN;

  constructor(
    model: Model<State, Input, Output>,
    operations: readonly Operation<Input, Output>[],
    texts: Texts,
  ) {
    this.#model = model;
    this.#operations = operations;
    this.#texts = texts;
  }

  /** `local`: by position, the operation's number on the page, if it is there. `notes` gets what was left out. */
  of(partition: PartitionResult, local: ReadonlyMap<number, number>, notes: string[]): readonly PageOrder[] {
    if (partition.verdict === "unknown") return [];
    if (partition.verdict === "ok")
      return [this.#order(partition, partition.witness, local, STATE_TEXT_ALLOWED)];
    const further = this.#thatFit(partition.otherPartialOrders);
    const all = 1 + partition.otherPartialOrders.length;
    if (1 + further.length < all)
      notes.push(
        `of ${count(all, "longest partial order")}, ${1 + further.length} ${further.length === 0 ? "is" : "are"} on this page`,
      );
    return [
      this.#order(partition, partition.partialOrder, local, STATE_TEXT_ALLOWED),
      ...further.map((order) => this.#order(partition, order, local, STATE_TEXT_ALLOWED / ORDERS_SHOWN)),
    ];
  }

  #thatFit(orders: readonly (readonly number[])[]): readonly (readonly number[])[] {
    let room = Math.min(this.#left, FURTHER_STEPS_OF_PARTITION);
    const fit: (readonly number[])[] = [];
    for (const order of orders.slice(0, ORDERS_SHOWN - 1)) {
      if (order.length > room) continue;
      room -= order.length;
      this.#left -= order.length;
      fit.push(order);
    }
    return fit;
  }

  #order(
    { verdict, operations }: PartitionResult,
    order: readonly number[],
    local: ReadonlyMap<number, number>,
    textAllowed: number,
  ): PageOrder {
    const end = verdict === "illegal" ? "last" : "first";
    const replayed = replayOrder(this.#model, this.#operations, operations, order, end, textAllowed);
    const here = (positions: readonly number[]): number[] =>
      positions.flatMap((position) => local.get(position) ?? []);
    const steps = order.flatMap((position, step) => (local.has(position) ? [step] : []));
    const states = steps.map((step) => this.#state(replayed.states[step]));
    const notes: string[] = [];
    if (steps.length < order.length)
      notes.push(
        `${steps.length.toLocaleString("en")} of the order's ${count(order.length, "step")} are on this page`,
      );
    const unnamed = states.filter((state) => state === -1).length;
    if (unnamed > 0) notes.push(`the states after ${count(unnamed, "step")} are not on this page`);
    return {
      operations: here(steps.map((step) => at(order, step))),
      from: steps[0] ?? 0,
      states,
      // Of a legal history nothing has to come next.
      illegalNext: verdict === "illegal" ? here(replayed.illegalNext) : [],
      possibleNext: verdict === "illegal" ? here(replayed.possibleNext) : [],
      notes,
    };
  }

  #state(text: string | undefined): number {
    return text === undefined ? -1 : this.#texts.number(text);
  }
}
