import { readTest } from "@gauntlet/histories";
import type { RunDescription } from "@gauntlet/ui";

/** test.json as it is; empty where it cannot be read. */
export async function readConfiguration(directory: string): Promise<Readonly<Record<string, unknown>>> {
  return readTest(directory).catch(() => ({}));
}

/** `id`: of the run, which names its test where nothing else does. */
export function describeRun(configuration: Readonly<Record<string, unknown>>, id: string): RunDescription {
  const text = (name: string, otherwise: string): string => {
    const value = configuration[name];
    return typeof value === "string" ? value : otherwise;
  };
  const number = (name: string): number | null => {
    const value = configuration[name];
    return typeof value === "number" ? value : null;
  };
  const test = text("test", id.split("/")[0] ?? id);
  return {
    test,
    seed: number("seed") ?? Number.NaN,
    startedAt: text("startedAt", ""),
    workload: text("workload", test),
    system: text("system", "gauntlet"),
    nodes: number("nodes"),
    concurrency: number("concurrency"),
    ratePerSecond: number("ratePerSecond"),
    timeLimitMs: number("timeLimitMs"),
  };
}
