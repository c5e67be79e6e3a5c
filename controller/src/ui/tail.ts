import { type FileHandle, open } from "node:fs/promises";

const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * Reads the whole lines of a file that another process may be writing, each once. A file that is not there yet has
 * none. What is held is one chunk: a line that does not fit into it is left out.
 */
export class TailedFile {
  readonly path: string;
  /** Up to here everything was given out. */
  offset = 0;
  /** As it was at the last read. */
  size = 0;
  /** Inside a line that is left out. */
  #skipping = false;
  #buffer: Buffer | null = null;

  constructor(path: string) {
    this.path = path;
  }

  /** At most one chunk. Returns whether there was more to read. */
  async read(onLine: (line: string, offset: number) => void): Promise<boolean> {
    let file: FileHandle;
    try {
      file = await open(this.path, "r");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
      throw error;
    }
    try {
      const { size } = await file.stat();
      // A file that shrank is another one.
      if (size < this.offset) this.offset = 0;
      this.size = size;
      if (size === this.offset) return false;
      const length = Math.min(CHUNK_BYTES, size - this.offset);
      this.#buffer ??= Buffer.allocUnsafe(CHUNK_BYTES);
      const { bytesRead } = await file.read(this.#buffer, 0, length, this.offset);
      return this.#take(this.#buffer.subarray(0, bytesRead), onLine);
    } finally {
      await file.close();
    }
  }

  /** Gives up the memory of reading. What comes later can be read all the same. */
  rest(): void {
    this.#buffer = null;
  }

  /** Starts near the end, at a whole line. */
  skipTo(offset: number): void {
    if (offset <= this.offset) return;
    this.offset = offset;
    this.#skipping = true;
  }

  #take(chunk: Buffer, onLine: (line: string, offset: number) => void): boolean {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      if (!this.#skipping && end > start) onLine(chunk.toString("utf8", start, end), this.offset + start);
      this.#skipping = false;
      start = end + 1;
    }
    if (start === 0 && chunk.length === CHUNK_BYTES) {
      this.#skipping = true;
      start = chunk.length;
    }
    this.offset += start;
    return start > 0 && this.offset < this.size;
  }
}
