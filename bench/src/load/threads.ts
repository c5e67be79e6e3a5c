import { readdirSync, readFileSync } from "node:fs";

/** Of /proc/self/task/<tid>/stat: USER_HZ is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export type ThreadId = number;

export function threadIds(): ReadonlySet<ThreadId> {
  return new Set(readdirSync("/proc/self/task").map(Number));
}

/** User and system time of each of this process's threads so far, seconds. */
export function cpuSeconds(): ReadonlyMap<ThreadId, number> {
  return new Map(
    [...threadIds()].map((thread) => {
      const stat = readFileSync(`/proc/self/task/${thread}/stat`, "utf8");
      // From the state on, which is the first field behind the name in parentheses.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return [thread, (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND];
    }),
  );
}
