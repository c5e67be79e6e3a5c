import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkOperations } from "../check.js";
import { casRegister, type RegisterState } from "../models/cas-register.js";
import { verifyWitness } from "../witness.js";
import type { RecordedOperation } from "./jepsen-events.js";
import { parseKnossosEdn } from "./knossos-edn.js";
import { parsePorcupineLog } from "./porcupine-log.js";

interface ManifestEntry {
  readonly file: string;
  readonly format: string;
  readonly model_id: string;
  readonly init: RegisterState;
  readonly verdict: "valid" | "invalid";
}

function readerOf({ model_id, format }: ManifestEntry): ((text: string) => RecordedOperation[]) | undefined {
  if (model_id !== "cas-register") return undefined;
  if (format.startsWith("jepsen-log")) return parsePorcupineLog;
  return format.startsWith("EDN: vector") ? parseKnossosEdn : undefined;
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
    const parse = readerOf(entry);
    if (parse === undefined) {
      counts.skipped++;
      continue;
    }
    const operations = parse(readFileSync(join(folder, entry.file), "utf8"));
    const model = casRegister({ initial: entry.init });
    const result = checkOperations(model, operations, { verifyWitness: true });
    elapsedMs += result.elapsedMs;
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
