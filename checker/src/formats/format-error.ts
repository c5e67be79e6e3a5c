/** A recorded history that cannot be read; there is no verdict. The message has the place and the remedy. */
export class FormatError extends Error {
  /** Counted from 1; null: the file as a whole. */
  readonly line: number | null;
  /** What is wrong. */
  readonly reason: string;
  /** What to do about it. */
  readonly remedy: string;

  constructor(line: number | null, reason: string, remedy: string) {
    super(`${line === null ? "" : `line ${line}: `}${reason}; ${remedy}`);
    this.name = "FormatError";
    this.line = line;
    this.reason = reason;
    this.remedy = remedy;
  }
}

/** What was found, for a message: one line, not too long, nothing unprintable. */
export function excerpt(text: string): string {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return JSON.stringify(shown);
}
