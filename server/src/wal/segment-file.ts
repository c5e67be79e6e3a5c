import type { Disk, DiskFile } from "../ports.js";
import { segmentName } from "./segment.js";

/** A segment as it is on disk. */
export interface SegmentImage {
  readonly bytes: Buffer;
  /** Of it, what the disk cannot read, ascending: there `bytes` has what no record begins with. */
  readonly unreadable: readonly Range[];
}

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** The least that a disk fails to read. */
const SECTOR_BYTES = 512;
const UNREADABLE = 0xff;

export async function readSegment(disk: Disk, number: number, limit = Infinity): Promise<SegmentImage> {
  const file = await disk.open(segmentName(number), "read");
  try {
    const bytes = Buffer.allocUnsafe(Math.min(limit, await file.size()));
    const got = await readOr(file, bytes, 0);
    if (got !== null) return { bytes: bytes.subarray(0, got), unreadable: [] };
    return { bytes, unreadable: await readAround(file, bytes) };
  } finally {
    await file.close();
  }
}

/** Sector by sector, where the disk cannot read all at once: what it cannot read is damage, and the rest is needed to judge it. */
async function readAround(file: DiskFile, bytes: Buffer): Promise<readonly Range[]> {
  const unreadable: Range[] = [];
  for (let from = 0; from < bytes.length; from += SECTOR_BYTES) {
    const sector = bytes.subarray(from, from + SECTOR_BYTES);
    if ((await readOr(file, sector, from)) !== null) continue;
    sector.fill(UNREADABLE);
    unreadable.push({ from, to: from + sector.length });
  }
  return unreadable;
}

/** Null: the disk cannot read some of it. */
async function readOr(file: DiskFile, into: Uint8Array, offset: number): Promise<number | null> {
  try {
    return await file.read(into, offset);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EIO") return null;
    throw error;
  }
}
