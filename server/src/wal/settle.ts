import type { Disk } from "../ports.js";
import { removePrepared, type OpenSegment } from "./new-segment.js";
import type { ReadLog, ReadTail, SegmentEnd } from "./read-log.js";
import { damagedName, encodeGoesOn, segmentName, segmentNumbers } from "./segment.js";

/** What was cut off: at most the one write that was in flight when the power went, never acknowledged. */
export interface Repair {
  readonly tornBytes: number;
  readonly segment: string;
}

/** Segments that were given up are kept for people: so many of the newest. */
const KEPT_DAMAGED = 4;

/** Puts the directory in order after what was read from it. */
export async function settle(disk: Disk, log: ReadLog): Promise<OpenSegment | null> {
  await removePrepared(disk);
  const tail = log.tail === null ? null : await settleTail(disk, log.tail);
  if (log.unfinished !== null) await finish(disk, log.unfinished);
  await putAside(disk, log.superseded);
  return tail;
}

/**
 * Makes durable what was read, which a killed process may have left in the page cache: the caller
 * takes it as persisted. The last write is written once more, byte for byte, because after a failed
 * sync the kernel may hold pages as clean that never reached the disk, and a sync alone skips those.
 * What is left of a torn write becomes zeros, so that the rest of the segment stays as it was prepared.
 */
async function settleTail(disk: Disk, tail: ReadTail): Promise<OpenSegment> {
  const { number, image, end, chain, durable, tornBytes } = tail;
  const file = await disk.open(segmentName(number), "read-write");
  await file.write([image.subarray(durable, end), Buffer.alloc(tornBytes)], durable);
  await file.sync();
  await disk.syncDirectory();
  const position = { offset: end, previous: chain, durable: end };
  return { file, number, capacityBytes: image.length, position };
}

/** The name of the next segment is durable by now. */
async function finish(disk: Disk, { number, end, chain }: SegmentEnd): Promise<void> {
  const file = await disk.open(segmentName(number), "read-write");
  await file.write([encodeGoesOn({ offset: end, previous: chain })], end);
  await file.sync();
  await file.close();
}

/** Segments from before the log began anew. A crash in between leaves the rest for the next time. */
async function putAside(disk: Disk, superseded: readonly number[]): Promise<void> {
  for (const number of superseded) await disk.rename(segmentName(number), damagedName(number));
  const { damaged } = segmentNumbers(await disk.list());
  const old = damaged.slice(0, -KEPT_DAMAGED);
  for (const number of old) await disk.remove(damagedName(number));
  if (superseded.length + old.length > 0) await disk.syncDirectory();
}
