import type { FamilyName } from "../generate/families.js";
import type { Schedule, ScheduledFault } from "./schedule.js";

/** Both ends included, milliseconds. */
export interface Range {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** Faults that are drawn from the seed: never run as it is, but resolved to plain ones (resolve.ts). */
export interface RandomPart {
  /** How often each family strikes, relative to the others. */
  readonly weights: Readonly<Partial<Record<FamilyName, number>>>;
  /** So many faults at the same time, each followed by its gap and then by another. */
  readonly atOnce: number;
  readonly windowMs: Range;
  readonly gapMs: Range;
}

export interface Phase {
  /** For people. */
  readonly name?: string;
  readonly forMs: number;
  /** Times of listed faults are since the phase began, and all end within it. */
  readonly content:
    | { readonly type: "listed"; readonly faults: readonly ScheduledFault[] }
    | ({ readonly type: "random" } & RandomPart);
}

/** Phases that come one after another. */
export interface PhasedSchedule {
  readonly seed?: number;
  readonly phases: readonly Phase[];
  /** All phases again, this often, until the time limit; what is random is drawn anew. */
  readonly repeat?: { readonly everyMs: number };
}

/** As people write it. */
export type WrittenSchedule = Schedule | PhasedSchedule;

export function phasesLengthMs(phases: readonly Phase[]): number {
  return phases.reduce((sum, { forMs }) => sum + forMs, 0);
}
