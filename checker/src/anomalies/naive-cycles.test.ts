import { expect, test } from "vitest";
import { type ConsistencyModel, consistencyModels, forbiddenBy } from "./consistency-models.js";
import { analyzeListAppend } from "./list-append.js";
import { parseListAppend } from "./list-append-history.js";
import { naiveCycleTypes } from "./testing/naive-cycles.js";
import { weakHistory } from "./testing/weak-database.js";

const HISTORIES = Number(process.env["ANOMALY_HISTORIES"] ?? 500);

function cycleTypes(
  columns: ReturnType<typeof parseListAppend>,
  consistencyModel: ConsistencyModel,
): string[] {
  const { details } = analyzeListAppend(columns, { consistencyModel });
  return details.anomalies
    .map(({ type }) => type as string)
    .filter((type) => type.startsWith("G") && !/^G1[ab]/.test(type));
}

test("every model forbids some cycle exactly where a search of all cycles finds one that it forbids", () => {
  const wrong: string[] = [];
  const counts = { cyclic: 0, acyclic: 0, skipped: 0 };
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const { history } = weakHistory(seed);
    const all = naiveCycleTypes(history);
    if (all === undefined) {
      counts.skipped++;
      continue;
    }
    if (all.size === 0) counts.acyclic++;
    else counts.cyclic++;
    const columns = parseListAppend(history);
    for (const model of consistencyModels) {
      const forbidden: ReadonlySet<string> = forbiddenBy(model);
      const found = cycleTypes(columns, model);
      const [here, there] = [
        found.some((type) => forbidden.has(type)),
        [...all].some((type) => forbidden.has(type)),
      ];
      if (here !== there)
        wrong.push(`seed ${seed}, ${model}: found ${found.join()}, there are ${[...all].join()}`);
    }
  }
  console.log(`cycles by definition: ${JSON.stringify(counts)} of ${HISTORIES}`);
  expect(wrong).toEqual([]);
  expect(counts.cyclic).toBeGreaterThan(HISTORIES / 10);
  expect(counts.acyclic).toBeGreaterThan(HISTORIES / 10);
}, 600_000);
