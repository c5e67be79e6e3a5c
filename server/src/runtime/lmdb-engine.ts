import { stat } from "node:fs/promises";
import { join } from "node:path";
import { open as openLmdb, type RootDatabase } from "lmdb";
import { StateDamaged, type StateEngine } from "../ports.js";
import {
  chunkKeyCeiling,
  chunkKeyFloor,
  decodeKey,
  META_KEY,
  packChunks,
  packMeta,
  unpackChunk,
  unpackMeta,
} from "./state-chunk.js";

export const DATA_FILE = "data.mdb";
/** Address space, not disk or memory. Beyond it LMDB maps anew by itself. */
const MAP_BYTES = 64 * 2 ** 30;
/** Keys looked at in one turn of the event loop. */
const KEYS_A_STEP = 256;

const ENOSPC = 28;
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

/** A state in one LMDB environment; src/ports.ts says what it promises. */
export class LmdbEngine implements StateEngine {
  private readonly directory: string;
  private environment: Environment;
  private committed: { readonly count: number; readonly meta: Uint8Array | null };
  private fileBytes = 0;
  /** What goes on now, so that nothing is closed under it. */
  private readonly running = new Set<Promise<unknown>>();
  private committing = false;
  private failure: Error | null = null;

  private constructor(directory: string, environment: Environment) {
    this.directory = directory;
    this.environment = environment;
    this.committed = readHead(environment);
  }

  /**
   * Opens the environment in `directory`, which must be there. Rejects with StateDamaged.
   * What it shows may be in the page cache alone: the process before may have died, or have been told of an error,
   * while it wrote the page that makes a commit valid. So that page is written once more before anyone relies on it.
   */
  static async open(directory: string): Promise<LmdbEngine> {
    const environment = openChecked(directory);
    let engine: LmdbEngine;
    try {
      engine = new LmdbEngine(directory, environment);
    } catch (error) {
      await environment.close();
      throw asStateError(error);
    }
    try {
      if (engine.meta !== null) await engine.put([], engine.meta);
      await engine.measure();
      return engine;
    } catch (error) {
      await engine.close();
      throw error;
    }
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
    } catch (error) {
      if (!isNoSpace(error)) this.failure = error as Error;
      throw error;
    } finally {
      this.committing = false;
    }
  }

  async read(from: number, maxBytes: number): Promise<readonly Uint8Array[]> {
    if (this.failure !== null) throw this.failure;
    const { count } = this;
    const records: Uint8Array[] = [];
    let bytes = 0;
    let next = from;
    while (next < count) {
      const keys = this.keysFrom(next, count, maxBytes - bytes);
      await this.track(this.intoMemory(keys));
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

  async close(): Promise<void> {
    this.failure ??= new Error("the state is closed");
    await Promise.allSettled(this.running);
    await this.environment.close();
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
    try {
      await this.environment.batch(() => {
        for (const { key, value } of chunks) void this.environment.put(key, value);
        void this.environment.put(META_KEY, head);
      });
    } catch (error) {
      throw await commitError(error);
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

  /** LMDB reads by page faults, which would stop the event loop on a slow disk: they are taken in another thread. */
  private async intoMemory(keys: readonly Uint8Array[]): Promise<void> {
    await this.environment.prefetch([...keys]);
  }

  private chunk(key: Uint8Array): readonly Uint8Array[] {
    let value: Uint8Array | undefined;
    try {
      value = this.environment.getBinary(key);
    } catch (error) {
      throw asStateError(error);
    }
    if (value === undefined) throw new StateDamaged(`record ${decodeKey(key).first} of the state is missing`);
    return unpackChunk(key, value);
  }
}

function openChecked(directory: string): Environment {
  try {
    return openEnvironment(directory);
  } catch (error) {
    throw asStateError(error);
  }
}

/** The head, which must agree with the last chunk. Throws StateDamaged. */
function readHead(environment: Environment): { readonly count: number; readonly meta: Uint8Array | null } {
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
async function commitError(error: unknown): Promise<Error> {
  let cause = error;
  try {
    await (error as { commitError?: Promise<never> }).commitError;
  } catch (reason) {
    cause = reason;
  }
  const { code } = cause as { code?: number };
  if (code === ENOSPC || code === MDB_MAP_FULL) {
    return Object.assign(new Error("no space for the state on the disk", { cause }), { code: "ENOSPC" });
  }
  return new Error(`the state cannot be written: ${(cause as Error).message}`, { cause });
}

function isNoSpace(error: unknown): boolean {
  return (error as { code?: unknown }).code === "ENOSPC";
}

/** Errors of LMDB itself, whose codes are numbers below -30700, mean that the file is not one that it wrote. */
function asStateError(error: unknown): unknown {
  if (error instanceof StateDamaged) return error;
  const { code, message } = error as { code?: unknown; message: string };
  const ofLmdb = typeof code === "number" && code < 0;
  return ofLmdb || error instanceof RangeError ? new StateDamaged(message, { cause: error }) : error;
}
