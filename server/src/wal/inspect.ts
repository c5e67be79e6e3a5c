import type { Disk } from "../ports.js";
import type { SnapshotMark } from "../raft/configuration.js";
import type { EntryKind, HardState } from "../raft/entry.js";
import { decodeEntry, decodeHardState } from "./entry-codec.js";
import { WalCorruption, WalError, type Provable } from "./errors.js";
import { readPoint, type LogPoint } from "./log-point.js";
import { readIdentity, readLog } from "./read-log.js";
import { RECORD_TYPES, endOfBytes, findRecord, readRecord, type WalRecord } from "./record.js";
import { readSegment } from "./segment-file.js";
import { decodeSegmentHead, segmentName, segmentNumbers, type WalIdentity } from "./segment.js";
import { decodeSnapshot } from "./snapshot-record.js";

/** Logs for people. Nothing here changes anything on disk; a server may have the log open meanwhile. */
export type WalVerdict =
  | { readonly outcome: "empty" }
  /** `torn`: a crash cut its last write short, which was never acknowledged; opening the log cuts it off. */
  | ({ readonly outcome: "sound" | "torn" } & WalSummary)
  | {
      readonly outcome: "damaged";
      readonly segment: string;
      readonly offset: number;
      readonly reason: string;
      readonly provable: Provable | null;
    }
  /** Not a log of this format. */
  | { readonly outcome: "refused"; readonly reason: string };

export interface WalSummary extends WalIdentity {
  readonly hardState: HardState;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly generation: number;
  /** The first and the last that count. */
  readonly segments: readonly [string, string];
  /** Behind the last whole record. */
  readonly tornBytes: number;
}

/** Rejects with the disk's own errors only. */
export async function verifyWal(disk: Disk): Promise<WalVerdict> {
  try {
    const { point, firstIndex, sealed, tail } = await readLog(disk, null);
    const identity = await readIdentity(disk);
    if (tail === null || identity === null) return { outcome: "empty" };
    const { tornBytes } = tail;
    const { hardState, lastIndex, generation } = point;
    const segments = [segmentName(sealed[0]?.number ?? tail.number), segmentName(tail.number)] as const;
    const summary = { ...identity, hardState, firstIndex, lastIndex, generation, segments, tornBytes };
    return { outcome: tornBytes > 0 ? "torn" : "sound", ...summary };
  } catch (error) {
    if (error instanceof WalCorruption) {
      const { segment, offset, reason, provable } = error;
      return { outcome: "damaged", segment, offset, reason, provable };
    }
    if (error instanceof WalError) return { outcome: "refused", reason: error.message };
    throw error;
  }
}

export type DumpedRecord = Place &
  (
    | ({ readonly type: "segment"; readonly begins: boolean; readonly point: LogPoint } & WalIdentity)
    | { readonly type: "hard-state"; readonly hardState: HardState }
    | {
        readonly type: "entry";
        readonly index: number;
        readonly term: number;
        readonly kind: EntryKind;
        readonly dataBytes: number;
      }
    | { readonly type: "synced"; readonly point: LogPoint }
    /** In the next segment, which has its name. */
    | { readonly type: "goes-on" }
    | { readonly type: "snapshot"; readonly mark: SnapshotMark; readonly generation: number }
    /** Verifies, and says nothing to this server. */
    | { readonly type: "unknown"; readonly number: number; readonly reason: string }
    /** Nothing verifies in these bytes. */
    | { readonly type: "unreadable" }
  );

interface Place {
  readonly segment: string;
  readonly offset: number;
  /** Header and payload. */
  readonly bytes: number;
}

/** All records in all segments, also behind damage, and those that do not count any more because the log began anew. */
export async function* dumpWal(disk: Disk): AsyncGenerator<DumpedRecord> {
  for (const number of segmentNumbers(await disk.list()).live) {
    const { bytes } = await readSegment(disk, number);
    const segment = segmentName(number);
    let at = 0;
    while (at < bytes.length) {
      const record = readRecord(bytes, at) ?? findRecord(bytes, at + 1);
      const next = record?.offset ?? endOfBytes(bytes, at);
      if (next > at) yield { segment, offset: at, bytes: next - at, type: "unreadable" };
      if (record === null) break;
      yield dumped(record, segment);
      at = record.end;
    }
  }
}

function dumped(record: WalRecord, segment: string): DumpedRecord {
  const place = { segment, offset: record.offset, bytes: record.end - record.offset };
  try {
    return { ...place, ...contents(record, segment) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ...place, type: "unknown", number: record.type, reason };
  }
}

type Contents<Dumped = DumpedRecord> = Dumped extends DumpedRecord ? Omit<Dumped, keyof Place> : never;

function contents({ type, payload }: WalRecord, segment: string): Contents {
  switch (type) {
    case RECORD_TYPES.segmentHead: {
      const { identity, begins, point } = decodeSegmentHead(payload, segment);
      return { type: "segment", ...identity, begins, point };
    }
    case RECORD_TYPES.hardState:
      return { type: "hard-state", hardState: decodeHardState(payload) };
    case RECORD_TYPES.entry: {
      const { index, term, kind, data } = decodeEntry(payload);
      return { type: "entry", index, term, kind, dataBytes: data.length };
    }
    case RECORD_TYPES.synced:
      return { type: "synced", point: readPoint(payload, 0) };
    case RECORD_TYPES.goesOn:
      return { type: "goes-on" };
    case RECORD_TYPES.snapshot:
      return { type: "snapshot", ...decodeSnapshot(payload) };
    default:
      return { type: "unknown", number: type, reason: "a record of a type that this server does not know" };
  }
}

/** One line a record. */
export function dumpLine(record: DumpedRecord): string {
  const place = `${record.segment} ${String(record.offset).padStart(10)} ${String(record.bytes).padStart(8)}  `;
  return place + dumpText(record);
}

function dumpText(record: DumpedRecord): string {
  switch (record.type) {
    case "segment": {
      const whose = `member ${record.memberId} of cluster ${record.clusterId}`;
      return `segment of ${whose}, ${record.begins ? "begins" : "goes on"} after ${pointText(record.point)}`;
    }
    case "hard-state":
      return hardStateText(record.hardState);
    case "entry":
      return `entry ${record.index}, term ${record.term}, ${record.kind}, ${record.dataBytes} bytes`;
    case "synced":
      return `synced up to here: ${pointText(record.point)}`;
    case "goes-on":
      return "goes on in the next segment";
    case "snapshot":
      return `snapshot of entry ${record.mark.index}, term ${record.mark.term}, state ${record.generation}`;
    case "unknown":
      return `record of type ${record.number}: ${record.reason}`;
    case "unreadable":
    default:
      return "no record verifies here";
  }
}

/** What `verifyWal` found, in a line. */
export function verdictLine(verdict: WalVerdict): string {
  switch (verdict.outcome) {
    case "empty":
      return "no log is here";
    case "sound":
      return `sound: ${summaryText(verdict)}`;
    case "torn":
      return (
        `torn: the last write was cut short by a crash (${verdict.tornBytes} bytes, never acknowledged); the server ` +
        `cuts it off when it starts. What is whole: ${summaryText(verdict)}`
      );
    case "damaged":
      return `damaged: segment ${verdict.segment}, byte ${verdict.offset}: ${verdict.reason}. ${provableText(verdict.provable)}`;
    case "refused":
    default:
      return `refused: ${verdict.reason}`;
  }
}

function provableText(provable: Provable | null): string {
  if (provable === null) return "What this member has promised cannot be told from what is left";
  return `What stands behind proves: ${hardStateText(provable.hardState)}, last entry ${provable.lastIndex}`;
}

function summaryText(summary: WalSummary): string {
  const { memberId, clusterId, hardState, firstIndex, lastIndex, generation, segments } = summary;
  const entries =
    firstIndex > lastIndex ? `no entry after ${lastIndex}` : `entries ${firstIndex} to ${lastIndex}`;
  const whose = `member ${memberId} of cluster ${clusterId}`;
  return `${whose}, ${hardStateText(hardState)}, ${entries}, state ${generation}, segments ${segments.join(" to ")}`;
}

function pointText({ hardState, lastIndex, lastTerm, generation }: LogPoint): string {
  return `entry ${lastIndex} of term ${lastTerm}, ${hardStateText(hardState)}, state ${generation}`;
}

function hardStateText({ term, vote, lostTo }: HardState): string {
  const lost = lostTo === undefined ? "" : `, entries up to ${lostTo} may be lost`;
  return `term ${term}, vote ${vote ?? "none"}${lost}`;
}
