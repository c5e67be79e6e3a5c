import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listAppend } from "../anomalies/index.js";
import { checkOperations } from "../check.js";
import { bank, type Check, counterBounds, longFork, setFull } from "../checks/index.js";
import { porcupine } from "../cli/testing/run.js";
import { builtInModel } from "../models/index.js";
import type { CheckVerdict } from "../result.js";
import { verifyWitness } from "../witness.js";
import type { Recording } from "./event.js";
import { toOperations } from "./operations.js";
import { readHistory } from "./reader.js";

interface ManifestEntry {
  readonly file: string;
  readonly model_id: string;
  readonly init?: unknown;
  /** Null: not one history. */
  readonly verdict: "valid" | "invalid" | null;
}

/** The checks by what the manifest calls them; what is not here is a model. */
const CHECKS: ReadonlyMap<string, { readonly check: Check; readonly args: readonly string[] }> = new Map([
  ["list-append", { check: listAppend(), args: ["--model", "list-append"] }],
  ["bank", { check: bank(), args: ["--model", "bank"] }],
  ["counter", { check: counterBounds(), args: ["--model", "counter-bounds"] }],
  ["set", { check: setFull(), args: ["--model", "set-full"] }],
  ["long-fork", { check: longFork({ groupSize: 3 }), args: ["--model", "long-fork", "--group-size", "3"] }],
]);

/** These are models as well, and the histories are linearizable. */
const ALSO_MODELS: readonly string[] = ["counter", "set"];

const STATUS = { ok: "valid", illegal: "invalid", unknown: "unknown" } as const;

function manifest(): { readonly folder: string; readonly entries: readonly ManifestEntry[] } | undefined {
  const data = process.env["GAUNTLET_DATA"];
  if (data === undefined) {
    console.log("skipped: all recorded histories, for GAUNTLET_DATA is not set");
    return undefined;
  }
  const folder = join(data, "histories");
  const lines = readFileSync(join(folder, "manifest.jsonl"), "utf8").trimEnd().split("\n");
  return { folder, entries: lines.map((line) => JSON.parse(line) as ManifestEntry) };
}

function skipReason({ model_id, verdict }: ManifestEntry): string | undefined {
  if (verdict === null) return "not one history: its cases are tried in anomalies/";
  return model_id === "rw-register" ? "transactions on registers cannot be judged yet" : undefined;
}

/** A check has no initial value to choose. */
function initialOf({ model_id, init }: ManifestEntry): unknown {
  return CHECKS.has(model_id) ? undefined : init;
}

test("recorded histories of peers have the verdicts their authors gave", () => {
  const found = manifest();
  if (found === undefined) return;
  const wrong: string[] = [];
  const skipped: string[] = [];
  const counts = { valid: 0, invalid: 0 };
  for (const entry of found.entries) {
    const reason = skipReason(entry);
    if (reason !== undefined || entry.verdict === null) {
      skipped.push(`${entry.file} (${reason})`);
      continue;
    }
    counts[entry.verdict]++;
    const recording = readHistory(readFileSync(join(found.folder, entry.file)));
    const check = CHECKS.get(entry.model_id)?.check;
    const verdicts: CheckVerdict[] = [];
    if (check !== undefined) verdicts.push(check.run(recording.events).verdict);
    if (check === undefined || ALSO_MODELS.includes(entry.model_id))
      verdicts.push(verdictOfModel(entry, recording, wrong));
    for (const verdict of verdicts) {
      if (STATUS[verdict] !== entry.verdict) wrong.push(`${entry.file}: ${STATUS[verdict]}`);
    }
  }
  console.log(`recorded histories: ${JSON.stringify(counts)}; skipped: ${skipped.join(", ")}`);
  expect(wrong).toEqual([]);
  expect(skipped).toHaveLength(2);
  expect(counts.valid).toBeGreaterThan(0);
  expect(counts.invalid).toBeGreaterThan(0);
});

function verdictOfModel(entry: ManifestEntry, recording: Recording, wrong: string[]): CheckVerdict {
  const { operations } = toOperations(recording, entry.model_id);
  const initial = initialOf(entry);
  const model = builtInModel(entry.model_id, initial === undefined ? {} : { initial });
  // One of the files is beyond reach for all its keys.
  const options = { verifyWitness: true, stopAtFirst: true, timeoutMs: 60_000 };
  const result = checkOperations(model, operations, options);
  for (const partition of result.partitions) {
    if (partition.verdict !== "illegal") continue;
    const partial = verifyWitness(model, operations, partition.partialOrder, { partial: true });
    if (!partial.valid) wrong.push(`${entry.file}: ${partial.problem}`);
  }
  return result.verdict;
}

test("one file of each kind has its verdict and exit code from the command too", async () => {
  const found = manifest();
  if (found === undefined) return;
  const kinds = new Map<string, ManifestEntry>();
  for (const entry of found.entries) {
    const [source] = entry.file.split("/");
    const kind = `${source} ${entry.file.split(".").at(-1)} ${entry.model_id} ${entry.verdict}`;
    if (skipReason(entry) === undefined && !kinds.has(kind)) kinds.set(kind, entry);
  }
  expect(kinds.size).toBeGreaterThan(10);
  for (const entry of kinds.values()) {
    const initial = initialOf(entry);
    const init = initial === undefined ? [] : ["--init", JSON.stringify(initial)];
    const model = CHECKS.get(entry.model_id)?.args ?? ["--model", entry.model_id, ...init];
    const file = join(found.folder, entry.file);
    const { code, stdout } = await porcupine(["check", "--json", ...model, file]);
    expect({ file, code }).toEqual({ file, code: entry.verdict === "valid" ? 0 : 1 });
    expect(JSON.parse(stdout)).toMatchObject({ file, verdict: entry.verdict });
  }
});
