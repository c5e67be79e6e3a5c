import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { seededRandom } from "../raft/testing/prng.js";
import { lmdbStates } from "./lmdb-states.js";
import { commitNumbered, readNumbered } from "./testing/numbered-records.js";

const PAGE_BYTES = 4096;
/** What a disk writes whole or not at all. */
const SECTOR_BYTES = 512;

let directory: string;
let path: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gauntlet-lmdb-crash-"));
  path = join(directory, "states");
  file = join(path, "state-1", "data.mdb");
});

afterEach(() => rm(directory, { recursive: true }));

/** A compiled script beside this test, which runs in a process of its own. */
function script(name: string): string {
  return fileURLToPath(new URL(`../../dist/runtime/testing/${name}.js`, import.meta.url));
}

/** Kills a process that commits after some acknowledgements and some time, and gives the last count that it was told. */
async function killedInALoop(seed: number, acknowledgements: number, delayMs: number): Promise<number> {
  const child = spawn(process.execPath, [script("commit-loop"), path, String(seed)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let acknowledged = -1;
  let seen = 0;
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    acknowledged = Number(line.split(" ")[1]);
    if (++seen === acknowledgements) setTimeout(() => child.kill("SIGKILL"), delayMs);
  });
  const [[code, signal]] = await Promise.all([once(child, "exit"), once(lines, "close")]);
  expect([code, signal]).toEqual([null, "SIGKILL"]);
  return acknowledged;
}

/** Opens, reads and checks all, and gives the count. */
async function recovered(): Promise<number> {
  const engine = await lmdbStates(path).open(1);
  await readNumbered(engine);
  await engine.close();
  return engine.count;
}

it("keeps every acknowledged commit, whole, over kill -9 at any moment", async () => {
  const random = seededRandom(1);
  for (let round = 1; round <= 8; round++) {
    const acknowledged = await killedInALoop(round, 1 + random.below(8), random.below(12));
    expect(await recovered()).toBeGreaterThanOrEqual(acknowledged);
  }
});

describe("over a power cut within a commit", () => {
  /** The file before and after a commit of some megabytes in a state with a past. */
  async function aCommit(): Promise<{
    readonly before: Buffer;
    readonly after: Buffer;
    readonly counts: readonly number[];
  }> {
    const engine = await lmdbStates(path).open(1);
    for (let commit = 0; commit < 12; commit++) await commitNumbered(engine, 30);
    const before = await readFile(file);
    const counts = [engine.count];
    await commitNumbered(engine, 600);
    counts.push(engine.count);
    await engine.close();
    return { before, after: await readFile(file), counts };
  }

  /** `before` with some of what the commit wrote, sector by sector, and of some length. */
  function mixed(before: Buffer, after: Buffer, takes: (sector: number) => boolean, length: number): Buffer {
    const disk = Buffer.alloc(Math.max(before.length, length));
    before.copy(disk);
    for (let at = 0; at < disk.length; at += SECTOR_BYTES) {
      if (takes(at / SECTOR_BYTES)) after.copy(disk, at, at, at + SECTOR_BYTES);
    }
    return disk;
  }

  const inMeta = (sector: number): boolean => sector * SECTOR_BYTES < 2 * PAGE_BYTES;

  it("shows the state before it, whatever of it the disk had when its pages were not synced yet", async () => {
    const { before, after, counts } = await aCommit();
    const random = seededRandom(2);
    for (let cut = 0; cut < 25; cut++) {
      const share = random.below(101);
      const grown =
        before.length + random.below((after.length - before.length) / SECTOR_BYTES + 1) * SECTOR_BYTES;
      await writeFile(
        file,
        mixed(before, after, (sector) => !inMeta(sector) && random.below(100) < share, grown),
      );
      expect(await recovered()).toBe(counts[0]);
    }
  });

  it("shows one of the two states when the page that makes it valid was being written", async () => {
    const { before, after, counts } = await aCommit();
    const random = seededRandom(3);
    const found = new Set<number>();
    for (let cut = 0; cut < 12; cut++) {
      const takes = (sector: number): boolean => !inMeta(sector) || random.below(2) === 0;
      await writeFile(file, mixed(before, after, takes, after.length));
      found.add(await recovered());
    }
    expect([...found].toSorted((one, other) => one - other)).toEqual(counts);
  });

  it("keeps a commit that a start found in the page cache alone, its last page never written to the disk", async () => {
    const { before, after, counts } = await aCommit();
    // As after a failed sync: processes see all of it, and the page counts as clean.
    const disk = mixed(before, after, (sector) => !inMeta(sector), after.length);
    await writeFile(file, disk);
    expect(await recovered()).toBe(counts[0]);
    await writeFile(file, after);
    expect(await recovered()).toBe(counts[1]);
    const opened = await readFile(file);
    const wasWritten = (sector: number): boolean => {
      const [from, to] = [sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES];
      return !opened.subarray(from, to).equals(after.subarray(from, to));
    };
    await writeFile(file, mixed(disk, opened, wasWritten, opened.length));
    expect(await recovered()).toBe(counts[1]);
  });

  it("shows the state before a commit that LMDB took back, when its last page could not be written", async () => {
    const { before, after, counts } = await aCommit();
    // What LMDB gives back to the page: what it was of, its last page; the roots stay.
    const takenBack = Buffer.from(after);
    const page = newerMeta(after) * PAGE_BYTES;
    before.copy(takenBack, page + 144, page + 144, page + 160);
    await writeFile(file, takenBack);
    expect(await recovered()).toBe(counts[0]);
    // The power goes while the next commit overwrites the pages of that one, the roots among them.
    const opened = await readFile(file);
    const random = seededRandom(6);
    for (let cut = 0; cut < 5; cut++) {
      const takes = (sector: number): boolean => !inMeta(sector) && random.below(2) === 0;
      await writeFile(file, mixed(takenBack, opened, takes, opened.length));
      expect(await recovered()).toBe(counts[0]);
    }
  });

  it("and would show a mixture, were the pages not synced before it: these tests can fail", async () => {
    const { before, after } = await aCommit();
    const random = seededRandom(4);
    const takes = (sector: number): boolean => inMeta(sector) || random.below(2) === 0;
    await writeFile(file, mixed(before, after, takes, after.length));
    await expect(recovered()).rejects.toMatchObject({ name: "StateDamaged" });
  });
});

const traceable = spawnSync("strace", ["-V"]).error === undefined;
if (!traceable)
  console.log("skipped: the order of LMDB's writes and syncs, because strace is not on the PATH");

describe.skipIf(!traceable)("what the library does to the disk", () => {
  const run = promisify(execFile);

  it("a commit is acknowledged after fdatasync of its pages and a synchronous write of its meta page", async () => {
    const traced = join(directory, "trace");
    const traces = [
      "-f",
      "-y",
      "-e",
      "trace=openat,write,writev,pwrite64,pwritev,fsync,fdatasync",
      "-o",
      traced,
    ];
    await run("strace", [...traces, process.execPath, script("commit-loop"), path, "1", "5"]);
    const steps = stepsOf(await readFile(traced, "utf8"));
    const rounds = steps.split("a").slice(0, -1);
    expect(rounds.length).toBe(5);
    // Pages, their sync, and one write through the descriptor that is synchronous.
    for (const round of rounds) expect(round).toMatch(/^w+sm$/);
  });

  it("an error of any write of a commit ends it; the next start has all that was acknowledged before", async () => {
    const found = new Set<number>();
    for (let write = 1; write <= 6; write++) {
      await rm(path, { recursive: true, force: true });
      const failing = ["-f", "-o", join(directory, "trace"), "-e", `inject=pwrite64:error=EIO:when=${write}`];
      const loop = run("strace", [...failing, process.execPath, script("commit-loop"), path, "1", "8"]);
      const { stdout } = await loop.then(
        () => expect.fail("the error was not told"),
        (error: { readonly stdout: string }) => error,
      );
      // Nothing is told of where the first pages of all could not be written.
      const acknowledged = Number(/(\d+)\n$/.exec(stdout)?.[1] ?? 0);
      expect(await recovered()).toBe(acknowledged);
      found.add(acknowledged);
    }
    expect(found.size).toBeGreaterThan(2);
  });

  /** A letter for each step after the state was opened: w a write, s a sync, m a synchronous write, a an acknowledgement. */
  function stepsOf(trace: string): string {
    let synchronous = "";
    let opened = false;
    let steps = "";
    for (const line of trace.split("\n")) {
      if (line.includes("data.mdb") && line.includes("O_DSYNC"))
        synchronous = /= (\d+)</.exec(line)?.[1] ?? "";
      if (line.includes('"opened ')) opened = true;
      if (!opened) continue;
      if (line.includes('"acknowledged ')) steps += "a";
      const [, call, descriptor] = /(\w+)\((\d+)<[^>]*data\.mdb>/.exec(line) ?? [];
      if (call === undefined) continue;
      if (call.endsWith("sync")) steps += "s";
      else steps += descriptor === synchronous ? "m" : "w";
    }
    return steps;
  }
});

it("tells every bit that is wrong, or gives what was written, and never dies of it", async () => {
  const engine = await lmdbStates(path).open(1);
  for (let commit = 0; commit < 40; commit++) await commitNumbered(engine, commit % 5 === 0 ? 40 : 3);
  await engine.close();
  const random = seededRandom(5);
  const { size } = await stat(file);
  const bits: number[] = [];
  for (const page of await framePages()) {
    // The beginning of a page has its head and the places of its entries.
    for (let flip = 0; flip < 8; flip++)
      bits.push((page * PAGE_BYTES + random.below(flip < 6 ? 168 : PAGE_BYTES)) * 8 + flip);
  }
  // Of the numbers of the transactions, by which the newer meta page is known.
  for (let bit = 0; bit < 16; bit++) bits.push(152 * 8 + bit, (PAGE_BYTES + 152) * 8 + bit);
  for (let flip = 0; flip < 40; flip++) bits.push(random.below(size * 8));
  const { stdout } = await promisify(execFile)(process.execPath, [
    script("flip-bits"),
    path,
    join(directory, "work"),
    ...bits.map(String),
  ]);
  const outcomes = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("begin "));
  expect(outcomes.length).toBe(bits.length);
  const right = `intact: ${engine.count} records`;
  expect(outcomes.filter((outcome) => outcome !== right && !outcome.startsWith("damaged: "))).toEqual([]);
  expect(outcomes.filter((outcome) => outcome.startsWith("damaged: ")).length).toBeGreaterThan(40);
});

/** The number of the meta page that counts. */
function newerMeta(bytes: Buffer): 0 | 1 {
  return bytes.readBigUInt64LE(152) > bytes.readBigUInt64LE(PAGE_BYTES + 152) ? 0 : 1;
}

/** Meta, branch and leaf pages. */
async function framePages(): Promise<readonly number[]> {
  const bytes = await readFile(file);
  const pages = Array.from({ length: bytes.length / PAGE_BYTES }, (_, page) => page);
  return pages.filter((page) => [1, 2, 8].includes(bytes.readUInt16LE(page * PAGE_BYTES + 18)));
}

it("tells a file that is cut short, emptied or gone", async () => {
  const engine = await lmdbStates(path).open(1);
  for (let commit = 0; commit < 10; commit++) await commitNumbered(engine, 40);
  await engine.close();
  const whole = join(directory, "whole");
  await cp(path, whole, { recursive: true });
  const { size } = await stat(file);
  for (const length of [0, 1, 100, PAGE_BYTES, 2 * PAGE_BYTES, Math.floor(size / 2), size - PAGE_BYTES]) {
    const handle = await open(file, "r+");
    await handle.truncate(length);
    await handle.close();
    await expect(recovered()).rejects.toMatchObject({ name: "StateDamaged" });
    await rm(path, { recursive: true });
    await cp(whole, path, { recursive: true });
  }
  await rm(file);
  await expect(recovered()).rejects.toMatchObject({ name: "StateDamaged" });
});
