import type { Disk, DiskFile } from "../ports.js";
import type { Position } from "./record.js";
import { GOES_ON_BYTES, SEGMENT_HEAD_BYTES, encodeSegmentHead, segmentName } from "./segment.js";
import type { SegmentHead } from "./segment.js";

/** A segment under this name is being made, or waits to be used: nothing in it counts. */
export const PREPARED_NAME = "prepared.tmp";

/** Written at a time, and synced, so that no sync of the log has to wait for much of it. */
const ZEROS = Buffer.alloc(1024 * 1024);

/** A segment to write to. */
export interface OpenSegment {
  readonly file: DiskFile;
  readonly number: number;
  readonly capacityBytes: number;
  /** Where the next record goes. */
  readonly position: Position;
}

/** What its head says, but for how long it is. */
export type NewSegment = Omit<SegmentHead, "segmentBytes">;

/** A file of zeros, durable but for its name: writing into it changes nothing but bytes. */
export interface PreparedFile {
  readonly file: DiskFile;
  readonly bytes: number;
}

export async function prepareFile(disk: Disk, bytes: number): Promise<PreparedFile> {
  const file = await disk.open(PREPARED_NAME, "create-exclusive");
  try {
    for (let at = 0; at < bytes; at += ZEROS.length) {
      await file.write([ZEROS.subarray(0, Math.min(ZEROS.length, bytes - at))], at);
      await file.sync();
    }
  } catch (error) {
    await file.close();
    throw error;
  }
  return { file, bytes };
}

/** The head is durable before the segment gets its name. */
export async function writeHead(
  { file, bytes: segmentBytes }: PreparedFile,
  head: NewSegment,
  previous: number,
): Promise<Position> {
  const { bytes, crc } = encodeSegmentHead({ ...head, segmentBytes }, previous);
  await file.write([bytes], 0);
  await file.sync();
  return { offset: bytes.length, previous: crc, durable: bytes.length };
}

/** The first segment of a log: made at once, nothing is tried again. */
export async function beginSegment(disk: Disk, head: NewSegment, wanted: number): Promise<OpenSegment> {
  const bytes = Math.max(wanted, SEGMENT_HEAD_BYTES + GOES_ON_BYTES);
  await removePrepared(disk);
  const prepared = await prepareFile(disk, bytes);
  const position = await writeHead(prepared, head, 0);
  await disk.rename(PREPARED_NAME, segmentName(head.number));
  await disk.syncDirectory();
  return { file: prepared.file, number: head.number, capacityBytes: bytes, position };
}

/** What an earlier life prepared and did not use. */
export async function removePrepared(disk: Disk): Promise<void> {
  if ((await disk.list()).includes(PREPARED_NAME)) await disk.remove(PREPARED_NAME);
}
