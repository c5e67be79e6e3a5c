import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ENTRY_VERSION, Wal, WalCorruption, type DiskFile, type WalBatch } from "@gauntlet/server/inside";
import { HEALTHY, SimDisk } from "./disk.js";
import { SECTOR_BYTES } from "./file-image.js";
import { Life } from "./life.js";
import { Loop } from "./loop.js";
import { Stream } from "./random.js";
import { TraceLog } from "./trace-log.js";

const PROFILE = { minSyncMs: 1, maxSyncMs: 2, stall: 0, stallMs: 0 };
const NAMES = ["a", "b", "c"] as const;

type Step =
  | { readonly type: "create"; readonly name: string }
  | { readonly type: "remove"; readonly name: string }
  | { readonly type: "sync"; readonly name: string }
  | {
      readonly type: "write" | "write-durably";
      readonly name: string;
      readonly offset: number;
      readonly bytes: Uint8Array;
    }
  | { readonly type: "truncate"; readonly name: string; readonly length: number }
  | { readonly type: "rename"; readonly name: string; readonly to: string }
  | { readonly type: "sync-directory" }
  | { readonly type: "kill" }
  | { readonly type: "power" };

const names = fc.constantFrom(...NAMES);
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ type: fc.constant("create" as const), name: names }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constantFrom<"write" | "write-durably">("write", "write", "write-durably"),
      name: names,
      offset: fc.oneof(fc.constantFrom(0, 500, 512, 1000), fc.nat(2000)),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 1500 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("truncate" as const), name: names, length: fc.nat(3000) }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("sync" as const), name: names }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("rename" as const), name: names, to: names }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("remove" as const), name: names }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Step>({ type: "sync-directory" }, { type: "kill" }, { type: "power" }),
  },
);

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

async function rejectsWith(promise: Promise<unknown>, code: string): Promise<void> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  check(
    error instanceof Error && "code" in error && error.code === code,
    `ended with ${String(error)}, not ${code}`,
  );
}

/** A file as plain arrays: what readers see, and for each byte all that a power cut may leave there. */
class ModelFile {
  bytes: number[] = [];
  synced: number[] = [];
  /** Since the last sync, by sector: the versions of it. */
  versions = new Map<number, number[][]>();

  private sectorOf(bytes: readonly number[], sector: number): number[] {
    return Array.from({ length: SECTOR_BYTES }, (_, at) => bytes[sector * SECTOR_BYTES + at] ?? 0);
  }

  change(bytes: number[], from: number, to: number): void {
    for (let sector = Math.floor(from / SECTOR_BYTES); sector * SECTOR_BYTES < to; sector++) {
      this.versions.set(sector, [this.sectorOf(bytes, sector)]);
    }
    this.bytes = bytes;
  }

  sync(): void {
    this.synced = [...this.bytes];
    this.versions.clear();
  }

  /** The sectors of these bytes alone, and the length. */
  syncRange(from: number, to: number): void {
    const [first, end] = [Math.floor(from / SECTOR_BYTES), Math.ceil(to / SECTOR_BYTES)];
    this.synced = this.bytes.map((byte, at) => {
      const sector = Math.floor(at / SECTOR_BYTES);
      return sector >= first && sector < end ? byte : (this.synced[at] ?? 0);
    });
    for (let sector = first; sector < end; sector++) this.versions.delete(sector);
  }

  /** Throws unless `found` can be what a power cut left, cut or filled with zeros to its length. */
  check(found: readonly number[]): void {
    const [low, high] = [
      Math.min(this.bytes.length, this.synced.length),
      Math.max(this.bytes.length, this.synced.length),
    ];
    check(found.length >= low && found.length <= high, `it has ${found.length} bytes, not ${low} to ${high}`);
    for (let sector = 0; sector * SECTOR_BYTES < found.length; sector++) {
      const length = Math.min(SECTOR_BYTES, found.length - sector * SECTOR_BYTES);
      const there = found.slice(sector * SECTOR_BYTES, sector * SECTOR_BYTES + length);
      const allowed = [this.sectorOf(this.synced, sector), ...(this.versions.get(sector) ?? [])];
      const texts = allowed.map((bytes) => String(bytes.slice(0, length)));
      check(texts.includes(String(there)), `sector ${sector} holds what was never there`);
    }
    this.bytes = [...found];
    this.sync();
  }
}

/** The disk and its model, driven together. */
class Pair {
  readonly loop = new Loop();
  readonly disk: SimDisk;
  life = new Life();
  files = new Map<string, ModelFile>();
  /** All directories that a power cut may leave. */
  possible: Map<string, ModelFile>[] = [new Map()];
  readonly handles = new Map<string, DiskFile>();

  constructor(seed: number) {
    this.disk = new SimDisk(this.loop, 1, new Stream(seed, "disk"), new TraceLog(this.loop), PROFILE);
  }

  private alter(change: (names: Map<string, ModelFile>) => void): void {
    change(this.files);
    const changed = this.possible.map((before) => {
      const after = new Map(before);
      change(after);
      return after;
    });
    this.possible.push(...changed);
  }

  async step(step: Step): Promise<void> {
    const port = this.disk.open(this.life);
    if (step.type === "kill") {
      this.life.end();
      this.life = new Life();
      return this.checkReadable();
    }
    if (step.type === "power") return this.powerCut();
    if (step.type === "sync-directory") {
      await port.syncDirectory();
      this.possible = [new Map(this.files)];
      return;
    }
    const file = this.files.get(step.name);
    if (step.type === "create") {
      const opening = port.open(step.name, "create-exclusive");
      if (file !== undefined) return rejectsWith(opening, "EEXIST");
      await opening;
      const created = new ModelFile();
      return this.alter((all) => all.set(step.name, created));
    }
    if (file === undefined) return rejectsWith(port.open(step.name, "read-write"), "ENOENT");
    const handle = await port.open(step.name, "read-write");
    if (step.type === "sync") {
      await handle.sync();
      file.sync();
    } else if (step.type === "write" || step.type === "write-durably") {
      const half = Math.floor(step.bytes.length / 2);
      const parts = [step.bytes.subarray(0, half), step.bytes.subarray(half)];
      if (step.type === "write") await handle.write(parts, step.offset);
      else await handle.writeDurably(parts, step.offset);
      const end = step.offset + step.bytes.length;
      const bytes = Array.from({ length: Math.max(end, file.bytes.length) }, (_, at) => file.bytes[at] ?? 0);
      for (const [at, byte] of step.bytes.entries()) bytes[step.offset + at] = byte;
      file.change(bytes, step.offset, end);
      if (step.type === "write-durably") file.syncRange(step.offset, end);
    } else if (step.type === "truncate") {
      await handle.truncate(step.length);
      const bytes = Array.from({ length: step.length }, (_, at) => file.bytes[at] ?? 0);
      file.change(bytes, Math.min(step.length, file.bytes.length), file.bytes.length);
    } else if (step.type === "rename") {
      await port.rename(step.name, step.to);
      this.alter((all) => {
        all.delete(step.name);
        all.set(step.to, file);
      });
    } else {
      await port.remove(step.name);
      this.alter((all) => all.delete(step.name));
    }
  }

  async checkReadable(): Promise<void> {
    const listed = (await this.disk.open(this.life).list()).toSorted();
    check(
      String(listed) === String([...this.files.keys()].toSorted()),
      `the directory has ${String(listed)}`,
    );
    for (const [name, file] of this.files) {
      check(String(await this.read(name)) === String(file.bytes), `${name} is not as it was written`);
    }
  }

  async read(name: string): Promise<number[]> {
    const handle = await this.disk.open(this.life).open(name, "read");
    const bytes = new Uint8Array(await handle.size());
    check((await handle.read(bytes, 0)) === bytes.length, `${name} is shorter than it says`);
    return [...bytes];
  }

  private async powerCut(): Promise<void> {
    this.life.end();
    this.life = new Life();
    this.disk.losePower();
    const found = (await this.disk.open(this.life).list()).toSorted();
    const contents = new Map<string, number[]>();
    for (const name of found) contents.set(name, await this.read(name));
    // Several orders of changes may lead to the same names with other files: one of them has to fit.
    const candidates = this.possible.filter(
      (names) => String([...names.keys()].toSorted()) === String(found),
    );
    check(candidates.length > 0, `no order of changes leaves the directory ${String(found)}`);
    let failure: unknown = new Error("no possible directory");
    for (const names of candidates) {
      try {
        for (const [name, file] of names) file.check(contents.get(name) ?? []);
        this.files = new Map(names);
        this.possible = [new Map(names)];
        return;
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }
}

test("what is synced survives, what is not may go in whole sectors, names go until the directory is synced", async () => {
  let cuts = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 25 }), fc.nat(1_000_000), async (all, seed) => {
      const pair = new Pair(seed);
      await pair.loop.run(
        (async () => {
          // A run of the loop needs a task to begin with.
          await pair.loop.sleep(1);
          // Two files that are there for good, unless they are removed.
          for (const name of ["a", "b"]) await pair.step({ type: "create", name });
          await pair.step({ type: "sync-directory" });
          for (const step of all) {
            await pair.step(step);
            pair.loop.settle();
            if (step.type === "power") cuts++;
          }
          await pair.checkReadable();
        })(),
      );
    }),
    { numRuns: 600, interruptAfterTimeLimit: 20_000 },
  );
  expect(cuts).toBeGreaterThan(50);
});

async function written(seed = 1) {
  const loop = new Loop();
  const disk = new SimDisk(loop, 1, new Stream(seed, "disk"), new TraceLog(loop), PROFILE);
  const life = new Life();
  const port = disk.open(life);
  const file = await port.open("a", "create-exclusive");
  await file.write([new Uint8Array(5000).fill(7)], 0);
  await loop.run(Promise.all([file.sync(), port.syncDirectory()]));
  return { loop, disk, life, port, file };
}

test("a log that grows by small writes is there up to its last sync, and no more than its last write", async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const { loop, disk, file } = await written(seed);
    const random = new Stream(seed, "log");
    let size = 5000;
    let synced = size;
    for (let write = 0; write < 20; write++) {
      const length = 1 + random.below(700);
      await file.write([new Uint8Array(length).fill(write)], size);
      size += length;
      if (random.below(3) > 0) continue;
      await loop.run(file.sync());
      synced = size;
    }
    const before = new Uint8Array(size);
    await file.read(before, 0);
    disk.losePower();
    const after = await disk.open(new Life()).open("a", "read");
    const length = await after.size();
    expect(length).toBeGreaterThanOrEqual(synced);
    expect(length).toBeLessThanOrEqual(size);
    const bytes = new Uint8Array(synced);
    await after.read(bytes, 0);
    expect(bytes).toEqual(before.subarray(0, synced));
  }
});

test("a process that dies hears nothing of its sync, but the disk does it", async () => {
  const { loop, disk, life, file } = await written();
  await file.write([Uint8Array.of(1, 2, 3)], 5000);
  let heard = false;
  void file.sync().then(() => (heard = true));
  life.end();
  await loop.runFor(10);
  expect(heard).toBe(false);
  disk.losePower();
  const after = await disk.open(new Life()).open("a", "read");
  expect(await after.size()).toBe(5003);
});

test("a sync of a dead process that ends late takes nothing from those that came after it", async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const { loop, disk, life, port, file } = await written(seed);
    await port.open("b", "create-exclusive");
    void file.sync();
    void port.syncDirectory();
    life.end();
    const heir = disk.open(new Life());
    const opened = await heir.open("a", "read-write");
    await opened.write([new Uint8Array(700).fill(8)], 5000);
    await heir.remove("b");
    await loop.run(Promise.all([opened.sync(), heir.syncDirectory()]));
    await loop.runFor(10);
    disk.losePower();
    const last = disk.open(new Life());
    expect(await last.list()).toEqual(["a"]);
    const bytes = new Uint8Array(6000);
    expect(await (await last.open("a", "read")).read(bytes, 0)).toBe(5700);
    expect(bytes[5699]).toBe(8);
  }
});

test("a sync that fails may lose its pages, though readers see them until the power goes", async () => {
  const { loop, disk, file, port } = await written();
  disk.configure({ ...HEALTHY, syncErrorShare: 0.999_999 });
  await file.write([new Uint8Array(600).fill(9)], 1024);
  await expect(loop.run(file.sync())).rejects.toMatchObject({ code: "EIO", syscall: "fdatasync" });
  expect(disk.counts.ioErrors).toBe(1);
  disk.configure(HEALTHY);
  await loop.run(file.sync());
  const bytes = new Uint8Array(600);
  await file.read(bytes, 1024);
  expect(bytes).toEqual(new Uint8Array(600).fill(9));
  disk.losePower();
  await (await port.open("a", "read")).read(bytes, 1024);
  expect(bytes).toEqual(new Uint8Array(600).fill(7));
});

test("a full disk takes what needs no space, and stalled syncs wait", async () => {
  const { loop, disk, file } = await written();
  disk.configure({ ...HEALTHY, full: true, stalled: true });
  await file.write([Uint8Array.of(1)], 10);
  await expect(file.write([Uint8Array.of(1)], 9000)).rejects.toMatchObject({ code: "ENOSPC" });
  let done = false;
  void file.sync().then(() => (done = true));
  await loop.runFor(60_000);
  expect(done).toBe(false);
  expect(disk.counts).toEqual({ slowSyncs: 0, stalledSyncs: 1, ioErrors: 0, spaceErrors: 1 });
  disk.configure(HEALTHY);
  await loop.runFor(10);
  expect(done).toBe(true);
});

test("damage is what readers meet, and stands until it is written over", async () => {
  const { loop, disk, file } = await written();
  const flip = disk.damage("bit-flip", "any");
  expect(flip).toMatchObject({ kind: "bit-flip", file: "a", bytes: 1 });
  const bytes = new Uint8Array(5000);
  await file.read(bytes, 0);
  expect(bytes.findIndex((byte) => byte !== 7)).toBe(flip?.offset);
  const bad = disk.damage("bad-sector", "any");
  await expect(file.read(bytes, bad?.offset ?? 0)).rejects.toMatchObject({ code: "EIO" });
  expect(disk.damages()).toHaveLength(2);
  await file.write([new Uint8Array(5000)], 0);
  await loop.run(file.sync());
  expect(disk.damages()).toEqual([]);
});

test("a flipped bit is drawn where a log cannot take it for a torn write, even just after one", async () => {
  for (let seed = 1; seed <= 100; seed++) {
    const loop = new Loop();
    const disk = new SimDisk(loop, 1, new Stream(seed, "disk"), new TraceLog(loop), PROFILE);
    const clock = { monotonicMs: () => loop.nowMs, after: () => () => undefined };
    const options = { segmentBytes: 1 << 14, identity: { clusterId: 1, memberId: 1 }, clock };
    const life = new Life();
    const { wal } = await loop.run(Wal.open(disk.open(life), options));
    for (let index = 1; index <= 3; index++) await loop.run(wal.append(batchOf(index)));
    life.end();
    expect(disk.damage("bit-flip", "wal")).not.toBeNull();
    await expect(loop.run(Wal.open(disk.open(new Life()), options))).rejects.toThrow(WalCorruption);
  }
});

function batchOf(index: number): WalBatch {
  const data = new Uint8Array(100);
  const entry = { index, term: 1, kind: "normal", version: ENTRY_VERSION, timestampMs: 0, data } as const;
  return { hardState: { term: 1, vote: 1 }, snapshot: null, entries: [entry] };
}

test("a durable write makes its own sectors durable, waits while syncs are stalled, and may fail as either half of it does", async () => {
  const kept = new Set<number>();
  for (let seed = 1; seed <= 30; seed++) {
    const { loop, disk, file } = await written(seed);
    const write = (byte: number, offset: number) =>
      loop.run(file.writeDurably([new Uint8Array(100).fill(byte)], offset));
    disk.configure({ ...HEALTHY, stalled: true });
    let ended = false;
    const stalled = file.writeDurably([new Uint8Array(100).fill(8)], 0).then(() => (ended = true));
    await loop.runFor(50);
    expect([ended, disk.counts.stalledSyncs]).toEqual([false, 1]);
    disk.configure(HEALTHY);
    await loop.run(stalled);
    disk.configure({ ...HEALTHY, syncErrorShare: 0.999_999 });
    await expect(write(9, 1024)).rejects.toMatchObject({ code: "EIO", syscall: "fdatasync" });
    disk.configure({ ...HEALTHY, writeErrorShare: 0.999_999 });
    await expect(write(10, 2048)).rejects.toMatchObject({ code: "EIO", syscall: "write" });
    disk.configure(HEALTHY);
    await file.write([new Uint8Array(100).fill(11)], 3072);
    await write(12, 4096);
    disk.losePower();
    const bytes = new Uint8Array(5000);
    await (await disk.open(new Life()).open("a", "read")).read(bytes, 0);
    expect([0, 1024, 2048, 4096].map((at) => bytes[at])).toEqual([8, 7, 7, 12]);
    kept.add(bytes[3072] ?? 0);
  }
  expect([...kept].toSorted((a, b) => a - b)).toEqual([7, 11]);
});
