import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.js";
import { Wal, WalError } from "./index.js";
import { RECORD_TYPES } from "./record.js";
import { segmentName } from "./segment.js";
import { TestDisk, type Operation } from "./test-disk.js";
import {
  EMPTY_LOG,
  IDENTITY,
  batchFrom,
  batchPlans,
  entry,
  lastIndexOf,
  print,
  recordsOf,
  segmentsOf,
  statesOf,
  walOptions,
} from "./test-log.js";

/** Opens, and closes again: what a restart finds. */
async function reread(disk: TestDisk, segmentBytes = 1 << 20) {
  const opened = await Wal.open(disk, walOptions(segmentBytes));
  await opened.wal.close();
  return opened;
}

function failing(operation: Operation): TestDisk["before"] {
  return (current) => {
    if (current === operation) throw new Error(`EIO: i/o error, ${operation}`);
  };
}

/** Makes syncs wait until the returned function is called. */
function holdSyncs(disk: TestDisk): () => void {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  disk.before = (operation) => (operation === "sync" ? held : undefined);
  return release;
}

/** Lets what is queued run until `holds`; gives up, so that a log that never gets there fails its test. */
async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 10_000 && !holds(); turn++) await Promise.resolve();
  expect(holds()).toBe(true);
}

/** Longer than a write waits for the one that proves it. */
const PAUSE_MS = 100;

/** With one segment, once what is made in the background is there. */
async function openWithClock() {
  const [disk, clock] = [new TestDisk(), new ManualClock()];
  const { wal } = await Wal.open(disk, { ...walOptions(1 << 20), clock });
  // The first segment's zeros and its head, and the second one's zeros.
  await until(() => disk.counts.get("sync") === 3);
  return { disk, clock, wal, name: segmentName(1) };
}

describe("a log", () => {
  it("is empty at first", async () => {
    const opened = await reread(new TestDisk());
    expect(opened).toMatchObject({ ...EMPTY_LOG, repair: null });
  });

  it("gives back what was appended, whatever the segments", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(batchPlans, { maxLength: 25 }),
        fc.integer({ min: 1, max: 3000 }),
        async (plans, size) => {
          const disk = new TestDisk();
          let state = EMPTY_LOG;
          let { wal } = await Wal.open(disk, walOptions(size));
          for (const [at, plan] of plans.entries()) {
            const batch = batchFrom(plan, state);
            state = statesOf(batch, state).at(-1) ?? state;
            await wal.append(batch);
            if (at % 7 !== 6) continue;
            await wal.close();
            ({ wal } = await Wal.open(disk, walOptions(size)));
          }
          await wal.close();
          const opened = await reread(disk, size);
          expect(print(opened)).toBe(print(state));
          expect(opened.repair).toBeNull();
          expect(opened.wal.stats().lastIndex).toBe(lastIndexOf(state));
        },
      ),
      { numRuns: 150 },
    );
  });

  it("forgets the entries behind one that is written again", async () => {
    const disk = new TestDisk();
    const { wal } = await Wal.open(disk, walOptions(1 << 20));
    await wal.append({
      hardState: { term: 1, vote: 3 },
      snapshot: null,
      entries: [entry(1), entry(2), entry(3)],
    });
    await wal.append({ hardState: { term: 2, vote: null }, snapshot: null, entries: [entry(2, 2)] });
    expect(wal.stats().lastIndex).toBe(2);
    await wal.close();
    expect(print(await reread(disk))).toBe(
      print({ ...EMPTY_LOG, hardState: { term: 2, vote: null }, entries: [entry(1), entry(2, 2)] }),
    );
  });

  it("begins a new segment when the next write would not fit, and never splits a write", async () => {
    const disk = new TestDisk();
    const { wal } = await Wal.open(disk, walOptions(600));
    for (let index = 1; index <= 30; index++) {
      await wal.append({
        hardState: null,
        snapshot: null,
        entries: [entry(index, 1, "x".repeat(index === 9 ? 5000 : 50))],
      });
    }
    await wal.close();
    const sizes = (await segmentsOf(disk)).map((name) => disk.contents(name).length);
    expect(wal.stats().segments).toBe(sizes.length);
    expect(wal.stats().bytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
    expect(sizes.length).toBeGreaterThan(4);
    // The large entry has a segment of its own.
    expect(sizes.filter((size) => size !== 600)).toHaveLength(1);
    expect((await reread(disk, 600)).entries).toHaveLength(30);
  });
});

describe("group commit", () => {
  it("writes and syncs once for all batches that came while a sync was in flight, and answers in order", async () => {
    const disk = new TestDisk();
    const { wal } = await Wal.open(disk, walOptions(1 << 20));
    // The first segment's zeros and its head, and the second one's zeros.
    await until(() => disk.counts.get("sync") === 3);
    const [writes, syncs] = [disk.counts.get("write") ?? 0, disk.counts.get("sync") ?? 0];
    const release = holdSyncs(disk);
    const order: number[] = [];
    const append = async (index: number) => {
      await wal.append({ hardState: null, snapshot: null, entries: [entry(index)] });
      order.push(index);
    };
    const appends = [append(1)];
    await until(() => disk.counts.get("sync") !== syncs);
    for (let index = 2; index <= 40; index++) appends.push(append(index));
    expect(order).toEqual([]);
    release();
    await Promise.all(appends);
    await wal.close();
    expect(order).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
    expect(wal.stats().writes).toBe(2);
    // Two groups and the proof of the second sync; the close syncs that proof.
    expect((disk.counts.get("write") ?? 0) - writes).toBe(3);
    expect((disk.counts.get("sync") ?? 0) - syncs).toBe(3);
  });

  it("acknowledges nothing before its sync is done", async () => {
    const disk = new TestDisk();
    const { wal } = await Wal.open(disk, walOptions(1 << 20));
    const release = holdSyncs(disk);
    let acknowledged = false;
    const append = wal
      .append({ hardState: null, snapshot: null, entries: [entry(1)] })
      .then(() => (acknowledged = true));
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    expect(acknowledged).toBe(false);
    release();
    await append;
    await wal.close();
  });

  it("lets an empty batch wait for those before it, and writes nothing for it", async () => {
    const disk = new TestDisk();
    const { wal } = await Wal.open(disk, walOptions(1 << 20));
    const order: string[] = [];
    await Promise.all([
      wal
        .append({ hardState: { term: 1, vote: 1 }, snapshot: null, entries: [] })
        .then(() => order.push("full")),
      wal.append({ hardState: null, snapshot: null, entries: [] }).then(() => order.push("empty")),
    ]);
    expect(order).toEqual(["full", "empty"]);
    expect(wal.stats().writes).toBe(1);
    await wal.close();
  });

  it("tells how long each sync of records took", async () => {
    const disk = new TestDisk();
    const seconds: number[] = [];
    let nowMs = 0;
    const clock = { monotonicMs: () => (nowMs += 250), after: () => () => undefined };
    const onSync = (took: number) => seconds.push(took);
    const { wal } = await Wal.open(disk, { ...walOptions(1 << 20), clock, onSync });
    await wal.append({ hardState: null, snapshot: null, entries: [entry(1)] });
    await wal.append({ hardState: null, snapshot: null, entries: [entry(2)] });
    await wal.close();
    expect(seconds).toEqual([0.25, 0.25]);
  });
});

describe("the proof of a write", () => {
  it("costs nothing where the next write comes soon, which begins with it", async () => {
    const { disk, clock, wal, name } = await openWithClock();
    const [writes, syncs] = [disk.counts.get("write") ?? 0, disk.counts.get("sync") ?? 0];
    for (let index = 1; index <= 20; index++) {
      await wal.append({ hardState: null, snapshot: null, entries: [entry(index)] });
      clock.advance(1);
    }
    expect((disk.counts.get("write") ?? 0) - writes).toBe(20);
    expect((disk.counts.get("sync") ?? 0) - syncs).toBe(20);
    const proofs = recordsOf(disk, name).filter(({ type }) => type === RECORD_TYPES.synced);
    expect(proofs).toHaveLength(19);
    await wal.close();
  });

  it("is written after a pause and not synced, and is there once when the next write came", async () => {
    const { disk, clock, wal, name } = await openWithClock();
    await wal.append({ hardState: null, snapshot: null, entries: [entry(1)] });
    const [writes, syncs] = [disk.counts.get("write") ?? 0, disk.counts.get("sync") ?? 0];
    const before = recordsOf(disk, name);
    clock.advance(PAUSE_MS);
    await until(() => recordsOf(disk, name).length > before.length);
    expect(recordsOf(disk, name).at(-1)?.type).toBe(RECORD_TYPES.synced);
    expect([disk.counts.get("write"), disk.counts.get("sync")]).toEqual([writes + 1, syncs]);
    clock.advance(10 * PAUSE_MS);
    await wal.append({ hardState: null, snapshot: null, entries: [entry(2)] });
    expect(disk.counts.get("write")).toBe(writes + 2);
    const { segmentHead, synced } = RECORD_TYPES;
    expect(recordsOf(disk, name).map(({ type }) => type)).toEqual([
      segmentHead,
      RECORD_TYPES.entry,
      synced,
      RECORD_TYPES.entry,
    ]);
    await wal.close();
  });

  it("is durable when the log was closed, and is not written again when nothing else was", async () => {
    const { disk, wal, name } = await openWithClock();
    await wal.append({ hardState: null, snapshot: null, entries: [entry(1)] });
    await wal.close();
    const closed = disk.contents(name);
    expect(recordsOf(disk, name).at(-1)?.type).toBe(RECORD_TYPES.synced);
    const lost = disk.cutPower({ below: () => 0 });
    expect(lost.contents(name).equals(closed)).toBe(true);
    await reread(lost);
    expect(lost.contents(name).equals(closed)).toBe(true);
  });

  it.each(["closed", "failed"])("is not waited for by a timer once the log is %s", async (how) => {
    const { disk, clock, wal } = await openWithClock();
    await wal.append({ hardState: null, snapshot: null, entries: [entry(1)] });
    const last = wal.append({ hardState: null, snapshot: null, entries: [entry(2)] });
    if (how === "failed") disk.before = failing("sync");
    await Promise.allSettled(how === "closed" ? [wal.close(), last] : [last]);
    disk.before = () => expect.unreachable("the disk was used again");
    expect(clock.timers).toBe(0);
    clock.advance(10 * PAUSE_MS);
    await wal.close();
  });
});

describe("a log refuses", () => {
  it.each<Operation>(["write", "sync", "open", "syncDirectory"])(
    "everything after a failed %s, and tries nothing again",
    async (operation) => {
      const disk = new TestDisk();
      const { wal } = await Wal.open(disk, walOptions(300));
      await wal.append({
        hardState: { term: 1, vote: 1 },
        snapshot: null,
        entries: [entry(1, 1, "x".repeat(300))],
      });
      disk.before = failing(operation);
      const entries = [entry(2, 1, "x".repeat(300))];
      const [first, second] = [
        wal.append({ hardState: null, snapshot: null, entries }),
        wal.append({ hardState: null, snapshot: null, entries }),
      ];
      await expect(first).rejects.toThrow(/disk failed.*EIO/);
      await expect(second).rejects.toThrow(WalError);
      disk.before = () => expect.unreachable("the disk was used again");
      await expect(wal.append({ hardState: null, snapshot: null, entries: [] })).rejects.toThrow(WalError);
      expect(wal.stats().failed).toBe(true);
      await wal.close();
      expect((await reread(disk.killProcess(), 300)).entries[0]).toMatchObject({ index: 1 });
    },
  );

  it("to go on after the proof of a write could not be written", async () => {
    const { disk, clock, wal } = await openWithClock();
    await wal.append({ hardState: null, snapshot: null, entries: [entry(1)] });
    disk.before = failing("write");
    clock.advance(PAUSE_MS);
    await until(() => wal.stats().failed);
    await expect(wal.append({ hardState: null, snapshot: null, entries: [entry(2)] })).rejects.toThrow(/EIO/);
    await wal.close();
  });

  it.each([
    ["a gap", { hardState: null, snapshot: null, entries: [entry(5)] }],
    ["entries that are not consecutive", { hardState: null, snapshot: null, entries: [entry(2), entry(4)] }],
    ["an index below 1", { hardState: null, snapshot: null, entries: [entry(0)] }],
    ["a term that goes back", { hardState: { term: 4, vote: null }, snapshot: null, entries: [] }],
    ["a second vote in a term", { hardState: { term: 5, vote: 2 }, snapshot: null, entries: [] }],
    ["a vote that is taken back", { hardState: { term: 5, vote: null }, snapshot: null, entries: [] }],
  ])("%s", async (_what, batch) => {
    const { wal } = await Wal.open(new TestDisk(), walOptions(1 << 20));
    await wal.append({ hardState: { term: 5, vote: 1 }, snapshot: null, entries: [entry(1)] });
    await expect(wal.append(batch)).rejects.toThrow(/refused to log a batch/);
    await expect(wal.append({ hardState: null, snapshot: null, entries: [entry(2)] })).rejects.toThrow(
      WalError,
    );
    await wal.close();
  });

  it("appends once it is closed", async () => {
    const { wal } = await Wal.open(new TestDisk(), walOptions(1 << 20));
    const appended = wal.append({ hardState: null, snapshot: null, entries: [entry(1)] });
    await wal.close();
    await appended;
    await expect(wal.append({ hardState: null, snapshot: null, entries: [entry(2)] })).rejects.toThrow(
      /closed/,
    );
  });

  it.each([
    ["another cluster", { ...IDENTITY, clusterId: 78 }],
    ["another member", { ...IDENTITY, memberId: 1 }],
  ])("the directory of %s", async (_whose, identity) => {
    const disk = new TestDisk();
    await reread(disk);
    const opened = Wal.open(disk, { ...walOptions(1 << 20), identity });
    await expect(opened).rejects.toThrow(/member 3 of cluster 77.*own data directory/);
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 31])("segments of %d bytes", async (segmentBytes) => {
    await expect(Wal.open(new TestDisk(), walOptions(segmentBytes))).rejects.toThrow(/segmentBytes/);
  });
});
