/** The log cannot be used: told with what to do. After one of these from `append`, the Wal stays unusable. */
export class WalError extends Error {
  override name = "WalError";
}

/**
 * Durable bytes are not what was written. Nothing was changed on disk: what is damaged may have been
 * acknowledged, so only an operator may decide to go on without it.
 */
export class WalCorruption extends WalError {
  override name = "WalCorruption";

  /** File name of the damaged (or missing) segment. */
  readonly segment: string;

  /** Bytes from the start of the segment. */
  readonly offset: number;

  constructor(segment: string, offset: number, reason: string) {
    super(
      `the log is damaged: segment ${segment}, byte ${offset}: ${reason}. Nothing was changed on disk. ` +
        "Put the segment back from a copy, or remove this member from the cluster, clear its data " +
        "directory and add it as a new member.",
    );
    this.segment = segment;
    this.offset = offset;
  }
}
