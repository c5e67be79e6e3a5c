import type { Entry, HardState } from "../raft/entry.js";
import type { Disk, DiskFile } from "../ports.js";
import { EntryFormatError, decodeEntry, decodeHardState } from "./entry-codec.js";
import { WalCorruption, WalError } from "./errors.js";
import { RECORD_TYPES, findProofOfSync, readRecord, type Position, type WalRecord } from "./record.js";
import { SEGMENT_HEADER_BYTES, checkSegmentHeader, segmentName, segmentNumber } from "./segment.js";
import type { WalIdentity } from "./segment.js";

/**
 * Reading a log back, and telling a torn write from damage.
 *
 * The writer has one write in flight: it is synced before the next begins, and each record says in
 * `durable` where that write began. So after a crash everything before some point is whole, and of the
 * write behind it any subset of sectors may be there: the first bad record may well be followed by good
 * ones of the same write. Hence the rule for a bad record at offset b of the last segment:
 *
 * - Some later record verifies and has durable > b: byte b had been synced and has changed since.
 *   Damage; what it held may have been acknowledged. Refuse.
 * - No such record: b belongs to the last write, which nothing shows to have been synced. A torn tail:
 *   cut the segment at b.
 *
 * After a sync with nothing queued the writer adds a `synced` record (it is not waited for), so that the
 * last acknowledged write, too, is soon followed by its proof: a flipped bit in it is told from a tear
 * unless the power went within the moment before that proof reached the disk. What no format can tell
 * on its own: a segment cut short, or removed, from a point on to its end looks like a crash before.
 *
 * Earlier segments were synced whole before their successor was created: anything bad there is damage.
 * A segment's header is synced before its first record is written: a longer segment with a bad header
 * is damaged, a shorter one was being created, and nothing can be lost with it.
 */
export interface Recovered {
  readonly hardState: HardState;
  readonly entries: Entry[];
  readonly repair: Repair | null;
  /** Sizes of the segments before the tail, in bytes. */
  readonly sealedBytes: number;
  /** Where to go on writing; null: no segment is there. */
  readonly tail: Tail | null;
}

/** What was cut off: at most the one write that was in flight when the power went, never acknowledged. */
export interface Repair {
  readonly tornBytes: number;
  readonly segment: string;
}

export interface Tail {
  readonly file: DiskFile;
  readonly number: number;
  readonly position: Position;
}

export async function recover(disk: Disk, identity: WalIdentity): Promise<Recovered> {
  const count = checkSequence(await disk.list());
  const unfinished = await unfinishedSegment(disk, count);
  const last = unfinished === null ? count : count - 1;
  const replay = new Replay();
  let repair = unfinished;
  let sealedBytes = 0;
  let tail: Tail | null = null;
  for (let number = 1; number <= last; number++) {
    const segment = await readSegment(disk, number);
    const end = replaySegment(segment, number, identity, replay);
    if (end < segment.length) {
      if (number < count) throw damage(number, end, "no record verifies there, and a later segment exists");
      refuseDamage(segment, number, end);
      repair = { tornBytes: segment.length - end, segment: segmentName(number) };
    }
    if (number === last) tail = await settleTail(disk, number, segment, end, replay);
    else sealedBytes += segment.length;
  }
  if (unfinished !== null) {
    await disk.remove(unfinished.segment);
    await disk.syncDirectory();
  }
  return { ...replay.result(), repair, sealedBytes, tail };
}

/** The number of segments; throws when one is missing in between. */
function checkSequence(names: readonly string[]): number {
  const numbers = names.map(segmentNumber).filter((number) => number !== null);
  numbers.sort((a, b) => a - b);
  for (const [position, number] of numbers.entries()) {
    if (number !== position + 1)
      throw damage(position + 1, 0, "the segment is missing, later ones are there");
  }
  return numbers.length;
}

/** The last segment, if its creation was cut short, before any record could follow. */
async function unfinishedSegment(disk: Disk, last: number): Promise<Repair | null> {
  if (last === 0) return null;
  const segment = await readSegment(disk, last, SEGMENT_HEADER_BYTES + 1);
  if (segment.length > SEGMENT_HEADER_BYTES || readRecord(segment, 0) !== null) return null;
  return { tornBytes: segment.length, segment: segmentName(last) };
}

/** Replays all records from the segment's start on; returns the offset at which no more verifies. */
function replaySegment(segment: Buffer, number: number, identity: WalIdentity, replay: Replay): number {
  let offset = 0;
  for (;;) {
    const record = readRecord(segment, offset);
    if (record === null) return offset;
    if (record.previous !== replay.chain) {
      throw damage(number, offset, "the record there does not follow on the one before it");
    }
    if ((offset === 0) !== (record.type === RECORD_TYPES.segmentHeader)) {
      throw damage(number, offset, "a segment header stands where none belongs, or is not where one belongs");
    }
    if (offset === 0) checkSegmentHeader(record.payload, identity, number);
    replay.take(record, number);
    offset = record.end;
  }
}

/** Throws if the bad record at `offset` of the last segment cannot be a torn write. */
function refuseDamage(segment: Buffer, number: number, offset: number): void {
  if (offset === 0) throw damage(number, 0, "the segment header does not verify, though records follow it");
  const proof = findProofOfSync(segment, offset);
  if (proof !== null) {
    const reason = `no record verifies there, yet the record at byte ${proof.offset} shows that it had been synced`;
    throw damage(number, offset, reason);
  }
}

/**
 * Makes durable what was read, which a killed process may have left in the page cache: the caller
 * takes it as persisted. The last write is written once more, byte for byte, because after a failed
 * sync the kernel may hold pages as clean that never reached the disk, and a sync alone skips those.
 */
async function settleTail(
  disk: Disk,
  number: number,
  segment: Buffer,
  end: number,
  replay: Replay,
): Promise<Tail> {
  const file = await disk.open(segmentName(number), "read-write");
  if (end < segment.length) await file.truncate(end);
  const unproven = replay.durable;
  await file.write([segment.subarray(unproven, end)], unproven);
  await file.sync();
  await disk.syncDirectory();
  return { file, number, position: { offset: end, previous: replay.chain, durable: end } };
}

async function readSegment(disk: Disk, number: number, limit = Infinity): Promise<Buffer> {
  const file = await disk.open(segmentName(number), "read");
  try {
    const bytes = Buffer.allocUnsafe(Math.min(limit, await file.size()));
    return bytes.subarray(0, await file.read(bytes, 0));
  } finally {
    await file.close();
  }
}

function damage(number: number, offset: number, reason: string): WalCorruption {
  return new WalCorruption(segmentName(number), offset, reason);
}

/** The state that the records read so far amount to. */
class Replay {
  /** crc of the last record. */
  chain = 0;
  /** `durable` of the last record. */
  durable = 0;
  private hardState: HardState = { term: 0, vote: null };
  private readonly entries: Entry[] = [];

  take(record: WalRecord, number: number): void {
    this.chain = record.crc;
    this.durable = record.durable;
    switch (record.type) {
      case RECORD_TYPES.segmentHeader:
      case RECORD_TYPES.synced:
        return;
      case RECORD_TYPES.hardState:
        this.hardState = decode(record, number, decodeHardState);
        return;
      case RECORD_TYPES.entry:
        this.takeEntry(decode(record, number, decodeEntry), record, number);
        return;
      default:
        throw new WalError(
          `segment ${segmentName(number)}, byte ${record.offset}: a record of type ${record.type}, which this ` +
            "server does not know: use the version that wrote it",
        );
    }
  }

  result() {
    return { hardState: this.hardState, entries: this.entries };
  }

  private takeEntry(entry: Entry, record: WalRecord, number: number): void {
    const last = this.entries.length;
    if (entry.index > last + 1) {
      throw damage(number, record.offset, `entry ${entry.index} is there, but entry ${last + 1} is missing`);
    }
    // A leader's entry at an index that is taken replaces it and all behind it (Raft paper, figure 2).
    this.entries.length = entry.index - 1;
    this.entries.push(entry);
  }
}

function decode<Value>(record: WalRecord, number: number, decoder: (bytes: Uint8Array) => Value): Value {
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
    throw damage(number, record.offset, `the record verifies but does not decode (${reason})`);
  }
}
