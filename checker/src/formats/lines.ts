import { FormatError } from "./format-error.js";

/** No recorder writes a longer event; a longer line may never end. */
export const MAX_EVENT_LENGTH = 8 * 1024 * 1024;

export function tooLong(line: number): FormatError {
  const limit = `${MAX_EVENT_LENGTH / 1024 / 1024} MiB`;
  return new FormatError(
    line,
    `an event of more than ${limit}`,
    "write one event a line, and long values (blobs) as their digests",
  );
}

/** Cuts text that comes in pieces into lines. */
export class LineSplitter {
  readonly #take: (text: string, line: number) => void;
  #rest = "";
  #line = 1;

  constructor(take: (text: string, line: number) => void) {
    this.#take = take;
  }

  push(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line.length > MAX_EVENT_LENGTH) throw tooLong(this.#line);
      this.#take(line.endsWith("\r") ? line.slice(0, -1) : line, this.#line++);
    }
    if (this.#rest.length > MAX_EVENT_LENGTH) throw tooLong(this.#line);
  }

  /** What follows the last newline; undefined if nothing does. */
  finish(): { readonly text: string; readonly line: number } | undefined {
    return this.#rest === "" ? undefined : { text: this.#rest, line: this.#line };
  }
}
