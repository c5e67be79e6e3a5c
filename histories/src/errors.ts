/** A history, or another file of a run, that cannot be used. The command line exits with EXIT_CODES.data. */
export class HistoryError extends Error {
  readonly file: string;
  /** Counted from 1; null: the file as a whole. */
  readonly line: number | null;

  constructor(file: string, line: number | null, reason: string, options?: ErrorOptions) {
    super(line === null ? `${file}: ${reason}` : `${file}:${line}: ${reason}`, options);
    this.name = "HistoryError";
    this.file = file;
    this.line = line;
  }
}

/** Nothing was asked of the system, so there is nothing to judge. */
export class EmptyHistoryError extends HistoryError {
  constructor(file: string) {
    super(file, null, "no operations");
    this.name = "EmptyHistoryError";
  }
}
