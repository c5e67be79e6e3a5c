/**
 * The only doors out of the deterministic part of the server (raft/, wal/, store/, replica.ts).
 * `runtime/` opens them onto Node; a simulator can open the same doors onto a world of its own.
 * Lint forbids every other clock, timer, random source, file and socket in that part.
 */

/** Time. Elections and leases follow the monotonic clock only; wall time is for people and log entries. */
export interface Clock {
  /** Milliseconds since an arbitrary origin, never going back. Fractions allowed. */
  monotonicMs(): number;
  /** Milliseconds since the Unix epoch; may jump either way. */
  wallMs(): number;
  /** Calls back once after `delayMs` of monotonic time. The returned function cancels. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls back in a later turn of the event loop, after what is already queued: used for batching. */
  soon(callback: () => void): void;
}

export interface Random {
  /** A uniform integer in [0, bound). */
  below(bound: number): number;
}

/** One open file. Offsets and lengths are in bytes. All calls reject on an I/O error, with Node's error codes. */
export interface DiskFile {
  /** Fills as much of `into` as the file has from `offset`; resolves to the bytes read. */
  read(into: Uint8Array, offset: number): Promise<number>;
  /** Writes all of `parts`, one after another, from `offset`. */
  write(parts: readonly Uint8Array[], offset: number): Promise<void>;
  /**
   * As `write`; after it resolves, these bytes and the length survive a power cut. Of other bytes that were written
   * before and not synced, nothing is said.
   */
  writeDurably(parts: readonly Uint8Array[], offset: number): Promise<void>;
  truncate(length: number): Promise<void>;
  /** fdatasync: after it resolves, what was written and the length survive a power cut. */
  sync(): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** A directory that belongs to one replica. Names are plain file names. */
export interface Disk {
  list(): Promise<readonly string[]>;
  open(name: string, mode: "read" | "read-write" | "create-exclusive"): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** fsync of the directory: after it resolves, creations, renames and removals survive a power cut. */
  syncDirectory(): Promise<void>;
}

/**
 * Keeps the state machine on disk: records, numbered from 0 without gaps, to which every commit adds, and a small
 * `meta` that every commit replaces. Bytes come back as they were written, or the call rejects with StateDamaged.
 */
export interface StateEngine {
  /** Records of the last commit that survived. */
  readonly count: number;
  /** Of the last commit; null: there was none yet. */
  readonly meta: Uint8Array | null;
  /** On disk, in bytes. */
  readonly bytes: number;
  /**
   * Adds records behind the last, and replaces `meta`: both or neither, whatever happens. Resolves when they survive a
   * power cut. One at a time. A rejection with ENOSPC leaves everything as it was, and may be tried again; after any
   * other the engine is not to be used any more.
   */
  commit(records: readonly Uint8Array[], meta: Uint8Array): Promise<void>;
  /**
   * Records from number `from` on, as many as fit into `maxBytes`, but one at least; none: `from` is `count`. May run
   * beside a commit, and sees what was committed when it was called.
   */
  read(from: number, maxBytes: number): Promise<readonly Uint8Array[]>;
  close(): Promise<void>;
}

/** The states of one replica, by generation: a snapshot from a peer is written beside the state that it replaces. */
export interface StateStorage {
  list(): Promise<readonly number[]>;
  /** Makes it where it is not there yet, so that it survives a power cut. Rejects with StateDamaged. */
  open(generation: number): Promise<StateEngine>;
  remove(generation: number): Promise<void>;
}

/** Durable bytes of a state are not what was written. The log may bring it back, or the peers. */
export class StateDamaged extends Error {
  override name = "StateDamaged";
}

/** The way to one's peers. Neither delivery is promised, nor order, nor that a message comes only once. */
export interface Network<Message, Report> {
  /** Hands messages over for sending; never blocks, drops what a full queue cannot hold. */
  send(messages: readonly Message[]): void;
  /** Tells all peers that are connected; a later report makes an earlier one needless. */
  report(report: Report): void;
  /**
   * Sends a message of type snapshot with what belongs to it. Resolves when the receiver has taken it all in, in order
   * and unharmed; rejects when the connection ended before, or the receiver refused. Asks for the next chunk when there is room.
   */
  stream(message: Message, chunks: AsyncIterable<Uint8Array>): Promise<void>;
}
