import { formatDuration } from "../duration.js";
import { ScheduleError } from "../errors.js";
import { type Applicable, applicableFamilies, type LeftOut } from "../generate/applicable.js";
import type { FamilyName } from "../generate/families.js";
import { drawRandomPart } from "../generate/random-part.js";
import type { Capability, NodeName, ProbeResult } from "../hosts.js";
import { Random } from "../random.js";
import { type Phase, type PhasedSchedule, phasesLengthMs, type WrittenSchedule } from "./phases.js";
import { endMs, MAX_FAULTS, type Schedule, type ScheduledFault } from "./schedule.js";

export interface ResolveOptions {
  /** Of the run: draws what is random, unless the schedule has a seed of its own. */
  readonly seed: number;
  readonly timeLimitMs: number;
  readonly nodes: readonly NodeName[];
  /** Machines that could join. Default 1. */
  readonly spares?: number;
  /** What is known to be missing: random parts do without. */
  readonly capabilities?: Readonly<Partial<Record<Capability, ProbeResult>>>;
}

export interface Resolved {
  /** A plain list. Without phases, what was given. */
  readonly schedule: Schedule;
  /** Families of random parts that can do nothing here, each once. */
  readonly leftOut: readonly LeftOut[];
  /** What `repeat` would have made of phases and the time limit cut off, a sentence each. */
  readonly dropped: readonly string[];
}

/** Beyond the streams of targets and of faults' own choices (run/execution.ts). */
const DRAWS = 2 ** 40;
const MOST_PHASES = 2 ** 20;

/**
 * Makes a plain list of a schedule with phases: times since the run's beginning, random parts drawn from the seed. The
 * same schedule and options make the same list.
 * @throws ScheduleError where the phases do not fit the time limit, or nothing fits a random part
 */
export function resolveSchedule(written: WrittenSchedule, options: ResolveOptions): Resolved {
  if (!("phases" in written)) return { schedule: written, leftOut: [], dropped: [] };
  const { phases, repeat } = written;
  const lengthMs = phasesLengthMs(phases);
  if (lengthMs > options.timeLimitMs) {
    throw new ScheduleError(
      `take ${formatDuration(lengthMs)} and do not fit the time limit of ${formatDuration(options.timeLimitMs)}`,
      { field: "phases" },
    );
  }
  const rounds = new Rounds(written, options);
  const everyMs = repeat?.everyMs ?? Number.POSITIVE_INFINITY;
  for (let round = 0; round === 0 || round * everyMs < options.timeLimitMs; round++) rounds.add(round);
  const schedule = { seed: rounds.seed, faults: rounds.faults };
  return { schedule, leftOut: [...rounds.leftOut.values()], dropped: rounds.dropped };
}

class Rounds {
  readonly seed: number;
  readonly faults: ScheduledFault[] = [];
  readonly leftOut = new Map<FamilyName, LeftOut>();
  readonly dropped: string[] = [];
  readonly #schedule: PhasedSchedule;
  readonly #options: ResolveOptions;

  constructor(schedule: PhasedSchedule, options: ResolveOptions) {
    this.seed = schedule.seed ?? options.seed;
    this.#schedule = schedule;
    this.#options = options;
  }

  add(round: number): void {
    const { phases, repeat } = this.#schedule;
    let fromMs = round === 0 ? 0 : round * (repeat?.everyMs ?? 0);
    for (const [index, phase] of phases.entries()) {
      const faults =
        phase.content.type === "listed"
          ? this.#listed(phase.content.faults, fromMs, index, round)
          : this.#drawn(phase, fromMs, index, round);
      this.faults.push(...faults);
      fromMs += phase.forMs;
    }
    if (this.faults.length > MAX_FAULTS) {
      throw new ScheduleError(`makes more than ${MAX_FAULTS} faults`, {
        field: round === 0 ? "phases" : "repeat.every",
      });
    }
  }

  #listed(
    faults: readonly ScheduledFault[],
    fromMs: number,
    index: number,
    round: number,
  ): readonly ScheduledFault[] {
    const { timeLimitMs } = this.#options;
    const moved = faults.map((fault) => ({ ...fault, atMs: fromMs + fault.atMs }));
    for (const [at, fault] of moved.entries()) {
      if (endMs(fault) <= timeLimitMs) continue;
      this.dropped.push(
        `repetition ${round} of phases[${index}].faults[${at}], ${fault.fault} at ${formatDuration(fault.atMs)}, does not fit the time limit of ${formatDuration(timeLimitMs)}`,
      );
    }
    return moved.filter((fault) => endMs(fault) <= timeLimitMs);
  }

  #drawn(phase: Phase, fromMs: number, index: number, round: number): readonly ScheduledFault[] {
    const { timeLimitMs } = this.#options;
    if (phase.content.type !== "random" || fromMs >= timeLimitMs) return [];
    const { families, leftOut } = this.#applicable(phase.content.weights);
    for (const each of leftOut) this.leftOut.set(each.name, each);
    if (families.length === 0) return [];
    const random = new Random(this.seed, DRAWS + round * MOST_PHASES + index);
    const toMs = Math.min(fromMs + phase.forMs, timeLimitMs);
    const faults = drawRandomPart(phase.content, { random, fromMs, toMs, families });
    if (faults.length === 0 && round === 0) {
      const names = families.map(({ family }) => family.name).join(", ");
      throw new ScheduleError(`no fault of ${names} fits its ${formatDuration(phase.forMs)}`, {
        field: `phases[${index}].random`,
      });
    }
    return faults;
  }

  #applicable(weights: Readonly<Partial<Record<FamilyName, number>>>): Applicable {
    const { nodes, spares, capabilities } = this.#options;
    const wanted = (Object.entries(weights) as [FamilyName, number][]).filter(([, weight]) => weight > 0);
    return applicableFamilies(
      wanted.map(([name]) => name),
      {
        nodes: nodes.length,
        ...(spares === undefined ? {} : { spares }),
        ...(capabilities === undefined ? {} : { capabilities }),
      },
    );
  }
}
