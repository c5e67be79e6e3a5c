import type { Draw, Source } from "../workload.js";
import { spaced } from "./spaced.js";

const RESOLUTION = 1_000_000;

/** Between two operations, whoever does them, passes a time drawn evenly from [0, 2 × meanMs): never in step with anything. */
export function stagger(meanMs: number, source: Source, draw: Draw): Source {
  return spaced(() => (draw.below(RESOLUTION) / RESOLUTION) * 2 * meanMs, source);
}
