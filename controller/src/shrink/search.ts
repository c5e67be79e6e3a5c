import { parseDuration, type ScheduleFile, shrinkSchedule } from "@gauntlet/nemesis";

/** What is made smaller: everything that a run asks for besides its load. */
export interface Candidate {
  readonly schedule: ScheduleFile;
  readonly nodes: number;
  readonly timeLimitMs: number;
}

export interface ShrinkOptions {
  /** At most so many candidates are tried. */
  readonly budget: number;
  /** Whether a candidate fails as the recorded run did. What it throws ends the search. */
  readonly fails: (candidate: Candidate) => Promise<boolean>;
  /** Told of each candidate that failed and so is the smallest by then. */
  readonly onSmaller?: (candidate: Candidate) => void;
}

export interface Shrunk {
  readonly smallest: Candidate;
  readonly tries: number;
  /** The budget did not end the search. */
  readonly isMinimal: boolean;
}

/** A cluster with fewer has no majority that a minority could be cut off from. */
const LEAST_NODES = 3;
const SECOND_MS = 1_000;
/** Between the end of the last fault and that of the run: what shows only once the fault is healed needs it. */
const AFTER_LAST_MS = 3_000;

/**
 * The smallest candidate that this search finds to fail still: first a shorter run (everything after the violation is
 * of no use), then fewer nodes, then fewer, shorter and plainer faults, then shorter and fewer once more. The same
 * answers lead to the same result: a search that was interrupted goes on from answers that are known.
 *
 * @param violationMs when the recorded run's violation showed, if that is known
 */
export async function shrinkCandidate(
  start: Candidate,
  violationMs: number | null,
  { budget, fails, onSmaller }: ShrinkOptions,
): Promise<Shrunk> {
  let smallest = start;
  let tries = 0;
  const tried = new Set([JSON.stringify(start)]);
  const accepts = async (candidate: Candidate): Promise<boolean> => {
    const text = JSON.stringify(candidate);
    if (tries >= budget || tried.has(text)) return false;
    tried.add(text);
    tries += 1;
    if (!(await fails(candidate))) return false;
    smallest = candidate;
    onSmaller?.(candidate);
    return true;
  };
  const fewerNodes = async (): Promise<void> => {
    for (const nodes of smallerClusters(smallest)) if (await accepts({ ...smallest, nodes })) return;
  };
  const shorter = async (): Promise<void> => {
    const endMs = roundUp(lastEndMs(smallest.schedule) + AFTER_LAST_MS);
    if (endMs < smallest.timeLimitMs) await accepts({ ...smallest, timeLimitMs: endMs });
  };

  if (violationMs !== null) {
    const timeLimitMs = roundUp(violationMs + AFTER_LAST_MS);
    if (timeLimitMs < smallest.timeLimitMs) await accepts(cutAt(smallest, violationMs, timeLimitMs));
  }
  await fewerNodes();
  const { nodes, timeLimitMs } = smallest;
  const ask = (schedule: ScheduleFile): Promise<boolean> => accepts({ schedule, nodes, timeLimitMs });
  await shrinkSchedule(smallest.schedule, ask, { budget: Math.max(0, budget - tries) });
  await shorter();
  await fewerNodes();
  return { smallest, tries, isMinimal: tries < budget };
}

/** What had not begun when the violation showed had no part in it. */
function cutAt({ schedule, nodes }: Candidate, violationMs: number, timeLimitMs: number): Candidate {
  const faults = schedule.faults.filter(({ at }) => msOf(at) < violationMs);
  return { schedule: { ...schedule, faults }, nodes, timeLimitMs };
}

/** Sizes that hold every node which a target names, the smallest first. */
function smallerClusters({ schedule, nodes }: Candidate): readonly number[] {
  const named = schedule.faults.flatMap(({ target }) => [target].flat());
  const highest = Math.max(0, ...named.map((name) => Number(/^n(\d+)$/.exec(name)?.[1] ?? 0)));
  const least = Math.max(LEAST_NODES, highest);
  return Array.from({ length: Math.max(0, nodes - least) }, (_, index) => least + index);
}

function lastEndMs({ faults }: ScheduleFile): number {
  return Math.max(0, ...faults.map((fault) => msOf(fault.at) + msOf(fault.for)));
}

/** Of a schedule that was read before: its durations are right. */
function msOf(duration: string): number {
  return parseDuration(duration) ?? 0;
}

function roundUp(ms: number): number {
  return Math.ceil(ms / SECOND_MS) * SECOND_MS;
}
