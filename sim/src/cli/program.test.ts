import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { FAILED, SCENARIO, VALID } from "../testing/sample.js";
import { reportFailure } from "./failure-report.js";
import { REPOSITORY } from "./paths.js";
import { main } from "./program.js";
import { formatScenarioFile, readScenarioFile } from "./scenario-file.js";
import { progressOn, SILENT } from "./terminal.js";

let folder: string;
let out: string;
let told: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gauntlet-sim-cli-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(() => {
  [out, told] = ["", ""];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    told += String(text);
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

/** A tenth of a second, ten operations, no fault: enough to see that it is the real one that runs. */
const SHORT = {
  ...SCENARIO,
  nodes: 3,
  schedule: { faults: [] },
  load: { ...SCENARIO.load, durationMs: 500, maxOperations: 10 },
};

describe("what goes wrong is told in one line, and by the exit code", () => {
  test.each([
    [[], 64, "no command"],
    [["walk"], 64, "unknown command 'walk'"],
    [["run", "--seed", "1"], 64, "unknown option '--seed'"],
    [["run", "--seeds", "many"], 64, '--seeds: "many" is not an integer'],
    [["run", "--time-limit", "8 hours"], 64, '--time-limit: "8 hours" is not a time'],
    [["run", "--workload", "sets"], 64, '--workload: "sets" is no workload; there are register, '],
    [["run", "--focus", "kil"], 64, '--focus: "kil" is no family; there are partition, '],
    [["replay"], 64, "missing required argument"],
    [["replay", "nowhere.json"], 65, "nowhere.json"],
    [["replay", "99999999999999999999"], 64, "seed"],
    [["shrink", "nowhere.json"], 65, "nowhere.json"],
    [["mutants", "98"], 64, 'unknown mutant "98"'],
    [["modelcheck", "--bound", "nosuch"], 64, "nosuch"],
    [["--help"], 0, ""],
  ])("%j", async (argv, code, words) => {
    expect([await main(argv), told]).toEqual([code, expect.stringContaining(words)]);
    expect(told.split("\n").length).toBeLessThanOrEqual(2);
  });
});

describe("commands", () => {
  test("run, then the same seed again: valid, and the same hash", async () => {
    expect(await main(["run", "--seeds", "1", "--first-seed", "3", "--workers", "1"])).toBe(0);
    expect(out).toMatch(/^1 seed in .*operations: .*faults: .*VALID\n$/s);
    expect(told).toContain("1 seed from 3 on, 1 worker");
    expect(await main(["determinism", "--seeds", "1", "--first-seed", "3"])).toBe(0);
    expect(out).toContain("DETERMINISTIC  1 seed");
  });

  test("a time limit that is over before all seeds are run is unknown, never valid", async () => {
    const argv = ["run", "--seeds", "1000000", "--first-seed", "1", "--time-limit", "100ms"];
    expect(await main(argv)).toBe(2);
    expect(out).toContain("UNKNOWN  the time was over");
  });

  test("replay of a file says whether the trace is the one that was saved", async () => {
    const file = join(folder, "short.json");
    await writeFile(file, formatScenarioFile(SHORT, VALID));
    expect(await main(["replay", file, "--trace", "--lines", "20", "--html", join(folder, "a.html")])).toBe(
      0,
    );
    expect(told).toContain("ANOTHER TRACE than when it was saved");
    expect(out).toMatch(/VALID: seed 7, .*no promise broken\n$/);
    expect(await readFile(join(folder, "a.html"), "utf8")).toContain("<h1>valid</h1>");
    const traceHash = /hash ([0-9a-f]+)/.exec(out)?.[1] ?? "";
    await writeFile(file, formatScenarioFile(SHORT, { ...VALID, traceHash }));
    told = "";
    expect(await main(["replay", file])).toBe(0);
    expect(told).toBe(`the same trace as when it was saved (hash ${traceHash})\n`);
  });

  test("shrink of a scenario that does not fail has nothing to do", async () => {
    const file = join(folder, "valid.json");
    await writeFile(file, formatScenarioFile(SHORT, null));
    expect(await main(["shrink", file])).toBe(0);
    expect(out).toContain("VALID  nothing to shrink");
  });
});

test("a failure is shrunk, saved and told with the commands that show it again", async () => {
  const directory = join(folder, "13");
  const scenario = { ...SCENARIO, seed: 13 };
  const result = { ...FAILED, seed: 13 };
  const thread = new URL("../../dist/testing/fake-thread.js", import.meta.url);
  const failed = { seed: 13, failure: FAILED.failure, scenario, result };
  const shrink = { tries: 200, timeLimitMs: 60_000 };
  await reportFailure(failed, { directory, shrink, thread }, SILENT, new AbortController().signal);
  expect(out).toContain("FAILED  seed 13, invariant: state-machine-safety, at 15.000s\nn2 committed 41");
  expect(out).toMatch(
    /shrunk in \d+ tries from 3 faults, .*\n.*to 0 faults, at most 0 operations in 0\.1 s, 1 node\n/,
  );
  expect(out).toContain("scenario.json, shrunk.json, trace.txt, lanes.html");
  expect(out).toMatch(
    /again: {2}npx gauntlet-sim replay .*scenario\.json\n +npx gauntlet-sim replay .*shrunk\.json --trace/,
  );
  const saved = await readScenarioFile(join(directory, "scenario.json"));
  expect(saved).toMatchObject({
    scenario,
    expected: { failure: FAILED.failure, traceHash: FAILED.traceHash },
  });
  expect((await readScenarioFile(join(directory, "shrunk.json"))).scenario.schedule.faults).toEqual([]);
  expect(await readFile(join(directory, "trace.txt"), "utf8")).toContain(
    "FAILED (invariant: state-machine-safety)",
  );
  expect(await readFile(join(directory, "lanes.html"), "utf8")).toContain("state-machine-safety");
});

test("Ctrl-C ends a run with what it has, and exit code 2", async () => {
  const command = spawn(
    process.execPath,
    [join(REPOSITORY, "sim/bin/gauntlet-sim.js"), "run", "--time-limit", "1h"],
    {
      cwd: folder,
    },
  );
  let [printed, lines] = ["", ""];
  command.stdout.on("data", (data: Buffer) => (printed += data.toString()));
  command.stderr.on("data", (data: Buffer) => {
    if (lines === "") command.kill("SIGINT");
    lines += data.toString();
  });
  const code = await new Promise((resolve) => command.on("exit", resolve));
  expect([code, lines]).toEqual([2, expect.stringContaining("SIGINT: stopping")]);
  expect(printed).toMatch(/^\d+ seeds? in .*UNKNOWN {2}interrupted/s);
});

describe("progress", () => {
  const stream = (isTTY: boolean) => {
    const written: string[] = [];
    const write = (text: string): boolean => written.push(text) > 0;
    return {
      written,
      tty: { isTTY, columns: 20, write, cursorTo: write, clearLine: write } as unknown as NodeJS.WriteStream,
    };
  };

  test("is rewritten on a terminal, and cut to its width", () => {
    const { tty, written } = stream(true);
    let now = 0;
    const progress = progressOn(tty, {}, () => (now += 1_000));
    progress.status("a status that is longer than that");
    progress.line("a line");
    progress.close();
    expect(written.filter((text) => text.startsWith("a status"))).toEqual([
      "a status that is lo",
      "a status that is lo",
    ]);
    expect(written).toContain("a line\n");
  });

  test("elsewhere is a line now and then", () => {
    const { tty, written } = stream(false);
    let now = 0;
    const progress = progressOn(tty, {}, () => now);
    progress.status("one");
    now = 10_000;
    progress.status("two");
    progress.status("three");
    expect(written).toEqual(["two\n"]);
  });
});
