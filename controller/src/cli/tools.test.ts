import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const GAUNTLET = fileURLToPath(new URL("../../bin/gauntlet.js", import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gauntlet-tools-"));
  await writeFile(
    join(folder, "kill.yaml"),
    "faults: [{at: 1s, for: 1s, fault: process.kill, target: n5}]\n",
  );
  await writeFile(join(folder, "bad.yaml"), "faults:\n  - at: 1s\n    for: 1s\n    fault: process.kil\n");
  await writeFile(join(folder, "bad.edn"), "{:type :invoke, :f :read\n");
  // A run that is whole but was never judged, and one that says nothing of what it asked for.
  const test = { version: 1, test: "register", seed: 1, startedAt: "2026-01-01T00:00:00.000Z" };
  const event = { time: 0, process: 0, f: "write", key: "a", value: "1" };
  await mkdir(join(folder, "odd"));
  await writeFile(join(folder, "odd", "test.json"), JSON.stringify(test));
  await writeFile(
    join(folder, "odd", "history.jsonl"),
    `${JSON.stringify({ index: 0, type: "invoke", ...event })}\n${JSON.stringify({ index: 1, type: "ok", ...event })}\n`,
  );
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** The command as a user runs it; nothing may be recorded. */
async function refused(args: readonly string[]): Promise<readonly [code: number | undefined, line: string]> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [GAUNTLET, ...args], {
    cwd: folder,
    reject: false,
    timeout: 50_000,
  });
  const lines = stderr.split("\n").filter((line) => line !== "");
  expect([stdout, lines.length]).toEqual(["", 1]);
  expect((await readdir(folder)).toSorted()).toEqual(["bad.edn", "bad.yaml", "kill.yaml", "odd"]);
  return [exitCode, lines[0] ?? ""];
}

/** Where nothing is recorded yet. */
const ROOT = ["--runs-root", "no-runs"];

describe.concurrent("bad input of a tool ends with one line and leaves nothing", () => {
  test.each<readonly [number, readonly string[], string]>([
    [64, ["schedule"], "--help"],
    [64, ["schedule", "draw"], "draw"],
    [64, ["schedule", "explain"], "file"],
    [65, ["schedule", "explain", "none.yaml"], "none.yaml: no such schedule file"],
    [65, ["schedule", "explain", "bad.yaml"], "bad.yaml:"],
    [65, ["schedule", "explain", "kill.yaml", "--nodes", "3"], "the cluster has no n5"],
    [65, ["schedule", "explain", "kill.yaml", "--time-limit", "1"], "kill.yaml: faults[0]"],
    [64, ["schedule", "explain", "kill.yaml", "--time-limit", "x"], '--time-limit: "x"'],
    [64, ["schedule", "explain", "kill.yaml", "--nodes", "0"], '--nodes: "0"'],
    [64, ["schedule", "explain", "kill.yaml", "--seed", "-1"], '--seed: "-1"'],
    [64, ["schedule", "random", "--faults", "klil"], '--faults: unknown nemesis "klil"'],
    [64, ["schedule", "random", "--time-limit", "2"], "--faults: a time limit of 2s is too short"],
    [64, ["schedule", "random", "--system", "zookeeper"], "--system"],
    [64, ["schedule", "random", "--system", "etcd", "--faults", "clock"], "--faults: nothing of it can act"],
    [64, ["schedule", "random", "--seed", "x"], '--seed: "x"'],
    [64, ["schedule", "random", "--nodes", "99"], '--nodes: "99"'],
    [64, ["replay"], "run"],
    [65, ["replay", "none", ...ROOT], "none: no such run"],
    [65, ["replay", "latest", ...ROOT], "no run is recorded"],
    [65, ["replay", "odd", ...ROOT], "test.json: workload"],
    [65, ["replay", "odd/history.jsonl", ...ROOT], "name a run's folder"],
    [64, ["replay", "none", "--seed", "x"], '--seed: "x"'],
    [64, ["replay", "none", "--nodes", "3"], "--nodes"],
    [64, ["shrink"], "run"],
    [65, ["shrink", "none", ...ROOT], "none: no such run"],
    [65, ["shrink", "odd", ...ROOT], "test.json: workload"],
    [64, ["shrink", "none", "--runs", "0"], '--runs: "0"'],
    [64, ["shrink", "none", "--budget", "x"], '--budget: "x"'],
    [64, ["shrink", "none", "--reproduce", "0"], '--reproduce: "0"'],
    [64, ["mutants", "99-no-such", ...ROOT], "99-no-such"],
    [64, ["mutants", "--runs", "0"], '--runs: "0"'],
    [64, ["mutants", "--seed", "a"], '--seed: "a"'],
    [64, ["export", "odd"], "--edn"],
    [65, ["export", "latest", "--edn", ...ROOT], "no run is recorded"],
    [65, ["export", "kill.yaml", "--edn"], "kill.yaml:1"],
    [65, ["export", "odd", "--edn", "--key", "b"], 'no operation on the key "b"; there are a'],
    [64, ["export", "odd", "--edn", "--out", "none/x.edn"], "--out"],
    [64, ["import"], "file"],
    [65, ["import", "none.edn", ...ROOT], "none.edn: no such file"],
    [65, ["import", "bad.edn", ...ROOT], "bad.edn"],
    [64, ["import", "bad.edn", "--nil", "maybe"], '--nil: "maybe"'],
    [64, ["import", "bad.edn", "--workload", "registr"], '--workload: unknown workload "registr"'],
    [64, ["import", "odd/history.jsonl", "--runs-root", "/dev/null"], "--runs-root"],
    [64, ["compare", "--rate", "0"], '--rate: "0"'],
    [64, ["compare", "--image", "x"], "--image"],
    [65, ["compare", "--schedule", "none.yaml"], "none.yaml"],
    [64, ["ui", "--ui-port", "-1"], '--ui-port: "-1"'],
    [64, ["list", "more"], "too many arguments"],
  ])("%i: gauntlet %j", async (code, args, words) => {
    const [exitCode, line] = await refused(args);
    expect(line).toContain(words);
    expect(exitCode).toBe(code);
  });
});
