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

/** The way to one's peers. Neither delivery is promised, nor order, nor that a message comes only once. */
export interface Network<Message> {
  /** Hands messages over for sending; never blocks, drops what a full queue cannot hold. */
  send(messages: readonly Message[]): void;
}
