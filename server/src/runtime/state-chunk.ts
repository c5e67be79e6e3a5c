import { crc32 } from "../checksum.js";
import { StateDamaged } from "../ports.js";

/**
 * How records lie in a key-value file: packed into chunks, one entry each, so that a thousand small records cost one entry
 * and a few large pages instead of a thousand small ones. All numbers are big-endian.
 *
 *     key of a chunk   tag 1, number of its first record (6 bytes), records (4), bytes of the records together (4)
 *     a chunk          crc32 of key and all that follows (4), length of each record (4 each), the records
 *     key of the meta  tag 0
 *     the meta         crc32 of all that follows (4), version of this format (4), records in all (6), the caller's bytes
 */
export const META_KEY = Buffer.of(0);
const CHUNK_TAG = 1;
const KEY_BYTES = 15;
const FORMAT_VERSION = 1;
const META_HEAD_BYTES = 14;
const CRC_BYTES = 4;
const LENGTH_BYTES = 4;
/** With LMDB's page header of 24 bytes this fills sixteen pages of 4 KiB to the end. */
const TARGET_BYTES = 65_536 - 24;

export interface ChunkKey {
  readonly first: number;
  readonly records: number;
  /** Of the records, without lengths and checksum. */
  readonly bytes: number;
}

export interface Chunk {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Sorts before all keys of chunks that hold record `number` or later ones, but for the chunk that holds it in its middle. */
export function chunkKeyFloor(number: number): Buffer {
  return encodeKey({ first: number, records: 0, bytes: 0 });
}

/** Sorts behind all keys of chunks that begin at record `number` or before. */
export function chunkKeyCeiling(number: number): Buffer {
  return encodeKey({ first: number, records: 0xffff_ffff, bytes: 0xffff_ffff });
}

function encodeKey({ first, records, bytes }: ChunkKey): Buffer {
  const key = Buffer.allocUnsafeSlow(KEY_BYTES);
  key[0] = CHUNK_TAG;
  key.writeUIntBE(first, 1, 6);
  key.writeUInt32BE(records, 7);
  key.writeUInt32BE(bytes, 11);
  return key;
}

/** Throws StateDamaged for what is no key of a chunk. */
export function decodeKey(key: Uint8Array): ChunkKey {
  const buffer = view(key);
  if (buffer.length !== KEY_BYTES || buffer[0] !== CHUNK_TAG) {
    throw new StateDamaged(
      `the state has an entry that nobody wrote, with the key ${buffer.toString("hex")}`,
    );
  }
  return { first: buffer.readUIntBE(1, 6), records: buffer.readUInt32BE(7), bytes: buffer.readUInt32BE(11) };
}

/** `records`, the first of which is number `first`, as chunks of about 64 KiB, or of one record that is larger. */
export function packChunks(records: readonly Uint8Array[], first: number): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let begin = 0;
  while (begin < records.length) {
    let end = begin;
    let size = CRC_BYTES;
    do {
      size += LENGTH_BYTES + (records[end++]?.length ?? 0);
    } while (end < records.length && size + LENGTH_BYTES + (records[end]?.length ?? 0) <= TARGET_BYTES);
    chunks.push(packChunk(records.slice(begin, end), first + begin, size));
    begin = end;
  }
  return chunks;
}

function packChunk(records: readonly Uint8Array[], first: number, size: number): Chunk {
  const value = Buffer.allocUnsafeSlow(size);
  let head = CRC_BYTES;
  let at = CRC_BYTES + LENGTH_BYTES * records.length;
  for (const record of records) {
    head = value.writeUInt32BE(record.length, head);
    value.set(record, at);
    at += record.length;
  }
  const bytes = size - CRC_BYTES - LENGTH_BYTES * records.length;
  const key = encodeKey({ first, records: records.length, bytes });
  value.writeUInt32BE(chunkChecksum(key, value), 0);
  return { key, value };
}

/** The records of a chunk, as parts of `value`. Throws StateDamaged. */
export function unpackChunk(key: Uint8Array, value: Uint8Array): readonly Uint8Array[] {
  const { first, records, bytes } = decodeKey(key);
  const buffer = view(value);
  const bodyAt = CRC_BYTES + LENGTH_BYTES * records;
  const whole = buffer.length === bodyAt + bytes;
  if (!whole || buffer.readUInt32BE(0) !== chunkChecksum(key, buffer)) {
    throw new StateDamaged(
      `records ${first} to ${first + records - 1} of the state are not what was written`,
    );
  }
  const unpacked: Uint8Array[] = [];
  let at = bodyAt;
  for (let number = 0; number < records; number++) {
    const length = buffer.readUInt32BE(CRC_BYTES + LENGTH_BYTES * number);
    unpacked.push(buffer.subarray(at, at + length));
    at += length;
  }
  return unpacked;
}

function chunkChecksum(key: Uint8Array, value: Buffer): number {
  return crc32(value.subarray(CRC_BYTES), crc32(key));
}

export function packMeta(count: number, meta: Uint8Array): Buffer {
  const value = Buffer.allocUnsafeSlow(META_HEAD_BYTES + meta.length);
  value.writeUInt32BE(FORMAT_VERSION, 4);
  value.writeUIntBE(count, 8, 6);
  value.set(meta, META_HEAD_BYTES);
  value.writeUInt32BE(crc32(value.subarray(CRC_BYTES)), 0);
  return value;
}

/** A newer version of this program wrote the state: not damage, and nothing to throw away. */
export class UnknownStateFormat extends Error {
  override name = "UnknownStateFormat";
}

/** Throws StateDamaged or UnknownStateFormat. */
export function unpackMeta(value: Uint8Array): { readonly count: number; readonly meta: Uint8Array } {
  const buffer = view(value);
  if (buffer.length < META_HEAD_BYTES || buffer.readUInt32BE(0) !== crc32(buffer.subarray(CRC_BYTES))) {
    throw new StateDamaged("the head of the state is not what was written");
  }
  const version = buffer.readUInt32BE(4);
  if (version !== FORMAT_VERSION) {
    throw new UnknownStateFormat(
      `the state is written in format ${version}, this server knows format ${FORMAT_VERSION}: use the version that wrote it`,
    );
  }
  return { count: buffer.readUIntBE(8, 6), meta: buffer.subarray(META_HEAD_BYTES) };
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
