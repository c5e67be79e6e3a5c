import type { CheckResult, HistoryEvent } from "@gauntlet/histories";
import { nameOf, violation } from "./evidence.js";
import type { LiveCheck } from "./workload.js";

/** A number by counter. */
export type Numbers = readonly (readonly [counter: string, number: number])[];

/** What the operations of a workload do to counters, each 0 at first. */
export interface Counters {
  /** What an operation adds to each, of its invoke; null: it reads. */
  added(invoke: HistoryEvent): Numbers | null;
  /** The counters that a read reads, of its invoke. */
  readBy(invoke: HistoryEvent): readonly string[];
  /** What it read. */
  read(ok: HistoryEvent): Numbers;
}

interface Range {
  lower: number;
  upper: number;
}

interface OpenRead {
  readonly invoke: HistoryEvent;
  /** By counter, at their widest since it began. */
  readonly ranges: ReadonlyMap<string, Range>;
}

/**
 * As the check of bounds, while a history grows: an add that is open may have counted from its invoke on, one that was
 * acknowledged does. `name`: of the check.
 */
export class LiveBounds implements LiveCheck {
  readonly #name: string;
  readonly #counters: Counters;
  readonly #ranges = new Map<string, Range>();
  readonly #adds = new Map<number, Numbers>();
  readonly #reads = new Map<number, OpenRead>();

  constructor(name: string, counters: Counters) {
    this.#name = name;
    this.#counters = counters;
  }

  push(event: HistoryEvent): CheckResult | undefined {
    const { process, type } = event;
    if (process === "nemesis") return undefined;
    if (type === "invoke") {
      this.#begin(event, process);
      return undefined;
    }
    const [added, open] = [this.#adds.get(process), this.#reads.get(process)];
    this.#adds.delete(process);
    this.#reads.delete(process);
    if (type === "ok" && open !== undefined) return this.#judge(event, open);
    for (const [counter, number] of type === "info" ? [] : (added ?? [])) {
      const range = this.#range(counter);
      // Certain now: the other bound follows. Or it never happened: the bound that it moved goes back.
      if ((type === "ok") === number > 0) range.lower += type === "ok" ? number : -number;
      else range.upper += type === "ok" ? number : -number;
    }
    return undefined;
  }

  #begin(invoke: HistoryEvent, process: number): void {
    const added = this.#counters.added(invoke);
    if (added === null) {
      const ranges = new Map(
        this.#counters.readBy(invoke).map((counter) => [counter, { ...this.#range(counter) }] as const),
      );
      this.#reads.set(process, { invoke, ranges });
      return;
    }
    this.#adds.set(process, added);
    for (const [counter, number] of added) {
      const range = this.#range(counter);
      if (number > 0) range.upper += number;
      else range.lower += number;
      for (const { ranges } of this.#reads.values()) {
        const open = ranges.get(counter);
        if (open === undefined) continue;
        open.lower = Math.min(open.lower, range.lower);
        open.upper = Math.max(open.upper, range.upper);
      }
    }
  }

  #judge(ok: HistoryEvent, { invoke, ranges }: OpenRead): CheckResult | undefined {
    for (const [counter, number] of this.#counters.read(ok)) {
      const range = ranges.get(counter);
      if (range === undefined || (number >= range.lower && number <= range.upper)) continue;
      const reason =
        `${nameOf(invoke)} found ${counter} at ${number}, but what was added to it is between ` +
        `${range.lower} and ${range.upper}`;
      return violation(this.#name, reason, [invoke.index]);
    }
    return undefined;
  }

  #range(counter: string): Range {
    const known = this.#ranges.get(counter);
    if (known !== undefined) return known;
    const range = { lower: 0, upper: 0 };
    this.#ranges.set(counter, range);
    return range;
  }
}
