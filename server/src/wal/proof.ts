import type { Disk } from "../ports.js";
import type { HardState } from "../raft/entry.js";
import { decodeEntry, decodeHardState } from "./entry-codec.js";
import type { Provable } from "./errors.js";
import { readPoint } from "./log-point.js";
import { endOfBytes, HEADER_BYTES, RECORD_TYPES, findRecord, readRecord, type WalRecord } from "./record.js";
import { readSegment } from "./segment-file.js";
import { checkSegmentHead, decodeSegmentHead, segmentName, type WalIdentity } from "./segment.js";
import { decodeSnapshot } from "./snapshot-record.js";

/**
 * What the records behind the damage at `offset` of segment `number` prove. Of them only the last unbroken row counts,
 * the one that goes on to the log's end: it must hold a record that repeats where the log stands. A hard state older
 * than `known`, the one before the damage, proves nothing. Throws WalError where a segment belongs to somebody else.
 */
export async function proveBehind(
  disk: Disk,
  identity: WalIdentity | null,
  numbers: readonly number[],
  damage: { readonly number: number; readonly offset: number },
  known: HardState,
): Promise<Provable | null> {
  let row = new Row();
  for (const number of numbers.filter((later) => later >= damage.number)) {
    const { bytes, unreadable } = await readSegment(disk, number);
    // What verifies at the damage itself is what does not fit in there.
    let from = number === damage.number ? damage.offset + 1 : 0;
    if (number > damage.number && readRecord(bytes, 0)?.previous !== row.chain) row = new Row();
    for (let record = findRecord(bytes, from); record !== null; record = findRecord(bytes, from)) {
      if (record.offset !== from) row = new Row();
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
      row = new Row();
    }
  }
  return row.provable === null || isOlder(row.provable.hardState, known) ? null : row.provable;
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
  provable: Provable | null = null;

  take(record: WalRecord): void {
    const { payload } = record;
    if (record.type !== RECORD_TYPES.goesOn) this.chain = record.crc;
    switch (record.type) {
      case RECORD_TYPES.segmentHead:
        this.provable = decodeSegmentHead(payload, "").point;
        return;
      case RECORD_TYPES.synced:
        this.provable = readPoint(payload, 0);
        return;
      case RECORD_TYPES.goesOn:
        // The next segment's head says where the log stands, and nothing does where there is none.
        this.provable = null;
        return;
    }
    // From here on only changes of what a point said.
    if (this.provable === null) return;
    switch (record.type) {
      case RECORD_TYPES.hardState:
        this.provable = { ...this.provable, hardState: decodeHardState(payload) };
        return;
      case RECORD_TYPES.entry:
        this.provable = { ...this.provable, lastIndex: decodeEntry(payload).index };
        return;
      case RECORD_TYPES.snapshot: {
        const { mark, generation } = decodeSnapshot(payload);
        this.provable = { ...this.provable, lastIndex: mark.index, generation };
      }
    }
  }
}
