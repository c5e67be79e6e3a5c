import type { HistoryFormat, RecordedEvent } from "./event.js";

/** Why an event cannot come next, and what to do about it. */
export interface OrderProblem {
  readonly reason: string;
  readonly remedy: string;
}

/** The rules between the events of one history. Takes them in order. */
export class EventOrder {
  readonly #format: HistoryFormat;
  #last: RecordedEvent | undefined;
  /** By process: its open invoke, or the info after which it must not be used. */
  readonly #processes = new Map<number, RecordedEvent>();

  constructor(format: HistoryFormat) {
    this.#format = format;
  }

  take(event: RecordedEvent): OrderProblem | undefined {
    const problem = this.#sequenceProblem(event) ?? this.#processProblem(event);
    this.#last = event;
    if (typeof event.process === "string") return problem;
    if (event.type === "invoke" || event.type === "info") this.#processes.set(event.process, event);
    else this.#processes.delete(event.process);
    return problem;
  }

  #sequenceProblem(event: RecordedEvent): OrderProblem | undefined {
    const last = this.#last;
    const numbered = event.fields["index"] !== undefined;
    if (last === undefined) return undefined;
    if (numbered !== (last.fields["index"] !== undefined))
      return { reason: numbered ? "an index" : "no index", remedy: "number all events, or none" };
    if (numbered && event.index <= last.index)
      return {
        reason: `index ${event.index} after ${last.index}`,
        remedy: "sort the events by index; none is there twice",
      };
    if (this.#format !== "jsonl") return undefined;
    if (numbered && event.index !== last.index + 1)
      return {
        reason: `index ${event.index} where ${last.index + 1} comes next`,
        remedy: "lines are missing; restore them (or leave out index, if it is an excerpt)",
      };
    if (!numbered && event.time !== undefined && last.time !== undefined && event.time < last.time)
      return {
        reason: `time ${event.time} goes back, the event before has ${last.time}`,
        remedy: "order the events as they happened: lines of several recorders must be merged by time",
      };
    return undefined;
  }

  #processProblem(event: RecordedEvent): OrderProblem | undefined {
    const { process, type } = event;
    if (typeof process === "string") return undefined;
    const last = this.#processes.get(process);
    if (last?.type === "info")
      return {
        reason: `process ${process} is used again after its info on line ${last.line}`,
        remedy: "what it called may still be running: give a worker a new process number after an info",
      };
    if (type === "invoke") {
      if (last === undefined) return undefined;
      return {
        reason: `process ${process} invokes ${event.f} while its ${last.f} of line ${last.line} is open`,
        remedy:
          "a process has one operation at a time: complete it (ok, fail or info), or use another process",
      };
    }
    if (last === undefined)
      return {
        reason: `${type} of ${named(event)}, but process ${process} has no operation open`,
        remedy: "a completion needs its invoke before it",
      };
    const keysDiffer = event.key !== undefined && event.key !== last.key;
    if (last.f === event.f && !keysDiffer) return undefined;
    return {
      reason: `${type} of ${named(event)}, but process ${process} invoked ${named(last)} on line ${last.line}`,
      remedy: "a completion repeats f and key of its invoke",
    };
  }
}

function named({ f, key }: RecordedEvent): string {
  return key === undefined ? f : `${f} of ${key}`;
}
