import { expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.js";
import { Wal, WalError } from "./index.js";
import { TestDisk } from "./test-disk.js";
import { entry, segmentsOf, walOptions } from "./test-log.js";

/** A log whose disk is full from now on: nothing but what was prepared can be written to. */
async function fullDisk() {
  const disk = new TestDisk();
  const clock = new ManualClock();
  const told: boolean[] = [];
  const options = { ...walOptions(2048), clock, onSpace: (full: boolean) => void told.push(full) };
  let full = false;
  let attempts = 0;
  disk.before = (operation, name) => {
    if (!full || operation !== "open" || name !== "prepared.tmp") return;
    attempts++;
    throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  };
  const { wal } = await Wal.open(disk, options);
  await turns();
  full = true;
  return { disk, clock, told, wal, attempts: () => attempts, free: () => (full = false) };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 500; turn++) await Promise.resolve();
}

async function appended(wal: Wal, index: number): Promise<boolean> {
  let done = false;
  void wal.append({ hardState: null, snapshot: null, entries: [entry(index, 1, "x".repeat(500))] }).then(
    () => (done = true),
    () => undefined,
  );
  await turns();
  return done;
}

it("goes on without room for another segment as long as this one has room, tells so, and tries every second", async () => {
  const { disk, clock, told, wal, attempts, free } = await fullDisk();
  let index = 0;
  while (await appended(wal, index + 1)) index++;
  // One segment was in use, and one was prepared: three entries of this size in each.
  expect([index, told]).toEqual([6, [true]]);
  expect(attempts()).toBe(1);
  const waiting = appended(wal, index + 2);
  for (let second = 2; second <= 4; second++) {
    clock.advance(1000);
    await turns();
    expect(attempts()).toBe(second);
  }
  expect(await waiting).toBe(false);
  expect(wal.stats()).toMatchObject({ failed: false });
  free();
  clock.advance(1000);
  await turns();
  expect(told).toEqual([true, false]);
  await wal.close();
  expect(await segmentsOf(disk)).toHaveLength(3);
  const again = await Wal.open(disk.killProcess(), walOptions(2048));
  expect(again.lastIndex).toBe(index + 2);
  await again.wal.close();
});

it("gives back what it took of the last room", async () => {
  const disk = new TestDisk();
  const error = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  const { wal } = await Wal.open(disk, walOptions(2048));
  await turns();
  const done: string[] = [];
  disk.before = (operation, name) => {
    if (name !== "prepared.tmp" || done.includes("remove")) return;
    if (operation === "open" || operation === "remove") done.push(operation);
    if (operation === "write" && done.includes("open")) throw error;
  };
  for (let index = 1; index <= 4; index++) expect(await appended(wal, index)).toBe(true);
  expect(done).toEqual(["open", "remove"]);
  expect(await disk.list()).not.toContain("prepared.tmp");
  await wal.close();
});

it("is closed though appends wait for room: they fail", async () => {
  const { wal } = await fullDisk();
  let index = 0;
  while (await appended(wal, index + 1)) index++;
  const waiting = wal.append({ hardState: null, snapshot: null, entries: [entry(index + 2)] });
  const [result] = await Promise.all([waiting.catch((error: unknown) => error), wal.close()]);
  expect(result).toBeInstanceOf(WalError);
});

it.each(["as the next segment is made", "as the last write is proved in passing"])(
  "an error of the disk %s is told at once, and once, although nobody appends",
  async (when) => {
    const isSegment = when.includes("segment");
    const clock = new ManualClock();
    const disk = new TestDisk();
    const told: string[] = [];
    const onFailure = ({ message }: WalError): void => void told.push(message);
    const { wal } = await Wal.open(disk, { ...walOptions(2048), clock, onFailure });
    await turns();
    for (let index = 1; index <= 3; index++) expect(await appended(wal, index)).toBe(true);
    if (isSegment) disk.before = failAt;
    expect(await appended(wal, 4)).toBe(true);
    disk.before = failAt;
    clock.advance(100);
    await turns();
    expect(told).toEqual([expect.stringContaining("the disk failed")]);
    expect(await appended(wal, 5)).toBe(false);
    expect(told).toHaveLength(1);
    await wal.close();

    function failAt(operation: string): void {
      if (operation !== (isSegment ? "open" : "write")) return;
      throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
    }
  },
);
