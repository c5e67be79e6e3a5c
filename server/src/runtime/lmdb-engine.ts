import { open, rm, stat, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { open as openLmdb, type RootDatabase } from "lmdb";
import { StateDamaged, type StateEngine } from "../ports.js";
import { checkLmdbFile } from "./lmdb-file.js";
import {
  chunkKeyCeiling,
  chunkKeyFloor,
  decodeKey,
  META_KEY,
  packChunks,
  packMeta,
  unpackChunk,
  unpackMeta,
  UnknownStateFormat,
} from "./state-chunk.js";

export const DATA_FILE = "data.mdb";
const LOCK_FILE = "lock.mdb";
/** More than LMDB needs for `maxReaders`. */
const LOCK_FILE_BYTES = 4096;
/** Address space, not disk or memory. Beyond it LMDB maps anew by itself. */
const MAP_BYTES = 64 * 2 ** 30;
/** Keys looked at in one turn of the event loop. */
const KEYS_A_STEP = 256;

/** More than a commit takes beside its records: pages of the tree, and the rest of a last page. */
const ROOM_BYTES = 1 << 20;
/** Made and removed before each commit. */
const PROBE_FILE = "room.tmp";
const PROBE_BYTES = 4096;

const EIO = 5;
const ENOSPC = 28;
const EDQUOT = 122;
const MDB_MAP_FULL = -30792;

type Environment = RootDatabase<Uint8Array, Uint8Array>;

/**
 * Without `overlappingSync` a commit is LMDB's own: data pages, fdatasync, then the page that makes them valid,
 * through a descriptor with O_DSYNC; only then does its promise resolve. With it (the library's default) the promise
 * resolves when others can see the data, before any of it is synced.
 */
export function openEnvironment(directory: string, readOnly = false): Environment {
  return openLmdb<Uint8Array, Uint8Array>({
    path: directory,
    noSubdir: false,
    overlappingSync: false,
    noSync: false,
    // Nothing else is batched; with it, a commit that fails leaves a promise that rejects and that nobody has.
    eventTurnBatching: false,
    encoding: "binary",
    keyEncoding: "binary",
    cache: false,
    compression: false,
    mapSize: MAP_BYTES,
    // One database, and readers of this process and of `state verify`.
    maxDbs: 1,
    maxReaders: 16,
    readOnly,
  });
}

/** An environment in a directory that holds none yet. Rejects with ENOSPC where there is no room for it. */
export async function makeEnvironment(directory: string): Promise<void> {
  await makeLockFile(directory);
  try {
    await openEnvironment(directory).close();
  } catch (error) {
    throw (await isFull(error, directory, 0)) ? noRoom(error) : error;
  }
}

/** LMDB would make it as a hole and map it: to write there when the disk is full ends the process (SIGBUS). */
async function makeLockFile(directory: string): Promise<void> {
  const file = await open(join(directory, LOCK_FILE), "a", 0o600);
  try {
    if ((await file.stat()).size === 0) await file.write(Buffer.alloc(LOCK_FILE_BYTES));
  } finally {
    await file.close();
  }
}

export interface LmdbEngineOptions {
  /** Nothing can be committed. */
  readonly readOnly?: boolean;
  /** Called once, when all records have been read, something was committed, or the engine is closed. */
  readonly loaded?: () => Promise<void>;
}

/** A state in one LMDB environment; src/ports.ts says what it promises. */
export class LmdbEngine implements StateEngine {
  private readonly directory: string;
  private environment: Environment;
  private committed: Head;
  private fileBytes = 0;
  private loaded: (() => Promise<void>) | undefined;
  /** What goes on now, so that nothing is closed under it. */
  private readonly running = new Set<Promise<unknown>>();
  private committing = false;
  private reopening: Promise<void> = Promise.resolve();
  private failure: Error | null = null;

  private constructor(directory: string, opened: Opened, { loaded }: LmdbEngineOptions) {
    this.directory = directory;
    this.environment = opened.environment;
    this.committed = opened.head;
    this.loaded = loaded;
  }

  /**
   * Opens the environment in `directory`, which must be there. Rejects with StateDamaged.
   * What it shows may be in the page cache alone: the process before may have died, or have been told of an error,
   * while it wrote the page that makes a commit valid. So that page is written once more before anyone relies on it; where the disk
   * has no room for that, with the next commit: the log is only ever cut after one that succeeded.
   */
  static async open(directory: string, options: LmdbEngineOptions = {}): Promise<LmdbEngine> {
    const readOnly = options.readOnly ?? false;
    const engine = new LmdbEngine(directory, await openChecked(directory, readOnly), options);
    try {
      if (engine.meta !== null && !readOnly) await engine.confirm(engine.meta);
      await engine.measure();
    } catch (error) {
      await engine.close();
      throw error;
    }
    if (engine.count === 0) await engine.wasLoaded();
    return engine;
  }

  get count(): number {
    return this.committed.count;
  }

  get meta(): Uint8Array | null {
    return this.committed.meta;
  }

  get bytes(): number {
    return this.fileBytes;
  }

  async commit(records: readonly Uint8Array[], meta: Uint8Array): Promise<void> {
    if (this.failure !== null) throw this.failure;
    if (this.committing) throw new Error("a commit of the state was asked for beside another");
    this.committing = true;
    try {
      await this.track(this.put(records, meta));
      await this.measure();
      await this.wasLoaded();
    } catch (error) {
      if (isNoSpace(error)) await this.reopen();
      else this.failure = error as Error;
      throw error;
    } finally {
      this.committing = false;
    }
  }

  async read(from: number, maxBytes: number): Promise<readonly Uint8Array[]> {
    const { count } = this;
    await this.reopening;
    if (this.failure !== null) throw this.failure;
    try {
      const records = await this.track(this.readUpTo(count, from, maxBytes));
      if (from + records.length >= count) await this.wasLoaded();
      return records;
    } catch (error) {
      throw asStateError(error);
    }
  }

  async close(): Promise<void> {
    this.failure ??= new Error("the state is closed");
    await Promise.allSettled(this.running);
    await this.environment.close();
    await this.wasLoaded();
  }

  /**
   * After a commit for which there was no space: where it was the last page that could not be written, LMDB refuses all
   * that follows. Reads that come now wait.
   */
  private async reopen(): Promise<void> {
    const before = this.committed;
    const reopened = async (): Promise<void> => {
      await Promise.allSettled(this.running);
      await this.environment.close();
      const { environment, head } = await openChecked(this.directory, false);
      this.environment = environment;
      if (!sameHead(head, before)) throw new StateDamaged("a commit without space changed the state");
    };
    this.reopening = reopened().catch((error: unknown) => {
      this.failure = error as Error;
    });
    await this.reopening;
  }

  private async confirm(meta: Uint8Array): Promise<void> {
    try {
      await this.put([], meta);
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      await this.reopen();
      if (this.failure !== null) throw this.failure;
    }
  }

  private async wasLoaded(): Promise<void> {
    const { loaded } = this;
    this.loaded = undefined;
    await loaded?.();
  }

  private async readUpTo(count: number, from: number, maxBytes: number): Promise<readonly Uint8Array[]> {
    const records: Uint8Array[] = [];
    let bytes = 0;
    let next = from;
    while (next < count) {
      const keys = this.keysFrom(next, count, maxBytes - bytes);
      // LMDB reads by page faults, which would stop the event loop on a slow disk: another thread takes them.
      await this.environment.prefetch([...keys]);
      for (const key of keys) {
        const { first } = decodeKey(key);
        for (const record of this.chunk(key).slice(next - first)) {
          if (records.length > 0 && bytes + record.length > maxBytes) return records;
          records.push(record);
          bytes += record.length;
          next++;
        }
      }
    }
    return records;
  }

  private async track<T>(promise: Promise<T>): Promise<T> {
    this.running.add(promise);
    try {
      return await promise;
    } finally {
      this.running.delete(promise);
    }
  }

  /** All in one transaction: what `batch` is given is never divided. */
  private async put(records: readonly Uint8Array[], meta: Uint8Array): Promise<void> {
    const count = this.count + records.length;
    const chunks = packChunks(records, this.count);
    const head = packMeta(count, meta);
    const bytes = chunks.reduce((sum, { value }) => sum + value.length, head.length);
    await requireRoom(this.directory, bytes);
    // Each put has a promise, too, which must not be left to reject alone.
    const done: Promise<unknown>[] = [];
    try {
      const batch = this.environment.batch(() => {
        for (const { key, value } of chunks) done.push(this.environment.put(key, value));
        done.push(this.environment.put(META_KEY, head));
      });
      await Promise.all([batch, ...done]);
    } catch (error) {
      throw await commitError(error, this.directory, bytes);
    }
    this.committed = { count, meta: Uint8Array.from(meta) };
  }

  private async measure(): Promise<void> {
    this.fileBytes = (await stat(join(this.directory, DATA_FILE))).size;
  }

  /** Keys of the chunks, without a gap, that hold records from `from` on, until their records reach `maxBytes`. */
  private keysFrom(from: number, count: number, maxBytes: number): readonly Uint8Array[] {
    const keys: Uint8Array[] = [];
    let next = from;
    let bytes = 0;
    const start = this.keyOfChunkWith(from);
    for (const key of this.environment.getKeys({ start, limit: KEYS_A_STEP })) {
      const chunk = decodeKey(key);
      const inside = keys.length === 0 ? chunk.first <= from : chunk.first === next;
      if (!inside || chunk.records === 0) break;
      next = chunk.first + chunk.records;
      keys.push(key);
      bytes += chunk.bytes;
      if (next >= count || bytes >= maxBytes) break;
    }
    if (next <= from || next > count) throw new StateDamaged(`record ${from} of the state is missing`);
    return keys;
  }

  private keyOfChunkWith(number: number): Uint8Array {
    const before = { start: chunkKeyCeiling(number), end: chunkKeyFloor(0), reverse: true, limit: 1 };
    for (const key of this.environment.getKeys(before)) return key;
    throw new StateDamaged(`record ${number} of the state is missing`);
  }

  private chunk(key: Uint8Array): readonly Uint8Array[] {
    const value = this.environment.getBinary(key);
    if (value === undefined) throw new StateDamaged(`record ${decodeKey(key).first} of the state is missing`);
    return unpackChunk(key, value);
  }
}

interface Head {
  readonly count: number;
  readonly meta: Uint8Array | null;
}

interface Opened {
  readonly environment: Environment;
  readonly head: Head;
}

function sameHead(one: Head, other: Head): boolean {
  if (one.count !== other.count) return false;
  if (one.meta === null || other.meta === null) return one.meta === other.meta;
  return Buffer.from(one.meta).equals(other.meta);
}

async function openChecked(directory: string, readOnly: boolean): Promise<Opened> {
  let environment: Environment | undefined;
  await checkLmdbFile(join(directory, DATA_FILE));
  if (!readOnly) await makeLockFile(directory);
  try {
    environment = openEnvironment(directory, readOnly);
    return { environment, head: readHead(environment) };
  } catch (error) {
    await environment?.close();
    throw asStateError(error);
  }
}

/** The head, which must agree with the last chunk. Throws StateDamaged. */
function readHead(environment: Environment): Head {
  const value = environment.getBinary(META_KEY);
  let end = 0;
  const last = { start: chunkKeyCeiling(2 ** 48 - 1), end: chunkKeyFloor(0), reverse: true, limit: 1 };
  for (const key of environment.getKeys(last)) {
    const { first, records } = decodeKey(key);
    end = first + records;
  }
  const head = value === undefined ? { count: 0, meta: null } : unpackMeta(value);
  if (head.count !== end) {
    throw new StateDamaged(`the state has records up to ${end}, and its head says ${head.count}`);
  }
  return head;
}

/** The library rejects with an error of its own that holds a promise of the real one. */
async function causeOf(error: unknown): Promise<unknown> {
  try {
    await (error as { commitError?: Promise<never> }).commitError;
  } catch (cause) {
    return cause;
  }
  return error;
}

/**
 * What the failure of a commit of `bytes` means. Nothing refers to the pages of a commit that failed, and another try writes them all anew.
 */
async function commitError(error: unknown, directory: string, bytes: number): Promise<Error> {
  const cause = await causeOf(error);
  if (await isFull(cause, directory, bytes)) return noRoom(cause);
  const text = `the state cannot be written: ${(cause as Error).message}`;
  return isOfLmdb(cause) ? new StateDamaged(text, { cause }) : new Error(text, { cause });
}

/** LMDB calls a write that the disk took only a part of an I/O error, and that is how a full disk shows. */
async function isFull(cause: unknown, directory: string, bytes: number): Promise<boolean> {
  const { code } = cause as { code?: unknown };
  if (code === EIO) return (await freeBytes(directory)) < bytes + ROOM_BYTES;
  return code === ENOSPC || code === EDQUOT || code === MDB_MAP_FULL;
}

function noRoom(cause: unknown): Error {
  return Object.assign(new Error("no space for the state on the disk", { cause }), { code: "ENOSPC" });
}

/**
 * Rejects with ENOSPC where a commit of `bytes` may not find room. LMDB must not be the one to find out: its message of a page that cannot be
 * written is longer than the memory that it takes for it, and the process may end over that ("malloc(): invalid next size"). A quota, or a
 * disk that tells of room and has none, shows by a file that takes some.
 */
async function requireRoom(directory: string, bytes: number): Promise<void> {
  if ((await freeBytes(directory)) < bytes + ROOM_BYTES) throw noRoom("it has too few free bytes");
  const probe = join(directory, PROBE_FILE);
  try {
    await writeFile(probe, Buffer.alloc(PROBE_BYTES));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === "ENOSPC" || code === "EDQUOT" ? noRoom(error) : error;
  } finally {
    await rm(probe, { force: true });
  }
}

async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

function isNoSpace(error: unknown): boolean {
  return (error as { code?: unknown }).code === "ENOSPC";
}

/**
 * An error while a state was read. Those of LMDB itself mean that the file is not one that it wrote, and so do those
 * without a code, which its JavaScript part throws for keys and lengths that cannot be; the others are the machine's.
 */
function asStateError(error: unknown): unknown {
  if (error instanceof StateDamaged || error instanceof UnknownStateFormat) return error;
  const { code, message } = error as { code?: unknown; message: string };
  return code === undefined || isOfLmdb(error) ? new StateDamaged(message, { cause: error }) : error;
}

function isOfLmdb(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === "number" && code < 0;
}
