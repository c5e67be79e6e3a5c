import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HistoryError } from "./errors.js";
import { RUN_FILES } from "./files.js";
import { type NodeSample, parseSample, readSamples, SampleWriter } from "./samples.js";

let run: string;

beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), "gauntlet-samples-"));
});

afterEach(async () => rm(run, { recursive: true }));

function sample(node: string, time: number, fields: Partial<NodeSample> = {}): NodeSample {
  return {
    time,
    node,
    role: "follower",
    term: 3,
    commitIndex: 120,
    appliedIndex: 119,
    wallOffsetMs: -2,
    timerRate: 1.001,
    rssBytes: 70_000_000,
    openFiles: 31,
    diskBytes: 200_000,
    ...fields,
  };
}

const SILENT = {
  ...Object.fromEntries(Object.keys(sample("n2", 5)).map((field) => [field, null])),
  node: "n2",
  time: 5,
} as unknown as NodeSample;

test("what is written is read, in order, one line a sample", async () => {
  const writer = await SampleWriter.create(run);
  writer.write([sample("n1", 5), SILENT]);
  writer.write([sample("n1", 1_000_000_005, { role: "leader" })]);
  await writer.close();
  expect(await readSamples(run)).toEqual([
    sample("n1", 5),
    SILENT,
    sample("n1", 1_000_000_005, { role: "leader" }),
  ]);
  expect((await readFile(join(run, RUN_FILES.samples), "utf8")).split("\n")).toHaveLength(4);
});

test("a run without the file has none, which is no damage", async () => {
  expect(await readSamples(run)).toBeNull();
});

test("a last line that was cut off is left out, other damage is named by line", async () => {
  const path = join(run, RUN_FILES.samples);
  await writeFile(path, `${JSON.stringify(sample("n1", 5))}\n{"time":1`);
  expect(await readSamples(run)).toEqual([sample("n1", 5)]);
  await appendFile(path, `}\n${JSON.stringify(sample("n1", 9))}\n`);
  await expect(readSamples(run)).rejects.toThrow(/nodes\.jsonl.*2.*node/s);
  await writeFile(path, "not\n");
  await expect(readSamples(run)).rejects.toThrow(HistoryError);
});

test("fields of later versions are kept, wrong ones are refused", () => {
  const later = { ...sample("n1", 5), fsyncMs: 4 };
  expect(parseSample(JSON.stringify(later))).toEqual(later);
  expect(parseSample(JSON.stringify({ ...later, role: "king" }))).toBeNull();
  expect(parseSample('{"time":1')).toBeNull();
});

test("a run is never recorded over another", async () => {
  const writer = await SampleWriter.create(run);
  await writer.close();
  await expect(SampleWriter.create(run)).rejects.toThrow("EEXIST");
});
