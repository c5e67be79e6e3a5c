import { crc32 } from "../checksum.js";

/**
 * A record on disk, all numbers little-endian:
 *
 *   0  u32 crc       CRC-32 (zlib) of everything after it, header and payload
 *   4  u32 previous  crc of the record before it; a segment's first: of the last one of the segment before
 *   8  u32 offset    where in the segment this record begins
 *  12  u32 durable   all bytes of this segment before here, and all earlier segments, had been synced
 *                    before this record was handed to the disk
 *  16  u32 length    of the payload, in bytes
 *  20  u32 type      see RECORD_TYPES
 *  24      payload
 *
 * `previous` chains the records, so that one from elsewhere is never taken. `offset` makes a record
 * recognisable without the chain, behind a damaged one, and a copy of a log stored as somebody's value
 * is never taken for a record. `durable` is what tells a torn write from damage: recovery.ts says how.
 */
export const HEADER_BYTES = 24;

export const RECORD_TYPES = {
  segmentHead: 1,
  hardState: 2,
  entry: 3,
  synced: 4,
  snapshot: 5,
  goesOn: 6,
} as const;

const ZEROS = Buffer.alloc(64 * 1024);

/** Where the next record goes and what it must say. */
export interface Position {
  readonly offset: number;
  readonly previous: number;
  readonly durable: number;
}

export interface WalRecord {
  readonly crc: number;
  readonly previous: number;
  readonly offset: number;
  readonly durable: number;
  readonly type: number;
  /** A view into the segment. */
  readonly payload: Buffer;
  /** Where the next record begins. */
  readonly end: number;
}

/** Puts a record for `position` into `image` at `at`; returns the position behind it. */
export function writeRecord(
  image: Buffer,
  at: number,
  position: Position,
  type: number,
  payload: Uint8Array,
): Position {
  const { offset, previous, durable } = position;
  const end = at + HEADER_BYTES + payload.length;
  image.writeUInt32LE(previous, at + 4);
  image.writeUInt32LE(offset, at + 8);
  image.writeUInt32LE(durable, at + 12);
  image.writeUInt32LE(payload.length, at + 16);
  image.writeUInt32LE(type, at + 20);
  image.set(payload, at + HEADER_BYTES);
  const crc = crc32(image.subarray(at + 4, end));
  image.writeUInt32LE(crc, at);
  return { offset: offset + end - at, previous: crc, durable };
}

/** The record that begins at `offset`, judged by itself alone; null when none does. */
export function readRecord(segment: Buffer, offset: number): WalRecord | null {
  const start = offset + HEADER_BYTES;
  if (start > segment.length || segment.readUInt32LE(offset + 8) !== offset) return null;
  const length = segment.readUInt32LE(offset + 16);
  if (length > segment.length - start) return null;
  const crc = segment.readUInt32LE(offset);
  if (crc32(segment.subarray(offset + 4, start + length)) !== crc) return null;
  return {
    crc,
    previous: segment.readUInt32LE(offset + 4),
    offset,
    durable: segment.readUInt32LE(offset + 12),
    type: segment.readUInt32LE(offset + 20),
    payload: segment.subarray(start, start + length),
    end: start + length,
  };
}

/** How much of a segment its last record says to be synced: harm behind that may look like a torn write (README.md, Limits). */
export function provedBytes(segment: Buffer): number {
  let proved = 0;
  for (let record = readRecord(segment, 0); record !== null; record = readRecord(segment, record.end)) {
    proved = record.durable;
  }
  return proved;
}

/**
 * The first record that begins in [from, to), verifies by itself and `holds`; null: none. Every byte is tried: behind
 * damage, nobody knows where a record begins.
 */
export function findRecord(
  segment: Buffer,
  from: number,
  to = segment.length,
  holds: (record: WalRecord) => boolean = () => true,
): WalRecord | null {
  const last = Math.min(to, segment.length - HEADER_BYTES + 1);
  for (let at = from; at < last; at++) {
    if (segment.readUInt32LE(at + 8) !== at) continue;
    const record = readRecord(segment, at);
    if (record !== null && holds(record)) return record;
  }
  return null;
}

/** Where the zeros begin that go on to the segment's end; at least `from`. */
export function endOfBytes(segment: Buffer, from: number): number {
  let end = segment.length;
  for (; end - ZEROS.length >= from; end -= ZEROS.length) {
    if (!segment.subarray(end - ZEROS.length, end).equals(ZEROS)) break;
  }
  while (end > from && segment[end - 1] === 0) end--;
  return end;
}
