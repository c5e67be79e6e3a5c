import { crc32 } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.js";
import { Wal, WalCorruption, WalError, type Provable } from "./index.js";
import { START } from "./log-point.js";
import { HEADER_BYTES, RECORD_TYPES, findRecord, type WalRecord } from "./record.js";
import { encodeSegmentHead, segmentName } from "./segment.js";
import { TestDisk } from "./test-disk.js";
import {
  EMPTY_LOG,
  IDENTITY,
  entry,
  print,
  recordsOf,
  segmentsOf,
  statesOf,
  walOptions,
} from "./test-log.js";
import type { LogState } from "./test-log.js";

const SEGMENT_BYTES = 800;
const LAST = 3;

/** A log of three segments; each write is acknowledged before the next begins. */
async function writeLog(text = "value", segmentBytes = SEGMENT_BYTES) {
  const disk = new TestDisk();
  const { wal } = await Wal.open(disk, walOptions(segmentBytes));
  let state: LogState = EMPTY_LOG;
  for (let index = 1; index <= 12; index++) {
    const hardState = index % 3 === 1 ? { term: index, vote: 3 } : null;
    const entries = [entry(index, 1 + Math.floor(index / 3), `${text} ${index}`)];
    const batch = { hardState, snapshot: null, entries };
    state = statesOf(batch, state).at(-1) ?? state;
    await wal.append(batch);
  }
  await wal.close();
  return { disk, state };
}

type Outcome =
  | { readonly type: "opened"; readonly log: LogState }
  | { readonly type: "damaged"; readonly provable: Provable | null }
  | { readonly type: "refused" };

/** Opens a copy of `disk`. Whatever is refused must leave the disk as it was. */
async function reopen(disk: TestDisk): Promise<Outcome> {
  const copy = disk.copy();
  try {
    const opened = await Wal.open(copy, walOptions(SEGMENT_BYTES));
    await opened.wal.close();
    return { type: "opened", log: opened };
  } catch (error) {
    if (!(error instanceof WalError)) throw error;
    const same = (await copy.list()).join() === (await disk.list()).join();
    const changed = (await disk.list()).filter((name) => !copy.contents(name).equals(disk.contents(name)));
    if (!same || changed.length > 0) {
      throw new Error("refused, and yet the disk was changed", { cause: error });
    }
    if (error instanceof WalCorruption) return { type: "damaged", provable: error.provable };
    return { type: "refused" };
  }
}

/** What has become of all that was acknowledged. */
function verdict(outcome: Outcome, whole: LogState): string {
  if (outcome.type === "opened") return print(outcome.log) === print(whole) ? "whole" : "less";
  if (outcome.type === "refused") return "refused";
  if (outcome.provable === null) return "damaged, nothing provable";
  const { hardState, lastIndex } = outcome.provable;
  const newest = JSON.stringify(hardState) === JSON.stringify(whole.hardState);
  return newest && lastIndex >= (whole.entries.at(-1)?.index ?? 0)
    ? "damaged, provable"
    : "damaged, wrongly proved";
}

function flipped(disk: TestDisk, name: string, at: number, mask: number): TestDisk {
  const bytes = disk.contents(name);
  bytes.writeUInt8(bytes.readUInt8(at) ^ mask, at);
  const copy = disk.copy();
  copy.plant(name, bytes);
  return copy;
}

function planted(disk: TestDisk, name: string, bytes: Buffer): TestDisk {
  const copy = disk.copy();
  copy.plant(name, bytes);
  return copy;
}

function entriesIn(records: readonly WalRecord[]): number {
  return records.filter(({ type }) => type === RECORD_TYPES.entry).length;
}

let disk: TestDisk;
let state: LogState;
const names = [1, 2, LAST].map(segmentName);
const last = segmentName(LAST);

beforeAll(async () => {
  ({ disk, state } = await writeLog());
});

it("is written in three segments, several records in each, zeros behind them", async () => {
  expect(await segmentsOf(disk)).toEqual(names);
  for (const name of names) {
    expect(recordsOf(disk, name).length).toBeGreaterThan(4);
    expect(disk.contents(name)).toHaveLength(SEGMENT_BYTES);
  }
});

describe("a sector that cannot be read", () => {
  it("is damage, whatever it held; the rest is read", async () => {
    const verdicts: string[] = [];
    for (const name of names) {
      for (const sector of [0, 1]) {
        const copy = disk.copy();
        copy.badSectors.set(name, sector);
        verdicts.push(verdict(await reopen(copy), state));
      }
    }
    const [provable, none] = ["damaged, provable", "damaged, nothing provable"];
    // The last segment's records are in its first sector, and nothing else shows where the log stood.
    expect(verdicts).toEqual([provable, provable, provable, provable, none, "whole"]);
  });

  it("in the last write is no tear, though nothing proves that write: it may have been acknowledged", async () => {
    const { disk: roomy, state: whole } = await writeLog("value", 8 * 512);
    const name = segmentName(1);
    const records = recordsOf(roomy, name);
    const proof = records.at(-1);
    const write = records.at(-2);
    expect([write?.type, proof?.type]).toEqual([RECORD_TYPES.entry, RECORD_TYPES.synced]);
    const unproven = planted(roomy, name, roomy.contents(name).fill(0, proof?.offset));
    expect(verdict(await reopen(unproven), whole)).toBe("whole");
    unproven.badSectors.set(name, Math.floor((write?.offset ?? 0) / 512));
    expect(verdict(await reopen(unproven), whole)).toBe("damaged, nothing provable");
  });

  it("behind the log's end is no part of it", async () => {
    const { disk: roomy, state: whole } = await writeLog("value", 8 * 512);
    const name = segmentName(1);
    const copy = roomy.copy();
    copy.badSectors.set(name, 7);
    expect(recordsOf(roomy, name).at(-1)?.end).toBeLessThan(7 * 512);
    expect(verdict(await reopen(copy), whole)).toBe("whole");
  });
});

describe("a flipped byte", () => {
  it("anywhere takes no acknowledged entry with it, and no vote", async () => {
    for (const name of names) {
      const records = recordsOf(disk, name);
      // The last record of each repeats what others say, too; and zeros are no part of the log.
      const end = records.at(-1)?.offset;
      for (let at = 0; at < SEGMENT_BYTES; at++) {
        for (const mask of [0x01, 0x80, 0xff]) {
          const outcome = await reopen(flipped(disk, name, at, mask));
          const expected = at < (end ?? 0) ? "damaged, provable" : "whole";
          expect(`${name} byte ${at}: ${verdict(outcome, state)}`).toBe(`${name} byte ${at}: ${expected}`);
        }
      }
    }
  });

  it("in the last write, while nothing proves that write, is taken for a tear of that write and no more", async () => {
    // The power went after the last acknowledgement, before the proof of it reached the disk.
    const records = recordsOf(disk, last);
    const proof = records.at(-1);
    expect(proof?.type).toBe(RECORD_TYPES.synced);
    const bytes = disk.contents(last).fill(0, proof?.offset);
    const unproven = planted(disk, last, bytes);
    const start = records.at(-2)?.durable ?? 0;
    const withoutLast = { ...state, entries: state.entries.slice(0, -1) };
    for (let at = 0; at < (proof?.offset ?? 0); at++) {
      const outcome = await reopen(flipped(unproven, last, at, 0x10));
      const [found, expected] =
        at < start
          ? [verdict(outcome, state), "damaged, provable"]
          : [verdict(outcome, withoutLast), "whole"];
      expect(`byte ${at}: ${found}`).toBe(`byte ${at}: ${expected}`);
    }
  });

  it("in the last write before a kill is damage once a pause has passed, and taken for a tear before that", async () => {
    for (const pauseMs of [0, 100]) {
      const [running, clock] = [new TestDisk(), new ManualClock()];
      const { wal } = await Wal.open(running, { ...walOptions(SEGMENT_BYTES), clock });
      await wal.append({ hardState: { term: 1, vote: 3 }, snapshot: null, entries: [entry(1)] });
      clock.advance(pauseMs);
      // Time for what is not waited for.
      for (let turn = 0; turn < 100; turn++) await Promise.resolve();
      const killed = running.killProcess();
      const hit = recordsOf(killed, segmentName(1))[2];
      expect(hit?.type).toBe(RECORD_TYPES.entry);
      const outcome = await reopen(flipped(killed, segmentName(1), hit?.offset ?? 0, 0x10));
      const torn = { ...EMPTY_LOG, hardState: { term: 1, vote: 3 } };
      expect(verdict(outcome, torn)).toBe(pauseMs === 0 ? "whole" : "damaged, provable");
    }
  });
});

describe("a log that ends early", () => {
  it("within its last three records is taken for torn: all whole records count, and it goes on from there", async () => {
    const records = recordsOf(disk, last);
    for (let length = records.at(-3)?.offset ?? 0; length < (records.at(-1)?.end ?? 0); length++) {
      const bytes = disk.contents(last).fill(0, length);
      const cut = planted(disk, last, bytes);
      const whole = recordsOf(cut, last);
      const opened = await Wal.open(cut, walOptions(SEGMENT_BYTES));
      const torn = bytes.subarray(whole.at(-1)?.end ?? 0).some((byte) => byte !== 0);
      expect(opened.repair !== null).toBe(torn);
      const gone = entriesIn(records) - entriesIn(whole);
      expect(opened.entries).toHaveLength(state.entries.length - gone);
      const next = entry(opened.entries.length + 1, 9, "after the repair");
      await opened.wal.append({ hardState: null, snapshot: null, entries: [next] });
      await opened.wal.close();
      const again = await Wal.open(cut, walOptions(SEGMENT_BYTES));
      expect(again.repair).toBeNull();
      expect(print(again)).toBe(print({ ...opened, entries: [...opened.entries, next] }));
      await again.wal.close();
    }
  });

  it("because its last segment was cut short is damaged at every length: no crash does that", async () => {
    for (let length = 0; length < SEGMENT_BYTES; length++) {
      const found = await reopen(planted(disk, last, disk.contents(last).subarray(0, length)));
      expect(`${length} bytes: ${verdict(found, state)}`).toBe(`${length} bytes: damaged, nothing provable`);
    }
  });

  it("with zeros or old bytes after it loses nothing", async () => {
    const end = recordsOf(disk, last).at(-1)?.end ?? 0;
    for (const tail of [Buffer.alloc(600), Buffer.alloc(HEADER_BYTES, 0xff), disk.contents(names[0] ?? "")]) {
      const rest = Buffer.concat([tail, Buffer.alloc(SEGMENT_BYTES)]);
      const longer = planted(disk, last, Buffer.concat([disk.contents(last).subarray(0, end), rest]));
      const opened = await Wal.open(longer, walOptions(SEGMENT_BYTES));
      expect(opened.repair === null).toBe(tail.every((byte) => byte === 0));
      expect(print(opened)).toBe(print(state));
      await opened.wal.close();
    }
  });

  it("in a segment that is not the last is damaged, but behind its records", async () => {
    for (const name of names.slice(0, -1)) {
      const end = recordsOf(disk, name).at(-1)?.offset ?? 0;
      for (let length = 0; length < SEGMENT_BYTES; length++) {
        const outcome = await reopen(planted(disk, name, disk.contents(name).subarray(0, length)));
        expect(verdict(outcome, state)).toBe(length < end ? "damaged, provable" : "whole");
      }
    }
  });
});

describe("of a torn write whose sectors arrived out of order", () => {
  it("the part before the hole counts, and the hole is not taken for damage", async () => {
    const torn = new TestDisk();
    const { wal } = await Wal.open(torn, walOptions(1 << 14));
    const entries = Array.from({ length: 40 }, (_, at) => entry(at + 1, 1, "x".repeat(100)));
    await wal.append({ hardState: null, snapshot: null, entries });
    await wal.close();
    const name = segmentName(1);
    const proof = recordsOf(torn, name).at(-1);
    const bytes = torn.contents(name).fill(0, 1024, 1536).fill(0, proof?.offset);
    torn.plant(name, bytes);
    const opened = await Wal.open(torn, walOptions(1 << 14));
    expect(opened.entries).toHaveLength(6);
    const end = recordsOf(torn, name).at(-1)?.end ?? 0;
    expect(opened.repair).toEqual({ tornBytes: (proof?.offset ?? 0) - end, segment: name });
    expect(torn.contents(name).subarray(end)).toEqual(Buffer.alloc((1 << 14) - end));
    await opened.wal.close();
  });
});

describe("damaged, with the place", () => {
  it("is a hole that a later write proves to have been synced", async () => {
    const hit = recordsOf(disk, last)[2];
    const damaged = planted(disk, last, disk.contents(last).fill(0, hit?.offset, hit?.end));
    const opening = Wal.open(damaged, walOptions(SEGMENT_BYTES));
    await expect(opening).rejects.toThrow(WalCorruption);
    await expect(opening).rejects.toMatchObject({ segment: last, offset: hit?.offset });
    await expect(opening).rejects.toThrow(/shows that it had been synced.*add it as a new member/s);
  });

  it("is a missing segment between others", async () => {
    const missing = disk.copy();
    await missing.remove(segmentName(2));
    const opening = Wal.open(missing, walOptions(SEGMENT_BYTES));
    await expect(opening).rejects.toMatchObject({
      name: "WalCorruption",
      segment: segmentName(2),
      offset: 0,
    });
    expect(verdict(await reopen(missing), state)).toBe("damaged, provable");
  });

  it("is a missing newest segment: the one before says that the log goes on in it", async () => {
    for (const gone of [[LAST], [LAST, LAST - 1]]) {
      const missing = disk.copy();
      for (const number of gone) await missing.remove(segmentName(number));
      const opening = Wal.open(missing, walOptions(SEGMENT_BYTES));
      await expect(opening).rejects.toMatchObject({
        name: "WalCorruption",
        segment: segmentName(Math.min(...gone)),
        offset: 0,
      });
      expect(verdict(await reopen(missing), state)).toBe("damaged, nothing provable");
      // Further damage must not make a proof of what stood before the end.
      const [first] = names;
      expect(verdict(await reopen(flipped(missing, first ?? "", 130, 1)), state)).toBe(
        "damaged, nothing provable",
      );
    }
  });

  it("is a missing newest segment, also where a crash took the record that says that it was there", async () => {
    const crashed = disk.copy();
    for (const name of names.slice(0, -1)) {
      const end = recordsOf(disk, name).at(-1);
      expect(end?.type).toBe(RECORD_TYPES.goesOn);
      crashed.plant(name, crashed.contents(name).fill(0, end?.offset));
    }
    const { wal, ...opened } = await Wal.open(crashed, walOptions(SEGMENT_BYTES));
    await wal.close();
    expect(print(opened)).toBe(print(state));
    await crashed.remove(last);
    expect(verdict(await reopen(crashed), state)).toBe("damaged, nothing provable");
  });

  it("is not a missing oldest segment: it looks compacted, and the log says where it begins", async () => {
    const missing = disk.copy();
    await missing.remove(segmentName(1));
    const { wal, ...opened } = await Wal.open(missing, walOptions(SEGMENT_BYTES));
    const gone = entriesIn(recordsOf(disk, segmentName(1)));
    const rest = { ...state, firstIndex: gone + 1, entries: state.entries.slice(gone) };
    expect(print(opened)).toBe(print(rest));
    await wal.close();
  });

  it("is a segment or a record of another log of the same member", async () => {
    const other = await writeLog("other");
    for (const name of names) {
      const mixed = planted(disk, name, other.disk.contents(name));
      await expect(Wal.open(mixed, walOptions(SEGMENT_BYTES))).rejects.toThrow(/next segment follows on one/);
    }
    const record = recordsOf(other.disk, last)[1];
    const bytes = disk.contents(last);
    other.disk.contents(last).copy(bytes, record?.offset, record?.offset, record?.end);
    const mixed = planted(disk, last, bytes);
    await expect(Wal.open(mixed, walOptions(SEGMENT_BYTES))).rejects.toThrow(/does not follow on/);
  });

  it("is a segment under another's name, or it is refused", async () => {
    for (const from of names) {
      for (const to of names.filter((name) => name !== from)) {
        const swapped = planted(disk, to, disk.contents(from));
        expect(verdict(await reopen(swapped), state)).toMatch(/refused|^damaged, (provable|nothing)/);
      }
    }
  });
});

describe("proves nothing", () => {
  it("where what stands behind the damage is of an earlier time than what stands before it", async () => {
    const later = new TestDisk();
    const { wal } = await Wal.open(later, walOptions(SEGMENT_BYTES));
    for (let index = 1; (await segmentsOf(later)).length < 3; index++) {
      await wal.append({
        hardState: { term: 100 + index, vote: 3 },
        snapshot: null,
        entries: [entry(index)],
      });
    }
    await wal.close();
    expect(verdict(await reopen(planted(later, last, disk.contents(last))), EMPTY_LOG)).toBe(
      "damaged, nothing provable",
    );
  });

  it("where two records were damaged and only entries stand behind the second", async () => {
    const damaged = new TestDisk();
    const { wal } = await Wal.open(damaged, walOptions(1 << 14));
    await wal.append({ hardState: { term: 1, vote: 3 }, snapshot: null, entries: [entry(1), entry(2)] });
    await wal.append({ hardState: { term: 2, vote: 3 }, snapshot: null, entries: [entry(3), entry(4)] });
    await wal.close();
    const name = segmentName(1);
    const records = recordsOf(damaged, name);
    const types = records.map(({ type }) => type);
    const { segmentHead, hardState, entry: plain, synced } = RECORD_TYPES;
    const write = [hardState, plain, plain, synced];
    expect(types).toEqual([segmentHead, ...write, ...write]);
    const bytes = damaged.contents(name).fill(0, records.at(-1)?.offset);
    for (const hit of [records[1], records[4], records[5]]) bytes.writeUInt8(0xee, (hit?.offset ?? 0) + 20);
    const outcome = await reopen(planted(damaged, name, bytes));
    expect(outcome).toEqual({ type: "damaged", provable: null });
  });
});

describe("refuses and names", () => {
  it.each([
    [7, /format version 7, this server knows 2: use the version of the server that wrote it/],
    [1, /format version 1, this server knows 2: remove this member/],
  ])("a format version that it does not know: %d", async (version, message) => {
    const { bytes } = encodeSegmentHead(
      { identity: IDENTITY, number: 1, segmentBytes: SEGMENT_BYTES, begins: true, point: START },
      0,
    );
    bytes.writeUInt32LE(version, HEADER_BYTES + 8);
    bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
    const future = new TestDisk();
    future.plant(segmentName(1), bytes);
    const opening = Wal.open(future, walOptions(SEGMENT_BYTES));
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.not.toThrow(WalCorruption);
  });

  it("another's segment, also behind damage", async () => {
    const options = { ...walOptions(SEGMENT_BYTES), identity: { ...IDENTITY, clusterId: 78 } };
    await expect(Wal.open(disk.copy(), options)).rejects.toThrow(/member 3 of cluster 77/);
    const damaged = flipped(disk, names[0] ?? "", 5, 1);
    await expect(Wal.open(damaged, options)).rejects.toThrow(/member 3 of cluster 77/);
    expect(await Wal.readIdentity(damaged)).toEqual(IDENTITY);
    expect(await Wal.readIdentity(new TestDisk())).toBeNull();
  });
});

it("takes a copy of a log, stored as a value, for no record", async () => {
  const copied = new TestDisk();
  const { wal } = await Wal.open(copied, walOptions(1 << 14));
  const whole = Buffer.concat(names.map((name) => disk.contents(name)));
  await wal.append({ hardState: null, snapshot: null, entries: [entry(1)] });
  const entries = [entry(2, 1, whole.toString("latin1")), entry(3)];
  await wal.append({ hardState: null, snapshot: null, entries });
  await wal.close();
  const bytes = copied.contents(segmentName(1));
  const hit = recordsOf(copied, segmentName(1)).find(({ payload }) => payload.length > whole.length);
  const withoutProof = bytes.subarray(0, hit?.end);
  withoutProof.writeUInt8(0, (hit?.offset ?? 0) + 1);
  expect(findRecord(withoutProof, hit?.offset ?? 0)).toBeNull();
});
