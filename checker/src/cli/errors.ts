/** Bad arguments: told in one line that names the argument. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

/**
 * Why there is no verdict on a file: its content is at fault (`data`), what should judge it (`failed`), or the
 * arguments for it.
 */
export interface Failure {
  readonly kind: "data" | "failed" | "usage";
  readonly reason: string;
  readonly remedy: string;
  /** Counted from 1; null: the file as a whole. */
  readonly line: number | null;
}

/** There is no verdict on this file. */
export class FailureError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.reason);
    this.name = "FailureError";
    this.failure = failure;
  }
}

/** "line 3: what is wrong; what to do". */
export function failureText({ reason, remedy, line }: Failure): string {
  const place = line === null ? "" : `line ${line}: `;
  return `${place}${reason}; ${remedy}`;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
