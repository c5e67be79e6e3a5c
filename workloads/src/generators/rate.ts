import type { Source } from "../workload.js";
import { spaced } from "./spaced.js";

/** At most so many operations a second, evenly spread, whoever does them. What was missed is not made up for. */
export function rate(perSecond: number, source: Source): Source {
  const periodMs = 1000 / perSecond;
  return spaced(() => periodMs, source);
}
