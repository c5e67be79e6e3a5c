import { crc32 } from "../checksum.js";
import { WordTable } from "./word-table.js";

/** Raised when equal states come to other hashes than before, those of KvStore.stateHash too: hashes of two kinds cannot be compared. */
export const HASH_FORMAT = 1;

const COUNT = 0;
const HASH = 1;

/** How many records, or bytes, may be added before the hash is taken of them: few calls, and none that takes long. */
const RECORDS_PER_MARK = 64;
const BYTES_PER_MARK = 256 * 1024;

/**
 * CRC-32 over all records one after another, as of any number of them: noted now and then, and taken from the last
 * note on where it is asked for. So adding a record costs a small part of a call.
 */
export class RollingHash {
  private readonly marks = new WordTable(2);
  private readonly runs: (from: number, to: number) => Iterable<Uint8Array>;
  private markedCount = 0;
  private bytesSince = 0;

  /** `runs`: the bytes of the records from number `from` up to `to`, numbers from 1, in as few pieces as can be. */
  constructor(runs: (from: number, to: number) => Iterable<Uint8Array>) {
    this.runs = runs;
    this.mark(0, 0);
  }

  get bytes(): number {
    return this.marks.bytes;
  }

  /** Tells it of the record `count`, which is there. */
  added(count: number, bytes: number): void {
    this.bytesSince += bytes;
    if (count - this.markedCount < RECORDS_PER_MARK && this.bytesSince < BYTES_PER_MARK) return;
    this.mark(count, this.at(count));
  }

  /** Over the first `count` records. */
  at(count: number): number {
    const mark = this.lastMark(count);
    let hash = this.marks.get(mark, HASH);
    for (const run of this.runs(this.marks.get(mark, COUNT) + 1, count)) hash = crc32(run, hash);
    return hash;
  }

  private mark(count: number, hash: number): void {
    const row = this.marks.add();
    this.marks.set(row, COUNT, count);
    this.marks.set(row, HASH, hash);
    this.markedCount = count;
    this.bytesSince = 0;
  }

  private lastMark(count: number): number {
    let [low, high] = [0, this.marks.rows - 1];
    // Most want the newest.
    if (this.markedCount <= count) return high;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.marks.get(middle, COUNT) <= count) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
