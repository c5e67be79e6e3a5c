import { readSchedule, type ScheduleFile, toScheduleFile } from "@gauntlet/nemesis";
import type { Stream } from "../world/random.js";
import { isPossible } from "./volleys.js";

const JOINS: readonly string[] = ["member.add", "member.replace"];
/** Until its server is started again. */
const HARM_MS = 500;

/**
 * While a machine joins, now and then its disk is harmed: of a learner, of a voter that has not caught up, of a
 * member that is removed again and comes back later. Whose disk may be harmed at that moment, the fault itself finds out.
 */
export function drawHarmOfJoiners(
  random: Stream,
  file: ScheduleFile,
  world: { readonly machines: readonly string[]; readonly nodes: number; readonly durationMs: number },
): ScheduleFile {
  const { machines, nodes, durationMs } = world;
  let schedule = readSchedule(file, machines);
  for (const join of schedule.faults.filter(({ fault }) => JOINS.includes(fault))) {
    if (!random.chance(0.4)) continue;
    const harm = {
      atMs: join.atMs + random.below(join.forMs),
      forMs: HARM_MS,
      fault: "disk.bitflip",
      target: [random.pick(machines.slice(nodes))],
      args: {
        kind: random.pick(["bit-flip", "bad-sector"]),
        area: random.pick(["any", "wal", "checkpoint"]),
        server: "down",
      },
    };
    if (harm.atMs + harm.forMs > durationMs) continue;
    const faults = [...schedule.faults, harm].toSorted((a, b) => a.atMs - b.atMs);
    const extended = toScheduleFile({ ...schedule, faults });
    if (isPossible(extended, machines)) schedule = readSchedule(extended, machines);
  }
  return toScheduleFile(schedule);
}
