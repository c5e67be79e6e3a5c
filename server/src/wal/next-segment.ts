import type { Clock, Disk } from "../ports.js";
import { WalError } from "./errors.js";
import { PREPARED_NAME, prepareFile, removePrepared, writeHead } from "./new-segment.js";
import type { NewSegment, OpenSegment, PreparedFile } from "./new-segment.js";
import { GOES_ON_BYTES, SEGMENT_HEAD_BYTES, segmentName } from "./segment.js";

/** A full disk is tried again so often. */
const RETRY_MS = 1000;

export interface NextSegmentOptions {
  readonly segmentBytes: number;
  readonly clock: Pick<Clock, "after">;
  readonly onSpace?: (full: boolean) => void;
  /** Any other error of the disk. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Has the next segment ready before it is needed. Where the disk has no room for it, it gives back what it took and
 * tries again later; who needs the segment waits.
 */
export class NextSegment {
  private readonly disk: Disk;
  private readonly options: NextSegmentOptions;
  private preparing: Promise<PreparedFile> | null = null;
  private full = false;
  private stopped = false;
  private wake: () => void = () => undefined;

  constructor(disk: Disk, options: NextSegmentOptions) {
    this.disk = disk;
    this.options = options;
  }

  /** Begins in the background. */
  prepare(): void {
    if (this.stopped) return;
    this.preparing ??= this.make(this.options.segmentBytes);
    this.preparing.catch((error: unknown) => {
      if (!(error instanceof Stopped)) this.options.onFailure(error);
    });
  }

  /** The next segment, with room for `bytes` behind its head. Waits while the disk is full; rejects when stopped then. */
  async take(head: NewSegment, previous: number, bytes: number): Promise<OpenSegment> {
    const least = SEGMENT_HEAD_BYTES + bytes + GOES_ON_BYTES;
    try {
      let prepared = await (this.preparing ??= this.make(least));
      if (prepared.bytes < least) {
        await prepared.file.close();
        prepared = await this.make(least);
      }
      const position = await writeHead(prepared, head, previous);
      await this.untilSpace(() => this.disk.rename(PREPARED_NAME, segmentName(head.number)));
      await this.disk.syncDirectory();
      return { file: prepared.file, number: head.number, capacityBytes: prepared.bytes, position };
    } finally {
      this.preparing = null;
    }
  }

  /** Nobody waits for room any more, now or later. A segment that is being made is finished. */
  stop(): void {
    this.stopped = true;
    this.wake();
  }

  /** Lets go of the segment that nobody took. */
  async close(): Promise<void> {
    const prepared = await this.preparing?.catch(() => null);
    await prepared?.file.close();
  }

  private make(bytes: number): Promise<PreparedFile> {
    return this.untilSpace(async () => {
      await removePrepared(this.disk);
      try {
        return await prepareFile(this.disk, bytes);
      } catch (error) {
        // Others need the room meanwhile: a checkpoint, which makes more of it.
        if (isNoSpace(error)) await removePrepared(this.disk);
        throw error;
      }
    });
  }

  private async untilSpace<Value>(attempt: () => Promise<Value>): Promise<Value> {
    for (;;) {
      try {
        const value = await attempt();
        this.tellSpace(false);
        return value;
      } catch (error) {
        if (!isNoSpace(error)) throw error;
      }
      this.tellSpace(true);
      await this.pause();
    }
  }

  private tellSpace(full: boolean): void {
    if (full === this.full) return;
    this.full = full;
    this.options.onSpace?.(full);
  }

  private pause(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.stopped) return reject(new Stopped());
      const cancel = this.options.clock.after(RETRY_MS, resolve);
      this.wake = () => {
        cancel();
        reject(new Stopped());
      };
    });
  }
}

/** The log was closed while no segment was ready. */
class Stopped extends WalError {
  constructor() {
    super("the log was closed while the disk had no room for it");
  }
}

function isNoSpace(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return code === "ENOSPC" || code === "EDQUOT";
}
