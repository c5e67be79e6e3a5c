import { access, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MUTANTS_ROOT, REPOSITORY } from "../cli/paths.js";
import { exitCodeOfHunts, type Hunt, hunt } from "./hunt.js";
import { isFoundBy, readSimMutants } from "./mutant.js";
import { plant } from "./plant.js";
import { huntsTable } from "./table.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gauntlet-sim-mutants-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const NEVER = new AbortController().signal;
const OPTIONS = { repository: REPOSITORY, firstSeed: 1, timeLimitMs: 45_000, workers: 1 };

describe("the simulated mutants of this repository", async () => {
  for (const { name, directory } of await readSimMutants(MUTANTS_ROOT, [])) {
    test(`${name} applies to the sources of today and compiles`, async () => {
      const planted = await plant(REPOSITORY, name, join(directory, "change.patch"));
      await access(planted.thread);
      await planted.remove();
      await expect(access(planted.thread)).rejects.toThrow("ENOENT");
    });
  }

  test("every mutant.yaml can be read", async () => {
    await expect(readSimMutants(MUTANTS_ROOT, [])).resolves.toBeInstanceOf(Array);
  });
});

async function mutant(name: string, simulation: string, patch: string): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, "change.patch"), patch);
  const fields = "plants: a marker\nsource: nowhere\ntarget: server\n";
  await writeFile(join(folder, name, "mutant.yaml"), `${fields}${simulation}`);
}

/** A patch that replaces the one line of a file that contains `marker`. */
async function replacing(file: string, marker: string, by: string): Promise<string> {
  const lines = (await readFile(join(REPOSITORY, file), "utf8")).split("\n");
  const at = lines.findIndex((line) => line.includes(marker));
  expect(at).toBeGreaterThan(0);
  return [
    `--- a/${file}`,
    `+++ b/${file}`,
    `@@ -${at},3 +${at},3 @@`,
    ` ${lines[at - 1]}`,
    `-${lines[at]}`,
    `+${by}`,
    ` ${lines[at + 1]}`,
    "",
  ].join("\n");
}

describe("a planted bug", () => {
  test("the patched server is what runs: its own words come back, and are what finds it", async () => {
    const patch = await replacing(
      "server/src/raft/invariant.ts",
      "if (!holds) throw",
      "  if (!holds || Number.isInteger(1)) throw new InvariantViolation(`planted marker: ${what()}`);",
    );
    await mutant("60-marker", "simulation: {found_by: [stopped], nodes: 3}\n", patch);
    const [read] = await readSimMutants(folder, ["60"]);
    if (read === undefined) throw new Error("60-marker is there");
    const found = await hunt(read, OPTIONS, NEVER);
    expect(found).toMatchObject({ mutant: "60-marker", outcome: "found", problem: null });
    expect(found.found?.what).toContain("planted marker");
    expect(exitCodeOfHunts([found], 1)).toBe(0);
    expect(huntsTable([found])).toContain("1 of 1 found");
  }, 90_000);

  test("a patch that does not apply is stale, and says which file it is about", async () => {
    const patch =
      "--- a/server/src/main.ts\n+++ b/server/src/main.ts\n@@ -1,1 +1,1 @@\n-no such line\n+another\n";
    await mutant("61-stale", "simulation: {found_by: [x]}\n", patch);
    const [read] = await readSimMutants(folder, ["61-stale"]);
    if (read === undefined) throw new Error("61-stale is there");
    const stale = await hunt(read, OPTIONS, NEVER);
    expect(stale.outcome).toBe("stale");
    expect(stale.problem).toMatch(/does not apply: .*server\/src\/main\.ts/);
    expect(exitCodeOfHunts([stale], 1)).toBe(65);
  });

  test("a patch that does not compile is told with file and line", async () => {
    const patch =
      "--- /dev/null\n+++ b/server/src/new.ts\n@@ -0,0 +1,1 @@\n+export const wrong: number = 'text';\n";
    await mutant("62-wrong", "simulation: {found_by: [x]}\n", patch);
    const file = join(folder, "62-wrong/change.patch");
    await expect(plant(REPOSITORY, "62-wrong", file)).rejects.toThrow(
      /does not compile: .*server\/src\/new\.ts/,
    );
  });
});

describe("mutant.yaml", () => {
  test.each([
    ["found_by", "simulation: {}\n", "simulation.found_by"],
    ["a field that nobody knows", "simulation: {found_by: [x], families: [kill]}\n", "families"],
  ])("%s is told with the field", async (_, simulation, words) => {
    const root = await mkdtemp(join(folder, "yaml-"));
    await mkdir(join(root, "70-wrong"));
    await writeFile(
      join(root, "70-wrong/mutant.yaml"),
      `plants: x\nsource: y\ntarget: server\n${simulation}`,
    );
    await expect(readSimMutants(root, [])).rejects.toThrow(words);
  });

  test("one without a section, and a name that nobody knows", async () => {
    const root = await mkdtemp(join(folder, "names-"));
    await mkdir(join(root, "71-containers"));
    await writeFile(
      join(root, "71-containers/mutant.yaml"),
      "plants: x\nsource: y\ntarget: client\nworkload: register\n",
    );
    await expect(readSimMutants(root, [])).resolves.toEqual([]);
    await expect(readSimMutants(root, ["71"])).rejects.toThrow("npx gauntlet mutant 71");
    await expect(readSimMutants(root, ["72"])).rejects.toThrow('unknown mutant "72"');
  });

  test("what found it counts by name or kind, never a broken simulator", () => {
    const read = { name: "1", directory: "", plants: "", options: {}, overrides: null };
    const failure = { kind: "invariant", name: "log-matching", what: "", atMs: 0 } as const;
    expect(isFoundBy({ ...read, foundBy: ["log-matching"] }, failure)).toBe(true);
    expect(isFoundBy({ ...read, foundBy: ["invariant"] }, failure)).toBe(true);
    expect(isFoundBy({ ...read, foundBy: ["election-safety"] }, failure)).toBe(false);
    expect(isFoundBy({ ...read, foundBy: ["simulator"] }, { ...failure, kind: "simulator" })).toBe(false);
  });

  test("a table with one that was missed, one found by something else", () => {
    const missed: Hunt = {
      mutant: "02-x",
      plants: "something",
      outcome: "missed",
      found: null,
      seeds: 12,
      seconds: 600,
      simulatedSeconds: 7_000,
      others: { "log-matching": 2 },
      problem: null,
    };
    expect(exitCodeOfHunts([missed], 1)).toBe(1);
    expect(exitCodeOfHunts([], 2)).toBe(2);
    expect(huntsTable([missed])).toContain("2 seeds failed by log-matching, which is not in its found_by");
  });
});
