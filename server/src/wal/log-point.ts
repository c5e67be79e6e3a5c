import type { HardState } from "../raft/entry.js";

/**
 * Where a log stands: what a segment's head and every `synced` record repeat, so that a log can be read from any
 * segment on, and so that what stands behind damage tells what was damaged.
 */
export interface LogPoint {
  readonly hardState: HardState;
  /** Of the last entry, or of the one after which the log begins, if none follows; 0: there was none yet. */
  readonly lastIndex: number;
  readonly lastTerm: number;
  /** The generation of the state that belongs to this log: StateStorage. */
  readonly generation: number;
}

export const START: LogPoint = {
  hardState: { term: 0, vote: null },
  lastIndex: 0,
  lastTerm: 0,
  generation: 0,
};

/** Six u64: term, vote, lost to, last index, last term, generation; 0 stands for no vote, and for nothing lost. */
export const POINT_BYTES = 48;

export function writePoint(into: Buffer, at: number, point: LogPoint): void {
  const { term, vote, lostTo } = point.hardState;
  const fields = [term, vote ?? 0, lostTo ?? 0, point.lastIndex, point.lastTerm, point.generation];
  for (const [position, field] of fields.entries()) {
    into.writeUInt32LE(field % 2 ** 32, at + 8 * position);
    into.writeUInt32LE(Math.floor(field / 2 ** 32), at + 8 * position + 4);
  }
}

export function readPoint(from: Buffer, at: number): LogPoint {
  const field = (position: number) =>
    from.readUInt32LE(at + 8 * position) + from.readUInt32LE(at + 8 * position + 4) * 2 ** 32;
  const hardState = hardStateOf(field(0), field(1), field(2));
  return { hardState, lastIndex: field(3), lastTerm: field(4), generation: field(5) };
}

export function encodePoint(point: LogPoint): Buffer {
  const bytes = Buffer.allocUnsafe(POINT_BYTES);
  writePoint(bytes, 0, point);
  return bytes;
}

/** As they are stored: 0 stands for none. */
export function hardStateOf(term: number, vote: number, lostTo: number): HardState {
  const state = { term, vote: vote === 0 ? null : vote };
  return lostTo === 0 ? state : { ...state, lostTo };
}

export function samePoint(a: LogPoint, b: LogPoint): boolean {
  return (
    a.hardState.term === b.hardState.term &&
    a.hardState.vote === b.hardState.vote &&
    a.hardState.lostTo === b.hardState.lostTo &&
    a.lastIndex === b.lastIndex &&
    a.lastTerm === b.lastTerm &&
    a.generation === b.generation
  );
}
