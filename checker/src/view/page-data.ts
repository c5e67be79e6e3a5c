import type { Model } from "../model.js";
import { at, type Operation } from "../operation.js";
import type { CheckResult, PartitionIllegal, PartitionResult } from "../result.js";
import { clientsOf } from "./clients.js";
import type { PageData, PagePartition, TimeUnit } from "./data.js";
import { defaultLabel } from "./labels.js";
import { PageOrders } from "./page-orders.js";
import { KNOWN_KINDS, LIGHT } from "./palette.js";
import { count, shorten, Texts } from "./texts.js";

export interface ViewFault {
  readonly name: string;
  /** A time of the history, as those of operations. */
  readonly from: number;
  /** Absent: it had no end. */
  readonly to?: number | undefined;
  /** What it was done to: "n1, n2". */
  readonly target?: string | undefined;
}

export interface HistoryHtmlOptions<Input, Output> {
  readonly title?: string | undefined;
  readonly faults?: readonly ViewFault[] | undefined;
  /** Operations that certainly did not happen: shown, never checked. `output` and `return` may be absent. */
  readonly failed?: readonly Operation<Input, Output>[] | undefined;
  /**
   * What the clock showed at a time of the history (of an operation or a fault): where times are positions in a
   * recording, so that an order that the clock was too coarse to tell is not lost. Absent: times are the clock's.
   */
  readonly clock?: ((time: number) => number) | undefined;
  /** Of the clock; absent: its times are shown as plain numbers. */
  readonly timeUnit?: TimeUnit | undefined;
  /** What the clock shows at the moment that is shown as 0; the first of the page if absent. */
  readonly timeOrigin?: number | undefined;
  /** Positions of a 1-minimal sub-history, of one partition or of several. */
  readonly minimal?: readonly number[] | undefined;
  /** By partition (key): a sentence that tells more than its reason does, as `explain` finds it. */
  readonly sentences?: ReadonlyMap<string, string> | undefined;
  /** A few characters to write into an operation's bar; its description otherwise. */
  readonly eventLabel?: ((operation: Operation<Input, Output>) => string) | undefined;
}

/** Operations on one page, and of one partition. More are cut, and the page says so. */
export const OPERATIONS_SHOWN = 300_000;
export const PARTITION_OPERATIONS_SHOWN = 150_000;
export const PARTITIONS_SHOWN = 2000;
const TEXT_LENGTH = 400;
const LABEL_LENGTH = 60;

const RANK = { illegal: 0, unknown: 1, ok: 2 } as const;

export function pageData<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  result: CheckResult,
  options: HistoryHtmlOptions<Input, Output>,
): PageData {
  const texts = new Texts();
  const builder = new PartitionBuilder(model, operations, options, texts);
  const partitions: PagePartition[] = [];
  let left = OPERATIONS_SHOWN;
  for (const partition of result.partitions.toSorted((a, b) => RANK[a.verdict] - RANK[b.verdict])) {
    if (partitions.length === PARTITIONS_SHOWN || left <= 0) break;
    const built = builder.build(partition, Math.min(left, PARTITION_OPERATIONS_SHOWN));
    left -= built.call.length;
    partitions.push(built);
  }
  return {
    title: options.title ?? "history",
    model: model.name,
    timeUnit: options.timeUnit ?? null,
    timeOrigin: options.timeOrigin ?? null,
    texts: texts.all,
    kinds: builder.kinds,
    clients: clientsOf([...operations, ...(options.failed ?? []).map(ended)]) ?? null,
    partitions,
    faults: (options.faults ?? []).map(({ name, target, from, to }) => ({
      name,
      target: target ?? "",
      from,
      to: to ?? null,
    })),
  };
}

/** An operation of the history, or one that failed. */
interface Shown<Input, Output> {
  readonly operation: Operation<Input, Output>;
  /** In the array that was checked; -1: it failed, and was not checked. */
  readonly position: number;
}

class PartitionBuilder<State, Input, Output> {
  readonly kinds: string[] = [...KNOWN_KINDS];
  readonly #model: Model<State, Input, Output>;
  readonly #operations: readonly Operation<Input, Output>[];
  readonly #texts: Texts;
  readonly #orders: PageOrders<State, Input, Output>;
  readonly #minimal: ReadonlySet<number>;
  readonly #failed: Map<string, Operation<Input, Output>[]>;
  readonly #sentences: ReadonlyMap<string, string> | undefined;
  readonly #clock: ((time: number) => number) | undefined;
  readonly #label: (operation: Operation<Input, Output>) => string | undefined;

  constructor(
    model: Model<State, Input, Output>,
    operations: readonly Operation<Input, Output>[],
    options: HistoryHtmlOptions<Input, Output>,
    texts: Texts,
  ) {
    this.#model = model;
    this.#operations = operations;
    this.#texts = texts;
    this.#orders = new PageOrders(model, operations, texts);
    this.#minimal = new Set(options.minimal);
    this.#failed = new Map<string, Operation<Input, Output>[]>();
    for (const operation of options.failed ?? []) {
      const key = model.key?.(operation.input) ?? "";
      const known = this.#failed.get(key);
      if (known === undefined) this.#failed.set(key, [operation]);
      else known.push(operation);
    }
    this.#sentences = options.sentences;
    this.#clock = options.clock;
    this.#label = options.eventLabel ?? defaultLabel(model);
  }

  build(partition: PartitionResult, allowed: number): PagePartition {
    const notes: string[] = [];
    const shown = this.#choose(partition, allowed, notes);
    const local = new Map(
      shown.flatMap(({ position }, i) => (position === -1 ? [] : [[position, i] as const])),
    );
    const columns = this.#columns(shown);
    return {
      key: partition.key,
      verdict: partition.verdict,
      reason: this.#sentences?.get(partition.key) ?? this.#reason(partition),
      notes,
      ...columns,
      clock: this.#clock === undefined ? null : clockTimes(this.#clock, columns),
      failed: shown.flatMap(({ position }, i) => (position === -1 ? [i] : [])),
      orders: this.#orders.of(partition, local, notes),
      brokeAt: partition.verdict === "illegal" ? (local.get(partition.failedAt) ?? -1) : -1,
      possibleStates: partition.verdict === "illegal" ? statesOf(partition) : [],
      minimal: partition.operations.flatMap((position) =>
        this.#minimal.has(position) ? (local.get(position) ?? []) : [],
      ),
      legalUntil: partition.verdict === "unknown" ? this.#legalUntil(partition) : null,
    };
  }

  #reason(partition: PartitionResult): string {
    if (partition.verdict !== "ok") return partition.reason;
    const { witness, operations } = partition;
    const unused = operations.length - witness.length;
    const rest = unused === 0 ? "" : `; ${unused} that never returned need not have taken effect`;
    return `an order of ${count(witness.length, "operation")} explains every answer${rest}`;
  }

  /** In order of call; what matters most if there are too many. */
  #choose(partition: PartitionResult, allowed: number, notes: string[]): Shown<Input, Output>[] {
    const checked = partition.operations.map((position) => ({
      operation: at(this.#operations, position),
      position,
    }));
    const failed = (this.#failed.get(partition.key) ?? []).map((operation) => ({ operation, position: -1 }));
    const all = [...checked, ...failed].toSorted((a, b) => a.operation.call - b.operation.call);
    if (all.length <= allowed) return all;
    const first = this.#firstShown(partition, all, allowed);
    notes.push(
      `${count(allowed, "operation")} of ${all.length.toLocaleString("en")} are on this page, from number ${(first + 1).toLocaleString("en")} in order of call`,
    );
    const kept = (i: number, position: number): boolean =>
      (i >= first && i < first + allowed) || (position !== -1 && this.#minimal.has(position));
    return all.filter(({ position }, i) => kept(i, position));
  }

  /** Three quarters of what is shown lie before the place that matters. */
  #firstShown(partition: PartitionResult, all: readonly Shown<Input, Output>[], allowed: number): number {
    const middle =
      partition.verdict === "illegal"
        ? all.findIndex(({ position }) => position === partition.failedAt)
        : partition.verdict === "unknown"
          ? all.findIndex(({ operation }) => operation.call > this.#legalUntil(partition))
          : 0;
    const place = middle === -1 ? all.length : middle;
    return Math.min(Math.max(place - Math.floor(allowed * 0.75), 0), all.length - allowed);
  }

  #legalUntil(partition: Extract<PartitionResult, { readonly verdict: "unknown" }>): number {
    const returns = partition.operations
      .flatMap((position) => at(this.#operations, position).return ?? [])
      .toSorted((a, b) => a - b);
    return returns[partition.settledReturns - 1] ?? Number.NEGATIVE_INFINITY;
  }

  #columns(
    shown: readonly Shown<Input, Output>[],
  ): Pick<PagePartition, "ids" | "process" | "call" | "end" | "text" | "label" | "kind"> {
    const descriptions = shown.map(({ operation: { input, output } }) =>
      this.#model.describeOperation(input, output),
    );
    return {
      ids: shown.map(({ operation, position }) => operation.id ?? position),
      process: shown.map(({ operation }) => operation.process),
      call: shown.map(({ operation }) => operation.call),
      end: shown.map(({ operation, position }) => endOf(operation, position === -1)),
      text: descriptions.map((text) => this.#texts.number(shorten(text, TEXT_LENGTH))),
      label: shown.map(({ operation }, i) =>
        this.#texts.number(shorten(this.#label(operation) ?? at(descriptions, i), LABEL_LENGTH)),
      ),
      kind: descriptions.map((text) => this.#kind(text)),
    };
  }

  /** The first word of a description. Kinds beyond the palette share its last colour. */
  #kind(text: string): number {
    const word = /^[\p{L}\p{N}_-]{1,24}/u.exec(text)?.[0] ?? "operation";
    const known = this.kinds.indexOf(word);
    if (known !== -1) return known;
    const others = LIGHT.kinds.length - 1;
    if (this.kinds.length < others) return this.kinds.push(word) - 1;
    this.kinds[others] = "other";
    return others;
  }
}

function ended<Input, Output>(failed: Operation<Input, Output>): Operation<Input, Output> {
  return { ...failed, return: failed.return ?? failed.call };
}

function statesOf({ possibleStates, possibleStateCount }: PartitionIllegal): string[] {
  const states = possibleStates.map((state) => shorten(state, TEXT_LENGTH));
  const more = possibleStateCount - states.length;
  return more > 0 ? [...states, `${more.toLocaleString("en")} more`] : states;
}

/** One that failed at an unknown time is drawn as a moment: it had no effect to wait for. */
function endOf(operation: Operation<unknown, unknown>, failed: boolean): number | null {
  return operation.return ?? (failed ? operation.call : null);
}

/** The clock at each distinct time; one that goes back is held until it has caught up. */
function clockTimes(
  clock: (time: number) => number,
  { call, end }: Pick<PagePartition, "call" | "end">,
): number[] {
  const times = [...new Set([...call, ...end.filter((time) => time !== null)])].toSorted((a, b) => a - b);
  let latest = Number.NEGATIVE_INFINITY;
  return times.map((time) => {
    latest = Math.max(latest, clock(time));
    return latest;
  });
}
