import { WalError } from "./errors.js";
import { HEADER_BYTES, RECORD_TYPES, writeRecord } from "./record.js";

/** Whose log this is: checked at every open, so that a directory never serves another member. */
export interface WalIdentity {
  readonly clusterId: number;
  readonly memberId: number;
}

/** Raised when the meaning of anything behind a segment's header changes. */
const FORMAT_VERSION = 1;

const MAGIC = Buffer.from("GNTLTWAL", "latin1");
const NAME_DIGITS = 16;
const NAME = /^(\d{16})\.wal$/;

/**
 * The payload of a segment's first record. Its layout, and the framing of that record, stay the same
 * in all format versions, so that every version of the server can name the one it met.
 *
 *   0 magic "GNTLTWAL"   8 u32 version   12 u64 cluster id   20 u64 member id   28 u64 segment number
 */
const PAYLOAD_BYTES = 36;

/** A segment no longer than this holds no record yet. */
export const SEGMENT_HEADER_BYTES = HEADER_BYTES + PAYLOAD_BYTES;

/** Segments are numbered 1, 2, 3 ... without gaps. */
export function segmentName(number: number): string {
  return `${String(number).padStart(NAME_DIGITS, "0")}.wal`;
}

/** null: not the name of a segment. */
export function segmentNumber(name: string): number | null {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** The first record of a segment. `previous`: crc of the last record of the segment before it, else 0. */
export function segmentHeader(identity: WalIdentity, number: number, previous: number) {
  const payload = Buffer.alloc(PAYLOAD_BYTES);
  MAGIC.copy(payload);
  payload.writeUInt32LE(FORMAT_VERSION, 8);
  payload.writeBigUInt64LE(BigInt(identity.clusterId), 12);
  payload.writeBigUInt64LE(BigInt(identity.memberId), 20);
  payload.writeBigUInt64LE(BigInt(number), 28);
  const bytes = Buffer.alloc(HEADER_BYTES + PAYLOAD_BYTES);
  const position = { offset: 0, previous, durable: 0 };
  const { previous: crc } = writeRecord(bytes, 0, position, RECORD_TYPES.segmentHeader, payload);
  return { crc, bytes };
}

/** Throws WalError unless `payload` is that of segment `number` of this very log. */
export function checkSegmentHeader(payload: Buffer, identity: WalIdentity, number: number): void {
  const name = segmentName(number);
  if (payload.length !== PAYLOAD_BYTES || !payload.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new WalError(`segment ${name} does not begin as a log segment does: is this the right directory?`);
  }
  const version = payload.readUInt32LE(8);
  if (version !== FORMAT_VERSION) {
    throw new WalError(
      `segment ${name} has format version ${version}, this server knows ${FORMAT_VERSION}: use the version that wrote it`,
    );
  }
  const clusterId = payload.readBigUInt64LE(12);
  const memberId = payload.readBigUInt64LE(20);
  if (clusterId !== BigInt(identity.clusterId) || memberId !== BigInt(identity.memberId)) {
    throw new WalError(
      `segment ${name} belongs to member ${memberId} of cluster ${clusterId}, but this is member ` +
        `${identity.memberId} of cluster ${identity.clusterId}: give each member its own data directory`,
    );
  }
  const found = payload.readBigUInt64LE(28);
  if (found !== BigInt(number)) {
    throw new WalError(`segment ${name} is segment number ${found} under another name: put it back`);
  }
}
