import type { Disk } from "../ports.js";
import type { SnapshotMark } from "../raft/configuration.js";
import type { HardState } from "../raft/entry.js";
import { beginSegment } from "./new-segment.js";
import { segmentNumbers, type WalIdentity } from "./segment.js";

export interface Beginning {
  /** With `lostTo`, where entries may be lost that were acknowledged. */
  readonly hardState: HardState;
  /** The state after which the log begins; null: it begins with entry 1. */
  readonly base: Pick<SnapshotMark, "index" | "term"> | null;
  /** Of that state. */
  readonly generation: number;
}

/**
 * Begins the log anew in a segment of its own, behind all that are there; a crash leaves the old log or the new one.
 * The next `Wal.open` puts the old segments aside.
 */
export async function beginAnew(
  disk: Disk,
  options: { readonly segmentBytes: number; readonly identity: WalIdentity },
  { hardState, base, generation }: Beginning,
): Promise<void> {
  const { live, damaged } = segmentNumbers(await disk.list());
  const number = 1 + Math.max(0, ...live.slice(-1), ...damaged.slice(-1));
  const point = { hardState, lastIndex: base?.index ?? 0, lastTerm: base?.term ?? 0, generation };
  const head = { identity: options.identity, number, begins: true, point };
  const { file } = await beginSegment(disk, head, options.segmentBytes);
  await file.close();
}
