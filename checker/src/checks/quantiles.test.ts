import { expect, test } from "vitest";
import { latencyQuantiles } from "./quantiles.js";

test("quantiles are durations that were measured, by nearest rank", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => ((i * 37) % 100) * 1e6 + 1e6);
  expect(latencyQuantiles(hundred)).toEqual({ minMs: 1, medianMs: 50, p95Ms: 95, p99Ms: 99, maxMs: 100 });
  expect(latencyQuantiles([3e6, 1e6])).toEqual({ minMs: 1, medianMs: 1, p95Ms: 3, p99Ms: 3, maxMs: 3 });
  expect(latencyQuantiles([])).toBeNull();
});
