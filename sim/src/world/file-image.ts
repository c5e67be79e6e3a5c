import type { Stream } from "./random.js";

/** What a disk writes whole or not at all. */
export const SECTOR_BYTES = 512;

/** What a file system hands out at once. */
const BLOCK_BYTES = 4096;

const FIRST_CAPACITY_BYTES = 16 * 1024;

/** A sync under way: what it will have made durable. */
export interface Flush {
  /** Pairs: from, to. */
  readonly ranges: readonly number[];
  readonly size: number;
  readonly bytes: number;
  /** Syncs of a file ascend. */
  readonly number: number;
}

/** What a power cut took of a file. */
export interface Losses {
  lostBytes: number;
  tornWrites: number;
}

/**
 * A file twice: as readers see it (the page cache), and as the medium has it. Writes go to the cache alone and are
 * remembered as ranges; a sync copies just these. Bytes behind the end are zero in both.
 */
export class FileImage {
  size = 0;
  durableSize = 0;
  private cache: Buffer = Buffer.alloc(0);
  private medium: Buffer = Buffer.alloc(0);
  /** Written, and not part of any sync yet. */
  private dirty: number[] = [];
  /** Syncs that have not ended. */
  private flushes: Flush[] = [];
  private begun = 0;
  /** The newest sync that has ended. */
  private ended = 0;
  /** Sectors that the medium cannot read, until they are written again. */
  private readonly unreadable = new Set<number>();

  /** Bytes up to here need no new space. */
  get allocated(): number {
    return Math.ceil(this.size / BLOCK_BYTES) * BLOCK_BYTES;
  }

  get hasUnreadable(): boolean {
    return this.unreadable.size > 0;
  }

  /** Whether the range meets a bad sector that is not in the cache. */
  isUnreadable(from: number, to: number): boolean {
    for (const sector of this.unreadable) {
      if (sector * SECTOR_BYTES < to && (sector + 1) * SECTOR_BYTES > from) return true;
    }
    return false;
  }

  read(into: Uint8Array, offset: number): number {
    const end = Math.min(this.size, offset + into.length);
    if (end <= offset) return 0;
    into.set(this.cache.subarray(offset, end), 0);
    return end - offset;
  }

  write(parts: readonly Uint8Array[], offset: number): void {
    let end = offset;
    for (const part of parts) end += part.length;
    this.reserve(end);
    let at = offset;
    for (const part of parts) {
      this.cache.set(part, at);
      at += part.length;
    }
    if (end > this.size) this.size = end;
    if (end > offset) this.markDirty(offset, end);
  }

  truncate(length: number): void {
    this.reserve(length);
    if (length < this.size) {
      this.cache.fill(0, length, this.size);
      this.markDirty(length, this.size);
    }
    this.size = length;
  }

  /** Of all that was written, or of the sectors alone that the bytes [from, to) touch. */
  beginSync(only: readonly [number, number] | null): Flush {
    const from = Math.floor((only?.[0] ?? 0) / SECTOR_BYTES) * SECTOR_BYTES;
    const to = Math.ceil((only?.[1] ?? Infinity) / SECTOR_BYTES) * SECTOR_BYTES;
    const ranges = within(this.dirty, from, to);
    this.dirty = [...within(this.dirty, 0, from), ...within(this.dirty, to, Infinity)];
    let bytes = 0;
    for (let at = 0; at < ranges.length; at += 2) bytes += (ranges[at + 1] ?? 0) - (ranges[at] ?? 0);
    const flush = { ranges, size: this.size, bytes, number: ++this.begun };
    this.flushes.push(flush);
    return flush;
  }

  /** Does nothing if the power went since. */
  finishSync(flush: Flush): void {
    if (!this.forget(flush)) return;
    this.growMedium();
    // A sync of an earlier life may end after one of this life: the length that it knows is an old one.
    if (flush.number > this.ended) {
      this.ended = flush.number;
      if (flush.size < this.durableSize) this.medium.fill(0, flush.size, this.durableSize);
      this.durableSize = flush.size;
    }
    const { ranges } = flush;
    for (let at = 0; at < ranges.length; at += 2) {
      this.copyToMedium(ranges[at] ?? 0, Math.min(ranges[at + 1] ?? 0, this.durableSize));
    }
  }

  /** As Linux has it: the pages count as clean from then on, though the medium does not have them. */
  failSync(flush: Flush): void {
    this.forget(flush);
  }

  /** The power goes: of what was not synced, sectors survive all, none, in order up to some point, or by chance. */
  losePower(random: Stream, losses: Losses): void {
    const ranges = [...this.flushes.flatMap((flush) => flush.ranges), ...this.dirty];
    this.growMedium();
    const mode = random.below(4);
    const lastSector = Math.floor(Math.max(this.size, this.durableSize) / SECTOR_BYTES);
    const upTo = random.below(lastSector + 2);
    const decided = new Map<number, boolean>();
    for (let at = 0; at < ranges.length; at += 2) {
      const [from, to] = [ranges[at] ?? 0, ranges[at + 1] ?? 0];
      let kept = 0;
      let lost = 0;
      for (let sector = Math.floor(from / SECTOR_BYTES); sector * SECTOR_BYTES < to; sector++) {
        let keeps = decided.get(sector);
        if (keeps === undefined) {
          keeps = mode === 1 || (mode === 2 && sector < upTo) || (mode === 3 && random.below(2) === 0);
          decided.set(sector, keeps);
        }
        const [low, high] = [sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES];
        const bytes = Math.min(high, to) - Math.max(low, from);
        if (keeps) kept += bytes;
        else lost += bytes;
        if (keeps) this.copyToMedium(low, Math.min(high, this.medium.length));
      }
      losses.lostBytes += lost;
      if (kept > 0 && lost > 0) losses.tornWrites++;
    }
    this.settleLength(random, ranges.length > 0);
    this.flushes = [];
    this.dirty = [];
    this.cache = Buffer.from(this.medium);
    this.size = this.durableSize;
  }

  /** Flips one bit of what is durable, seen by readers as well: the page was not in the cache. */
  flipBit(offset: number, bit: number): void {
    for (const bytes of [this.medium, this.cache]) bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit);
  }

  /** The end is gone from the medium, seen by readers as well; nobody has the file open. */
  cutOff(length: number): void {
    for (const bytes of [this.medium, this.cache]) bytes.fill(0, length);
    const clip = (ranges: readonly number[]): number[] => ranges.map((at) => Math.min(at, length));
    this.dirty = clip(this.dirty);
    this.flushes = [];
    this.size = Math.min(this.size, length);
    this.durableSize = Math.min(this.durableSize, length);
  }

  spoil(sector: number): void {
    this.unreadable.add(sector);
  }

  isSpoilt(sector: number): boolean {
    return this.unreadable.has(sector);
  }

  /** The bytes on the medium, as a power cut at this moment leaves at least; for tests and damage. */
  durableBytes(): Buffer {
    return this.medium.subarray(0, this.durableSize);
  }

  /** Where the durable bytes end that are not zero: what is made ready for later writes does not count. */
  get durableExtent(): number {
    let end = this.durableSize;
    while (end > 0 && this.medium[end - 1] === 0) end--;
    return end;
  }

  /** The new length may have reached the medium, or one between; what grew without its bytes reads as zeros. */
  private settleLength(random: Stream, wasWritten: boolean): void {
    if (!wasWritten && this.size === this.durableSize) return;
    const [low, high] = [Math.min(this.size, this.durableSize), Math.max(this.size, this.durableSize)];
    const how = random.below(3);
    const length = how === 0 ? this.size : how === 1 ? this.durableSize : low + random.below(high - low + 1);
    this.medium.fill(0, length);
    this.durableSize = length;
  }

  private copyToMedium(from: number, to: number): void {
    if (to <= from) return;
    this.cache.copy(this.medium, from, from, to);
    if (this.unreadable.size === 0) return;
    for (let sector = Math.floor(from / SECTOR_BYTES); sector * SECTOR_BYTES < to; sector++) {
      this.unreadable.delete(sector);
    }
  }

  private markDirty(from: number, to: number): void {
    const { dirty } = this;
    const last = dirty.length - 1;
    // A log grows at its end: the range before just becomes longer.
    if (last > 0 && (dirty[last] ?? 0) >= from && (dirty[last - 1] ?? 0) <= from) {
      if (to > (dirty[last] ?? 0)) dirty[last] = to;
    } else {
      dirty.push(from, to);
    }
  }

  private reserve(bytes: number): void {
    if (bytes <= this.cache.length) return;
    const grown = Buffer.alloc(Math.max(FIRST_CAPACITY_BYTES, 2 ** Math.ceil(Math.log2(bytes))));
    this.cache.copy(grown);
    this.cache = grown;
  }

  private growMedium(): void {
    if (this.medium.length >= this.cache.length) return;
    const grown = Buffer.alloc(this.cache.length);
    this.medium.copy(grown);
    this.medium = grown;
  }

  private forget(flush: Flush): boolean {
    const at = this.flushes.indexOf(flush);
    if (at !== -1) this.flushes.splice(at, 1);
    return at !== -1;
  }
}

/** Those parts of `ranges` that lie between. */
function within(ranges: readonly number[], from: number, to: number): number[] {
  const parts: number[] = [];
  for (let at = 0; at < ranges.length; at += 2) {
    const [low, high] = [Math.max(from, ranges[at] ?? 0), Math.min(to, ranges[at + 1] ?? 0)];
    if (low < high) parts.push(low, high);
  }
  return parts;
}
