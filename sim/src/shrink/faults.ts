import { shrinkSchedule } from "@gauntlet/nemesis";
import type { Search } from "./shrink.js";

/** Fewer, shorter and plainer faults: the shrinker of the nemesis, which containers use too. */
export async function shrinkFaults(search: Search): Promise<void> {
  const { schedule } = search.best;
  if (schedule.faults.length === 0) return;
  await shrinkSchedule(schedule, (candidate) => search.accepts({ ...search.best, schedule: candidate }), {
    budget: search.triesLeft,
  });
}
