import { mkdir, mkdtemp, readdir, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HistoryError } from "./errors.js";
import { readResults, readTest, writeResults, writeTest } from "./files.js";
import type { RunResults } from "./results.js";
import { createRunDirectory, listRuns, resolveRun } from "./runs.js";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "runs-"));
});

afterEach(() => rm(root, { recursive: true }));

const AT = new Date("2025-03-04T05:06:07.089Z");
const LATER = new Date("2025-03-04T05:06:08Z");

const RESULTS: RunResults = {
  version: 1,
  verdict: "invalid",
  reason: "key r4 is not linearizable",
  checks: [
    {
      name: "linearizability",
      kind: "safety",
      verdict: "invalid",
      reason: "stale",
      details: { failedAt: 4 },
    },
    { name: "traffic", kind: "vacuity", verdict: "valid", reason: "120 ok" },
  ],
  stats: [{ f: "read", ok: 120, fail: 0, info: 3, p50Ms: 1.5, p99Ms: 9, maxMs: 12 }],
  okPerSecond: 12.5,
  faults: [
    {
      fault: "process.kill",
      target: "leader",
      nodes: ["n2"],
      roles: { n2: "leader" },
      outcome: { type: "proved", proof: "pid 17 gone" },
      startedAtMs: 5000,
      endedAtMs: 8000,
      healed: true,
    },
  ],
};

test("a run has its own directory, and latest points to the newest", async () => {
  const first = await createRunDirectory(root, "register", AT, 7);
  expect(first).toBe(join(root, "register", "20250304T050607.089Z-7"));
  const second = await createRunDirectory(root, "bank", LATER, 7);
  expect(await readlink(join(root, "latest"))).toBe("bank/20250304T050608.000Z-7");
  expect(await readlink(join(root, "register", "latest"))).toBe("20250304T050607.089Z-7");
  expect((await readdir(root)).toSorted()).toEqual(["bank", "latest", "register"]);
  expect(second).not.toBe(first);
});

test("two runs that start together do not share a directory", async () => {
  const runs = await Promise.all([1, 2, 3].map(() => createRunDirectory(root, "register", AT, 7)));
  expect(new Set(runs).size).toBe(3);
  expect((await listRuns(root)).map(({ path }) => path).toSorted()).toEqual(runs.toSorted());
});

test.each(["", "../up", "latest", "a b", ".hidden"])("refuses %j as a test's name", async (name) => {
  await expect(createRunDirectory(root, name, AT, 1)).rejects.toThrow("cannot name a folder of runs");
});

test("lists the newest first, with verdicts where there are any", async () => {
  const first = await createRunDirectory(root, "register", AT, 7);
  const second = await createRunDirectory(root, "mutant-01", LATER, -3);
  await writeResults(first, RESULTS);
  await mkdir(join(root, "register", "notes"));
  expect(await listRuns(root)).toEqual([
    { path: second, test: "mutant-01", startedAt: LATER, seed: -3, verdict: null },
    { path: first, test: "register", startedAt: AT, seed: 7, verdict: "invalid" },
  ]);
  expect(await listRuns(join(root, "nowhere"))).toEqual([]);
});

test("finds a run by latest, by directory, by file", async () => {
  await expect(resolveRun("latest", root)).rejects.toThrow(`latest: no run is recorded in ${root}`);
  const run = await createRunDirectory(root, "register", AT, 7);
  const history = join(run, "history.jsonl");
  await expect(resolveRun(run)).rejects.toThrow("not a run: it has no history.jsonl");
  await writeFile(history, "");
  for (const name of ["latest", run, join(root, "register", "latest")]) {
    expect(await resolveRun(name, root)).toEqual({ directory: run, history });
  }
  expect(await resolveRun(history, root)).toEqual({ directory: null, history });
  await expect(resolveRun(join(root, "other"))).rejects.toThrow("no such run or history file");
});

test("test.json and results.json come back as written, unknown fields too", async () => {
  const description = {
    version: 1,
    test: "register",
    seed: 7,
    startedAt: AT.toISOString(),
    rate: 200,
  } as const;
  await writeTest(root, description);
  await writeResults(root, { ...RESULTS, extra: 1 } as RunResults);
  expect(await readTest(root)).toEqual(description);
  expect(await readResults(root)).toEqual({ ...RESULTS, extra: 1 });
  expect(await readdir(root)).toEqual(["results.json", "test.json"]);
});

test.each<[string, string, string]>([
  ["cut off", '{"version": 1, "verd', "not JSON"],
  ["another version", '{"version": 2}', "version: this version of the program reads version 1 only"],
  ["a field that is no verdict", JSON.stringify({ ...RESULTS, verdict: "ok" }), "verdict: Invalid option"],
])("says what is wrong with results.json: %s", async (_name, text, message) => {
  await writeFile(join(root, "results.json"), text);
  await expect(readResults(root)).rejects.toThrow(HistoryError);
  await expect(readResults(root)).rejects.toThrow(`${join(root, "results.json")}: ${message}`);
});

test("results that do not keep the format are not written", async () => {
  await expect(writeResults(root, { ...RESULTS, okPerSecond: Number.NaN })).rejects.toThrow("okPerSecond");
  await expect(readResults(root)).rejects.toThrow("no such file");
});
