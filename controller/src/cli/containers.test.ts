import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { readHistory, readResults, RUN_FILES } from "@gauntlet/histories";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";

/** The whole path as a user walks it: the command, containers, faults, checks, report. */

const GAUNTLET = fileURLToPath(new URL("../../bin/gauntlet.js", import.meta.url));
const RUN = ["run", "--nodes", "3", "--concurrency", "6", "--rate", "100", "--seed", "7"];
const TIMEOUT_MS = 300_000;

let runs: string;

beforeAll(async () => {
  runs = await mkdtemp(join(tmpdir(), "gauntlet-runs-"));
});

afterAll(() => rm(runs, { recursive: true, force: true }));

/** Containers that were made by the process with this pid. */
async function containersOf(pid: number | undefined): Promise<string> {
  const { stdout } = await execa("docker", [
    "ps",
    "--all",
    "--format",
    '{{.Names}} {{.Label "gauntlet.owner"}}',
  ]);
  return stdout
    .split("\n")
    .filter((line) => line.split(" ")[1]?.startsWith(`${pid}/`))
    .join("\n");
}

async function directoryOf(root: string): Promise<string> {
  const [name = ""] = (await readdir(join(root, "register"))).filter((entry) => entry !== "latest");
  return join(root, "register", name);
}

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
  expect(await containersOf(run.pid)).toBe("");

  const directory = await directoryOf(root);
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

test("Ctrl-C in the main phase: cleaned up, history intact, verdict unknown", {
  timeout: TIMEOUT_MS,
}, async () => {
  const root = join(runs, "interrupted");
  const flags = ["--time-limit", "120", "--nemesis", "none", "--runs-root", root];
  const run = spawn(process.execPath, [GAUNTLET, ...RUN, ...flags], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(run, "exit");
  for await (const line of createInterface({ input: run.stderr })) {
    if (line.startsWith("main:")) setTimeout(() => run.kill("SIGINT"), 1_000);
  }
  const [code] = (await ended) as [number | null];
  expect(code).toBe(2);
  expect(await containersOf(run.pid)).toBe("");
  const directory = await directoryOf(root);
  expect((await readHistory(join(directory, RUN_FILES.history))).events.length).toBeGreaterThan(0);
  expect(await readResults(directory)).toMatchObject({
    verdict: "unknown",
    reason: expect.stringContaining("interrupted in phase main"),
  });
});

test("Ctrl-C twice while the nodes start: ends at once with 3 and leaves nothing", {
  timeout: TIMEOUT_MS,
}, async () => {
  const root = join(runs, "twice");
  const flags = ["--time-limit", "120", "--nemesis", "none", "--runs-root", root];
  const run = spawn(process.execPath, [GAUNTLET, ...RUN, ...flags], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(run, "exit");
  for await (const line of createInterface({ input: run.stderr })) {
    // The second only once the first was heard: two signals that wait together arrive as one.
    if (line.startsWith("prepare:")) setTimeout(() => run.kill("SIGINT"), 500);
    if (line.includes("once more")) run.kill("SIGINT");
  }
  const [code] = (await ended) as [number | null];
  expect(code).toBe(3);
  expect(await containersOf(run.pid)).toBe("");
});
