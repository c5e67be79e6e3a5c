import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "@gauntlet/nemesis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PATHS } from "./agent/paths.js";
import { PowerJournal, type Taken } from "./agent/power-journal.js";
import { docker } from "./docker-cli.js";
import { ensureImages } from "./image.js";
import { engineForTests } from "./testing/containers.js";
import { JournalWorld, STEP_PROGRAM, type Step } from "./testing/journal-world.js";

/** The journal of a real process: real files, written through the shim as it is in the image, by a process that is killed. */

const engine = await engineForTests();
const WORLDS = 8;
const ROUNDS = 3;
const STEPS = 30;
/** Where a container sees the tests' directory. */
const INSIDE = "/world";

/** A directory of files, with its journal. */
interface Place {
  readonly name: string;
  readonly directory: string;
  readonly journal: PowerJournal;
}

let root = "";
let image = "";

async function place(name: string): Promise<Place> {
  const directory = join(root, name);
  await mkdir(join(directory, "data"), { recursive: true });
  const journal = new PowerJournal(join(directory, "notes"), join(directory, "data"));
  await journal.reset();
  return { name, directory, journal };
}

async function prepare(at: Place, names: ReadonlyMap<string, number>, steps: readonly Step[]): Promise<void> {
  await writeFile(join(at.directory, "names.json"), JSON.stringify([...names]));
  await writeFile(join(at.directory, "steps.json"), JSON.stringify(steps));
}

/** Each of them in a process of its own, one after another, in one container. */
async function carryOut(places: readonly Place[]): Promise<void> {
  const script = `
    for place in ${places.map(({ name }) => name).join(" ")}; do
      cd ${INSIDE}/$place
      LD_PRELOAD=${PATHS.journalShim} GAUNTLET_DISK_DIR=$PWD/data GAUNTLET_DISK_JOURNAL=$PWD/notes UV_USE_IO_URING=0 \\
        node -e "$PROGRAM" . data
      [ $? = 137 ] || { echo "$place was not killed"; exit 1; }
    done`;
  const { getuid, getgid } = process;
  // So that what is made can be taken back from here.
  const user = getuid === undefined || getgid === undefined ? [] : [`--user=${getuid()}:${getgid()}`];
  const options = ["--rm", ...user, `--volume=${root}:${INSIDE}`, `--env=PROGRAM=${STEP_PROGRAM}`];
  await docker(["run", ...options, "--entrypoint=sh", image, "-c", script]);
}

async function filesOf({ directory }: Place): Promise<ReadonlyMap<string, Buffer>> {
  const data = join(directory, "data");
  const names = (await readdir(data)).toSorted();
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(data, name))] as const)),
  );
}

/** One file "a" of 2,000 bytes that is synced, and its directory; then these steps, and a loss of all that was not synced. */
async function after(
  name: string,
  ...steps: readonly Step[]
): Promise<{ readonly taken: Taken; readonly a: string | undefined; readonly names: readonly string[] }> {
  const at = await place(name);
  const begin: readonly Step[] = [
    { do: "create", file: 0, name: "a" },
    { do: "write", file: 0, at: 0, bytes: base64("a".repeat(2_000)), how: "pwrite" },
    { do: "sync", file: 0, call: "fdatasync" },
    { do: "sync-directory" },
  ];
  await prepare(at, new Map(), [...begin, ...steps]);
  await carryOut([at]);
  const taken = await at.journal.cut(1, 0);
  const files = await filesOf(at);
  return { taken, a: files.get("a")?.toString(), names: [...files.keys()] };
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const write = (
  at: number,
  text: string,
  how: "pwrite" | "pwritev" | "write" | "synchronous" = "pwritev",
): Step => ({
  do: "write",
  file: 0,
  at,
  bytes: base64(text),
  how,
});
const SYNC: Step = { do: "sync", file: 0, call: "fdatasync" };
const SYNCED = "a".repeat(2_000);

describe.skipIf(engine === null)("the journal of what is not synced", { timeout: 180_000 }, () => {
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "gauntlet-journal-"));
    ({ image } = await ensureImages({ log: (line) => console.log(line) }));
  }, 300_000);

  afterAll(() => rm(root, { recursive: true, force: true }));

  test("what was overwritten or added is gone without a sync, and there with one", async () => {
    const lost = await after("unsynced", write(100, "b".repeat(50)), write(2_000, "c".repeat(500), "write"));
    expect(lost).toMatchObject({
      a: SYNCED,
      taken: { lostBytes: 550, lostEntries: 0, tornWrites: 0, keptBytes: 0 },
    });
    const kept = await after("synced", write(0, "b"), write(2_000, "c"), SYNC, write(1, "d"));
    expect(kept).toMatchObject({ a: `b${SYNCED.slice(1)}c`, taken: { lostBytes: 1 } });
    const nothing = await after("nothing");
    expect(nothing).toMatchObject({
      a: SYNCED,
      taken: { lostBytes: 0, lostEntries: 0, tornWrites: 0, keptBytes: 0 },
    });
  });

  test("a write to a file opened with O_DSYNC stays, and what another wrote elsewhere in the file does not", async () => {
    const { a, taken } = await after("synchronous", write(1_000, "b"), write(0, "c", "synchronous"));
    expect(a).toBe(`c${SYNCED.slice(1)}`);
    expect(taken.lostBytes).toBe(1);
  });

  test("a file that was cut short is long again, and a name that was made, given up or changed is as it was", async () => {
    expect(await after("truncated", { do: "truncate", file: 0, length: 10 })).toMatchObject({ a: SYNCED });
    const changed = await after(
      "entries",
      { do: "create", file: 1, name: "b" },
      { do: "rename", from: "b", to: "a" },
      { do: "create", file: 2, name: "c" },
      { do: "unlink", name: "c" },
    );
    expect(changed).toMatchObject({ a: SYNCED, names: ["a"], taken: { lostEntries: 4 } });
    const synced = await after(
      "synced-entries",
      { do: "rename", from: "a", to: "b" },
      { do: "sync-directory" },
    );
    expect(synced).toMatchObject({ names: ["b"], taken: { lostEntries: 0 } });
  });

  test("the same journal and seed give the same loss, and some losses leave a part", async () => {
    const found: string[] = [];
    const torn: number[] = [];
    for (const [name, seed] of [
      ["one", 6],
      ["again", 6],
      ["other", 7],
    ] as const) {
      const at = await place(name);
      const steps: Step[] = [{ do: "create", file: 0, name: "a" }, { do: "sync-directory" }];
      await prepare(at, new Map(), [...steps, write(0, "x".repeat(20_000))]);
      await carryOut([at]);
      torn.push((await at.journal.cut(seed, 0.5)).tornWrites);
      found.push(String((await filesOf(at)).get("a")));
    }
    expect(found[0]).toBe(found[1]);
    expect(found[0]).not.toBe(found[2]);
    expect(torn).toEqual([1, 1, 1]);
  });

  test("whatever a process does to its files, each loss leaves what was synced, and of the rest what a disk may leave", async () => {
    const worlds = await Promise.all(
      Array.from({ length: WORLDS }, async (_, n) => ({
        at: await place(`world-${n}`),
        world: new JournalWorld(new Random(n)),
      })),
    );
    let lost = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const { at, world } of worlds) {
        const { names } = world;
        await prepare(at, names, world.steps(STEPS));
      }
      await carryOut(worlds.map(({ at }) => at));
      for (const [n, { at, world }] of worlds.entries()) {
        const losesAll = (n + round) % 2 === 0;
        const { synced } = world;
        const taken = await at.journal.cut(n, losesAll ? 0 : undefined);
        lost += taken.lostBytes + taken.lostEntries;
        const files = await filesOf(at);
        expect(losesAll ? files : synced, `world ${n}, round ${round}`).toEqual(synced);
        world.lost(files);
      }
    }
    expect(lost).toBeGreaterThan(0);
  });
});
