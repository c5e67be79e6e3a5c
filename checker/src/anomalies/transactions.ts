import type { HistoryEvent } from "../checks/check.js";
import { InputError } from "../operation.js";
import { IntVector } from "./int-vector.js";
import { show } from "./show.js";

/** How a transaction ended. */
export const COMMITTED = 1;
/** It reported failure: nothing of it may ever be seen. */
export const ABORTED = 2;
/** `info`, or never completed: it may have happened at any time after its invocation, or never. */
export const INDETERMINATE = 3;

/** The transactions of a history, numbered by first appearance, as columns. */
export interface TransactionLog {
  readonly count: number;
  /** COMMITTED, ABORTED or INDETERMINATE. */
  readonly outcome: Uint8Array;
  /** A small number for each process. */
  readonly process: Int32Array;
  /** The processes' own numbers. */
  readonly processes: readonly number[];
  /** Positions in the history; -1: none. */
  readonly invokedAt: Int32Array;
  readonly completedAt: Int32Array;
  /** The `index` of the completion, or else of the invocation: the transaction's name in reports. */
  readonly eventIndex: Float64Array;
  /**
   * False where no invocation is recorded at all: then a process executed its transactions in the
   * order of their completions, and of others' order in real time nothing is known.
   */
  readonly invocations: boolean;
}

/**
 * Pairs invocations with completions. Events of processes that are no numbers are passed over. A process
 * may go on after an `info`, which then stays indeterminate for ever. Linear time.
 * Throws InputError for events that are no transactions' or come in an impossible order.
 */
export function pairTransactions(history: readonly HistoryEvent[]): TransactionLog {
  const invocations = history.some((event) => isClientEvent(event) && event.type === "invoke");
  const pairing = new Pairing(invocations, invocations ? history.length / 2 : history.length);
  for (let position = 0; position < history.length; position++) {
    const event = history[position] as HistoryEvent;
    checkEvent(event, position);
    if (isClientEvent(event)) pairing.add(event, position);
  }
  return pairing.finish(history);
}

function isClientEvent(event: HistoryEvent): boolean {
  return typeof event === "object" && event !== null && typeof event.process === "number";
}

const TYPES: readonly unknown[] = ["invoke", "ok", "fail", "info"];

function checkEvent(event: HistoryEvent, position: number): void {
  if (typeof event !== "object" || event === null)
    throw new InputError(position, position, "an event must be an object");
  const id = Number.isFinite(event.index) ? event.index : position;
  if (typeof event.process === "string") return;
  if (!Number.isSafeInteger(event.process))
    throw new InputError(position, id, `process ${show(event.process)} is neither an integer nor a name`);
  if (!TYPES.includes(event.type))
    throw new InputError(position, id, `type ${show(event.type)} is none of invoke, ok, fail and info`);
  const f: unknown = event.f;
  if (f !== undefined && f !== null && f !== "txn")
    throw new InputError(position, id, `f ${show(f)} is no transaction (f "txn")`);
}

class Pairing {
  readonly #invocations: boolean;
  readonly #outcome: IntVector;
  readonly #process: IntVector;
  readonly #invokedAt: IntVector;
  readonly #completedAt: IntVector;
  readonly #processes: number[] = [];
  readonly #processIds = new Map<number, number>();
  /** By process: the transaction that it has open, or -1. */
  readonly #open: number[] = [];

  /** About so many transactions are expected. */
  constructor(invocations: boolean, expected: number) {
    this.#invocations = invocations;
    const capacity = Math.ceil(expected * 1.1) + 16;
    this.#outcome = new IntVector(capacity);
    this.#process = new IntVector(capacity);
    this.#invokedAt = new IntVector(capacity);
    this.#completedAt = new IntVector(capacity);
  }

  add(event: HistoryEvent, position: number): void {
    const process = this.#internProcess(event.process as number);
    const open = this.#open[process] as number;
    if (event.type === "invoke") {
      if (open >= 0) {
        const problem = `process ${event.process} invokes a transaction while it has another one open`;
        throw new InputError(position, indexOf(event, position), problem);
      }
      this.#open[process] = this.#begin(process, position);
      return;
    }
    const outcome = event.type === "ok" ? COMMITTED : event.type === "fail" ? ABORTED : INDETERMINATE;
    if (open < 0 && this.#invocations) {
      const problem = `process ${event.process} completes a transaction (${event.type}) that it has not invoked`;
      throw new InputError(position, indexOf(event, position), problem);
    }
    const transaction = open >= 0 ? open : this.#begin(process, -1);
    this.#open[process] = -1;
    this.#outcome.set(transaction, outcome);
    this.#completedAt.set(transaction, position);
  }

  #begin(process: number, position: number): number {
    const transaction = this.#process.length;
    this.#process.push(process);
    this.#outcome.push(INDETERMINATE);
    this.#invokedAt.push(position);
    this.#completedAt.push(-1);
    return transaction;
  }

  #internProcess(process: number): number {
    let id = this.#processIds.get(process);
    if (id === undefined) {
      id = this.#processes.length;
      this.#processIds.set(process, id);
      this.#processes.push(process);
      this.#open.push(-1);
    }
    return id;
  }

  finish(history: readonly HistoryEvent[]): TransactionLog {
    const count = this.#process.length;
    const outcome = new Uint8Array(this.#outcome.view());
    const [invokedAt, completedAt] = [this.#invokedAt.finish(), this.#completedAt.finish()];
    const eventIndex = new Float64Array(count);
    for (let t = 0; t < count; t++) {
      const [invoked, completed] = [invokedAt[t] as number, completedAt[t] as number];
      const named = completed >= 0 ? completed : invoked;
      eventIndex[t] = indexOf(history[named] as HistoryEvent, named);
    }
    return {
      count,
      outcome,
      process: this.#process.finish(),
      processes: this.#processes,
      invokedAt,
      completedAt,
      eventIndex,
      invocations: this.#invocations,
    };
  }
}

/** The number that messages give an event. */
export function indexOf(event: HistoryEvent, position: number): number {
  return Number.isFinite(event.index) ? event.index : position;
}
