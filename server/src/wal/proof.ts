import type { Disk } from "../ports.js";
import type { HardState } from "../raft/entry.js";
import { decodeEntry, decodeHardState } from "./entry-codec.js";
import type { Provable } from "./errors.js";
import { Configurations } from "./last-configuration.js";
import { readPoint, type LogPoint } from "./log-point.js";
import { endOfBytes, HEADER_BYTES, RECORD_TYPES, findRecord, readRecord, type WalRecord } from "./record.js";
import { readSegment } from "./segment-file.js";
import { checkSegmentHead, decodeSegmentHead, segmentName, type WalIdentity } from "./segment.js";
import { decodeSnapshot } from "./snapshot-record.js";

/**
 * What the records behind the damage at `offset` of segment `number` prove. Of them only the last unbroken row counts,
 * the one that goes on to the log's end: it must hold a record that repeats where the log stands. A hard state older
 * than the one before the damage proves nothing. Throws WalError where a segment belongs to somebody else.
 */
export async function proveBehind(
  disk: Disk,
  identity: WalIdentity | null,
  numbers: readonly number[],
  damage: { readonly number: number; readonly offset: number },
  before: BeforeDamage,
): Promise<Provable | null> {
  let row = new Row(before);
  for (const number of numbers.filter((later) => later >= damage.number)) {
    const { bytes, unreadable } = await readSegment(disk, number);
    // What verifies at the damage itself is what does not fit in there.
    let from = number === damage.number ? damage.offset + 1 : 0;
    if (number > damage.number && readRecord(bytes, 0)?.previous !== row.chain) row = new Row(before);
    for (let record = findRecord(bytes, from); record !== null; record = findRecord(bytes, from)) {
      if (record.offset !== from) row = new Row(before);
      else if (row.chain !== null && record.previous !== row.chain) return null;
      if (record.type === RECORD_TYPES.segmentHead) checkHead(record, identity, number);
      row.take(record);
      from = record.end;
    }
    // What stands there may be newer.
    if (
      endOfBytes(bytes.subarray(0, from + HEADER_BYTES), from) > from &&
      unreadable.some(({ to }) => to > from)
    ) {
      row = new Row(before);
    }
  }
  const { provable } = row;
  return provable === null || isOlder(provable.hardState, before.point.hardState) ? null : provable;
}

/** What the records before the damage amount to. */
interface BeforeDamage {
  readonly point: LogPoint;
  readonly configurations: Configurations;
}

function checkHead(record: WalRecord, identity: WalIdentity | null, number: number): void {
  const head = decodeSegmentHead(record.payload, segmentName(number));
  checkSegmentHead(head, identity ?? head.identity, number);
}

function isOlder(found: HardState, known: HardState): boolean {
  if (found.term !== known.term) return found.term < known.term;
  return known.vote !== null && found.vote !== known.vote;
}

/** Records that follow on one another without a break. */
class Row {
  chain: number | null = null;
  private point: LogPoint | null = null;
  /** Null: nothing said yet where the log stands. */
  private configurations: Configurations | null = null;
  private readonly before: BeforeDamage;

  constructor(before: BeforeDamage) {
    this.before = before;
  }

  get provable(): Provable | null {
    if (this.point === null || this.configurations === null) return null;
    const { hardState, lastIndex, generation } = this.point;
    return { hardState, lastIndex, generation, configuration: this.configurations.last };
  }

  take(record: WalRecord): void {
    const { payload } = record;
    if (record.type !== RECORD_TYPES.goesOn) this.chain = record.crc;
    switch (record.type) {
      case RECORD_TYPES.segmentHead:
        return this.takePoint(decodeSegmentHead(payload, "").point);
      case RECORD_TYPES.synced:
        return this.takePoint(readPoint(payload, 0));
      case RECORD_TYPES.goesOn:
        // The next segment's head says where the log stands, and nothing does where there is none.
        this.point = null;
        return;
    }
    // From here on only changes of what a point said.
    if (this.point === null || this.configurations === null) return;
    switch (record.type) {
      case RECORD_TYPES.hardState:
        this.point = { ...this.point, hardState: decodeHardState(payload) };
        return;
      case RECORD_TYPES.entry: {
        const entry = decodeEntry(payload);
        this.point = { ...this.point, lastIndex: entry.index, lastTerm: entry.term };
        this.configurations = this.configurations.withEntry(entry);
        return;
      }
      case RECORD_TYPES.snapshot: {
        const { mark, generation } = decodeSnapshot(payload);
        this.point = { ...this.point, lastIndex: mark.index, lastTerm: mark.term, generation };
        this.configurations = new Configurations([mark], 0);
      }
    }
  }

  private takePoint(point: LogPoint): void {
    this.point = point;
    this.configurations ??= this.before.configurations.acrossGap(this.before.point, point);
  }
}
