import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { readHistory, readResults, RUN_FILES, type RunResults } from "@gauntlet/histories";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { GAUNTLET, leftBy, newestRun } from "../testing/command.js";

/** The rig itself breaks, or is broken off: the verdict says so, the recording is whole, and nothing is left behind. */

const RUN = [
  "run",
  "--nodes",
  "3",
  "--concurrency",
  "6",
  "--rate",
  "100",
  "--seed",
  "7",
  "--nemesis",
  "none",
];
const EXIT_CODES = { valid: 0, invalid: 1, unknown: 2, failed: 3 } as const;
const TIMEOUT_MS = 180_000;
const GONE = { timeout: 60_000, interval: 500 };

let runs: string;

beforeAll(async () => {
  runs = await mkdtemp(join(tmpdir(), "gauntlet-rig-faults-"));
});

afterAll(() => rm(runs, { recursive: true, force: true }));

interface Started {
  readonly process: ChildProcess;
  readonly root: string;
  readonly lines: string[];
  /** The exit code; null after a signal. */
  readonly ended: Promise<number | null>;
}

/** `onLine` hears each line of its standard error. */
async function start(
  name: string,
  flags: readonly string[],
  onLine: (line: string, run: ChildProcess) => void,
  wrap: readonly string[] = [],
): Promise<Started> {
  const root = join(runs, name);
  await mkdir(root, { recursive: true });
  const [command, ...words] = [...wrap, process.execPath, GAUNTLET, ...RUN, ...flags, "--runs-root", root];
  const run = spawn(command, words, { stdio: ["ignore", "ignore", "pipe"] });
  const lines: string[] = [];
  createInterface({ input: run.stderr }).on("line", (line) => {
    lines.push(line);
    onLine(line, run);
  });
  const ended = once(run, "close").then(([code]) => code as number | null);
  return { process: run, root, lines, ended };
}

/** Loop devices, mounts, and rules of this machine that name a run's containers. */
async function traces(runId: string): Promise<readonly string[]> {
  const mounts = await readFile("/proc/self/mounts", "utf8");
  const loops = await execa("losetup", ["--all"], { reject: false });
  return `${mounts}\n${loops.stdout}`.split("\n").filter((line) => line.includes(runId));
}

/** The network's name says the run's: `gauntlet-<run>`. */
async function runIdOf(pid: number | undefined): Promise<string> {
  const network = (await leftBy(pid)).find((line) => line.startsWith("network "));
  return network?.split(" ")[1] ?? "";
}

function check({ checks }: RunResults, name: string): RunResults["checks"][number] | undefined {
  return checks.find((each) => each.name === name);
}

test("a rig that is killed leaves nothing, and what it recorded can be judged", {
  timeout: TIMEOUT_MS,
}, async () => {
  let inDocker = Promise.resolve("");
  const run = await start("killed", ["--time-limit", "120"], (line, child) => {
    if (!line.startsWith("main:")) return;
    inDocker = runIdOf(child.pid);
    setTimeout(() => child.kill("SIGKILL"), 3_000);
  });
  expect(await run.ended).toBe(null);
  const runId = await inDocker;
  expect(runId).toMatch(/^gauntlet-/);
  await expect.poll(() => leftBy(run.process.pid), GONE).toEqual([]);
  await expect.poll(() => traces(runId), GONE).toEqual([]);

  const directory = await newestRun(run.root);
  const { events } = await readHistory(join(directory, RUN_FILES.history));
  expect(events.length).toBeGreaterThan(20);
  const checked = await execa(process.execPath, [GAUNTLET, "check", directory, "--json"], { reject: false });
  expect(checked.exitCode).toBe(EXIT_CODES.unknown);
  const results = JSON.parse(checked.stdout) as RunResults;
  expect(check(results, "linearizability")?.verdict).toBe("valid");
  expect(check(results, "completion")?.reason).toContain("its rig died");
});

test("a container that somebody removes is the rig's failure, beside a run that goes on untouched", {
  timeout: TIMEOUT_MS,
}, async () => {
  const [broken, whole] = await Promise.all([
    start("removed", ["--time-limit", "60"], (line, child) => {
      if (!line.startsWith("main:")) return;
      void runIdOf(child.pid).then((runId) => execa("docker", ["rm", "--force", `${runId}-n2`]));
    }),
    start("beside", ["--time-limit", "10"], () => undefined),
  ]);
  expect(await broken.ended).toBe(EXIT_CODES.failed);
  const results = await readResults(await newestRun(broken.root));
  expect(check(results, "rig")?.reason).toMatch(/n2: /);
  expect(results.verdicts?.safety).not.toBe("invalid");
  expect(await leftBy(broken.process.pid)).toEqual([]);

  const code = await whole.ended;
  const other = await readResults(await newestRun(whole.root));
  expect(other.checks.filter(({ verdict }) => verdict === "invalid" || verdict === "failed")).toEqual([]);
  expect(code).toBe(EXIT_CODES[other.verdict]);
  expect(await leftBy(whole.process.pid)).toEqual([]);
});

test("a disk that is full for the history ends the run as failed, with what was recorded until then", {
  timeout: TIMEOUT_MS,
}, async () => {
  // The same as a full disk for whoever writes, without one: no file may grow beyond so many blocks. Node undoes what its
  // parent ignores, so it has to ignore the signal itself to see the error.
  const ignore = "--import=data:text/javascript,process.on('SIGXFSZ',()=>{})";
  const limited = ["sh", "-c", `ulimit -f 64; NODE_OPTIONS="${ignore}" exec "$@"`, "sh"];
  const run = await start("full", ["--nodes", "1", "--time-limit", "60"], () => undefined, limited);
  expect(await run.ended).toBe(EXIT_CODES.failed);
  expect(run.lines.join("\n")).not.toMatch(/\n\s+at /);
  expect(await leftBy(run.process.pid)).toEqual([]);
  const { events } = await readHistory(join(await newestRun(run.root), RUN_FILES.history));
  expect(events.length).toBeGreaterThan(100);
});

// Side by side, as each waits for most of its time; one node has all stages that five have.
describe.concurrent("Ctrl-C", () => {
  const SHORT = ["--nodes", "1", "--concurrency", "3", "--time-limit", "3"];
  interface Stage {
    readonly stage: string;
    readonly line: RegExp;
    /** The signal comes so long after the line. */
    readonly afterMs?: number;
    /** In the reason; absent: the run may be through before the signal is heard. */
    readonly phase?: string;
    /** Events of the history, at least. */
    readonly recorded: number;
  }
  const stages: readonly Stage[] = [
    { stage: "while containers start", line: /^prepare:/, phase: "prepare", recorded: 0 },
    { stage: "while the servers come up", line: /containers up/, phase: "prepare", recorded: 0 },
    { stage: "in the main phase", line: /^main:/, afterMs: 1_000, phase: "main", recorded: 1 },
    { stage: "while it heals", line: /^heal:/, recorded: 1 },
    { stage: "in the final reads", line: /^final reads:/, recorded: 1 },
    { stage: "while it stops", line: /^stop:/, recorded: 1 },
    { stage: "while it checks", line: /^check:/, recorded: 1 },
  ];
  test.each(stages)("$stage: cleaned up and judged", { timeout: TIMEOUT_MS }, async (at) => {
    const { stage, line, afterMs = 0, phase, recorded } = at;
    let isHeard = false;
    const run = await start(`once-${stage.replaceAll(" ", "-")}`, SHORT, (each, child) => {
      if (isHeard || !line.test(each)) return;
      isHeard = true;
      setTimeout(() => child.kill("SIGINT"), afterMs);
    });
    const code = await run.ended;
    expect(run.lines).toContainEqual(expect.stringMatching(line));
    expect(isHeard).toBe(true);
    expect(await leftBy(run.process.pid)).toEqual([]);
    const directory = await newestRun(run.root);
    const results = await readResults(directory);
    expect(code).toBe(EXIT_CODES[results.verdict]);
    expect(results.checks.filter(({ verdict }) => verdict === "invalid" || verdict === "failed")).toEqual([]);
    expect(phase === undefined ? ["unknown", "valid"] : ["unknown"]).toContain(results.verdict);
    const told = phase === undefined ? "" : `interrupted in phase ${phase}`;
    expect(check(results, "completion")?.reason).toContain(told);
    const history = join(directory, RUN_FILES.history);
    const events = recorded === 0 ? [] : (await readHistory(history)).events;
    expect(events.length).toBeGreaterThanOrEqual(recorded);
    expect(await readdir(directory)).toContain(RUN_FILES.report);
  });

  test.each([
    ["while containers start", /^prepare:/, 0],
    ["while it heals", /^heal:/, 20],
    ["while it stops", /^stop:/, 20],
  ] as const)(
    "twice %s: ends at once with 3 and leaves nothing",
    { timeout: TIMEOUT_MS },
    async (stage, line, recorded) => {
      let isHeard = false;
      const run = await start(`twice-${stage.replaceAll(" ", "-")}`, SHORT, (each, child) => {
        if (!isHeard && line.test(each)) isHeard = child.kill("SIGINT");
        if (each.includes("once more")) child.kill("SIGINT");
      });
      const code = await run.ended;
      expect(run.lines).toContainEqual(expect.stringContaining("giving up"));
      expect(code).toBe(EXIT_CODES.failed);
      // What Docker was still making when the rig ended, the process that outlives it removes.
      await vi.waitFor(async () => expect(await leftBy(run.process.pid)).toEqual([]), GONE);
      const path = join(await newestRun(run.root), RUN_FILES.history);
      const events = recorded === 0 ? [] : (await readHistory(path)).events;
      expect(events.length).toBeGreaterThanOrEqual(recorded);
    },
  );
});
