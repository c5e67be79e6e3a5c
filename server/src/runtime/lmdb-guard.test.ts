import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { StateDamaged } from "../ports.js";
import { lmdbStates } from "./lmdb-states.js";
import { runStateVerification, verifyInChild, verifyState } from "./state-verification.js";
import { commitNumbered, readNumbered } from "./testing/numbered-records.js";

let path: string;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "gauntlet-lmdb-guard-"));
});

afterEach(() => rm(path, { recursive: true }));

async function aState(records: number): Promise<void> {
  const engine = await lmdbStates(path).open(1);
  if (records > 0) await commitNumbered(engine, records);
  await engine.close();
}

const isMarked = async (): Promise<boolean> => (await readdir(join(path, "state-1"))).includes("loading");

const script = (source: string): readonly string[] => [process.execPath, "-e", source];

it("marks a state while it has not been read whole", async () => {
  await aState(3000);
  const engine = await lmdbStates(path).open(1);
  expect(await isMarked()).toBe(true);
  await engine.read(0, 1000);
  expect(await isMarked()).toBe(true);
  await readNumbered(engine);
  expect(await isMarked()).toBe(false);
  await engine.close();
});

it("marks none that is empty, was closed, or was found damaged", async () => {
  await aState(0);
  const empty = await lmdbStates(path).open(1);
  expect(await isMarked()).toBe(false);
  await commitNumbered(empty, 100);
  await empty.close();
  await (await lmdbStates(path).open(1)).close();
  expect(await isMarked()).toBe(false);
  await writeFile(join(path, "state-1", "data.mdb"), "nothing that LMDB wrote");
  await expect(lmdbStates(path).open(1)).rejects.toBeInstanceOf(StateDamaged);
  expect(await isMarked()).toBe(false);
});

it("has a state verified whose last load did not end, and no other", async () => {
  await aState(10);
  const verified: number[] = [];
  const verify = async (generation: number): Promise<void> => {
    verified.push(generation);
  };
  await (await lmdbStates(path, { verify }).open(1)).close();
  expect(verified).toEqual([]);
  await writeFile(join(path, "state-1", "loading"), "");
  await (await lmdbStates(path, { verify }).open(1)).close();
  expect(verified).toEqual([1]);
  await writeFile(join(path, "state-1", "loading"), "");
  const damaged = lmdbStates(path, { verify: async () => Promise.reject(new StateDamaged("so it is")) });
  await expect(damaged.open(1)).rejects.toThrow("so it is");
});

it("verifies: a sound state, and one that is not", async () => {
  await aState(500);
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  expect(await verifyState(path, 1, "read-only")).toMatchObject({ records: 500 });
  expect(await runStateVerification(path, 1, "as-opened", write)).toBe(0);
  await writeFile(join(path, "state-1", "data.mdb"), "nothing that LMDB wrote");
  expect(await runStateVerification(path, 1, "read-only", write)).toBe(1);
  expect(lines).toEqual([
    expect.stringMatching(/^sound: .*state-1: 500 records, \d+ bytes$/),
    expect.stringMatching(/^damaged: .*state-1: .*data\.mdb is damaged: it ends at 23 bytes$/),
  ]);
});

it("takes a child's word for it, and its death for damage", async () => {
  await verifyInChild(script(`console.log("state-1: 5 records"); console.log("sound: state-1")`));
  const damaged = verifyInChild(script(`console.log("damaged: record 7"); process.exit(1)`));
  await expect(damaged).rejects.toMatchObject({ name: "StateDamaged", message: "record 7" });
  for (const signal of ["SIGSEGV", "SIGBUS", "SIGABRT"]) {
    const died = verifyInChild(
      script(`process.kill(process.pid, "${signal}"); setTimeout(() => {}, 60_000)`),
    );
    await expect(died).rejects.toMatchObject({
      name: "StateDamaged",
      message: expect.stringContaining(signal),
    });
  }
});

it("takes a child that found nothing out for no damage", async () => {
  const silent = [
    script(`process.kill(process.pid, "SIGKILL"); setTimeout(() => {}, 60_000)`),
    script("process.exit(1)"),
    script("process.exit(0)"),
    script(`throw new Error("no such file")`),
    [join(path, "no such program")],
  ];
  for (const command of silent) {
    await expect(verifyInChild(command)).rejects.toSatisfy((error) => !(error instanceof StateDamaged));
  }
});
