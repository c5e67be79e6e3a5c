import { openSync, readFileSync, writeSync } from "node:fs";

/**
 * The page of memory through which the server's clocks are set; shim/clock.c reads it and has the same layout
 * (48 bytes, little-endian): magic, sequence, wall offset, then the line of the monotonic clock.
 */
const MAGIC = "gntclock";
const SEQUENCE_AT = 8;
const BODY_AT = 16;
const BODY_BYTES = 32;

/** The monotonic clock as a line: virtual = anchorVirtual + (true - anchorTrue) * rate, in nanoseconds. */
interface Line {
  readonly anchorTrue: bigint;
  readonly anchorVirtual: bigint;
  readonly rate: number;
}

export interface ClockSetting {
  readonly wallOffsetMs: number;
  readonly monotonicRate: number;
}

export class ClockPage {
  readonly #fd: number;
  #sequence = 0n;
  #line: Line = { anchorTrue: 0n, anchorVirtual: 0n, rate: 1 };

  /** Makes the page with true clocks. */
  constructor(path: string) {
    this.#fd = openSync(path, "w+", 0o644);
    const page = Buffer.alloc(BODY_AT + BODY_BYTES);
    page.write(MAGIC, "latin1");
    writeSync(this.#fd, page, 0, page.length, 0);
    this.set({ wallOffsetMs: 0, monotonicRate: 1 });
  }

  /** In force when this returns; the monotonic clock changes its speed without a jump. */
  set(setting: ClockSetting): void {
    // Odd: readers wait, and start again with the clock. So no time after the new anchor was bent by the old line.
    this.#writeSequence();
    if (this.#line.rate !== setting.monotonicRate) this.#line = bendNow(this.#line, setting.monotonicRate);
    const body = Buffer.alloc(BODY_BYTES);
    body.writeBigInt64LE(BigInt(Math.round(setting.wallOffsetMs * 1e6)), 0);
    body.writeBigInt64LE(this.#line.anchorTrue, 8);
    body.writeBigInt64LE(this.#line.anchorVirtual, 16);
    body.writeDoubleLE(this.#line.rate, 24);
    writeSync(this.#fd, body, 0, body.length, BODY_AT);
    this.#writeSequence();
  }

  #writeSequence(): void {
    this.#sequence += 1n;
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(this.#sequence);
    writeSync(this.#fd, bytes, 0, bytes.length, SEQUENCE_AT);
  }
}

/** The setting that a server which maps this page sees: read from the page, not from what was asked for. */
export function readClockPage(path: string): ClockSetting {
  const page = readFileSync(path);
  const isWhole = page.length === BODY_AT + BODY_BYTES && page.toString("latin1", 0, MAGIC.length) === MAGIC;
  if (!isWhole || page.readBigUInt64LE(SEQUENCE_AT) % 2n !== 0n)
    throw new Error(`${path} is no whole clock page`);
  return {
    wallOffsetMs: Number(page.readBigInt64LE(BODY_AT)) / 1e6,
    monotonicRate: page.readDoubleLE(BODY_AT + 24),
  };
}

/** The line with another rate that meets the old one now. The shim rounds in the same way. */
function bendNow(line: Line, rate: number): Line {
  const now = process.hrtime.bigint();
  const since = now - line.anchorTrue;
  const elapsed = line.rate === 1 ? since : BigInt(Math.trunc(Number(since) * line.rate));
  return { anchorTrue: now, anchorVirtual: line.anchorVirtual + elapsed, rate };
}
