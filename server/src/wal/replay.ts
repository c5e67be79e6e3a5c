import type { Entry } from "../raft/entry.js";
import { EntryFormatError, decodeEntry, decodeHardState } from "./entry-codec.js";
import { WalCorruption, WalError } from "./errors.js";
import { Configurations } from "./last-configuration.js";
import { START, readPoint, samePoint, type LogPoint } from "./log-point.js";
import { RECORD_TYPES, type WalRecord } from "./record.js";
import { decodeSegmentHead, segmentName } from "./segment.js";
import { decodeSnapshot } from "./snapshot-record.js";

/** What the records read so far amount to. */
export class Replay {
  /** crc of the last record; null: there was none. */
  chain: number | null = null;
  /** `durable` of the last record. */
  durable = 0;
  /** The last record repeats where the log stands. */
  isPointLast = false;
  point: LogPoint = START;
  /** The length that the segment that is being read was made with. */
  segmentBytes = 0;
  /** The highest entry in the segment that is being read. */
  highestInSegment = 0;
  entries: Entry[] = [];
  configurations = new Configurations([], 0);
  /** Of the first entry, whether it is there yet or not. */
  firstIndex = 1;
  /** The log begins after it by a snapshot: no entry at or before it can follow. 0: it was merely compacted, or never. */
  floorIndex = 0;

  take(record: WalRecord, number: number): void {
    const isFirst = this.chain === null;
    this.chain = record.crc;
    this.durable = record.durable;
    this.isPointLast = record.type === RECORD_TYPES.segmentHead || record.type === RECORD_TYPES.synced;
    switch (record.type) {
      case RECORD_TYPES.segmentHead:
        return this.takeHead(record, number, isFirst);
      case RECORD_TYPES.synced:
        return this.checkPoint(readPoint(record.payload, 0), record, number);
      case RECORD_TYPES.hardState:
        this.point = { ...this.point, hardState: decode(record, number, decodeHardState) };
        return;
      case RECORD_TYPES.entry:
        return this.takeEntry(decode(record, number, decodeEntry), record, number);
      case RECORD_TYPES.snapshot:
        return this.takeSnapshot(record, number);
      default:
        throw new WalError(
          `segment ${segmentName(number)}, byte ${record.offset}: a record of type ${record.type}, which this ` +
            "server does not know: use the version that wrote it",
        );
    }
  }

  private takeHead(record: WalRecord, number: number, isFirst: boolean): void {
    const head = decodeSegmentHead(record.payload, segmentName(number));
    this.segmentBytes = head.segmentBytes;
    this.highestInSegment = 0;
    if (!isFirst) return this.checkPoint(head.point, record, number);
    this.point = head.point;
    this.firstIndex = head.point.lastIndex + 1;
    this.configurations = new Configurations([], head.point.lastIndex);
    this.floorIndex = head.begins ? head.point.lastIndex : 0;
  }

  private checkPoint(point: LogPoint, record: WalRecord, number: number): void {
    if (samePoint(point, this.point)) return;
    const reason = `the record there says ${text(point)}, but the records before it amount to ${text(this.point)}`;
    throw new WalCorruption(segmentName(number), record.offset, reason);
  }

  private takeEntry(entry: Entry, record: WalRecord, number: number): void {
    const { index, term } = entry;
    const { lastIndex } = this.point;
    const fault = this.faultOf(index, lastIndex);
    if (fault !== null) throw new WalCorruption(segmentName(number), record.offset, fault);
    if (index < this.firstIndex) this.firstIndex = index;
    // A leader's entry at an index that is taken replaces it and all behind it (Raft paper, figure 2).
    this.entries.length = index - this.firstIndex;
    this.entries.push(entry);
    this.configurations = this.configurations.withEntry(entry);
    this.point = { ...this.point, lastIndex: index, lastTerm: term };
    this.highestInSegment = Math.max(this.highestInSegment, index);
  }

  private faultOf(index: number, lastIndex: number): string | null {
    if (index > lastIndex + 1) return `entry ${index} is there, but entry ${lastIndex + 1} is missing`;
    if (index <= this.floorIndex) return `entry ${index} lies before the beginning of the log`;
    return null;
  }

  private takeSnapshot(record: WalRecord, number: number): void {
    const { mark, generation } = decode(record, number, decodeSnapshot);
    this.entries = [];
    this.firstIndex = mark.index + 1;
    this.floorIndex = mark.index;
    this.configurations = new Configurations([mark], 0);
    this.point = { ...this.point, lastIndex: mark.index, lastTerm: mark.term, generation };
  }
}

function text({ hardState: { term, vote }, lastIndex, lastTerm, generation }: LogPoint): string {
  return `term ${term}, vote ${vote ?? "none"}, last entry ${lastIndex} of term ${lastTerm}, state ${generation}`;
}

function decode<Value>(record: WalRecord, number: number, decoder: (bytes: Buffer) => Value): Value {
  try {
    // A copy, or one small entry would keep its whole segment in memory.
    return decoder(Buffer.from(record.payload));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof EntryFormatError) {
      throw new WalError(`segment ${segmentName(number)}, byte ${record.offset}: ${reason}`, {
        cause: error,
      });
    }
    const what = `the record verifies but does not decode (${reason})`;
    throw new WalCorruption(segmentName(number), record.offset, what);
  }
}
