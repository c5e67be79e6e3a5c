import type { Clock, Disk } from "../ports.js";
import type { Entry, HardState } from "../raft/entry.js";
import { beginAnew } from "./begin-anew.js";
import { WalError } from "./errors.js";
import { Group, encodeBatch, pointAfter, type PendingRecord, type WalBatch } from "./group.js";
import type { LastConfiguration } from "./last-configuration.js";
import { POINT_BYTES, START, encodePoint, type LogPoint } from "./log-point.js";
import { beginSegment, type OpenSegment } from "./new-segment.js";
import { NextSegment } from "./next-segment.js";
import { HEADER_BYTES, RECORD_TYPES, writeRecord, type Position } from "./record.js";
import { readIdentity, readLog, type ReadLog, type SealedSegment } from "./read-log.js";
import { GOES_ON_BYTES, encodeGoesOn, segmentName, segmentNumbers } from "./segment.js";
import type { WalIdentity } from "./segment.js";
import { settle, type Repair } from "./settle.js";

export interface WalOptions {
  /** Of each segment, in bytes; a single larger write gets a larger one. */
  readonly segmentBytes: number;
  readonly identity: WalIdentity;
  readonly clock: Pick<Clock, "monotonicMs" | "after">;
  /** Told how long each durable write of records took, in seconds of `clock`. */
  readonly onSync?: (seconds: number) => void;
  /** The disk has no room for the next segment, or has it again. Appends go on as long as the present one has room. */
  readonly onSpace?: (full: boolean) => void;
  /** The disk failed, once: also behind the scenes, where no append is there to be rejected, and perhaps none will come. */
  readonly onFailure?: (error: WalError) => void;
}

export interface OpenedWal {
  readonly wal: Wal;
  readonly hardState: HardState;
  /** Those that the log still holds, without gaps, from `firstIndex` on. They and the hard state are durable. */
  readonly entries: Entry[];
  /** Of the first entry, whether it is there yet or not. What was before it is covered by a state. */
  readonly firstIndex: number;
  readonly lastIndex: number;
  /** Of the state that belongs to this log; 0 until a snapshot or a new beginning names another. */
  readonly generation: number;
  readonly configuration: LastConfiguration;
  /** What was cut off a torn tail; null: nothing. */
  readonly repair: Repair | null;
}

export interface WalStats {
  readonly segments: number;
  /** On disk, of all segments. */
  readonly bytes: number;
  /** Of all records that were written since the log was opened. */
  readonly writtenBytes: number;
  readonly lastIndex: number;
  /** Durable writes of records since the log was opened. */
  readonly writes: number;
  readonly pendingBatches: number;
  readonly failed: boolean;
}

export const MAX_SEGMENT_BYTES = 1024 * 1024 * 1024;
export const MAX_BATCH_BYTES = 256 * 1024 * 1024;

/** Batches that wait are written together up to this size. */
const MAX_GROUP_BYTES = 4 * 1024 * 1024;
/** Writes up to this size are put together in one buffer that is used again and again: one is under way at a time. */
const SCRATCH_BYTES = 16 * 1024;
/** A `synced` record. */
const PROOF_BYTES = HEADER_BYTES + POINT_BYTES;
/** So long after a write it is proved by itself, unless another came and began with the proof. */
const PROOF_DELAY_MS = 10;
const NOW = Promise.resolve();

/** The write-ahead log of one member, in a directory to which nobody else writes. See README.md. */
export class Wal {
  private readonly disk: Disk;
  private readonly options: WalOptions;
  private readonly next: NextSegment;
  private readonly sealed: SealedSegment[];
  private segment: OpenSegment;
  private position: Position;
  /** The highest entry in this segment. */
  private highestIndex: number;
  /** The last durable record repeats where the log stands. */
  private isPointLast: boolean;
  private cancelProof: () => void = () => undefined;
  /** Where the log stands after what was written, and after what was appended. */
  private written: LogPoint;
  private appended: LogPoint;
  /** No entry can come at it or before: it belongs to a snapshot. */
  private floorIndex: number;
  /** In the order in which they will be written; batches join the last. */
  private waiting: Group[] = [];
  private flushing: Promise<void> | null = null;
  private compacting: Promise<void> | null = null;
  private firstKept = 0;
  private failure: WalError | null = null;
  private closed = false;
  private writes = 0;
  private writtenBytes = 0;
  private readonly scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

  private constructor(disk: Disk, options: WalOptions, segment: OpenSegment, log: ReadLog) {
    this.disk = disk;
    this.options = options;
    this.segment = segment;
    this.position = segment.position;
    this.isPointLast = log.tail?.isPointLast ?? true;
    this.sealed = [...log.sealed];
    this.highestIndex = log.tail?.highestIndex ?? 0;
    this.written = log.point;
    this.appended = log.point;
    this.floorIndex = log.floorIndex;
    this.next = new NextSegment(disk, {
      ...options,
      onFailure: (error) => void this.failOn(error),
    });
  }

  /**
   * Reads the log back, or begins one where the directory holds none. Rejects with WalCorruption for a
   * damaged log, with WalError for one that is not this member's, and with the disk's own errors.
   */
  static async open(disk: Disk, options: WalOptions): Promise<OpenedWal> {
    const { segmentBytes, identity } = options;
    if (!Number.isSafeInteger(segmentBytes) || segmentBytes < 1 || segmentBytes > MAX_SEGMENT_BYTES) {
      throw new WalError(
        `segmentBytes is ${segmentBytes}; it must be a whole number up to ${MAX_SEGMENT_BYTES}`,
      );
    }
    const log = await readLog(disk, identity);
    let segment = await settle(disk, log);
    if (segment === null) {
      const number = 1 + (segmentNumbers(await disk.list()).damaged.at(-1) ?? 0);
      segment = await beginSegment(disk, { identity, number, begins: true, point: START }, segmentBytes);
    }
    const wal = new Wal(disk, options, segment, log);
    wal.next.prepare();
    const { point, entries, firstIndex, configuration, tail } = log;
    const { hardState, lastIndex, generation } = point;
    const tornBytes = tail?.tornBytes ?? 0;
    const repair = tornBytes > 0 ? { tornBytes, segment: segmentName(segment.number) } : null;
    return { wal, hardState, entries, firstIndex, lastIndex, generation, configuration, repair };
  }

  static readonly beginAnew = beginAnew;
  static readonly readIdentity = readIdentity;

  /**
   * Resolves once the batch and all before it are durable, in the order of the calls. Rejects with
   * WalError when the disk fails or the batch breaks an invariant; from then on every call does.
   */
  append(batch: WalBatch): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure);
    if (this.closed) return Promise.reject(new WalError("the log is closed"));
    const records = encodeBatch(batch);
    let bytes = 0;
    for (const { payload } of records) bytes += HEADER_BYTES + payload.length;
    const fault = this.brokenInvariant(batch, bytes);
    if (fault !== null) return Promise.reject(this.fail(new WalError(`refused to log a batch: ${fault}`)));
    this.appended = pointAfter(this.appended, batch);
    this.floorIndex = batch.snapshot?.mark.index ?? this.floorIndex;
    const group = this.groupFor(bytes);
    group.add(records, bytes, this.appended, batch.entries.at(-1)?.index ?? 0);
    this.flushing ??= this.flush();
    return group.durable;
  }

  /**
   * Removes segments whose entries all lie before `firstKept`, the oldest first, never the one in use. The caller has
   * a durable state of at least `firstKept - 1`. Appends go on meanwhile.
   */
  compact(firstKept: number): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure);
    this.firstKept = Math.max(this.firstKept, firstKept);
    return (this.compacting ??= this.removeOldest());
  }

  stats(): WalStats {
    return {
      segments: this.sealed.length + 1,
      bytes: this.sealed.reduce((sum, { bytes }) => sum + bytes, this.segment.capacityBytes),
      writtenBytes: this.writtenBytes,
      lastIndex: this.appended.lastIndex,
      writes: this.writes,
      pendingBatches: this.waiting.reduce((sum, { batches }) => sum + batches, 0),
      failed: this.failure !== null,
    };
  }

  /** Waits for all that was appended, then lets go of the files. Rejects if the disk fails meanwhile. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.next.stop();
    this.cancelProof();
    await this.flushing;
    await this.compacting?.catch(() => undefined);
    await this.next.close();
    try {
      if (this.failure === null) await this.prove();
    } finally {
      await this.segment.file.close();
    }
  }

  /** What Raft must never ask for; null: nothing of it. The log stops rather than record it. */
  private brokenInvariant({ hardState, snapshot, entries }: WalBatch, bytes: number): string | null {
    const known = this.appended.hardState;
    if (hardState !== null && hardState.term < known.term) {
      return `the term goes back from ${known.term} to ${hardState.term}`;
    }
    if (hardState?.term === known.term && known.vote !== null && hardState.vote !== known.vote) {
      return `the vote in term ${known.term} changes from ${known.vote} to ${hardState.vote}`;
    }
    const lastIndex = snapshot?.mark.index ?? this.appended.lastIndex;
    const floorIndex = snapshot?.mark.index ?? this.floorIndex;
    if (floorIndex < this.floorIndex)
      return `a snapshot of entry ${floorIndex} comes after one of entry ${this.floorIndex}`;
    const first = entries[0]?.index ?? lastIndex + 1;
    if (first <= floorIndex) return `entry ${first} lies before the beginning of the log`;
    if (first > lastIndex + 1) return `entry ${first} does not follow entry ${lastIndex}`;
    const gap = entries.findIndex(({ index }, at) => index !== first + at);
    if (gap !== -1) return `entry ${entries[gap]?.index} stands where ${first + gap} belongs`;
    return bytes > MAX_BATCH_BYTES ? `it has ${bytes} bytes, the limit is ${MAX_BATCH_BYTES}` : null;
  }

  private groupFor(bytes: number): Group {
    const last = this.waiting.at(-1);
    if (last !== undefined && last.bytes + bytes <= MAX_GROUP_BYTES) return last;
    const group = new Group(this.appended);
    this.waiting.push(group);
    return group;
  }

  /**
   * Group commit: all that was appended while the last write was under way goes out as one durable write. `first`: what
   * to write before.
   */
  private async flush(first = NOW): Promise<void> {
    this.cancelProof();
    let group: Group | undefined;
    try {
      // One turn of the microtask queue at least, so that batches appended together are written together.
      await first;
      for (group = this.waiting.shift(); group !== undefined; group = this.waiting.shift()) {
        if (group.bytes > 0) await this.writeGroup(group);
        group.resolve();
        if (this.waiting.length === 0) this.proveLater();
      }
    } catch (error) {
      if (group !== undefined) this.waiting.unshift(group);
      this.failOn(error);
    } finally {
      this.flushing = null;
    }
  }

  private async writeGroup(group: Group): Promise<void> {
    if (!this.hasRoomFor(group.bytes)) await this.roll(group.bytes);
    // It begins with the proof of the write before, also where that stands there already: that was not synced.
    const records = this.isPointLast ? group.records : [this.proof(), ...group.records];
    const startMs = this.options.clock.monotonicMs();
    await this.write(records, group.bytes + (this.isPointLast ? 0 : PROOF_BYTES));
    this.options.onSync?.((this.options.clock.monotonicMs() - startMs) / 1000);
    this.isPointLast = false;
    this.written = group.point;
    this.highestIndex = Math.max(this.highestIndex, group.highestIndex);
    this.writes++;
  }

  private hasRoomFor(bytes: number): boolean {
    const proofBytes = this.isPointLast ? PROOF_BYTES : 2 * PROOF_BYTES;
    return this.position.offset + bytes + proofBytes <= this.segment.capacityBytes - GOES_ON_BYTES;
  }

  /** Durably. `bytes`: of all records, headers included. */
  private async write(records: readonly PendingRecord[], bytes: number): Promise<void> {
    const start = this.position.offset;
    const image = bytes <= SCRATCH_BYTES ? this.scratch.subarray(0, bytes) : Buffer.allocUnsafe(bytes);
    for (const { type, payload } of records) {
      this.position = writeRecord(image, this.position.offset - start, this.position, type, payload);
    }
    this.writtenBytes += bytes;
    await this.segment.file.writeDurably([image], start);
    const { offset, previous } = this.position;
    this.position = { offset, previous, durable: offset };
  }

  /** Says that everything before is synced, and where the log stands. read-log.ts says what it is good for. */
  private proof(): PendingRecord {
    return { type: RECORD_TYPES.synced, payload: encodePoint(this.written) };
  }

  private get hasRoomForProof(): boolean {
    return this.position.offset + PROOF_BYTES <= this.segment.capacityBytes - GOES_ON_BYTES;
  }

  private proveLater(): void {
    if (this.isPointLast || this.closed || this.failure !== null) return;
    this.cancelProof = this.options.clock.after(PROOF_DELAY_MS, () => {
      this.flushing ??= this.flush(this.proveInPassing());
    });
  }

  /**
   * Not synced: the kernel writes it out in its own time. So it does not count as written: the next write begins with
   * it again, with the same bytes at the same place.
   */
  private async proveInPassing(): Promise<void> {
    if (!this.hasRoomForProof) return;
    const { type, payload } = this.proof();
    const image = this.scratch.subarray(0, PROOF_BYTES);
    writeRecord(image, 0, this.position, type, payload);
    await this.segment.file.write([image], this.position.offset);
  }

  private async prove(): Promise<void> {
    if (this.isPointLast || !this.hasRoomForProof) return;
    await this.write([this.proof()], PROOF_BYTES);
    this.isPointLast = true;
  }

  /** Goes on in the next segment, in which a write of `bytes` and its proof have room. */
  private async roll(bytes: number): Promise<void> {
    // The next segment's head names this one's last record. A proof that was written in passing is not to be taken for it.
    await this.prove();
    const { file, number, capacityBytes } = this.segment;
    const { offset, previous } = this.position;
    const head = { identity: this.options.identity, number: number + 1, begins: false, point: this.written };
    this.segment = await this.next.take(head, previous, bytes + PROOF_BYTES);
    try {
      // Nothing counts in the next segment before this one says that it is there.
      await file.write([encodeGoesOn({ offset, previous })], offset);
      await file.sync();
    } finally {
      await file.close();
    }
    this.sealed.push({ number, bytes: capacityBytes, highestIndex: this.highestIndex });
    this.position = this.segment.position;
    this.highestIndex = 0;
    this.isPointLast = true;
    this.next.prepare();
  }

  private async removeOldest(): Promise<void> {
    try {
      // Not within the call: what ends there would be forgotten before it is noted as under way, and noted for ever.
      await NOW;
      for (;;) {
        const [oldest] = this.sealed;
        if (oldest === undefined || oldest.highestIndex >= this.firstKept || this.failure !== null) return;
        await this.disk.remove(segmentName(oldest.number));
        // One after another, or a power cut could leave an older one without a newer.
        await this.disk.syncDirectory();
        this.sealed.shift();
      }
    } catch (error) {
      throw this.failOn(error);
    } finally {
      this.compacting = null;
    }
  }

  private failOn(error: unknown): WalError {
    const text = error instanceof Error ? error.message : String(error);
    // What was under way when it failed first fails now, too.
    if (this.failure !== null) return this.fail(this.failure);
    // No second try: after a failed sync the kernel may have dropped the pages, and would say "done".
    const failure = this.fail(
      new WalError(`the disk failed, the log is unusable until a restart: ${text}`, { cause: error }),
    );
    this.options.onFailure?.(failure);
    return failure;
  }

  private fail(error: WalError): WalError {
    this.failure ??= error;
    this.cancelProof();
    for (const group of this.waiting.splice(0)) group.reject(this.failure);
    return this.failure;
  }
}
