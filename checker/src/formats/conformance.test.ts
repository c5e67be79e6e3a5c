import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkOperations } from "../check.js";
import { builtInModel, modelNames } from "../models/index.js";
import { verifyWitness } from "../witness.js";
import { toOperations } from "./operations.js";
import { readHistory } from "./reader.js";

interface ManifestEntry {
  readonly file: string;
  readonly model_id: string;
  readonly init?: unknown;
  readonly verdict: "valid" | "invalid" | null;
}

test("recorded histories of peers have the verdicts their authors gave", () => {
  const data = process.env["GAUNTLET_DATA"];
  if (data === undefined) {
    console.log("skipped: all recorded histories, for GAUNTLET_DATA is not set");
    return;
  }
  const folder = join(data, "histories");
  const lines = readFileSync(join(folder, "manifest.jsonl"), "utf8").trimEnd().split("\n");
  const entries = lines.map((line) => JSON.parse(line) as ManifestEntry);
  const wrong: string[] = [];
  const counts = { valid: 0, invalid: 0, skipped: 0 };
  let elapsedMs = 0;
  for (const entry of entries) {
    const recording =
      entry.verdict === null ? undefined : readHistory(readFileSync(join(folder, entry.file)));
    if (
      recording === undefined ||
      entry.verdict === null ||
      !modelNames.includes(entry.model_id) ||
      entry.model_id === "set"
    ) {
      counts.skipped++;
      continue;
    }
    const { operations } = toOperations(recording, entry.model_id);
    const model = builtInModel(entry.model_id, entry.init === false ? {} : { initial: entry.init });
    const t = performance.now();
    const result = checkOperations(model, operations, {
      verifyWitness: true,
      timeoutMs: 20000,
      stopAtFirst: true,
    });
    elapsedMs += result.elapsedMs;
    if (performance.now() - t > 500) console.log(entry.file, result.elapsedMs);
    counts[entry.verdict]++;
    if (result.verdict !== (entry.verdict === "valid" ? "ok" : "illegal"))
      wrong.push(`${entry.file}: ${result.verdict}`);
    for (const partition of result.partitions) {
      if (partition.verdict !== "illegal") continue;
      const partial = verifyWitness(model, operations, partition.partialOrder, { partial: true });
      if (!partial.valid) wrong.push(`${entry.file}: ${partial.problem}`);
    }
  }
  console.log(`recorded histories: ${JSON.stringify(counts)}, checked in ${Math.round(elapsedMs)} ms`);
  expect(wrong).toEqual([]);
  expect(counts.valid).toBeGreaterThan(0);
  expect(counts.invalid).toBeGreaterThan(0);
});
