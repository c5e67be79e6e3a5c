import { crc32 } from "../checksum.js";
import type { StateEngine } from "../ports.js";
import { recordFault } from "./record.js";
import { decodeMeta, encodeMeta, type StateMeta } from "./state-meta.js";
import { DEFAULT_COMMIT_BOUNDS, emptyMeta, type CommitBounds } from "./state-writer.js";

/**
 * A state on its way to another member, in chunks that arrive as they were sent: u32 CRC-32 over the rest of the
 * chunk, begun with that of the chunk before (0 at first), so that none can be missing or out of place; u32 number of
 * the chunk, from 0; u8 kind; then of `meta` the encoded StateMeta, of `data` a piece of the records, each of which
 * is its length as u32 and its bytes, of `end` the number of records and of bytes in data as u64. Little-endian.
 */
const HEADER_BYTES = 9;
const KIND = { meta: 1, data: 2, end: 3 } as const;
const DATA_BYTES = 256 * 1024;
const PAGE_BYTES = 1024 * 1024;
const LENGTH_BYTES = 4;
/** A record's length beyond this is a wrong one. */
const MAX_RECORD_BYTES = 2 ** 30;

/** The image is not one that was sent whole: nothing of it may be used. */
export class ImageDamaged extends Error {
  override name = "ImageDamaged";
}

/**
 * The first `meta.records` records of the engine, which may get more meanwhile, with so many bytes of them in a chunk.
 * Throws as the engine does.
 */
export async function* encodeImage(
  engine: StateEngine,
  meta: StateMeta,
  dataBytes = DATA_BYTES,
): AsyncGenerator<Uint8Array, void> {
  const sealer = new Sealer();
  yield sealer.seal(KIND.meta, encodeMeta(meta));
  const data = new Uint8Array(dataBytes);
  let [used, records, bytes] = [0, 0, 0];
  while (records < meta.records) {
    const page = await engine.read(records, PAGE_BYTES);
    if (page.length === 0) throw new Error(`the engine ends at record ${records} of ${meta.records}`);
    for (const record of page.slice(0, meta.records - records)) {
      for (const piece of [u32(record.length), record]) {
        for (let at = 0; at < piece.length; ) {
          const part = piece.subarray(at, at + data.length - used);
          data.set(part, used);
          used += part.length;
          at += part.length;
          bytes += part.length;
          if (used < data.length) continue;
          yield sealer.seal(KIND.data, data);
          used = 0;
        }
      }
      records += 1;
    }
  }
  if (used > 0) yield sealer.seal(KIND.data, data.subarray(0, used));
  yield sealer.seal(KIND.end, totals(records, bytes));
}

/**
 * Writes an image into an engine that nothing was ever committed to. Until all of it is there and in order, the
 * engine's state is an empty one before the first entry. Rejects with ImageDamaged, which says what is wrong,
 * StateFormatError for an image of a later version, and as the chunks and the engine do.
 */
export async function receiveImage(
  chunks: AsyncIterable<Uint8Array>,
  engine: StateEngine,
  bounds = DEFAULT_COMMIT_BOUNDS,
): Promise<StateMeta> {
  if (engine.meta !== null || engine.count > 0) throw new Error("an image needs an engine of its own");
  const opener = new Opener();
  let receiver: Receiver | null = null;
  for await (const chunk of chunks) {
    const { kind, body } = opener.open(chunk);
    if (receiver === null) {
      if (kind !== KIND.meta) throw new ImageDamaged("the image does not begin with its meta");
      receiver = new Receiver(engine, metaOf(body), bounds);
      continue;
    }
    if (kind === KIND.data) await receiver.take(body);
    else if (kind === KIND.end) receiver.end(body);
    else throw new ImageDamaged(`chunk ${opener.count - 1} is of an unknown kind: ${kind}`);
  }
  if (receiver === null) throw new ImageDamaged("the image is empty");
  return receiver.finish();
}

function metaOf(body: Uint8Array): StateMeta {
  try {
    return decodeMeta(body);
  } catch (error) {
    if (error instanceof Error && error.name === "StateDamaged") {
      throw new ImageDamaged(error.message, { cause: error });
    }
    throw error;
  }
}

/** Puts records together, checks them and hands them to the engine. */
class Receiver {
  private readonly engine: StateEngine;
  private readonly meta: StateMeta;
  private readonly bounds: CommitBounds;
  private carry = Buffer.alloc(0);
  private batch: Uint8Array[] = [];
  private batchBytes = 0;
  private records = 0;
  private bytes = 0;
  private hash = 0;
  private ended = false;

  constructor(engine: StateEngine, meta: StateMeta, bounds: CommitBounds) {
    this.engine = engine;
    this.meta = meta;
    this.bounds = bounds;
  }

  async take(body: Uint8Array): Promise<void> {
    if (this.ended) throw new ImageDamaged("data behind the end of the image");
    this.bytes += body.length;
    let at = this.completeCarry(body);
    await this.commitIfFull();
    const view = new DataView(body.buffer, body.byteOffset, body.length);
    while (body.length - at >= LENGTH_BYTES) {
      const end = at + LENGTH_BYTES + this.checkedLength(view.getUint32(at, true));
      if (end > body.length) break;
      // A view: a chunk is the receiver's own, and another copy of all would keep the collector busy.
      this.add(body.subarray(at + LENGTH_BYTES, end));
      at = end;
      await this.commitIfFull();
    }
    if (at < body.length) this.carry = Buffer.concat([this.carry, body.subarray(at)]);
  }

  /** Takes what the record that the last chunk began still needs; how many bytes of `body` that was. */
  private completeCarry(body: Uint8Array): number {
    let taken = 0;
    for (;;) {
      const { carry } = this;
      if (carry.length === 0) return taken;
      const known = carry.length >= LENGTH_BYTES;
      const wanted = LENGTH_BYTES + (known ? this.checkedLength(carry.readUInt32LE(0)) : 0);
      if (known && carry.length === wanted) {
        this.add(carry.subarray(LENGTH_BYTES));
        this.carry = Buffer.alloc(0);
        return taken;
      }
      if (taken === body.length) return taken;
      const part = body.subarray(taken, taken + wanted - carry.length);
      this.carry = Buffer.concat([carry, part]);
      taken += part.length;
    }
  }

  private async commitIfFull(): Promise<void> {
    if (this.batch.length < this.bounds.records && this.batchBytes < this.bounds.bytes) return;
    await this.commit(emptyMeta(this.meta));
  }

  private checkedLength(length: number): number {
    if (length <= MAX_RECORD_BYTES) return length;
    throw new ImageDamaged(`record ${this.records} has ${length} bytes`);
  }

  end(body: Uint8Array): void {
    if (this.ended) throw new ImageDamaged("the image ends twice");
    this.ended = true;
    const { records, hash } = this.meta;
    const got = totals(this.records, this.bytes);
    if (this.carry.length > 0) throw new ImageDamaged(`record ${this.records} is cut short`);
    if (Buffer.compare(got, body) !== 0 || this.records !== records) {
      throw new ImageDamaged(`${this.records} records came; the image speaks of another number`);
    }
    if (this.hash !== hash) throw new ImageDamaged(`the records come to hash ${this.hash}, not ${hash}`);
  }

  /** Nothing came behind the end: now it is the state. */
  async finish(): Promise<StateMeta> {
    const { meta } = this;
    if (!this.ended)
      throw new ImageDamaged(`the image ends after ${this.records} of ${meta.records} records`);
    await this.commit(meta);
    return meta;
  }

  private add(record: Uint8Array): void {
    const fault = recordFault(record);
    if (fault !== null) throw new ImageDamaged(`record ${this.records} is wrong: ${fault}`);
    this.hash = crc32(record, this.hash);
    this.records += 1;
    this.batch.push(record);
    this.batchBytes += record.length;
  }

  private async commit(meta: StateMeta): Promise<void> {
    const { batch } = this;
    [this.batch, this.batchBytes] = [[], 0];
    await this.engine.commit(batch, encodeMeta(meta));
  }
}

class Sealer {
  private count = 0;
  private crc = 0;

  seal(kind: number, body: Uint8Array): Uint8Array {
    const chunk = Buffer.allocUnsafe(HEADER_BYTES + body.length);
    chunk.writeUInt32LE(this.count, 4);
    chunk.writeUInt8(kind, 8);
    chunk.set(body, HEADER_BYTES);
    this.crc = crc32(chunk.subarray(4), this.crc);
    chunk.writeUInt32LE(this.crc, 0);
    this.count += 1;
    return chunk;
  }
}

class Opener {
  count = 0;
  private crc = 0;

  open(chunk: Uint8Array): { readonly kind: number; readonly body: Uint8Array } {
    if (chunk.length < HEADER_BYTES)
      throw new ImageDamaged(`chunk ${this.count} has ${chunk.length} bytes only`);
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    const number = view.getUint32(4, true);
    if (number !== this.count) throw new ImageDamaged(`chunk ${number} came in the place of ${this.count}`);
    const crc = crc32(chunk.subarray(4), this.crc);
    if (crc !== view.getUint32(0, true))
      throw new ImageDamaged(`chunk ${number} does not match its checksum`);
    this.crc = crc;
    this.count += 1;
    return { kind: view.getUint8(8), body: chunk.subarray(HEADER_BYTES) };
  }
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}

function totals(records: number, bytes: number): Buffer {
  const body = Buffer.alloc(16);
  body.writeBigUInt64LE(BigInt(records), 0);
  body.writeBigUInt64LE(BigInt(bytes), 8);
  return body;
}
