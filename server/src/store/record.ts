/**
 * One version of a key as bytes, in memory as on disk and on the wire: 40 bytes of figures, little-endian, then the
 * key, then the value. u64 revision, u64 create revision, u64 version (0: the key was deleted), u64 lease (0: none),
 * u32 length of the key, u32 length of the value. Revisions are below 2^53.
 */
export const RECORD_HEADER_BYTES = 40;

const REVISION = 0;
const CREATE_REVISION = 8;
const VERSION = 16;
const LEASE = 24;
const KEY_LENGTH = 32;
const VALUE_LENGTH = 36;

const TWO_32 = 2 ** 32;

export interface RecordHeader {
  readonly revision: number;
  readonly createRevision: number;
  readonly version: number;
  readonly keyLength: number;
  readonly valueLength: number;
}

/** Writes the figures of a record that begins at `at`. */
export function writeHeader(view: DataView, at: number, header: RecordHeader): void {
  writeU64(view, at + REVISION, header.revision);
  writeU64(view, at + CREATE_REVISION, header.createRevision);
  writeU64(view, at + VERSION, header.version);
  writeU64(view, at + LEASE, 0);
  view.setUint32(at + KEY_LENGTH, header.keyLength, true);
  view.setUint32(at + VALUE_LENGTH, header.valueLength, true);
}

export function readCreateRevision(view: DataView, at: number): number {
  return readU64(view, at + CREATE_REVISION);
}

export function readVersion(view: DataView, at: number): number {
  return readU64(view, at + VERSION);
}

export function readKeyLength(view: DataView, at: number): number {
  return view.getUint32(at + KEY_LENGTH, true);
}

export function readValueLength(view: DataView, at: number): number {
  return view.getUint32(at + VALUE_LENGTH, true);
}

export function recordLength(view: DataView, at: number): number {
  return RECORD_HEADER_BYTES + readKeyLength(view, at) + readValueLength(view, at);
}

/** What is wrong with it; null: it is a record. */
export function recordFault(record: Uint8Array): string | null {
  if (record.length < RECORD_HEADER_BYTES) return `it has ${record.length} bytes only`;
  const { revision, createRevision, version, keyLength, valueLength } = recordHeader(record);
  const length = RECORD_HEADER_BYTES + keyLength + valueLength;
  if (length !== record.length) return `it has ${record.length} bytes and speaks of ${length}`;
  if (![revision, createRevision, version].every(Number.isSafeInteger)) return "its figures are beyond 2^53";
  const deleted = version === 0;
  if (deleted !== (createRevision === 0)) return "it is deleted by one figure, and not by another";
  if (deleted && valueLength > 0) return "it is deleted, and has a value";
  if (createRevision > revision) return "it was created after it was changed";
  return null;
}

/** Of bytes that have at least a header. */
export function recordHeader(record: Uint8Array): RecordHeader {
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  return {
    revision: readU64(view, REVISION),
    createRevision: readU64(view, CREATE_REVISION),
    version: readU64(view, VERSION),
    keyLength: readKeyLength(view, 0),
    valueLength: readValueLength(view, 0),
  };
}

function writeU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / TWO_32), true);
}

function readU64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * TWO_32;
}
