import { crc32 } from "node:zlib";
import type { Disk, DiskFile, StateEngine, StateStorage } from "@gauntlet/server/inside";
import { StateDamaged } from "@gauntlet/server/inside";
import {
  checksumOf,
  encodeFrame,
  FRAME_BYTES,
  type Frame,
  frameAt,
  isWhole,
  proofOf,
} from "./state-frame.js";

/** Told what happens to states, for whoever counts. */
export interface StateListener {
  /** A commit is being written. */
  begun(): void;
  committed(generation: number, meta: Uint8Array): void;
  /** A commit that had not ended was cut off. */
  cut(generation: number): void;
}

const FILE = /^(\d+)\.state$/;
const LENGTH_BYTES = 4;
const NOBODY: StateListener = { begun: () => undefined, committed: () => undefined, cut: () => undefined };

/**
 * States on a simulated disk, each a file of commits. All that the disk does to files happens to them: what was not synced
 * tears, what was synced may be harmed, a write or a sync may fail.
 */
export class SimStates implements StateStorage {
  private readonly disk: Disk;
  private readonly listener: StateListener;
  /** Of all states. */
  commitsUnderWay = 0;

  constructor(disk: Disk, listener: StateListener = NOBODY) {
    this.disk = disk;
    this.listener = listener;
  }

  async list(): Promise<readonly number[]> {
    const numbers = (await this.disk.list()).map((name) => Number(FILE.exec(name)?.[1] ?? Number.NaN));
    return numbers.filter((number) => !Number.isNaN(number)).toSorted((a, b) => a - b);
  }

  async open(generation: number): Promise<StateEngine> {
    const name = nameOf(generation);
    const isThere = (await this.disk.list()).includes(name);
    const file = await this.disk.open(name, isThere ? "read-write" : "create-exclusive");
    const engine = new FileEngine(file, generation, this.listener, (by) => void (this.commitsUnderWay += by));
    await engine.begin();
    // Its name, too, may be there only for processes: whoever made it may have been killed before its sync.
    await this.disk.syncDirectory();
    return engine;
  }

  async remove(generation: number): Promise<void> {
    const name = nameOf(generation);
    if ((await this.disk.list()).includes(name)) await this.disk.remove(name);
    await this.disk.syncDirectory();
  }
}

function nameOf(generation: number): string {
  return `${generation}.state`;
}

/** Records and where they stand in the file; the same numbers in all three. */
class Places {
  readonly offsets: number[] = [];
  readonly lengths: number[] = [];
  readonly checksums: number[] = [];

  get count(): number {
    return this.offsets.length;
  }

  /** Records one behind the other, each after its length. */
  add(offset: number, lengths: readonly number[], checksums: readonly number[]): void {
    let at = offset;
    for (const [number, length] of lengths.entries()) {
      this.offsets.push(at + LENGTH_BYTES);
      this.lengths.push(length);
      this.checksums.push(checksums[number] as number);
      at += LENGTH_BYTES + length;
    }
  }

  /** How many from `from` on, up to `count`, fit into `maxBytes`: one at least. */
  fitting(from: number, count: number, maxBytes: number): number {
    let bytes = this.lengths[from] as number;
    let to = from + 1;
    for (; to < count; to++) {
      bytes += this.lengths[to] as number;
      if (bytes > maxBytes) break;
    }
    return to;
  }
}

/**
 * A commit is a frame, synced, and a seal behind it, synced too: what was promised can then be told from what was torn
 * by any single harm. The newest frame, commit or seal, may be in the page cache alone: it is written again before anybody relies on it.
 */
class FileEngine implements StateEngine {
  private readonly file: DiskFile;
  private readonly generation: number;
  private readonly listener: StateListener;
  private readonly places = new Places();
  private newestMeta: Uint8Array | null = null;
  private previous = 0;
  /** Where the next frame goes, and up to where all is on the medium. */
  private end = 0;
  private synced = 0;
  private isCommitting = false;
  private readonly countCommits: (by: 1 | -1) => void;
  private failure: unknown = null;

  constructor(
    file: DiskFile,
    generation: number,
    listener: StateListener,
    countCommits: (by: 1 | -1) => void,
  ) {
    this.file = file;
    this.countCommits = countCommits;
    this.generation = generation;
    this.listener = listener;
  }

  get count(): number {
    return this.places.count;
  }

  get meta(): Uint8Array | null {
    return this.newestMeta;
  }

  get bytes(): number {
    return this.end;
  }

  /** Reads what is there, cuts off what was not finished, and makes the rest durable. */
  async begin(): Promise<void> {
    const bytes = await this.readAll();
    let newest: Frame | null = null;
    for (;;) {
      const frame = frameAt(bytes, this.end);
      if (frame === null || !this.follows(frame) || !isWhole(bytes, frame)) break;
      if (frame.kind === "commit") this.take(bytes, frame);
      this.accept(bytes.subarray(frame.offset, frame.offset + FRAME_BYTES), frame);
      newest = frame;
    }
    if (this.end < bytes.length) await this.cut(bytes);
    if (newest === null) {
      await this.append("begin", []);
      await this.sync();
    } else {
      // A sync alone would skip it: after a failed one its pages count as clean. A seal's, too, may have failed.
      await this.file.write([bytes.subarray(newest.offset, this.end)], newest.offset);
      await this.sync();
    }
    if (newest?.kind !== "seal") await this.seal();
  }

  async commit(records: readonly Uint8Array[], meta: Uint8Array): Promise<void> {
    if (this.failure !== null) throw this.failure;
    if (this.isCommitting) throw new Error(`two commits at once to state ${this.generation}`);
    this.isCommitting = true;
    this.countCommits(1);
    this.listener.begun();
    try {
      await this.add(records, meta);
    } finally {
      this.isCommitting = false;
      this.countCommits(-1);
    }
  }

  private async add(records: readonly Uint8Array[], meta: Uint8Array): Promise<void> {
    const { end: start, previous } = this;
    // The caller's bytes are its own again once the call returns.
    const lengths = records.map(({ length }) => length);
    const checksums = records.map((record) => crc32(record));
    const [body, newMeta] = [bodyOf(records, meta), Uint8Array.from(meta)];
    try {
      await this.append("commit", body, records.length, meta.length);
      await this.sync();
    } catch (error) {
      if (!isFull(error)) throw this.fail(error);
      this.end = start;
      this.previous = previous;
      await this.file.truncate(start).catch((thrown: unknown) => this.fail(thrown));
      throw error;
    }
    this.places.add(start + FRAME_BYTES, lengths, checksums);
    this.newestMeta = newMeta;
    await this.seal().catch((error: unknown) => {
      throw this.fail(error);
    });
    this.listener.committed(this.generation, newMeta);
  }

  async read(from: number, maxBytes: number): Promise<readonly Uint8Array[]> {
    const { places } = this;
    const { count, offsets, lengths, checksums } = places;
    if (from < 0 || from > count) throw new RangeError(`no record ${from} of ${count}`);
    if (from === count) return [];
    const to = places.fitting(from, count, maxBytes);
    const start = offsets[from] as number;
    const bytes = Buffer.alloc((offsets[to - 1] as number) + (lengths[to - 1] as number) - start);
    await this.readInto(bytes, start);
    const records: Uint8Array[] = [];
    for (let number = from; number < to; number++) {
      const at = (offsets[number] as number) - start;
      const record = bytes.subarray(at, at + (lengths[number] as number));
      if (crc32(record) !== checksums[number]) throw this.damaged(`record ${number}`);
      records.push(record);
    }
    return records;
  }

  close(): Promise<void> {
    return this.file.close();
  }

  private follows(frame: Frame): boolean {
    return frame.previous === this.previous && (frame.kind === "begin") === (frame.offset === 0);
  }

  private take(bytes: Buffer, { offset, records, metaBytes, bodyBytes }: Frame): void {
    const start = offset + FRAME_BYTES;
    const end = start + bodyBytes;
    const found: Buffer[] = [];
    for (let at = start; found.length < records; ) {
      const length = bytes.readUInt32LE(at);
      const next = at + LENGTH_BYTES + length;
      found.push(bytes.subarray(at + LENGTH_BYTES, next));
      at = next;
    }
    const lengths = found.map(({ length }) => length);
    this.places.add(
      start,
      lengths,
      found.map((record) => crc32(record)),
    );
    this.newestMeta = Uint8Array.from(bytes.subarray(end - metaBytes, end));
  }

  private accept(header: Buffer, { offset, bodyBytes }: Pick<Frame, "offset" | "bodyBytes">): void {
    this.previous = checksumOf(header);
    this.end = offset + FRAME_BYTES + bodyBytes;
  }

  /** What stands behind the last good frame was not finished, or it was whole once. */
  private async cut(bytes: Buffer): Promise<void> {
    const proof = proofOf(bytes, this.end);
    if (proof !== null) {
      throw this.damaged(
        `byte ${this.end}, which was synced, as the ${proof.kind} at ${proof.offset} shows,`,
      );
    }
    // A seal alone ends nothing.
    if (bytes.length - this.end > FRAME_BYTES) this.listener.cut(this.generation);
    await this.file.truncate(this.end);
  }

  private async append(
    kind: Frame["kind"],
    body: readonly Uint8Array[],
    records = 0,
    metaBytes = 0,
  ): Promise<void> {
    const [{ end: offset, synced, previous }, bodyBytes] = [
      this,
      body.reduce((sum, part) => sum + part.length, 0),
    ];
    const bodyCrc = body.reduce((crc, part) => crc32(part, crc), 0);
    const frame = { kind, offset, synced, previous, records, metaBytes, bodyBytes, bodyCrc };
    const header = encodeFrame(frame);
    await this.file.write([header, ...body], offset);
    this.accept(header, frame);
  }

  private async sync(): Promise<void> {
    const { end } = this;
    await this.file.sync();
    this.synced = end;
  }

  /** A full disk has no room for it: what it would show is as durable without it. */
  private async seal(): Promise<void> {
    try {
      await this.append("seal", []);
    } catch (error) {
      if (!isFull(error)) throw error;
      return;
    }
    await this.sync();
  }

  private fail(error: unknown): unknown {
    this.failure ??= error;
    return error;
  }

  private async readAll(): Promise<Buffer> {
    const bytes = Buffer.alloc(await this.file.size());
    await this.readInto(bytes, 0);
    return bytes;
  }

  private async readInto(bytes: Buffer, offset: number): Promise<void> {
    try {
      await this.file.read(bytes, offset);
    } catch (error) {
      throw this.damaged("a sector", { cause: error });
    }
  }

  private damaged(what: string, options?: ErrorOptions): StateDamaged {
    return new StateDamaged(`state ${this.generation}: ${what} is not what was written`, options);
  }
}

function bodyOf(records: readonly Uint8Array[], meta: Uint8Array): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (const record of records) {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32LE(record.length);
    parts.push(length, record);
  }
  return [...parts, meta];
}

function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOSPC";
}
