import { crc32 } from "node:zlib";

/**
 * A state's file is frames, one behind the other. Each names its place and what was synced when it was written, so that
 * one behind a bad one can be found, and tells whether the bad one was ever whole.
 *
 * Little endian: magic u32, kind u32, offset u48, synced u48, previous u32, records u32, metaBytes u32, bodyBytes u32,
 * bodyCrc u32, headerCrc u32. The body of a commit: its records, each after its length u32, then the meta.
 */
export const FRAME_BYTES = 44;
const MAGIC = 0x53_47_53_43;
const CRC_AT = FRAME_BYTES - 4;

/** `begin`: the file's first. `commit`: records and meta. `seal`: all before it is synced. */
const KINDS = ["begin", "commit", "seal"] as const;

export interface Frame {
  readonly kind: (typeof KINDS)[number];
  readonly offset: number;
  /** Everything before was on the medium when this was written. */
  readonly synced: number;
  /** Checksum of the frame before; 0: there is none. */
  readonly previous: number;
  readonly records: number;
  readonly metaBytes: number;
  readonly bodyBytes: number;
  readonly bodyCrc: number;
}

export function encodeFrame(frame: Frame): Buffer {
  const bytes = Buffer.alloc(FRAME_BYTES);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(KINDS.indexOf(frame.kind), 4);
  bytes.writeUIntLE(frame.offset, 8, 6);
  bytes.writeUIntLE(frame.synced, 14, 6);
  bytes.writeUInt32LE(frame.previous, 20);
  bytes.writeUInt32LE(frame.records, 24);
  bytes.writeUInt32LE(frame.metaBytes, 28);
  bytes.writeUInt32LE(frame.bodyBytes, 32);
  bytes.writeUInt32LE(frame.bodyCrc, 36);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CRC_AT)), CRC_AT);
  return bytes;
}

export function checksumOf(frame: Buffer): number {
  return frame.readUInt32LE(CRC_AT);
}

/** Null: no frame is there, or none that verifies. Its body is not looked at. */
export function frameAt(file: Buffer, offset: number): Frame | null {
  if (offset + FRAME_BYTES > file.length || file.readUInt32LE(offset) !== MAGIC) return null;
  const kind = KINDS[file.readUInt32LE(offset + 4)];
  const crc = file.readUInt32LE(offset + CRC_AT);
  if (kind === undefined || crc32(file.subarray(offset, offset + CRC_AT)) !== crc) return null;
  if (file.readUIntLE(offset + 8, 6) !== offset) return null;
  return {
    kind,
    offset,
    synced: file.readUIntLE(offset + 14, 6),
    previous: file.readUInt32LE(offset + 20),
    records: file.readUInt32LE(offset + 24),
    metaBytes: file.readUInt32LE(offset + 28),
    bodyBytes: file.readUInt32LE(offset + 32),
    bodyCrc: file.readUInt32LE(offset + 36),
  };
}

/** Whether the frame's body is there and is what was written. */
export function isWhole(file: Buffer, { offset, bodyBytes, bodyCrc }: Frame): boolean {
  const body = file.subarray(offset + FRAME_BYTES, offset + FRAME_BYTES + bodyBytes);
  return body.length === bodyBytes && crc32(body) === bodyCrc;
}

/** A frame behind `offset` that shows that the byte there was synced once; null: none does. */
export function proofOf(file: Buffer, offset: number): Frame | null {
  for (let at = offset + 1; at + FRAME_BYTES <= file.length; at++) {
    const frame = frameAt(file, at);
    if (frame !== null && frame.synced > offset) return frame;
  }
  return null;
}
