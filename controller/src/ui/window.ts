import type { HistoryEvent } from "@gauntlet/histories";
import { MAX_OPERATIONS, type Operations, OUTCOMES } from "@gauntlet/ui";
import { scanHistory } from "./history-scan.js";
import { operationText, outcomeOf } from "./operations.js";

export interface WindowOptions {
  readonly historyPath: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Where to begin to read: before the first operation that reaches into the window. */
  readonly fromOffset: number;
  /** How long an operation may take. */
  readonly longestMs: number;
  readonly limit?: number;
}

/** The operations that reach into a window of time, in order of invocation; the first ones where there are too many. */
export async function operationsIn(options: WindowOptions): Promise<Operations> {
  const { historyPath, fromMs, toMs, fromOffset, longestMs, limit = MAX_OPERATIONS } = options;
  const columns = new Columns();
  const open = new Map<number | "nemesis", { readonly row: number; readonly invoke: HistoryEvent }>();
  let cutAtMs: number | null = null;
  await scanHistory(historyPath, fromOffset, (event) => {
    const atMs = event.time / 1e6;
    if (event.process === "nemesis") return "go on";
    if (event.type === "invoke") {
      if (atMs <= toMs && columns.length < limit) {
        open.set(event.process, { row: columns.add(event), invoke: event });
      } else if (columns.length >= limit && atMs <= toMs) {
        cutAtMs ??= atMs;
      }
    } else {
      const begun = open.get(event.process);
      open.delete(event.process);
      if (begun !== undefined) columns.end(begun.row, begun.invoke, event);
    }
    const isOver = atMs > toMs || cutAtMs !== null;
    const end = Math.min(toMs, cutAtMs ?? toMs);
    return isOver && (open.size === 0 || atMs > end + longestMs) ? "enough" : "go on";
  });
  return columns.since(fromMs, cutAtMs);
}

class Columns {
  readonly #id: number[] = [];
  readonly #startMs: number[] = [];
  readonly #lengthMs: number[] = [];
  readonly #process: number[] = [];
  readonly #node: number[] = [];
  readonly #key: number[] = [];
  readonly #text: number[] = [];
  readonly #error: number[] = [];
  readonly #outcome: number[] = [];
  readonly #names: string[] = [];
  readonly #places = new Map<string, number>();

  get length(): number {
    return this.#id.length;
  }

  add(invoke: HistoryEvent): number {
    this.#id.push(invoke.index);
    this.#startMs.push(micro(invoke.time / 1e6));
    this.#lengthMs.push(-1);
    this.#process.push(Number(invoke.process));
    this.#node.push(this.#place(invoke.node ?? ""));
    this.#key.push(this.#place(invoke.key ?? ""));
    this.#text.push(this.#place(operationText(invoke, null)));
    this.#error.push(this.#place(""));
    this.#outcome.push(OUTCOMES.indexOf("info"));
    return this.length - 1;
  }

  end(row: number, invoke: HistoryEvent, end: HistoryEvent): void {
    this.#lengthMs[row] = micro((end.time - invoke.time) / 1e6);
    this.#text[row] = this.#place(operationText(invoke, end));
    this.#outcome[row] = OUTCOMES.indexOf(outcomeOf(end));
    if (end.error !== undefined) this.#error[row] = this.#place(end.error.code);
  }

  /** Without those that had ended before. */
  since(fromMs: number, cutAtMs: number | null): Operations {
    const reaches = this.#startMs.map((start, row) => {
      const length = this.#lengthMs[row] ?? -1;
      return length < 0 || start + length >= fromMs;
    });
    const kept = (column: readonly number[]): number[] => column.filter((_, row) => reaches[row]);
    return {
      id: kept(this.#id),
      startMs: kept(this.#startMs),
      lengthMs: kept(this.#lengthMs),
      process: kept(this.#process),
      node: kept(this.#node),
      key: kept(this.#key),
      text: kept(this.#text),
      error: kept(this.#error),
      outcome: kept(this.#outcome),
      names: this.#names,
      cutAtMs,
    };
  }

  #place(name: string): number {
    let place = this.#places.get(name);
    if (place === undefined) {
      place = this.#names.push(name) - 1;
      this.#places.set(name, place);
    }
    return place;
  }
}

/** Microseconds are enough for a picture. */
function micro(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
