import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { Metrics } from "./metrics.js";

/** Of a metric without labels, or a line of a histogram. */
async function valueOf(metrics: Metrics, name: string): Promise<number> {
  const line = (await metrics.registry.metrics()).split("\n").find((each) => each.startsWith(`${name} `));
  return Number(line?.split(" ")[1] ?? Number.NaN);
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  if (typeof gc === "function") gc();
}

it("tells every pause of the collector, and the longest since the last time", async () => {
  const metrics = new Metrics(20);
  const before = await valueOf(metrics, "gauntlet_server_gc_pause_seconds_count");
  for (let pause = 0; pause < 3; pause++) collectGarbage();
  // The runtime tells of them in a later turn.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const longestSeconds = await valueOf(metrics, "gauntlet_server_gc_pause_max_seconds");
  expect(longestSeconds).toBeGreaterThan(0);
  expect(await valueOf(metrics, "gauntlet_server_gc_pause_seconds_count")).toBeGreaterThanOrEqual(before + 3);
  expect(await valueOf(metrics, "gauntlet_server_gc_pause_seconds_sum")).toBeGreaterThanOrEqual(
    longestSeconds,
  );
});
