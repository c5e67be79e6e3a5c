import { quietMemory } from "./quiet-memory.js";

/** Rows of 32-bit words outside the JavaScript heap: no object a row, so nothing for a collector to visit. */
const CHUNK_ROWS_LOG2 = 14;
const CHUNK_ROWS = 1 << CHUNK_ROWS_LOG2;
const FIRST_ROWS = 64;
/** Row numbers are words of other rows. */
const MAX_ROWS = 2 ** 32;

/**
 * A table that only grows. The first chunk begins small and doubles until it is whole, so that little data takes
 * little memory; chunks behind it are added whole and never move, so that growth never copies much.
 */
export class WordTable {
  private readonly width: number;
  private readonly chunks: Uint32Array[] = [];
  private count = 0;

  /** `width`: words in a row. */
  constructor(width: number) {
    this.width = width;
  }

  get rows(): number {
    return this.count;
  }

  /** Memory taken. */
  get bytes(): number {
    return this.chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** Adds a row of zeros; its number. */
  add(): number {
    const row = this.count;
    if (row === MAX_ROWS) throw new RangeError(`a table cannot have more than ${MAX_ROWS} rows`);
    const [chunk, rowsBefore] = [row >>> CHUNK_ROWS_LOG2, row & (CHUNK_ROWS - 1)];
    const old = this.chunks[chunk];
    if (old === undefined) this.chunks.push(words((chunk === 0 ? FIRST_ROWS : CHUNK_ROWS) * this.width));
    else if (old.length === rowsBefore * this.width) {
      const larger = words(old.length * 2);
      larger.set(old);
      this.chunks[chunk] = larger;
    }
    this.count += 1;
    return row;
  }

  /** The row must be there. */
  get(row: number, field: number): number {
    return this.chunks[row >>> CHUNK_ROWS_LOG2]?.[(row & (CHUNK_ROWS - 1)) * this.width + field] ?? 0;
  }

  set(row: number, field: number, word: number): void {
    const chunk = this.chunks[row >>> CHUNK_ROWS_LOG2];
    if (chunk !== undefined) chunk[(row & (CHUNK_ROWS - 1)) * this.width + field] = word;
  }

  /** Puts a word at `field`; those from there up to `end` move up by one. */
  insert(row: number, field: number, end: number, word: number): void {
    const base = (row & (CHUNK_ROWS - 1)) * this.width;
    this.chunks[row >>> CHUNK_ROWS_LOG2]?.copyWithin(base + field + 1, base + field, base + end);
    this.set(row, field, word);
  }

  /** Copies so many words from one row to another. */
  copy(fromRow: number, fromField: number, toRow: number, toField: number, count: number): void {
    for (let at = 0; at < count; at++) this.set(toRow, toField + at, this.get(fromRow, fromField + at));
  }
}

function words(count: number): Uint32Array {
  return new Uint32Array(quietMemory(count * Uint32Array.BYTES_PER_ELEMENT));
}
