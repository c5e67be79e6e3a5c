import type { Disk } from "../ports.js";
import type { Entry } from "../raft/entry.js";
import { WalCorruption } from "./errors.js";
import type { LastConfiguration } from "./last-configuration.js";
import type { LogPoint } from "./log-point.js";
import { proveBehind } from "./proof.js";
import { HEADER_BYTES, RECORD_TYPES, endOfBytes, findRecord, readRecord } from "./record.js";
import { Replay } from "./replay.js";
import { readSegment, type Range, type SegmentImage } from "./segment-file.js";
import {
  SEGMENT_HEAD_BYTES,
  checkSegmentHead,
  decodeSegmentHead,
  readSegmentHead,
  segmentName,
  segmentNumbers,
  type WalIdentity,
} from "./segment.js";

/**
 * Reading a log back, and telling a torn write from damage. Changes nothing on disk.
 *
 * The writer has one durable write in flight at a time, and each record says in
 * `durable` where its write began. So after a crash everything before some point is whole, and of the
 * write behind it any subset of sectors may be there: the first bad record may well be followed by good
 * ones of the same write. Hence the rule for a bad record at offset b of the last segment:
 *
 * - Some later record verifies and has durable > b: byte b had been synced and has changed since.
 *   Damage; what it held may have been acknowledged.
 * - No such record: b belongs to the last write, which nothing shows to have been synced. A torn tail, or,
 *   where nothing but zeros follow, the end.
 *
 * The next write begins with a `synced` record; where none comes within 10 ms, the writer puts it there alone, and does
 * not sync it. So the last acknowledged write, too, is soon followed by its proof: a flipped bit in it is told from a
 * tear unless the process was killed within those 10 ms, or the power went before the kernel had written the proof out.
 * A file that is shorter than its segment was made is damage: no crash does that.
 *
 * Earlier segments were synced whole before their successor got its name, and a segment gets its name when its head
 * is on disk: anything bad there is damage. Then the earlier one gets its `goes on`: without a successor, it is
 * damage; without it, and with a successor, a crash came in between, and `settle` writes it. Which segment is the first, only the state can judge: older ones are
 * removed when it covers their entries.
 */
export interface ReadLog {
  readonly point: LogPoint;
  /** Those that the segments still hold: the first is `firstIndex`. */
  readonly entries: Entry[];
  readonly firstIndex: number;
  /** The log begins after it by a snapshot, so that nothing before can follow; 0: not so, or it begins with entry 1. */
  readonly floorIndex: number;
  readonly configuration: LastConfiguration;
  /** Segments before the tail, ascending. */
  readonly sealed: readonly SealedSegment[];
  /** The last segment before the tail, where it does not say yet that the log goes on; null: it does, or there is none. */
  readonly unfinished: SegmentEnd | null;
  /** Where to go on writing; null: no segment is there. */
  readonly tail: ReadTail | null;
  /** Segments from before the log began anew: they do not count. */
  readonly superseded: readonly number[];
}

export interface SealedSegment {
  readonly number: number;
  readonly bytes: number;
  /** The highest entry in it; 0: none. */
  readonly highestIndex: number;
}

/** Where the records of a segment end. */
export interface SegmentEnd {
  readonly number: number;
  /** Behind the last record, but for `goes on`. */
  readonly end: number;
  /** crc of that record. */
  readonly chain: number;
}

export interface ReadTail extends SealedSegment, SegmentEnd {
  readonly image: Buffer;
  readonly unreadable: readonly Range[];
  /** Where the last write began. */
  readonly durable: number;
  /** The last record repeats where the log stands. */
  readonly isPointLast: boolean;
  /** Behind `end`, of a write that was cut short. */
  readonly tornBytes: number;
}

/** `identity` null: whoever's it is. Rejects with WalCorruption or WalError, and with the disk's own errors. */
export async function readLog(disk: Disk, identity: WalIdentity | null): Promise<ReadLog> {
  const { live } = segmentNumbers(await disk.list());
  const first = live.indexOf(await firstSegment(disk, live));
  const numbers = live.slice(Math.max(0, first));
  const replay = new Replay();
  try {
    return {
      ...(await replayAll(disk, identity, numbers, replay)),
      superseded: live.slice(0, Math.max(0, first)),
    };
  } catch (error) {
    if (!(error instanceof WalCorruption)) throw error;
    // A server that has the log open may have gone on in another segment meanwhile: `verifyWal`.
    if (segmentNumbers(await disk.list()).live.at(-1) !== live.at(-1)) return await readLog(disk, identity);
    const { segment, offset, reason } = error;
    const damage = { number: segmentNumbers([segment]).live[0] ?? 0, offset };
    const provable = await proveBehind(disk, identity, numbers, damage, replay);
    throw new WalCorruption(segment, offset, reason, provable);
  }
}

/** In which the log begins: the newest that says so, else the oldest that is left. */
async function firstSegment(disk: Disk, live: readonly number[]): Promise<number> {
  for (const number of live.toReversed()) {
    const { bytes } = await readSegment(disk, number, SEGMENT_HEAD_BYTES);
    if (readSegmentHead(bytes, number)?.begins === true) return number;
  }
  return live[0] ?? 0;
}

async function replayAll(
  disk: Disk,
  identity: WalIdentity | null,
  numbers: readonly number[],
  replay: Replay,
): Promise<Omit<ReadLog, "superseded">> {
  const sealed: SealedSegment[] = [];
  let tail: (ReadTail & { readonly goesOn: boolean }) | null = null;
  let unfinished: SegmentEnd | null = null;
  let whose = identity;
  for (const number of numbers) {
    if (tail !== null) {
      const { bytes, highestIndex, end, chain, goesOn }: ReadTail & { readonly goesOn: boolean } = tail;
      if (number !== tail.number + 1) {
        throw damage(tail.number + 1, 0, "the segment is missing, later ones are there");
      }
      sealed.push({ number: tail.number, bytes, highestIndex });
      unfinished = goesOn ? null : { number: tail.number, end, chain };
    }
    const image = await readSegment(disk, number);
    checkChain(image, number, tail, replay);
    whose ??= readSegmentHead(image.bytes, number)?.identity ?? null;
    const end = replaySegment(image.bytes, number, whose, replay);
    const goesOn = readRecord(image.bytes, end)?.type === RECORD_TYPES.goesOn;
    tail = {
      number,
      bytes: image.bytes.length,
      highestIndex: replay.highestInSegment,
      image: image.bytes,
      unreadable: image.unreadable,
      end,
      goesOn,
      chain: replay.chain ?? 0,
      durable: replay.durable,
      isPointLast: replay.isPointLast,
      tornBytes: 0,
    };
  }
  if (tail?.goesOn === true) {
    throw damage(
      tail.number + 1,
      0,
      "the segment is missing, and the one before says that the log goes on in it",
    );
  }
  if (tail !== null) {
    checkLength(tail, replay.segmentBytes);
    tail = { ...tail, tornBytes: tornBytes(tail) };
  }
  const { point, entries, firstIndex, floorIndex, configurations } = replay;
  const configuration = configurations.last;
  return { point, entries, firstIndex, floorIndex, configuration, sealed, unfinished, tail };
}

/** A segment's head names the last record of the segment before. */
function checkChain({ bytes }: SegmentImage, number: number, before: ReadTail | null, replay: Replay): void {
  const head = readRecord(bytes, 0);
  if (head === null) throw damage(number, 0, "the head of the segment does not verify");
  if (before === null || head.previous === replay.chain) return;
  throw damage(before.number, before.end, "no record verifies there, yet the next segment follows on one");
}

/** Replays all records from the segment's start on; returns the offset at which no more verifies, or it `goes on`. */
function replaySegment(
  segment: Buffer,
  number: number,
  identity: WalIdentity | null,
  replay: Replay,
): number {
  let offset = 0;
  for (;;) {
    const record = readRecord(segment, offset);
    if (record === null) return offset;
    if (offset > 0 && record.previous !== replay.chain) {
      throw damage(number, offset, "the record there does not follow on the one before it");
    }
    if (offset > 0 && record.type === RECORD_TYPES.goesOn) return offset;
    if ((offset === 0) !== (record.type === RECORD_TYPES.segmentHead)) {
      throw damage(number, offset, "a segment's head stands where none belongs, or is not where one belongs");
    }
    if (offset === 0) {
      const head = decodeSegmentHead(record.payload, segmentName(number));
      checkSegmentHead(head, identity ?? head.identity, number);
    }
    replay.take(record, number);
    offset = record.end;
  }
}

/** Behind the records of earlier segments, only zeros can be missing: `checkChain`. */
function checkLength({ number, bytes }: ReadTail, segmentBytes: number): void {
  if (bytes >= segmentBytes) return;
  throw damage(
    number,
    bytes,
    `the file ends there, and was made with ${segmentBytes} bytes: it was cut short`,
  );
}

/** How much of a write that was cut short stands behind `end` of the last segment. Throws where it is damage. */
function tornBytes({ image: segment, number, end, unreadable }: ReadTail): number {
  const last = endOfBytes(segment, end);
  const proof = findRecord(segment, end + 1, last, ({ durable }) => durable > end);
  if (proof === null) {
    // A tear leaves what can be read: this may be the last write that was acknowledged.
    const isRecord = endOfBytes(segment.subarray(0, end + HEADER_BYTES), end) > end;
    if (isRecord && unreadable.some(({ to }) => to > end))
      throw damage(number, end, "the disk cannot read it");
    return last - end;
  }
  const reason = `no record verifies there, yet the record at byte ${proof.offset} shows that it had been synced`;
  throw damage(number, end, reason);
}

function damage(number: number, offset: number, reason: string): WalCorruption {
  return new WalCorruption(segmentName(number), offset, reason);
}

/** Whether the directory holds a log, sound or not. */
export async function hasLog(disk: Disk): Promise<boolean> {
  return segmentNumbers(await disk.list()).live.length > 0;
}

/** Of the newest segment whose head is intact: whose log it is; null: none is. */
export async function readIdentity(disk: Disk): Promise<WalIdentity | null> {
  for (const number of segmentNumbers(await disk.list()).live.toReversed()) {
    const { bytes } = await readSegment(disk, number, SEGMENT_HEAD_BYTES);
    const head = readSegmentHead(bytes, number);
    if (head !== null) return head.identity;
  }
  return null;
}
