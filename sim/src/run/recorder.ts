import type { HistoryEvent } from "@gauntlet/histories";
import type { NemesisEvent } from "@gauntlet/nemesis";
import type { Answer, Operation, Outcome } from "@gauntlet/workloads";
import type { Loop } from "../world/loop.js";

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/** The clients' history, in memory: the same events, stamped by the same rules, as a recorded run has. */
export class Recorder {
  readonly history: HistoryEvent[] = [];
  readonly counts = { ok: 0, fail: 0, info: 0 };
  /** Time 0 of the history, by the loop. */
  originMs = 0;
  private readonly loop: Loop;

  constructor(loop: Loop) {
    this.loop = loop;
  }

  /** The history's time 0 is now. */
  begin(): void {
    this.originMs = this.loop.nowMs;
  }

  invoke(process: number, node: string, operation: Operation, isFinal: boolean): void {
    const event = this.stamp(process, "invoke", node, operation);
    if (isFinal) event["final"] = true;
    this.history.push(event);
  }

  complete(process: number, node: string, operation: Operation, outcome: Outcome<Answer>): void {
    const event = this.stamp(process, outcome.type, node, operation);
    if (outcome.type === "ok") {
      Object.assign(event, outcome.value);
      event.revision = outcome.revision;
    } else event.error = outcome.error;
    this.counts[outcome.type] += 1;
    this.history.push(event);
  }

  fault({ f, phase, value }: NemesisEvent): void {
    const { index, time } = this.now();
    this.history.push({ index, time, process: "nemesis", type: "info", f, phase, value });
  }

  private now(): { readonly index: number; readonly time: number } {
    return { index: this.history.length, time: Math.round((this.loop.nowMs - this.originMs) * 1e6) };
  }

  private stamp(
    process: number,
    type: HistoryEvent["type"],
    node: string,
    { f, key, value }: Operation,
  ): Mutable<HistoryEvent> & Record<string, unknown> {
    const { index, time } = this.now();
    const event: Mutable<HistoryEvent> & Record<string, unknown> = { index, time, process, type, f, node };
    if (key !== undefined) event.key = key;
    if (value !== undefined) event.value = value;
    return event;
  }
}
