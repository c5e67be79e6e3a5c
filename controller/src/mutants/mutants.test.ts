import { access, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EtcdClient } from "@gauntlet/client";
import { configure } from "../cli/configure.js";
import { MUTANTS_ROOT, REPOSITORY } from "../cli/paths.js";
import { duration } from "../cli/values.js";
import { readMutant, rigMutantNames } from "./mutant.js";
import { loadClient, plant } from "./plant.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gauntlet-mutants-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const names = await rigMutantNames(MUTANTS_ROOT);

describe("the mutants of this repository", () => {
  test("are there", () => {
    expect(names.length).toBeGreaterThanOrEqual(2);
  });

  test.each(names)(
    "%s applies to the sources of today, compiles, and has a schedule that can run",
    async (name) => {
      const mutant = await readMutant(MUTANTS_ROOT, name);
      const timeLimitMs = duration("time_limit", 1_000, 3_600_000)(mutant.timeLimit);
      const { workload, schedule, load } = mutant;
      const size = { nodes: 5, concurrency: 10, rate: 200, ...load, opTimeoutMs: 3_000, seed: 1 };
      const config = configure({ ...size, workload, timeLimitMs, faults: { from: "text", ...schedule } });
      expect(config.requested.length).toBeGreaterThan(0);
      const copy = await plant(REPOSITORY, mutant);
      await access(join(copy.directory, "src"));
      await copy.remove();
      await expect(access(copy.directory)).rejects.toThrow("ENOENT");
    },
  );
});

test("a mutant of the client is compiled, and loaded in place of the client", async () => {
  const source = join(REPOSITORY, "client/src/kv-client.ts");
  const line = "        return { value: undefined, revision: header.revision };";
  const lines = (await readFile(source, "utf8")).split("\n");
  const at = lines.indexOf(line);
  expect(at).toBeGreaterThan(0);
  const mutant = join(folder, "50-client");
  await mkdir(mutant);
  const patch = [
    "--- a/client/src/kv-client.ts",
    "+++ b/client/src/kv-client.ts",
    `@@ -${at},3 +${at},3 @@`,
    ` ${lines[at - 1]}`,
    `-${line}`,
    "+        return { value: undefined, revision: header.revision + 1000 };",
    ` ${lines[at + 1]}`,
  ];
  await writeFile(join(mutant, "change.patch"), `${patch.join("\n")}\n`);
  const fields = "plants: x\nsource: y\ntarget: client\nworkload: register\ntime_limit: 60\ndetector: d\n";
  await writeFile(join(mutant, "mutant.yaml"), `${fields}schedule: {faults: []}\n`);
  const copy = await plant(REPOSITORY, await readMutant(folder, "50"));
  try {
    const { kvClient } = await loadClient(copy);
    const etcd = { put: async () => ({ header: { revision: 7 } }) } as unknown as EtcdClient;
    expect(await kvClient(etcd).write("k", "v")).toMatchObject({ type: "ok", revision: 1007 });
  } finally {
    await copy.remove();
  }
});

test("a mutant has a size and a load of its own, or those of a plain run", async () => {
  const fields = "plants: x\nsource: y\ntarget: server\nworkload: register\ntime_limit: 60\ndetector: d\n";
  await mkdir(join(folder, "51-small"));
  await mkdir(join(folder, "52-plain"));
  const schedule = "schedule: {faults: []}\n";
  await writeFile(join(folder, "51-small/mutant.yaml"), `${fields}nodes: 3\nrate: 0.5\n${schedule}`);
  await writeFile(join(folder, "52-plain/mutant.yaml"), `${fields}${schedule}`);
  expect((await readMutant(folder, "51")).load).toEqual({ nodes: 3, rate: 0.5 });
  expect((await readMutant(folder, "52")).load).toEqual({});
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

  test("one that is only simulated is no mutant of the rig, and says where it is run", async () => {
    const yaml = "plants: x\nsource: y\ntarget: server\nsimulation: {found_by: [log-matching]}\n";
    await broken("95-simulated", { "mutant.yaml": yaml });
    await expect(readMutant(folder, "95")).rejects.toThrow("npx gauntlet-sim mutants 95-simulated");
    await broken("96-half", { "mutant.yaml": `${yaml}workload: register\n` });
    await expect(readMutant(folder, "96")).rejects.toThrow("schedule");
  });

  test("a name that nobody knows", async () => {
    await expect(readMutant(folder, "77")).rejects.toThrow('unknown mutant "77"');
  });
});
