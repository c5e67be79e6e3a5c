import { readSchedule, ScheduleError, type ScheduleFile, toScheduleFile } from "@gauntlet/nemesis";
import type { Stream } from "../world/random.js";

/** Longer than a round trip, shorter than any election. */
const WITHIN_MS = 30;

/**
 * Draws faults together: each begins, by chance, within some milliseconds of the one before it. What breaks only if
 * something else breaks at that very moment (a leader that is cut off while it hands over, a power loss in the middle of
 * an election) hardly comes about where all begin by themselves. Where the two cannot overlap, the fault stays.
 */
export function drawTogether(random: Stream, file: ScheduleFile, nodes: readonly string[]): ScheduleFile {
  let schedule = readSchedule(file, nodes);
  for (const at of schedule.faults.keys()) {
    const before = schedule.faults[at - 1];
    if (before === undefined || !random.chance(0.5)) continue;
    const atMs = before.atMs + random.below(WITHIN_MS);
    const faults = schedule.faults.map((fault, index) => (index === at ? { ...fault, atMs } : fault));
    const moved = toScheduleFile({ ...schedule, faults });
    if (isPossible(moved, nodes)) schedule = readSchedule(moved, nodes);
  }
  return toScheduleFile(schedule);
}

/** The faults do not get in each other's way, as far as the schedule shows it. */
export function isPossible(file: ScheduleFile, nodes: readonly string[]): boolean {
  try {
    readSchedule(file, nodes);
    return true;
  } catch (error) {
    if (error instanceof ScheduleError) return false;
    throw error;
  }
}
