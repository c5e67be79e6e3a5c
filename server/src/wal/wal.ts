import type { Clock, Disk, DiskFile } from "../ports.js";
import type { Entry, HardState } from "../raft/entry.js";
import { encodeEntry, encodeHardState } from "./entry-codec.js";
import { WalError } from "./errors.js";
import { HEADER_BYTES, RECORD_TYPES, writeRecord, type Position } from "./record.js";
import { recover, type Repair, type Tail } from "./recovery.js";
import { SEGMENT_HEADER_BYTES, segmentHeader, segmentName, type WalIdentity } from "./segment.js";

export interface WalOptions {
  /** Size at which a segment is closed, in bytes; a single larger write gets a segment of its own. */
  readonly segmentBytes: number;
  readonly identity: WalIdentity;
  /** Told how long each sync of records took, in seconds of `clock`. */
  readonly syncs?: { readonly clock: Pick<Clock, "monotonicMs">; readonly onSync: (seconds: number) => void };
}

export interface WalBatch {
  readonly hardState: HardState | null;
  /** Consecutive; the first index is at most one behind the log's last. Replaces what is there from it on. */
  readonly entries: readonly Entry[];
}

export interface OpenedWal {
  readonly wal: Wal;
  readonly hardState: HardState;
  /** The whole log, from index 1 on. It and the hard state are durable. */
  readonly entries: Entry[];
  /** What was cut off a torn tail; null: nothing. */
  readonly repair: Repair | null;
}

export interface WalStats {
  readonly segments: number;
  /** Of all segments. */
  readonly bytes: number;
  readonly lastIndex: number;
  /** Writes of records since the log was opened; each had one sync. */
  readonly writes: number;
  readonly pendingBatches: number;
  readonly failed: boolean;
}

export const MAX_SEGMENT_BYTES = 1024 * 1024 * 1024;
export const MAX_BATCH_BYTES = 256 * 1024 * 1024;

/** Batches that wait are written together up to this size. */
const MAX_GROUP_BYTES = 16 * 1024 * 1024;
/** Writes up to this size are put together in one buffer that is used again and again: one is under way at a time. */
const SCRATCH_BYTES = 16 * 1024;
const NO_PAYLOAD = new Uint8Array(0);
const NOW = Promise.resolve();

interface PendingRecord {
  readonly type: number;
  readonly payload: Uint8Array;
}

/** Batches that are written together: one write, one sync, and one promise for all of them. */
class Group {
  readonly records: PendingRecord[] = [];
  bytes = 0;
  batches = 0;
  readonly durable: Promise<void>;
  resolve!: () => void;
  reject!: (error: WalError) => void;

  constructor() {
    this.durable = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  add(records: readonly PendingRecord[], bytes: number): void {
    for (const record of records) this.records.push(record);
    this.bytes += bytes;
    this.batches += 1;
  }
}

/** The write-ahead log of one member, in a directory to which nobody else writes. See README.md. */
export class Wal {
  private readonly disk: Disk;
  private readonly options: WalOptions;
  private file: DiskFile;
  private segment: number;
  private position: Position;
  private sealedBytes: number;
  private lastIndex: number;
  private hardState: HardState;
  /** In the order in which they will be written; batches join the last. */
  private waiting: Group[] = [];
  private flushing: Promise<void> | null = null;
  private failure: WalError | null = null;
  private closed = false;
  private writes = 0;
  private readonly scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

  private constructor(disk: Disk, options: WalOptions, tail: Tail, before: WalState) {
    this.disk = disk;
    this.options = options;
    this.file = tail.file;
    this.segment = tail.number;
    this.position = tail.position;
    this.sealedBytes = before.sealedBytes;
    this.lastIndex = before.entries.length;
    this.hardState = before.hardState;
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
    const recovered = await recover(disk, identity);
    const tail = recovered.tail ?? (await createSegment(disk, identity, 1, 0));
    const { hardState, entries, repair } = recovered;
    return { wal: new Wal(disk, options, tail, recovered), hardState, entries, repair };
  }

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
    this.hardState = batch.hardState ?? this.hardState;
    this.lastIndex = batch.entries.at(-1)?.index ?? this.lastIndex;
    const group = this.groupFor(bytes);
    group.add(records, bytes);
    this.flushing ??= this.flush();
    return group.durable;
  }

  stats(): WalStats {
    return {
      segments: this.segment,
      bytes: this.sealedBytes + this.position.offset,
      lastIndex: this.lastIndex,
      writes: this.writes,
      pendingBatches: this.waiting.reduce((sum, { batches }) => sum + batches, 0),
      failed: this.failure !== null,
    };
  }

  /** Waits for all that was appended, then lets go of the files. Rejects if the disk fails meanwhile. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.flushing;
    try {
      if (this.failure === null) await this.syncProof();
    } finally {
      await this.file.close();
    }
  }

  /** What Raft must never ask for; null: nothing of it. The log stops rather than record it. */
  private brokenInvariant({ hardState, entries }: WalBatch, bytes: number): string | null {
    const known = this.hardState;
    if (hardState !== null && hardState.term < known.term) {
      return `the term goes back from ${known.term} to ${hardState.term}`;
    }
    if (hardState?.term === known.term && known.vote !== null && hardState.vote !== known.vote) {
      return `the vote in term ${known.term} changes from ${known.vote} to ${hardState.vote}`;
    }
    const first = entries[0]?.index ?? 1;
    if (first < 1 || first > this.lastIndex + 1)
      return `entry ${first} does not follow entry ${this.lastIndex}`;
    const gap = entries.findIndex(({ index }, at) => index !== first + at);
    if (gap !== -1) return `entry ${entries[gap]?.index} stands where ${first + gap} belongs`;
    return bytes > MAX_BATCH_BYTES ? `it has ${bytes} bytes, the limit is ${MAX_BATCH_BYTES}` : null;
  }

  private groupFor(bytes: number): Group {
    const last = this.waiting.at(-1);
    if (last !== undefined && last.bytes + bytes <= MAX_GROUP_BYTES) return last;
    const group = new Group();
    this.waiting.push(group);
    return group;
  }

  /** Group commit: all that was appended while the last sync ran goes out as one write and one sync. */
  private async flush(): Promise<void> {
    let group: Group | undefined;
    try {
      // One turn of the microtask queue, so that batches appended together are written together.
      await NOW;
      for (group = this.waiting.shift(); group !== undefined; group = this.waiting.shift()) {
        if (group.bytes > 0) {
          if (this.isFull(group.bytes)) await this.roll();
          await this.write(group.records, group.bytes);
          const startMs = this.options.syncs?.clock.monotonicMs() ?? 0;
          await this.file.sync();
          this.synced(startMs);
        }
        group.resolve();
        if (this.waiting.length === 0 && this.position.durable === this.position.offset) {
          await this.writeProof();
        }
      }
    } catch (error) {
      if (group !== undefined) this.waiting.unshift(group);
      const text = error instanceof Error ? error.message : String(error);
      // No second try: after a failed sync the kernel may have dropped the pages, and would say "done".
      this.fail(
        new WalError(`the disk failed, the log is unusable until a restart: ${text}`, { cause: error }),
      );
    } finally {
      this.flushing = null;
    }
  }

  private isFull(bytes: number): boolean {
    const { offset } = this.position;
    return offset > SEGMENT_HEADER_BYTES && offset + bytes > this.options.segmentBytes;
  }

  private synced(startMs: number): void {
    this.options.syncs?.onSync((this.options.syncs.clock.monotonicMs() - startMs) / 1000);
    const { offset, previous } = this.position;
    this.position = { offset, previous, durable: offset };
    this.writes++;
  }

  /** `bytes`: of all records, headers included. */
  private write(records: readonly PendingRecord[], bytes: number): Promise<void> {
    const start = this.position.offset;
    const image = bytes <= SCRATCH_BYTES ? this.scratch.subarray(0, bytes) : Buffer.allocUnsafe(bytes);
    for (const { type, payload } of records) {
      this.position = writeRecord(image, this.position.offset - start, this.position, type, payload);
    }
    return this.file.write([image], start);
  }

  /**
   * Records that everything before is synced. Not synced itself: the kernel writes it out in its own
   * time, or the next sync does. recovery.ts says what it is good for.
   */
  private writeProof(): Promise<void> {
    return this.write([{ type: RECORD_TYPES.synced, payload: NO_PAYLOAD }], HEADER_BYTES);
  }

  private async syncProof(): Promise<void> {
    if (this.position.durable < this.position.offset) await this.file.sync();
  }

  private async roll(): Promise<void> {
    // The next segment's header names this one's last record, which therefore must not get lost.
    await this.syncProof();
    const { identity } = this.options;
    const next = await createSegment(this.disk, identity, this.segment + 1, this.position.previous);
    await this.file.close();
    this.sealedBytes += this.position.offset;
    this.file = next.file;
    this.segment = next.number;
    this.position = next.position;
  }

  private fail(error: WalError): WalError {
    this.failure ??= error;
    for (const group of this.waiting.splice(0)) group.reject(this.failure);
    return this.failure;
  }
}

interface WalState {
  readonly hardState: HardState;
  readonly entries: readonly Entry[];
  readonly sealedBytes: number;
}

/** An empty segment, with its header and its name durable. */
async function createSegment(
  disk: Disk,
  identity: WalIdentity,
  number: number,
  previous: number,
): Promise<Tail> {
  const file = await disk.open(segmentName(number), "create-exclusive");
  const { bytes, crc } = segmentHeader(identity, number, previous);
  await file.write([bytes], 0);
  await file.sync();
  await disk.syncDirectory();
  return { file, number, position: { offset: bytes.length, previous: crc, durable: bytes.length } };
}

/** The hard state first: an entry must not outlive a tear that takes the term it came with. */
function encodeBatch({ hardState, entries }: WalBatch): PendingRecord[] {
  const records: PendingRecord[] = [];
  if (hardState !== null) {
    records.push({ type: RECORD_TYPES.hardState, payload: encodeHardState(hardState) });
  }
  for (const entry of entries) records.push({ type: RECORD_TYPES.entry, payload: encodeEntry(entry) });
  return records;
}
