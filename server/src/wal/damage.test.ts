import { beforeAll, describe, expect, it } from "vitest";
import { Wal, WalCorruption, WalError } from "./index.js";
import { HEADER_BYTES, RECORD_TYPES, findProofOfSync, readRecord, type WalRecord } from "./record.js";
import { SEGMENT_HEADER_BYTES, segmentHeader, segmentName } from "./segment.js";
import { TestDisk } from "./test-disk.js";
import { EMPTY_LOG, IDENTITY, entry, print, statesOf, walOptions, type LogState } from "./test-log.js";

const SEGMENT_BYTES = 420;

/** A log of three segments, closed in order; each write is acknowledged before the next begins. */
async function writeLog(text = "value") {
  const disk = new TestDisk();
  const { wal } = await Wal.open(disk, walOptions(SEGMENT_BYTES));
  let state: LogState = EMPTY_LOG;
  for (let index = 1; index <= 12; index++) {
    const hardState = index % 3 === 1 ? { term: index, vote: 3 } : null;
    const batch = { hardState, entries: [entry(index, 1 + Math.floor(index / 3), `${text} ${index}`)] };
    state = statesOf(batch, state).at(-1) ?? state;
    await wal.append(batch);
  }
  await wal.close();
  return { disk, state };
}

type Outcome = "whole" | "refused" | "less";

/** Opens a copy of `disk`. Whatever is refused must leave the disk as it was. */
async function reopen(
  disk: TestDisk,
  whole: LogState,
): Promise<{ outcome: Outcome; opened: LogState | null }> {
  const copy = disk.copy();
  try {
    const opened = await Wal.open(copy, walOptions(SEGMENT_BYTES));
    await opened.wal.close();
    return { outcome: print(opened) === print(whole) ? "whole" : "less", opened };
  } catch (error) {
    if (!(error instanceof WalError)) throw error;
    const same = (await copy.list()).join() === (await disk.list()).join();
    const changed = (await disk.list()).filter((name) => !copy.contents(name).equals(disk.contents(name)));
    if (!same || changed.length > 0)
      throw new Error("refused, and yet the disk was changed", { cause: error });
    return { outcome: "refused", opened: null };
  }
}

function flipped(disk: TestDisk, name: string, at: number, mask: number): TestDisk {
  const bytes = disk.contents(name);
  bytes.writeUInt8(bytes.readUInt8(at) ^ mask, at);
  const copy = disk.copy();
  copy.plant(name, bytes);
  return copy;
}

function recordsOf(disk: TestDisk, name: string): WalRecord[] {
  const bytes = disk.contents(name);
  const records: WalRecord[] = [];
  for (let record = readRecord(bytes, 0); record !== null; record = readRecord(bytes, record.end)) {
    records.push(record);
  }
  return records;
}

let disk: TestDisk;
let state: LogState;
let names: readonly string[];

beforeAll(async () => {
  ({ disk, state } = await writeLog());
  names = await disk.list();
});

it("is written in three segments, several records in each", () => {
  expect(names).toEqual([1, 2, 3].map(segmentName));
  for (const name of names) expect(recordsOf(disk, name).length).toBeGreaterThan(6);
});

describe("a flipped byte", () => {
  it("anywhere is noticed, and takes no acknowledged entry with it", async () => {
    for (const name of names) {
      const records = recordsOf(disk, name);
      const lastProof = name === names.at(-1) ? records.at(-1) : undefined;
      for (let at = 0; at < disk.contents(name).length; at++) {
        for (const mask of [0x01, 0x80, 0xff]) {
          const { outcome } = await reopen(flipped(disk, name, at, mask), state);
          // Behind the proof of the last sync nothing is left to lose.
          const inLastProof = lastProof !== undefined && at >= lastProof.offset;
          expect(`${name} byte ${at}: ${outcome}`).toBe(
            `${name} byte ${at}: ${inLastProof ? "whole" : "refused"}`,
          );
        }
      }
    }
  });

  it("in the last write, while nothing proves that write, is taken for a tear of that write and no more", async () => {
    // The power went after the last acknowledgement, before the proof of it reached the disk.
    const last = names.at(-1) ?? "";
    const records = recordsOf(disk, last);
    const proof = records.at(-1);
    expect(proof?.type).toBe(RECORD_TYPES.synced);
    const unproven = disk.copy();
    unproven.plant(last, disk.contents(last).subarray(0, proof?.offset));
    const start = records.at(-2)?.durable ?? 0;
    const withoutLast = state.entries.slice(0, -1);
    for (let at = SEGMENT_HEADER_BYTES; at < (proof?.offset ?? 0); at++) {
      const { outcome, opened } = await reopen(flipped(unproven, last, at, 0x10), state);
      expect(`byte ${at}: ${outcome}`).toBe(`byte ${at}: ${at < start ? "refused" : "less"}`);
      const found = opened?.entries ?? withoutLast;
      expect(print({ ...state, entries: found })).toBe(print({ ...state, entries: withoutLast }));
    }
  });
});

describe("a log that ends early", () => {
  it("within its last three records is taken for torn: all whole records count, and it goes on from there", async () => {
    const last = names.at(-1) ?? "";
    const records = recordsOf(disk, last);
    const from = records.at(-3)?.offset ?? 0;
    for (let length = from; length < disk.contents(last).length; length++) {
      const cut = disk.copy();
      cut.plant(last, disk.contents(last).subarray(0, length));
      const whole = records.filter(({ end }) => end <= length);
      const tornBytes = length - (whole.at(-1)?.end ?? 0);
      const opened = await Wal.open(cut, walOptions(SEGMENT_BYTES));
      expect(opened.repair).toEqual(tornBytes > 0 ? { tornBytes, segment: last } : null);
      const gone = records.filter(({ end, type }) => end > length && type === RECORD_TYPES.entry).length;
      expect(opened.entries).toHaveLength(state.entries.length - gone);
      const next = entry(opened.entries.length + 1, 9, "after the repair");
      await opened.wal.append({ hardState: null, entries: [next] });
      await opened.wal.close();
      const again = await Wal.open(cut, walOptions(SEGMENT_BYTES));
      expect(again.repair).toBeNull();
      expect(print(again)).toBe(print({ ...opened, entries: [...opened.entries, next] }));
      await again.wal.close();
    }
  });

  it("with zeros or old bytes after it is torn too", async () => {
    const last = names.at(-1) ?? "";
    for (const tail of [Buffer.alloc(600), Buffer.alloc(HEADER_BYTES, 0xff), disk.contents(names[0] ?? "")]) {
      const longer = disk.copy();
      longer.plant(last, Buffer.concat([disk.contents(last), tail]));
      const opened = await Wal.open(longer, walOptions(SEGMENT_BYTES));
      expect(opened.repair).toEqual({ tornBytes: tail.length, segment: last });
      expect(print(opened)).toBe(print(state));
      await opened.wal.close();
    }
  });

  it("in a segment that is not the last is damaged, also where a record ends", async () => {
    for (const name of names.slice(0, -1)) {
      for (let length = 0; length < disk.contents(name).length; length++) {
        const cut = disk.copy();
        cut.plant(name, disk.contents(name).subarray(0, length));
        expect((await reopen(cut, state)).outcome).toBe("refused");
      }
    }
  });
});

describe("of a torn write whose sectors arrived out of order", () => {
  it("the part before the hole counts, and the hole is not taken for damage", async () => {
    const torn = new TestDisk();
    const { wal } = await Wal.open(torn, walOptions(1 << 20));
    const entries = Array.from({ length: 40 }, (_, at) => entry(at + 1, 1, "x".repeat(100)));
    await wal.append({ hardState: null, entries });
    await wal.close();
    const name = segmentName(1);
    const bytes = torn.contents(name).subarray(0, recordsOf(torn, name).at(-1)?.offset);
    bytes.fill(0, 1024, 1536);
    torn.plant(name, bytes);
    const opened = await Wal.open(torn, walOptions(1 << 20));
    expect(opened.entries).toHaveLength(6);
    expect(opened.repair).toEqual({ tornBytes: bytes.length - torn.contents(name).length, segment: name });
    await opened.wal.close();
  });
});

describe("refused as damaged, with the place", () => {
  it("is a hole that a later write proves to have been synced", async () => {
    const bytes = disk.contents(names[2] ?? "");
    const hit = recordsOf(disk, names[2] ?? "")[2];
    bytes.fill(0, hit?.offset, hit?.end);
    const damaged = disk.copy();
    damaged.plant(names[2] ?? "", bytes);
    const opening = Wal.open(damaged, walOptions(SEGMENT_BYTES));
    await expect(opening).rejects.toThrow(WalCorruption);
    await expect(opening).rejects.toMatchObject({ segment: names[2], offset: hit?.offset });
    await expect(opening).rejects.toThrow(/shows that it had been synced.*add it as a new member/s);
  });

  it("is a missing segment, but the newest", async () => {
    for (const name of names.slice(0, -1)) {
      const missing = disk.copy();
      await missing.remove(name);
      const opening = Wal.open(missing, walOptions(SEGMENT_BYTES));
      await expect(opening).rejects.toMatchObject({ name: "WalCorruption", segment: name, offset: 0 });
    }
  });

  it("is a segment or a record of another log of the same member", async () => {
    const other = await writeLog("other");
    for (const name of names) {
      const mixed = disk.copy();
      mixed.plant(name, other.disk.contents(name));
      // The first segment's header follows on nothing, so the break shows where the second begins.
      await expect(Wal.open(mixed, walOptions(SEGMENT_BYTES))).rejects.toThrow(/does not follow on/);
    }
    const last = names.at(-1) ?? "";
    const record = recordsOf(other.disk, last)[1];
    const bytes = disk.contents(last);
    other.disk.contents(last).copy(bytes, record?.offset, record?.offset, record?.end);
    const mixed = disk.copy();
    mixed.plant(last, bytes);
    await expect(Wal.open(mixed, walOptions(SEGMENT_BYTES))).rejects.toThrow(/does not follow on/);
  });

  it("is a segment under another's name", async () => {
    const swapped = disk.copy();
    swapped.plant(names[1] ?? "", disk.contents(names[2] ?? ""));
    expect((await reopen(swapped, state)).outcome).toBe("refused");
  });
});

it("refuses a format version of the future and names it", async () => {
  const { bytes } = segmentHeader(IDENTITY, 1, 0);
  const { crc32 } = await import("node:zlib");
  bytes.writeUInt32LE(7, HEADER_BYTES + 8);
  bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
  const future = new TestDisk();
  future.plant(segmentName(1), bytes);
  const opening = Wal.open(future, walOptions(SEGMENT_BYTES));
  await expect(opening).rejects.toThrow(/format version 7, this server knows 1/);
  await expect(opening).rejects.not.toThrow(WalCorruption);
});

it("takes a copy of a log, stored as a value, for no record", async () => {
  const copied = new TestDisk();
  const { wal } = await Wal.open(copied, walOptions(1 << 20));
  const whole = Buffer.concat(names.map((name) => disk.contents(name)));
  await wal.append({ hardState: null, entries: [entry(1)] });
  await wal.append({ hardState: null, entries: [entry(2, 1, whole.toString("latin1")), entry(3)] });
  await wal.close();
  const bytes = copied.contents(segmentName(1));
  const hit = recordsOf(copied, segmentName(1)).find(({ payload }) => payload.length > whole.length);
  const withoutProof = bytes.subarray(0, hit?.end);
  withoutProof.writeUInt8(0, (hit?.offset ?? 0) + 1);
  expect(findProofOfSync(withoutProof, hit?.offset ?? 0)).toBeNull();
});
