import type { Disk } from "../ports.js";
import { segmentName } from "./segment.js";

/** A segment as it is on disk. */
export interface SegmentImage {
  readonly bytes: Buffer;
}

export async function readSegment(disk: Disk, number: number, limit = Infinity): Promise<SegmentImage> {
  const file = await disk.open(segmentName(number), "read");
  try {
    const bytes = Buffer.allocUnsafe(Math.min(limit, await file.size()));
    return { bytes: bytes.subarray(0, await file.read(bytes, 0)) };
  } finally {
    await file.close();
  }
}
