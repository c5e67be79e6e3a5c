import { alignColumns, counted } from "../report/numbers.js";
import type { Hunt } from "./hunt.js";

/** For people: a line a mutant, then what is not as it should be. */
export function huntsTable(hunts: readonly Hunt[]): string {
  const rows = hunts.map((hunt) => [
    hunt.mutant,
    hunt.found === null ? hunt.outcome.toUpperCase() : hunt.found.name,
    String(hunt.seeds),
    String(hunt.found?.seed ?? "-"),
    hunt.seconds.toFixed(1),
    hunt.simulatedSeconds.toFixed(0),
    hunt.plants,
  ]);
  const table = alignColumns([
    ["mutant", "found by", "seeds", "seed", "seconds", "simulated s", "plants"],
    ...rows,
  ]);
  const remarks = hunts.flatMap(({ mutant, others, problem }) => [
    ...(problem === null ? [] : [`${mutant}: ${problem}`]),
    ...Object.entries(others).map(
      ([name, times]) =>
        `${mutant}: ${counted(times, "seed")} failed by ${name}, which is not in its found_by`,
    ),
  ]);
  const found = hunts.filter(({ outcome }) => outcome === "found").length;
  return [table, ...remarks, `${found} of ${hunts.length} found`].join("\n");
}
