import type { HardState } from "../raft/entry.js";
import type { LastConfiguration } from "./last-configuration.js";

/** The log cannot be used: told with what to do. After one of these from `append`, the Wal stays unusable. */
export class WalError extends Error {
  override name = "WalError";
}

/** What intact records behind the damage show of the log's end. */
export interface Provable {
  /** The newest one there was: no vote of this member is forgotten with it. */
  readonly hardState: HardState;
  /** No entry behind it was acknowledged, and not taken back by a leader since. */
  readonly lastIndex: number;
  readonly generation: number;
  /** From intact records before the damage and behind it. */
  readonly configuration: LastConfiguration;
}

/**
 * Durable bytes are not what was written. Nothing was changed on disk: what is damaged may have been
 * acknowledged, so the log is never cut there.
 */
export class WalCorruption extends WalError {
  override name = "WalCorruption";

  /** File name of the damaged (or missing) segment. */
  readonly segment: string;

  /** Bytes from the start of the segment. */
  readonly offset: number;

  /** What is wrong there. */
  readonly reason: string;

  /**
   * A member of which this is known may go on with an empty log and get the rest from its peers: `beginAnew`.
   * null: what it has promised cannot be told; it must not vote again.
   */
  readonly provable: Provable | null;

  constructor(segment: string, offset: number, reason: string, provable: Provable | null = null) {
    super(
      `the log is damaged: segment ${segment}, byte ${offset}: ${reason}. Nothing was changed on disk. ` +
        "Put the segment back from a copy, or remove this member from the cluster, clear its data " +
        "directory and add it as a new member.",
    );
    this.segment = segment;
    this.offset = offset;
    this.reason = reason;
    this.provable = provable;
  }
}
