import type { ScheduleEntry, ScheduleFile } from "@gauntlet/nemesis";
import type { Search } from "./shrink.js";

/** Fewer faults: halves first, then ever smaller pieces, at last one by one (delta debugging). */
export async function shrinkFaults(search: Search): Promise<void> {
  const whole = search.best.schedule.faults;
  if (whole.length === 0 || (await accepts(search, []))) return;
  let faults = whole;
  let pieces = 2;
  while (faults.length > 1 && !search.isOver) {
    const length = Math.ceil(faults.length / pieces);
    const smaller = await withoutOnePiece(search, faults, length);
    if (smaller !== null) {
      faults = smaller;
      pieces = Math.max(2, pieces - 1);
    } else if (length === 1) return;
    else pieces = Math.min(faults.length, pieces * 2);
  }
}

async function withoutOnePiece(
  search: Search,
  faults: readonly ScheduleEntry[],
  length: number,
): Promise<readonly ScheduleEntry[] | null> {
  for (let from = 0; from < faults.length; from += length) {
    const rest = [...faults.slice(0, from), ...faults.slice(from + length)];
    if (await accepts(search, rest)) return rest;
  }
  return null;
}

function accepts(search: Search, faults: readonly ScheduleEntry[]): Promise<boolean> {
  const schedule: ScheduleFile = { ...search.best.schedule, faults };
  return search.accepts({ ...search.best, schedule });
}
