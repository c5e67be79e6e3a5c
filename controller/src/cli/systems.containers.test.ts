import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureImages } from "@gauntlet/docker";
import { readResults, readTest } from "@gauntlet/histories";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GAUNTLET, leftBy, newestRun } from "../testing/command.js";

/** Other systems than ours, and systems that never come to serve: as a user meets them. */

const TIMEOUT_MS = 300_000;

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "gauntlet-systems-"));
});

afterAll(() => rm(root, { recursive: true, force: true }));

async function gauntlet(
  ...args: readonly string[]
): Promise<{ exitCode: number | undefined; stdout: string; stderr: string; left: readonly string[] }> {
  const run = execa(process.execPath, [GAUNTLET, ...args, "--runs-root", root], { reject: false });
  const { exitCode, stdout, stderr } = await run;
  const left = await leftBy(run.pid);
  return { exitCode, stdout, stderr, left };
}

test("an image that is not there is told in one line, before anything begins", {
  timeout: TIMEOUT_MS,
}, async () => {
  const { exitCode, stdout, stderr } = await gauntlet("run", "--image", "gauntlet-nosuch:1");
  expect(stderr).toBe('gauntlet: --image: there is no image "gauntlet-nosuch:1" on this machine');
  expect(stdout).toBe("");
  expect(exitCode).toBe(64);
  expect(await readdir(root)).toEqual([]);
});

/** The screen is 120 columns wide, and texts are not. */
function unwrapped(screen: string): string {
  return screen.replaceAll(/\s+/g, " ");
}

test("an image that is not the system's fails the run with what the engine says, and leaves nothing", {
  timeout: TIMEOUT_MS,
}, async () => {
  const { image } = await ensureImages({ log: () => undefined });
  const flags = ["--system", "etcd", "--image", image, "--nodes", "1", "--nemesis", "kill"];
  const { exitCode, stdout, left } = await gauntlet("run", ...flags);
  expect(unwrapped(stdout)).toMatch(/FAILED: .*docker run.*"etcd\\?": executable file not found/);
  expect(exitCode).toBe(3);
  expect(left).toEqual([]);
});

test("etcd is run like our own server: judged, described, and checked again", {
  timeout: TIMEOUT_MS,
}, async () => {
  const schedule = join(root, "mixed.yaml");
  await writeFile(
    schedule,
    `faults:
  - {at: 3s, for: 3s, fault: process.kill, target: one}
  - {at: 10s, for: 4s, fault: clock.rate, target: one, args: {rate: 2}}`,
  );
  const load = ["--nodes", "3", "--concurrency", "6", "--rate", "100", "--seed", "7", "--time-limit", "20"];
  const { exitCode, stdout, stderr, left } = await gauntlet(
    "run",
    "--system",
    "etcd",
    ...load,
    "--schedule",
    schedule,
  );
  expect(`${stdout}\n${stderr}`).toContain("VALID: all");
  expect(exitCode).toBe(0);
  expect(left).toEqual([]);
  expect(stderr).toMatch(/left out, as it cannot act on etcd: clock\.rate on one/);
  expect(unwrapped(stdout)).toMatch(/left out clock\.rate on one with .* etcd is a Go program/);
  const directory = await newestRun(root);
  expect(await readTest(directory)).toMatchObject({
    system: "etcd",
    versions: {
      system: expect.stringMatching(/^etcd 3\.4\./),
      image: expect.stringMatching(/^gauntlet-etcd:/),
    },
  });
  expect((await readResults(directory)).faults.map(({ fault, outcome }) => [fault, outcome.type])).toEqual([
    ["process.kill", "proved"],
    ["clock.rate", "skipped"],
  ]);
  const again = await gauntlet("check", directory);
  expect(again.stdout).toContain("VALID: all");
  expect(again.exitCode).toBe(0);
});
