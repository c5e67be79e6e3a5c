import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readResults, RUN_FILES } from "@gauntlet/histories";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GAUNTLET, leftBy, newestRun } from "../testing/command.js";

/** The whole path as a user walks it: the command, containers, faults, checks, report. */

const RUN = ["run", "--nodes", "3", "--concurrency", "6", "--rate", "100", "--seed", "7"];
const TIMEOUT_MS = 300_000;

let runs: string;

beforeAll(async () => {
  runs = await mkdtemp(join(tmpdir(), "gauntlet-runs-"));
});

afterAll(() => rm(runs, { recursive: true, force: true }));

test("a run with a kill is judged, leaves its files and no container, and can be checked and listed", {
  timeout: TIMEOUT_MS,
}, async () => {
  const root = join(runs, "whole");
  const schedule = join(runs, "kill.yaml");
  // Long enough for a hundred operations on a machine that is busy with other tests.
  await writeFile(schedule, "faults: [{at: 5s, for: 3s, fault: process.kill, target: one}]");
  const flags = ["--time-limit", "20", "--schedule", schedule, "--runs-root", root];
  const run = execa(process.execPath, [GAUNTLET, ...RUN, ...flags], { reject: false });
  const { exitCode, stdout, stderr } = await run;
  expect(`${stdout}\n${stderr}`).toContain("VALID: all");
  expect(exitCode).toBe(0);
  expect(await leftBy(run.pid)).toEqual([]);

  const directory = await newestRun(root);
  const results = await readResults(directory);
  expect(results.verdict).toBe("valid");
  expect(results.faults.map(({ fault, outcome }) => [fault, outcome.type])).toContainEqual([
    "process.kill",
    "proved",
  ]);
  for (const file of [
    RUN_FILES.report,
    RUN_FILES.schedule,
    RUN_FILES.test,
    "nodes/n3/server.log",
    "nodes/n3/agent.log",
  ]) {
    await access(join(directory, file));
  }

  const checked = await execa(process.execPath, [GAUNTLET, "check", directory], { reject: false });
  expect(checked.stdout).toContain("VALID: all");
  expect(checked.exitCode).toBe(0);
  const listed = await execa(process.execPath, [GAUNTLET, "list", "--runs-root", root]);
  expect(listed.stdout).toMatch(/valid\s+register .* 7 .*20 s\s+.*process\.kill/);
});
