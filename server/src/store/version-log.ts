import type { Key } from "./keys.js";
import {
  RECORD_HEADER_BYTES,
  readCreateRevision,
  readKeyLength,
  readValueLength,
  readVersion,
  recordHeader,
  recordLength,
  writeHeader,
} from "./record.js";
import { RollingHash } from "./rolling-hash.js";
import { Slabs } from "./slabs.js";
import { WordTable } from "./word-table.js";

/** A version's number in the order in which versions were made, from 1. */
export type VersionNumber = number;

/** In place of the number of a version: there is none. */
export const NO_VERSION: VersionNumber = 0;

/** Words of a row. */
const REVISION_LOW = 0;
/** Bits 32 to 52 of the revision, and the bit DELETED. */
const REVISION_HIGH = 1;
const SLAB = 2;
const OFFSET = 3;
/** The version of the same key before this. */
const PREVIOUS = 4;
/** An older version of the same key, further back. */
const JUMP = 5;
/** How many versions of the same key there are up to this. */
const DEPTH = 6;
const ROW_WORDS = 7;

const DELETED = 0x8000_0000;
const HIGH_BITS = 0x001f_ffff;
const TWO_32 = 2 ** 32;

/**
 * All versions of all keys in the order in which they were made; nothing is ever taken out. Figures stand in a table,
 * records (record.ts) in slabs, both outside the JavaScript heap. The versions of a key are a list from the newest
 * back, with one jump pointer each, which finds an old one in a logarithm of steps (Myers, "An applicative
 * random-access stack", 1983).
 */
export class VersionLog {
  private readonly table = new WordTable(ROW_WORDS);
  private readonly slabs = new Slabs();
  private readonly hashes = new RollingHash((from, to) => this.runs(from, to));

  constructor() {
    // The row of NO_VERSION: depth 0, its own jump target.
    this.table.add();
  }

  /** How many versions there are, and the newest one's number. */
  get count(): number {
    return this.table.rows - 1;
  }

  /** Memory taken. */
  get bytes(): number {
    return this.table.bytes + this.slabs.bytes + this.hashes.bytes;
  }

  /** Adds a version of the key whose newest one is `previous`. `revision` is at least that of the last added. */
  put(key: Key, value: Uint8Array, revision: number, previous: VersionNumber): VersionNumber {
    const fresh = previous === NO_VERSION || this.isDeleted(previous);
    const createRevision = fresh ? revision : this.createRevision(previous);
    const version = fresh ? 1 : this.version(previous) + 1;
    return this.append(key, value, { revision, createRevision, version }, previous);
  }

  remove(key: Key, revision: number, previous: VersionNumber): VersionNumber {
    return this.append(key, NO_BYTES, { revision, createRevision: 0, version: 0 }, previous);
  }

  /** Adds a version as `record` gave it out. */
  restore(record: Uint8Array, previous: VersionNumber): VersionNumber {
    const { revision, version } = recordHeader(record);
    this.slabs.reserve(record.length).bytes.set(record, this.slabs.lastOffset);
    return this.link(revision, version === 0, record.length, previous);
  }

  revision(number: VersionNumber): number {
    return (
      this.table.get(number, REVISION_LOW) + (this.table.get(number, REVISION_HIGH) & HIGH_BITS) * TWO_32
    );
  }

  isDeleted(number: VersionNumber): boolean {
    return this.table.get(number, REVISION_HIGH) >= DELETED;
  }

  createRevision(number: VersionNumber): number {
    return readCreateRevision(this.slab(number).view, this.offset(number));
  }

  version(number: VersionNumber): number {
    return readVersion(this.slab(number).view, this.offset(number));
  }

  /** A view, as all bytes that the log gives out. */
  key(number: VersionNumber): Buffer {
    const [{ bytes, view }, offset] = [this.slab(number), this.offset(number)];
    const from = offset + RECORD_HEADER_BYTES;
    return bytes.subarray(from, from + readKeyLength(view, offset));
  }

  value(number: VersionNumber): Buffer {
    const [{ bytes, view }, offset] = [this.slab(number), this.offset(number)];
    const from = offset + RECORD_HEADER_BYTES + readKeyLength(view, offset);
    return bytes.subarray(from, from + readValueLength(view, offset));
  }

  record(number: VersionNumber): Buffer {
    const [{ bytes, view }, offset] = [this.slab(number), this.offset(number)];
    return bytes.subarray(offset, offset + recordLength(view, offset));
  }

  /** Of the versions of one key, from `newest` back, the newest that was there at `revision`. */
  findAt(newest: VersionNumber, revision: number): VersionNumber {
    let number = newest;
    while (number !== NO_VERSION && this.revision(number) > revision) {
      const jump = this.table.get(number, JUMP);
      number = this.revision(jump) > revision ? jump : this.table.get(number, PREVIOUS);
    }
    return number;
  }

  /** How many versions were made up to `revision`. */
  countAt(revision: number): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.revision(middle) <= revision) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Over the first `count` records, one after another: CRC-32, 0 of none. */
  hash(count: number): number {
    return this.hashes.at(count);
  }

  /** The records from `from` up to `to`, those in one piece that lie one behind another. */
  private *runs(from: VersionNumber, to: VersionNumber): Generator<Uint8Array, void> {
    let first = from;
    while (first <= to) {
      const slab = this.table.get(first, SLAB);
      let last = first;
      // Versions in a row that share a slab touch in it.
      while (last < to && this.table.get(last + 1, SLAB) === slab) last += 1;
      const { bytes, view } = this.slabs.at(slab);
      const end = this.offset(last);
      yield bytes.subarray(this.offset(first), end + recordLength(view, end));
      first = last + 1;
    }
  }

  private append(
    key: Key,
    value: Uint8Array,
    { revision, createRevision, version }: Figures,
    previous: VersionNumber,
  ): VersionNumber {
    const [keyLength, valueLength] = [key.length, value.length];
    const length = RECORD_HEADER_BYTES + keyLength + valueLength;
    const { bytes, view } = this.slabs.reserve(length);
    const offset = this.slabs.lastOffset;
    writeHeader(view, offset, { revision, createRevision, version, keyLength, valueLength });
    bytes.write(key, offset + RECORD_HEADER_BYTES, keyLength, "latin1");
    bytes.set(value, offset + RECORD_HEADER_BYTES + keyLength);
    return this.link(revision, version === 0, length, previous);
  }

  /** Adds the row of the record that was reserved last. */
  private link(revision: number, deleted: boolean, length: number, previous: VersionNumber): VersionNumber {
    const { table } = this;
    const number = table.add();
    const { lastSlab, lastOffset } = this.slabs;
    table.set(number, REVISION_LOW, revision >>> 0);
    table.set(number, REVISION_HIGH, Math.floor(revision / TWO_32) + (deleted ? DELETED : 0));
    table.set(number, SLAB, lastSlab);
    table.set(number, OFFSET, lastOffset);
    table.set(number, PREVIOUS, previous);
    table.set(number, JUMP, this.jumpFrom(previous));
    table.set(number, DEPTH, table.get(previous, DEPTH) + 1);
    this.hashes.added(number, length);
    return number;
  }

  /** The jump pointer of the version after `previous`: jumps double where two of the same length meet. */
  private jumpFrom(previous: VersionNumber): VersionNumber {
    const { table } = this;
    const jump = table.get(previous, JUMP);
    const further = table.get(jump, JUMP);
    const depth = table.get(jump, DEPTH);
    const equal = table.get(previous, DEPTH) - depth === depth - table.get(further, DEPTH);
    return equal ? further : previous;
  }

  private slab(number: VersionNumber) {
    return this.slabs.at(this.table.get(number, SLAB));
  }

  private offset(number: VersionNumber): number {
    return this.table.get(number, OFFSET);
  }
}

interface Figures {
  readonly revision: number;
  readonly createRevision: number;
  readonly version: number;
}

const NO_BYTES = new Uint8Array(0);
