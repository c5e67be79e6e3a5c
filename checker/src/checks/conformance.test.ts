import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEDNString } from "edn-data";
import { expect, test } from "vitest";
import { bank } from "./bank.js";
import type { Check, HistoryEvent } from "./check.js";
import { counterBounds } from "./counter-bounds.js";
import { longFork } from "./long-fork.js";
import { setFull } from "./set-full.js";

interface ManifestEntry {
  readonly file: string;
  readonly model_id: string;
  readonly verdict: "valid" | "invalid";
}

const CHECKS: Readonly<Record<string, Check>> = {
  bank: bank(),
  counter: counterBounds(),
  set: setFull({ linearizable: true }),
  "long-fork": longFork({ groupSize: 3 }),
};

/** Operation maps of which some lack process and index. */
function readEdn(text: string): HistoryEvent[] {
  const edn = parseEDNString(`[${text}\n]`, {
    mapAs: "object",
    keywordAs: "string",
    listAs: "array",
  }) as unknown[];
  const maps = (edn.length === 1 && Array.isArray(edn[0]) ? edn[0] : edn) as Partial<HistoryEvent>[];
  return maps.map((map, index) => ({ process: 0, value: null, index, ...map }) as HistoryEvent);
}

test("recorded histories of peers have the verdicts their authors gave", () => {
  const data = process.env["GAUNTLET_DATA"];
  if (data === undefined) {
    console.log("skipped: recorded histories of plain checks, for GAUNTLET_DATA is not set");
    return;
  }
  const folder = join(data, "histories");
  const lines = readFileSync(join(folder, "manifest.jsonl"), "utf8").trimEnd().split("\n");
  const entries = lines.map((line) => JSON.parse(line) as ManifestEntry);
  const checked = entries.flatMap(({ file, model_id, verdict }) => {
    const check = CHECKS[model_id];
    if (check === undefined) return [];
    const report = check.run(readEdn(readFileSync(join(folder, file), "utf8")));
    console.log(`${file}: ${report.verdict}: ${report.reason}`);
    return [{ file, verdict: report.verdict, expected: verdict === "valid" ? "ok" : "illegal" }];
  });
  expect(checked.filter(({ verdict, expected }) => verdict !== expected)).toEqual([]);
  expect(checked.length).toBeGreaterThanOrEqual(4);
});
