import {
  type Capability,
  type ExecutedFault,
  type HealReport,
  type Hosts,
  type NemesisEvent,
  NemesisRunner,
  type ProbeResult,
  type Schedule,
  type ScheduleFile,
  toExecutedSchedule,
} from "@gauntlet/nemesis";
import type { Progress } from "../cli/terminal.js";
import { secondsOf } from "../text.js";
import type { RunClock } from "./clock.js";
import type { Recorder } from "./recorder.js";

export interface NemesisParts {
  readonly hosts: Hosts;
  readonly capabilities: Readonly<Record<Capability, ProbeResult>>;
  readonly schedule: Schedule;
  readonly seed: number;
  readonly timeLimitMs: number;
  readonly clock: RunClock;
  readonly recorder: Recorder;
  readonly progress: Progress;
}

/** The schedule at work: each fault goes into the history and onto the screen. */
export class Nemesis {
  readonly #runner: NemesisRunner;

  readonly #parts: NemesisParts;

  /** Faults that act now, by their place in the schedule. */
  readonly #current = new Map<number, string>();

  #signal: AbortSignal | null = null;

  #executed: readonly ExecutedFault[] = [];

  /** Throws ScheduleError when the schedule cannot be executed on these nodes in this time. */
  constructor(parts: NemesisParts) {
    this.#parts = parts;
    const { hosts, schedule, seed, timeLimitMs, clock, capabilities } = parts;
    const onEvent = (event: NemesisEvent): void => this.#onEvent(event);
    this.#runner = new NemesisRunner({ hosts, schedule, seed, timeLimitMs, clock, capabilities, onEvent });
    for (const sentence of this.#runner.dropped) parts.progress.line(`  ${sentence}`);
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    this.#executed = await this.#runner.run(signal);
  }

  healAll(): Promise<HealReport> {
    return this.#runner.healAll();
  }

  /** Nodes whose servers have ended over data that the run harmed. */
  refusing(): Promise<readonly string[]> {
    return this.#runner.refusing();
  }

  current(): readonly string[] {
    return [...this.#current.values()];
  }

  executed(): readonly ExecutedFault[] {
    return this.#executed;
  }

  executedSchedule(): ScheduleFile {
    return toExecutedSchedule(this.#executed, this.#runner.seed);
  }

  #onEvent(event: NemesisEvent): void {
    const { recorder, progress, clock } = this.#parts;
    recorder.fault({ process: "nemesis", ...event });
    const { index, nodes, target, roles, waitedMs, outcome } = event.value;
    const words = `${event.f} on ${nodes.length > 0 ? nodes.join(", ") : [target].flat().join(", ")}`;
    const at = secondsOf(clock.nowMs());
    switch (event.phase) {
      case "begin": {
        this.#current.set(index, words);
        const leaders = nodes.filter((node) => roles?.[node] === "leader");
        const told = [
          ...(leaders.length === 0 ? [] : [`leader: ${leaders.join(", ")}`]),
          ...(waitedMs === undefined ? [] : [`waited for ${secondsOf(waitedMs)}`]),
        ];
        progress.line(`  ${at}  ${words}${told.length === 0 ? "" : ` (${told.join("; ")})`}`);
        break;
      }
      case "end":
        this.#current.delete(index);
        progress.line(`  ${at}  ${words} ended: ${outcomeWords(outcome)}`);
        break;
      case "skipped":
        // What a stopped run did not come to is on record, and no news.
        if (this.#signal?.aborted === true) break;
        progress.line(`  ${at}  ${words} ${outcomeWords(outcome)}`);
        break;
    }
  }
}

function outcomeWords(outcome: NemesisEvent["value"]["outcome"]): string {
  if (outcome === undefined) return "";
  return outcome.type === "proved"
    ? `proved, ${outcome.proof}`
    : `${outcome.type.toUpperCase()}: ${outcome.reason}`;
}
