import type { HistoryEvent } from "./event.js";

/** The rules between the events of one history. Knows each process's open operation; takes events in order. */
export class EventOrder {
  #count = 0;
  #time = 0;
  /** By process: its open invoke. */
  readonly #open = new Map<number, HistoryEvent>();
  /** By process: the index of the info after which it must not be used. The one thing that grows with the history. */
  readonly #ended = new Map<number, number>();

  /** Why this event cannot come next; undefined, and taken as the next one, if it can. */
  take(event: HistoryEvent): string | undefined {
    const problem = this.#sequenceProblem(event) ?? this.#processProblem(event);
    if (problem !== undefined) return problem;
    this.#count++;
    this.#time = event.time;
    if (event.process === "nemesis") return undefined;
    if (event.type === "invoke") this.#open.set(event.process, event);
    else this.#open.delete(event.process);
    if (event.type === "info") this.#ended.set(event.process, event.index);
    return undefined;
  }

  #sequenceProblem({ index, time, due = 0 }: HistoryEvent): string | undefined {
    if (index !== this.#count) return `index ${index} where ${this.#count} comes next`;
    if (time < this.#time) return `time ${time} goes back, the event before has ${this.#time}`;
    if (due > time) return `due at ${due}, after its time ${time}`;
    return undefined;
  }

  #processProblem(event: HistoryEvent): string | undefined {
    const { process, type } = event;
    if (process === "nemesis") return type === "info" ? undefined : `${type} by the nemesis: faults are info`;
    const ended = this.#ended.get(process);
    if (ended !== undefined) return `process ${process} is used again after its info at index ${ended}`;
    const last = this.#open.get(process);
    if (type === "invoke") {
      if (last === undefined) return undefined;
      return `process ${process} invokes ${event.f} while its ${last.f} of index ${last.index} is open`;
    }
    if (last === undefined) return `${type} of process ${process}, which has no operation open`;
    const mine = last.key === undefined ? last.f : `${last.f} of ${last.key}`;
    const given = event.key === undefined ? event.f : `${event.f} of ${event.key}`;
    return mine === given
      ? undefined
      : `process ${process} completes ${given}, but invoked ${mine} at index ${last.index}`;
  }
}
