import { WalError } from "./errors.js";
import { POINT_BYTES, readPoint, writePoint, type LogPoint } from "./log-point.js";
import { HEADER_BYTES, RECORD_TYPES, readRecord, writeRecord, type Position } from "./record.js";

/** Whose log this is: checked at every open, so that a directory never serves another member. */
export interface WalIdentity {
  readonly clusterId: number;
  readonly memberId: number;
}

/** A segment's first record. */
export interface SegmentHead {
  readonly identity: WalIdentity;
  readonly number: number;
  /** Its length: it is made with it before it gets its name, so a shorter one was cut short. */
  readonly segmentBytes: number;
  /** The log begins in this segment, after `point`; what stands in earlier ones does not count any more. */
  readonly begins: boolean;
  /** As of the end of the segment before. */
  readonly point: LogPoint;
}

/** Raised when the meaning of anything in a segment changes. */
export const FORMAT_VERSION = 2;

const MAGIC = Buffer.from("GNTLTWAL", "latin1");
const NAME_DIGITS = 16;
const NAME = /^(\d{16})\.wal(\.damaged)?$/;
const DAMAGED = ".damaged";

/**
 * The payload of a segment's first record. The first five fields, and the framing of that record, stay the same
 * in all format versions, so that every version of the server can name the one it met.
 *
 *   0 magic "GNTLTWAL"   8 u32 version   12 u64 cluster id   20 u64 member id   28 u64 segment number
 *   36 u32 length of the segment, plus 2^31 where the log begins here   40 where the log stands: log-point.ts
 */
const COMMON_BYTES = 36;
const BEGINS = 2 ** 31;
const PAYLOAD_BYTES = COMMON_BYTES + 4 + POINT_BYTES;

/** A segment no longer than this holds no record yet. */
export const SEGMENT_HEAD_BYTES = HEADER_BYTES + PAYLOAD_BYTES;

/** Segments are numbered 1, 2, 3 ... without gaps. */
export function segmentName(number: number): string {
  return `${String(number).padStart(NAME_DIGITS, "0")}.wal`;
}

/** What a segment is called that does not count any more and is kept for people. */
export function damagedName(number: number): string {
  return segmentName(number) + DAMAGED;
}

/** The numbers of all segments, ascending, and of those that are only kept. */
export function segmentNumbers(names: readonly string[]) {
  const found = names.map((name) => NAME.exec(name)).filter((match) => match !== null);
  const ascending = (damaged: boolean) =>
    found
      .filter((match) => (match[2] === DAMAGED) === damaged)
      .map((match) => Number(match[1]))
      .toSorted((a, b) => a - b);
  return { live: ascending(false), damaged: ascending(true) };
}

/** The first record of a segment. `previous`: crc of the last record of the segment before it, else 0. */
export function encodeSegmentHead(
  { identity, number, segmentBytes, begins, point }: SegmentHead,
  previous: number,
) {
  const payload = Buffer.alloc(PAYLOAD_BYTES);
  MAGIC.copy(payload);
  payload.writeUInt32LE(FORMAT_VERSION, 8);
  payload.writeBigUInt64LE(BigInt(identity.clusterId), 12);
  payload.writeBigUInt64LE(BigInt(identity.memberId), 20);
  payload.writeBigUInt64LE(BigInt(number), 28);
  payload.writeUInt32LE(segmentBytes + (begins ? BEGINS : 0), 36);
  writePoint(payload, 40, point);
  const bytes = Buffer.alloc(SEGMENT_HEAD_BYTES);
  const position = { offset: 0, previous, durable: 0 };
  const { previous: crc } = writeRecord(bytes, 0, position, RECORD_TYPES.segmentHead, payload);
  return { crc, bytes };
}

/** Of the record that ends a segment; each segment keeps room for it. */
export const GOES_ON_BYTES = HEADER_BYTES;

/**
 * Says at the end of a segment that the next one is there, so that this one is never taken for the newest. It comes
 * once the next one has its name, whose head therefore names the record before this one.
 */
export function encodeGoesOn({ offset, previous }: Pick<Position, "offset" | "previous">): Buffer {
  const bytes = Buffer.alloc(GOES_ON_BYTES);
  writeRecord(bytes, 0, { offset, previous, durable: offset }, RECORD_TYPES.goesOn, Buffer.alloc(0));
  return bytes;
}

/** Throws WalError where `payload` is not the head of a segment `name` in this format. */
export function decodeSegmentHead(payload: Buffer, name: string): SegmentHead {
  if (payload.length < COMMON_BYTES || !payload.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new WalError(`segment ${name} does not begin as a log segment does: is this the right directory?`);
  }
  const version = payload.readUInt32LE(8);
  if (version !== FORMAT_VERSION || payload.length !== PAYLOAD_BYTES) {
    const advice =
      version < FORMAT_VERSION
        ? "remove this member from the cluster, clear its data directory and add it as a new member"
        : "use the version of the server that wrote it";
    throw new WalError(
      `segment ${name} has format version ${version}, this server knows ${FORMAT_VERSION}: ${advice}`,
    );
  }
  return {
    identity: {
      clusterId: Number(payload.readBigUInt64LE(12)),
      memberId: Number(payload.readBigUInt64LE(20)),
    },
    number: Number(payload.readBigUInt64LE(28)),
    segmentBytes: payload.readUInt32LE(36) % BEGINS,
    begins: payload.readUInt32LE(36) >= BEGINS,
    point: readPoint(payload, 40),
  };
}

/** Throws WalError unless the head is that of segment `number` of this very log. */
export function checkSegmentHead(head: SegmentHead, identity: WalIdentity, number: number): void {
  const name = segmentName(number);
  const { clusterId, memberId } = head.identity;
  if (clusterId !== identity.clusterId || memberId !== identity.memberId) {
    throw new WalError(
      `segment ${name} belongs to member ${memberId} of cluster ${clusterId}, but this is member ` +
        `${identity.memberId} of cluster ${identity.clusterId}: give each member its own data directory`,
    );
  }
  if (head.number !== number) {
    throw new WalError(`segment ${name} is segment number ${head.number} under another name: put it back`);
  }
}

/** The head at the start of `segment`; null where none verifies. Throws WalError as decodeSegmentHead does. */
export function readSegmentHead(segment: Buffer, number: number): SegmentHead | null {
  const record = readRecord(segment, 0);
  if (record === null || record.type !== RECORD_TYPES.segmentHead) return null;
  return decodeSegmentHead(record.payload, segmentName(number));
}
