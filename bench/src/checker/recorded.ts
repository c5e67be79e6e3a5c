import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { builtInModel, checkOperations } from "porcupine-ts";
import { readHistory, toOperations } from "porcupine-ts/formats";
import type { Measured, Prepared } from "./row.js";

interface ManifestEntry {
  readonly file: string;
  readonly model_id: string;
  readonly init?: unknown;
}

/** Recorded histories of peers whose file begins so, where GAUNTLET_DATA points; read and parsed beforehand. */
export function recorded(prefix: string): () => Prepared | undefined {
  return () => {
    const folder = join(process.env["GAUNTLET_DATA"] ?? "", "histories");
    const manifest = join(folder, "manifest.jsonl");
    if (process.env["GAUNTLET_DATA"] === undefined || !existsSync(manifest)) return undefined;
    const entries = readFileSync(manifest, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as ManifestEntry)
      .filter(({ file }) => file.startsWith(prefix));
    const problems = entries.map(({ file, model_id, init }) => ({
      file,
      model: builtInModel(model_id, init === false ? {} : { initial: init }),
      operations: toOperations(readHistory(readFileSync(join(folder, file))), model_id).operations,
    }));
    return (): Measured => {
      const counts = { ok: 0, illegal: 0, unknown: 0 };
      let configurations = 0;
      let slowest = { file: "", ms: 0 };
      for (const { file, model, operations } of problems) {
        const result = checkOperations(model, operations);
        // A file of many keys: each has a verdict of its own.
        for (const { verdict } of problems.length > 1 ? [result] : result.partitions) counts[verdict]++;
        configurations += result.configurations;
        if (result.elapsedMs > slowest.ms) slowest = { file, ms: result.elapsedMs };
      }
      const verdict = Object.entries(counts)
        .flatMap(([name, n]) => (n > 0 ? [`${n} ${name}`] : []))
        .join(", ");
      return { verdict, configurations, ...(problems.length > 1 && { slowestMs: slowest.ms }) };
    };
  };
}
