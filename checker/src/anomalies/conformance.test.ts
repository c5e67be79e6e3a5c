import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEDNString } from "edn-data";
import { expect, test } from "vitest";
import type { HistoryEvent } from "../checks/check.js";
import { type ConsistencyModel, isConsistencyModel } from "./consistency-models.js";
import { listAppend } from "./list-append.js";

const data = process.env["GAUNTLET_DATA"];

interface MicroCase {
  readonly id: string;
  readonly workload: string;
  readonly options: { readonly "consistency-models": readonly string[] };
  readonly expected: { readonly valid: boolean; readonly anomaly_types: readonly string[] };
  readonly history: readonly HistoryEvent[];
}

function report(history: readonly HistoryEvent[], models: readonly string[]) {
  const found = new Set<string>();
  const verdicts = models.map((name) => {
    if (!isConsistencyModel(name)) throw new Error(`no model ${name}`);
    const { verdict, details } = listAppend({ consistencyModel: name }).run(history);
    for (const { type } of details.anomalies) found.add(type);
    return verdict;
  });
  return { found, valid: verdicts.every((verdict) => verdict === "ok"), verdicts };
}

function skip(what: string): void {
  console.log(`skipped: ${what}, for GAUNTLET_DATA is not set`);
}

test("Elle's own cases of list-append have the verdicts and the anomalies that Elle gives them", () => {
  if (data === undefined) return skip("Elle's cases");
  const lines = readFileSync(join(data, "histories/elle/micro-cases.jsonl"), "utf8").trimEnd().split("\n");
  const counts = { checked: 0, skipped: 0 };
  const wrong: string[] = [];
  for (const line of lines) {
    const { id, workload, options, expected, history } = JSON.parse(line) as MicroCase;
    if (workload !== "list-append") {
      counts.skipped++;
      continue;
    }
    counts.checked++;
    const { found, valid, verdicts } = report(history, options["consistency-models"]);
    if (valid !== expected.valid) wrong.push(`${id}: ${verdicts.join()}`);
    for (const type of expected.anomaly_types) if (!found.has(type)) wrong.push(`${id}: no ${type}`);
  }
  console.log(
    `Elle's cases: ${JSON.stringify(counts)}; skipped are those of rw-register, which has no checker here`,
  );
  expect(wrong).toEqual([]);
  expect(counts.checked).toBeGreaterThan(0);
});

interface EdnEvent {
  readonly index: number;
  readonly process?: number;
  readonly type: HistoryEvent["type"];
  readonly value: unknown;
}

/** A history whose events name no process is of one client. */
function events(parsed: readonly EdnEvent[]): HistoryEvent[] {
  return parsed.map(({ index, process, type, value }) => ({
    index,
    process: process ?? 0,
    type,
    f: "txn",
    value,
  }));
}

function readEdn(file: string): HistoryEvent[] {
  const text = readFileSync(join(data ?? "", "histories", file), "utf8");
  const parsed = parseEDNString(`[${text}\n]`, { mapAs: "object", keywordAs: "string", listAs: "array" });
  return events(parsed as EdnEvent[]);
}

test("the history in Elle's paper has its G-single in either notation", () => {
  if (data === undefined) return skip("the paper's example");
  const text = readFileSync(join(data, "histories/elle-cli/elle/paper-example.json"), "utf8");
  for (const history of [readEdn("elle/paper-example.edn"), events(JSON.parse(text) as EdnEvent[])]) {
    const { found, valid } = report(history, ["serializable"]);
    expect(valid).toBe(false);
    expect([...found]).toContain("G-single-item");
    expect(report(history, ["strict-serializable"]).valid).toBe(false);
  }
});

test("a history that is snapshot isolated but not repeatable has a G2-item and nothing worse", () => {
  if (data === undefined) return skip("si-without-g-single");
  const history = readEdn("elle/si-without-g-single.edn");
  const verdict = (consistencyModel: ConsistencyModel) =>
    listAppend({ consistencyModel }).run(history).verdict;
  expect(verdict("snapshot-isolation")).toBe("ok");
  expect(verdict("repeatable-read")).toBe("illegal");
  expect([...report(history, ["snapshot-isolation", "repeatable-read"]).found]).toEqual(["G2-item"]);
});
