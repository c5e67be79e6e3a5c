import { quietMemory } from "./quiet-memory.js";

const FIRST_BYTES = 4096;
const SLAB_BYTES = 4 * 1024 * 1024;
/** What is larger gets a slab of its own, so that no slab ends with much of it unused. */
const OWN_SLAB_BYTES = SLAB_BYTES / 8;

/** A piece of memory outside the JavaScript heap. */
export interface Slab {
  readonly bytes: Buffer;
  readonly view: DataView;
}

/**
 * Memory for bytes that are written once and kept: what was reserved never moves and is never freed, so that views
 * into it stay good. The first slab is small, each next one twice as large, up to 4 MiB.
 */
export class Slabs {
  private readonly slabs: Slab[] = [];
  private open = -1;
  private used = 0;
  private nextBytes = FIRST_BYTES;
  private allocated = 0;

  /** Where the last reservation is: the slab's number, and the offset in it. */
  lastSlab = 0;
  lastOffset = 0;

  /** Memory taken. */
  get bytes(): number {
    return this.allocated;
  }

  at(number: number): Slab {
    const slab = this.slabs[number];
    if (slab === undefined) throw new RangeError(`there is no slab ${number}`);
    return slab;
  }

  reserve(length: number): Slab {
    if (length > OWN_SLAB_BYTES) {
      const slab = this.allocate(length);
      this.lastSlab = this.slabs.length - 1;
      this.lastOffset = 0;
      return slab;
    }
    const current = this.slabs[this.open];
    if (current !== undefined && this.used + length <= current.bytes.length) {
      this.lastSlab = this.open;
      this.lastOffset = this.used;
      this.used += length;
      return current;
    }
    while (this.nextBytes < length) this.nextBytes *= 2;
    const slab = this.allocate(this.nextBytes);
    this.nextBytes = Math.min(this.nextBytes * 2, SLAB_BYTES);
    this.open = this.slabs.length - 1;
    this.lastSlab = this.open;
    this.lastOffset = 0;
    this.used = length;
    return slab;
  }

  private allocate(length: number): Slab {
    const bytes = Buffer.from(quietMemory(length));
    const slab = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
    this.slabs.push(slab);
    this.allocated += length;
    return slab;
  }
}
