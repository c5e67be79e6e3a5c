import { ClassIds } from "./class-ids.js";
import { JustInTime } from "./engines/just-in-time.js";
import type { Model } from "./model.js";
import { at } from "./operation.js";
import { STATES_SHOWN } from "./result.js";
import { States } from "./states.js";
import type { StreamIllegal, StreamOperation, StreamPartition } from "./stream-result.js";

/** An operation in a stream. */
export interface Recorded<Input, Output> extends StreamOperation<Input, Output> {
  readonly stream: KeyStream<Input, Output>;
  output: Output | undefined;
  fate: "open" | "ok" | "fail" | "info";
  /** Among the operations of its key. */
  readonly number: number;
  /** Rises with the time of return. */
  returnedAt: number;
  /** In the search; -1: its call is not there yet. */
  slot: number;
}

export interface StreamLimits {
  readonly maxBytes: number;
  readonly maxBuffered: number;
  readonly timeoutMs: number;
}

/**
 * The events of one key: they wait until every operation called before them has its answer, then go into the search
 * in the order in which they came.
 */
export class KeyStream<Input, Output> {
  readonly #model: Model<unknown, Input, Output>;
  readonly #key: string;
  readonly #limits: StreamLimits;
  readonly #states: States;
  #classes: ClassIds<Input, Output>;
  readonly #addClass = (input: Input, output: Output | undefined): number =>
    this.#states.addClass(input, output);
  #search: JustInTime | undefined;
  /** Each operation is in it twice: for its call, and for its return. */
  #queue: Recorded<Input, Output>[] = [];
  #head = 0;
  #operations = 0;
  #returns = 0;
  #settledReturns = 0;
  #configurations = 0;
  /** Operations that an order may still name: those from #recentFrom on, and some before. */
  #recent: Recorded<Input, Output>[] = [];
  #recentFrom = 0;
  #older = new Map<number, Recorded<Input, Output>>();
  #settled: StreamPartition<Input, Output> | undefined;

  constructor(model: Model<unknown, Input, Output>, key: string, limits: StreamLimits) {
    this.#model = model;
    this.#key = key;
    this.#limits = limits;
    this.#states = States.of(model, []);
    this.#classes = new ClassIds(model);
    this.#search = new JustInTime(this.#states);
  }

  get buffered(): number {
    return this.#queue.length - this.#head;
  }

  get bytes(): number {
    if (this.#search === undefined) return 0;
    const records = this.#queue.length + this.#recent.length + this.#older.size;
    return this.#search.bytes + BYTES_A_RECORD * (records + this.#classes.size);
  }

  call(position: number, id: number, process: number, input: Input): Recorded<Input, Output> {
    const recorded: Recorded<Input, Output> = {
      position,
      id,
      process,
      input,
      output: undefined,
      stream: this,
      fate: "open",
      number: this.#operations++,
      returnedAt: -1,
      slot: -1,
    };
    if (this.#search !== undefined) this.#queue.push(recorded);
    return recorded;
  }

  return(recorded: Recorded<Input, Output>): void {
    recorded.returnedAt = this.#returns++;
    if (this.#search !== undefined) this.#queue.push(recorded);
  }

  /** Goes as far as answers are known. True: this settled the verdict. */
  drain(): boolean {
    if (this.#search === undefined) return false;
    while (this.#search !== undefined && this.#head < this.#queue.length) {
      const recorded = this.#queue[this.#head] as Recorded<Input, Output>;
      if (recorded.slot !== -1) this.#feedReturn(this.#search, recorded);
      else if (recorded.fate === "open") break;
      else this.#feedCall(this.#search, recorded);
      this.#head++;
    }
    if (this.#search !== undefined && this.buffered > this.#limits.maxBuffered) this.#giveUpWaiting();
    if (this.#search === undefined) return true;
    if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return false;
  }

  giveUp(ranOut: "time" | "memory"): void {
    const limit =
      ranOut === "time" ? "the time allowed for one return" : "the memory allowed for configurations";
    this.#settle({
      ...this.#base(),
      verdict: "unknown",
      ranOut,
      settledReturns: this.#settledReturns,
      reason: `${limit} ran out; the history is legal up to return ${this.#settledReturns}`,
    });
  }

  /** So far. */
  result(): StreamPartition<Input, Output> {
    if (this.#settled !== undefined) return { ...this.#settled, operations: this.#operations };
    return { ...this.#base(), verdict: "ok" };
  }

  #feedCall(search: JustInTime, recorded: Recorded<Input, Output>): void {
    const { fate, input, output, number } = recorded;
    this.#recent.push(recorded);
    if (fate === "fail") return;
    const operationClass = this.#classes.of(input, output, this.#addClass);
    if (fate === "ok") recorded.slot = search.open(number, operationClass, recorded.returnedAt);
    else if (!this.#states.isReadOnly(operationClass)) search.crash(number, operationClass);
  }

  #feedReturn(search: JustInTime, recorded: Recorded<Input, Output>): void {
    search.begin(recorded.slot);
    let step = search.advance(WORK_BETWEEN_LOOKS);
    // Most returns take microseconds: the clock is looked at only for others.
    const deadline = step === "unsettled" ? performance.now() + this.#limits.timeoutMs : 0;
    while (step === "unsettled") {
      if (search.bytes > this.#limits.maxBytes) return this.giveUp("memory");
      if (performance.now() >= deadline) return this.giveUp("time");
      step = search.advance(WORK_BETWEEN_LOOKS);
    }
    if (step === "failed") return this.#settle(this.#illegal(search, recorded));
    this.#settledReturns++;
    const left = search.compact();
    if (left === undefined) return;
    const older = new Map<number, Recorded<Input, Output>>();
    for (const number of left.operations) older.set(number, this.#recorded(number));
    this.#older = older;
    this.#recentFrom += this.#recent.length;
    this.#recent = [];
    if (left.classes !== undefined) this.#classes.renumber(left.classes);
  }

  #recorded(number: number): Recorded<Input, Output> {
    const older = this.#older.get(number);
    if (older !== undefined) return older;
    return at(this.#recent, number - this.#recentFrom);
  }

  #illegal(search: JustInTime, recorded: Recorded<Input, Output>): StreamIllegal<Input, Output> {
    const { orders, states, stateCount } = search.orders(STATES_SHOWN);
    const possibleStates = [...new Set(states.map((state) => this.#states.describe(state)))];
    const more = stateCount > possibleStates.length ? `, one of ${stateCount} such states` : "";
    const described = this.#model.describeOperation(recorded.input, recorded.output);
    return {
      ...this.#base(),
      verdict: "illegal",
      failedAt: shown(recorded),
      lastOperations: at(orders, 0).map((number) => shown(this.#recorded(number))),
      possibleStates,
      possibleStateCount: stateCount,
      reason:
        `no order is left for operation ${recorded.id}, the ${described} (process ${recorded.process}): whichever way the ` +
        `operations up to its return are ordered, the state it meets is ${possibleStates.join(" or ")}${more}`,
    };
  }

  #giveUpWaiting(): void {
    const { id, process, input } = at(this.#queue, this.#head);
    const described = this.#model.describeOperation(input, undefined);
    this.#settle({
      ...this.#base(),
      verdict: "unknown",
      ranOut: "buffer",
      settledReturns: this.#settledReturns,
      reason:
        `operation ${id} of process ${process} has not ended, the ${described}, and ${this.buffered} events wait for its ` +
        "answer: more than maxBuffered allows (give every operation a time limit, after which it ends as info)",
    });
  }

  #base(): { readonly key: string; readonly operations: number; readonly configurations: number } {
    return {
      key: this.#key,
      operations: this.#operations,
      configurations: this.#search?.configurations ?? this.#configurations,
    };
  }

  /** Nothing that comes can change it: the tables are not needed any more. */
  #settle(settled: StreamPartition<Input, Output>): void {
    this.#settled = settled;
    this.#configurations = settled.configurations;
    this.#search = undefined;
    this.#queue = [];
    this.#head = 0;
    this.#recent = [];
    this.#older.clear();
    this.#classes = new ClassIds(this.#model);
  }
}

const BYTES_A_RECORD = 128;
const WORK_BETWEEN_LOOKS = 20_000;

function shown<Input, Output>(recorded: Recorded<Input, Output>): StreamOperation<Input, Output> {
  const { position, id, process, input, output } = recorded;
  return { position, id, process, input, output };
}
