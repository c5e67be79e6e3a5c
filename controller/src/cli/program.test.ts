import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commandInFolder } from "../testing/command.js";

const { folder, gauntlet, file } = commandInFolder();

describe.concurrent("bad usage ends with 64 and one line that names the flag", () => {
  test.each([
    [
      ["run", "--time-limit", "abc"],
      ["--time-limit", '"abc"'],
    ],
    [["run", "--time-limit", "-5"], ["--time-limit"]],
    [
      ["ui", "--ui-port", "http"],
      ["--ui-port", '"http"', "65535"],
    ],
    [
      ["ui", "--ui-port", "0", "--ui-host", "203.0.113.7"],
      ["--ui-host", "203.0.113.7"],
    ],
    [
      ["ui", "--ui-port", "0", "--runs-root", "/dev/null"],
      ["--runs-root", "/dev/null"],
    ],
    [
      ["run", "--ui", "--ui-port", "70000"],
      ["--ui-port", '"70000"'],
    ],
    [
      ["run", "--ui", "--ui-host", "203.0.113.7"],
      ["--ui-host", "203.0.113.7"],
    ],
    [
      ["run", "--rate", "0"],
      ["--rate", '"0"'],
    ],
    [["run", "--rate", "2.5"], ["--rate"]],
    [
      ["run", "--concurrency", "many"],
      ["--concurrency", '"many"'],
    ],
    [
      ["run", "--nodes", "99"],
      ["--nodes", "15"],
    ],
    [["run", "--seed", "-1"], ["--seed"]],
    [["run", "--op-timeout", "1 day"], ["--op-timeout"]],
    [
      ["run", "--system", "zookeeper"],
      ["--system", '"zookeeper"', "gauntlet and etcd"],
    ],
    [
      ["run", "--system", "etcd", "--nemesis", "clock"],
      ["--nemesis", "can act on etcd", "Go program"],
    ],
    [
      ["compare", "--nemesis", "clock"],
      ["--nemesis", "can act on every system"],
    ],
    [
      ["compare", "--system", "etcd"],
      ["unknown option", "--system"],
    ],
    [
      ["run", "--nemesis", "kill,leader-isolaton"],
      ["--nemesis", "leader-isolaton", "leader-isolation"],
    ],
    [
      ["run", "--workload", "registr"],
      ["--workload", "registr", "register"],
    ],
    [
      ["run", "--time-limit", "3", "--nemesis", "kill,pause"],
      ["--nemesis", "time limit"],
    ],
    [
      ["run", "--nemesis", "kill", "--schedule", "x.yaml"],
      ["--schedule", "--nemesis"],
    ],
    [["run", "--frobnicate"], ["--frobnicate"]],
    [["check"], ["run"]],
    [
      ["mutant", "99-no-such"],
      ["99-no-such", "01-stale-leader-reads"],
    ],
    [["fly"], ["fly"]],
    [[], ["--help"]],
  ])("gauntlet %j", async (args, words) => {
    const { code, out, err } = await gauntlet(...args);
    expect(err).toHaveLength(1);
    for (const word of words) expect(err[0]).toContain(word);
    expect([code, out]).toEqual([64, ""]);
  });
});

describe.concurrent("a schedule that cannot be used ends with 65 and one line with file, line and field", () => {
  test.each([
    ["typo.yaml", "faults:\n  - at: 5s\n    for: 3s\n    falt: process.kill\n", ["typo.yaml:", "fault"]],
    [
      "name.yaml",
      "faults:\n  - at: 5s\n    for: 3s\n    fault: process.kil\n    target: all\n",
      ["name.yaml:4", "process.kil"],
    ],
    [
      "negative.yaml",
      "faults:\n  - at: -5s\n    for: 3s\n    fault: process.kill\n    target: all\n",
      ["negative.yaml:2", "at"],
    ],
    [
      "node.yaml",
      "faults:\n  - at: 5s\n    for: 3s\n    fault: process.kill\n    target: n9\n",
      ["node.yaml:5", "n9"],
    ],
    [
      "late.yaml",
      "faults:\n  - at: 90s\n    for: 3s\n    fault: process.kill\n    target: all\n",
      ["late.yaml", "time limit"],
    ],
    ["broken.yaml", "faults: [\n", ["broken.yaml"]],
    ["empty.yaml", "", ["empty.yaml"]],
  ])("%s", async (name, text, words) => {
    const { code, out, err } = await gauntlet("run", "--schedule", await file(name, text));
    expect(err).toHaveLength(1);
    for (const word of words) expect(err[0]).toContain(word);
    expect([code, out]).toEqual([65, ""]);
  });

  test("one that is not there", async () => {
    const { code, err } = await gauntlet("run", "--schedule", "nowhere.yaml");
    expect(err).toHaveLength(1);
    expect(err[0]).toContain("nowhere.yaml");
    expect(code).toBe(65);
  });

  test("nothing was recorded for a run that never began", async () => {
    const runs = join(folder(), "no-runs");
    await gauntlet("run", "--time-limit", "abc", "--runs-root", runs);
    await expect(readdir(runs)).rejects.toThrow("ENOENT");
  });
});

test.each([
  ["list", "--runs-root", "/dev/null"],
  ["list", "--runs-root", "/dev/null/x"],
])("gauntlet %s %s %s is bad usage, told in one line", async (...args) => {
  const { code, err } = await gauntlet(...args);
  expect([code, err]).toEqual([64, [expect.stringContaining("--runs-root")]]);
});

test("list of nothing is no error", async () => {
  const { code, out } = await gauntlet("list", "--runs-root", join(folder(), "none"));
  expect(out).toContain("no runs");
  expect(code).toBe(0);
});
