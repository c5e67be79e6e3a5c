import { formatDuration } from "../duration.js";
import { ScheduleError } from "../errors.js";
import { checkSchedule, formatPath } from "./check.js";
import { endMs, MAX_FAULTS, type Schedule, type ScheduledFault } from "./schedule.js";

export interface Expanded {
  /** Without `repeat`: every fault that will happen, in order. */
  readonly schedule: Schedule;
  /** One sentence for each repetition that was left out for want of time. */
  readonly dropped: readonly string[];
}

/**
 * Applies `repeat` up to the time limit. A fault that is written in the list must fit; of the repetitions those
 * that do not fit whole are left out.
 * @throws ScheduleError when a written fault does not fit, or the schedule is impossible for other reasons
 */
export function expand(
  schedule: Schedule,
  timeLimitMs: number,
  nodes: readonly string[] | null = null,
): Expanded {
  const problem = checkSchedule(schedule, nodes);
  if (problem !== null) throw new ScheduleError(problem.message, { field: formatPath(problem.path) });
  const limit = formatDuration(timeLimitMs);
  for (const [index, fault] of schedule.faults.entries()) {
    if (endMs(fault) <= timeLimitMs) continue;
    const problemText = `${describe(fault)} does not fit the time limit of ${limit}; it needs at least ${formatDuration(endMs(fault))}`;
    throw new ScheduleError(problemText, { field: formatPath(["faults", index]) });
  }
  const faults = [...schedule.faults];
  const dropped: string[] = [];
  const everyMs = schedule.repeat?.everyMs ?? Number.POSITIVE_INFINITY;
  const firstMs = Math.min(...schedule.faults.map((fault) => fault.atMs));
  for (let round = 1; firstMs + round * everyMs < timeLimitMs; round++) {
    for (const [index, written] of schedule.faults.entries()) {
      const fault = { ...written, atMs: written.atMs + round * everyMs };
      if (endMs(fault) <= timeLimitMs) faults.push(fault);
      else
        dropped.push(
          `repetition ${round} of faults[${index}], ${describe(fault)}, does not fit the time limit of ${limit}`,
        );
    }
    if (faults.length > MAX_FAULTS) {
      throw new ScheduleError(`makes more than ${MAX_FAULTS} faults in ${limit}`, { field: "repeat.every" });
    }
  }
  const { repeat: _, ...rest } = schedule;
  return { schedule: { ...rest, faults }, dropped };
}

function describe(fault: ScheduledFault): string {
  return `${fault.fault} at ${formatDuration(fault.atMs)} for ${formatDuration(fault.forMs)}`;
}
