import type { SnapshotMark } from "../raft/configuration.js";
import { decodeMark, encodeMark } from "./entry-codec.js";

/** The log begins anew after `mark`, and the state that it belongs to is of `generation`. */
export interface LogSnapshot {
  readonly mark: SnapshotMark;
  readonly generation: number;
}

/** u64 generation, then gauntletpeer.Snapshot. */
export function encodeSnapshot({ mark, generation }: LogSnapshot): Buffer {
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(generation));
  return Buffer.concat([head, encodeMark(mark)]);
}

export function decodeSnapshot(bytes: Buffer): LogSnapshot {
  return { generation: Number(bytes.readBigUInt64LE(0)), mark: decodeMark(bytes.subarray(8)) };
}
