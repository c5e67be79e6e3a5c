import { access, cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { configure } from "../cli/configure.js";
import { MUTANTS_ROOT, REPOSITORY } from "../cli/paths.js";
import { duration } from "../cli/values.js";
import { mutantNames, readMutant } from "./mutant.js";
import { plant } from "./plant.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gauntlet-mutants-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const names = await mutantNames(MUTANTS_ROOT);

describe("the mutants of this repository", () => {
  test("are there", () => {
    expect(names.length).toBeGreaterThanOrEqual(2);
  });

  test.each(names)(
    "%s applies to the server of today, compiles, and has a schedule that can run",
    async (name) => {
      const mutant = await readMutant(MUTANTS_ROOT, name);
      const timeLimitMs = duration("time_limit", 1_000, 3_600_000)(mutant.timeLimit);
      const { workload, schedule } = mutant;
      const size = { nodes: 5, concurrency: 10, rate: 200, opTimeoutMs: 3_000, seed: 1 };
      const config = configure({ ...size, workload, timeLimitMs, faults: { from: "text", ...schedule } });
      expect(config.requested.length).toBeGreaterThan(0);
      const copy = await plant(REPOSITORY, mutant);
      await access(join(copy.serverDirectory, "src/main.ts"));
      await copy.remove();
      await expect(access(copy.serverDirectory)).rejects.toThrow("ENOENT");
    },
  );
});

describe("a mutant that is wrong", () => {
  async function broken(name: string, changes: Readonly<Record<string, string>>): Promise<void> {
    await cp(join(MUTANTS_ROOT, names[0] ?? ""), join(folder, name), { recursive: true });
    for (const [file, text] of Object.entries(changes)) await writeFile(join(folder, name, file), text);
  }

  test("a patch that no longer applies is told with the file that it is about", async () => {
    const patch =
      "--- a/server/src/main.ts\n+++ b/server/src/main.ts\n@@ -1,1 +1,1 @@\n-no such line\n+another\n";
    await broken("90-stale", { "change.patch": patch });
    await expect(plant(REPOSITORY, await readMutant(folder, "90"))).rejects.toThrow(
      /does not apply: .*server\/src\/main\.ts/,
    );
  });

  test("a patch that does not compile is told with file and line", async () => {
    const patch =
      "--- /dev/null\n+++ b/server/src/new.ts\n@@ -0,0 +1,1 @@\n+export const wrong: number = 'text';\n";
    await broken("91-wrong", { "change.patch": patch });
    await expect(plant(REPOSITORY, await readMutant(folder, "91"))).rejects.toThrow(
      /does not compile: .*server\/src\/new\.ts/,
    );
  });

  test.each([
    [
      "92-field",
      "plants: x\nsource: y\ntarget: server\nworkload: register\ntime_limit: 60\nschedule: {faults: []}\n",
      "detector",
    ],
    [
      "93-extra",
      "plants: x\nsource: y\ntarget: server\nworkload: register\ntime_limit: 60\nschedule: a.yaml\ndetector: d\nfoo: 1\n",
      "foo",
    ],
    ["94-yaml", "plants: [\n", "94-yaml"],
  ])("%s: mutant.yaml is told with the field", async (name, yaml, words) => {
    await broken(name, { "mutant.yaml": yaml });
    await expect(readMutant(folder, name)).rejects.toThrow(words);
  });

  test("a name that nobody knows", async () => {
    await expect(readMutant(folder, "77")).rejects.toThrow('unknown mutant "77"');
  });
});
