import { openSync, writeSync } from "node:fs";

/**
 * The page of memory through which the server's clocks are set; shim/clock.c reads it and has the same layout
 * (80 bytes, little-endian): magic, sequence, wall offset, switch time, then two lines of three numbers.
 */
const MAGIC = "gntclock";
const SEQUENCE_AT = 8;
const BODY_AT = 16;
const BODY_BYTES = 64;

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
    // Odd: readers wait. The switch time is taken while they do, so nobody has read a time after it.
    this.#writeSequence();
    const switchAt = process.hrtime.bigint();
    const before = this.#line;
    const after =
      before.rate === setting.monotonicRate ? before : bendAt(before, switchAt, setting.monotonicRate);
    const body = Buffer.alloc(BODY_BYTES);
    body.writeBigInt64LE(BigInt(Math.round(setting.wallOffsetMs * 1e6)), 0);
    body.writeBigInt64LE(switchAt, 8);
    writeLine(body, 16, before);
    writeLine(body, 40, after);
    writeSync(this.#fd, body, 0, body.length, BODY_AT);
    this.#line = after;
    this.#writeSequence();
  }

  #writeSequence(): void {
    this.#sequence += 1n;
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(this.#sequence);
    writeSync(this.#fd, bytes, 0, bytes.length, SEQUENCE_AT);
  }
}

/** The line with another rate that meets the old one at a true time. The shim rounds in the same way. */
function bendAt(line: Line, at: bigint, rate: number): Line {
  const since = at - line.anchorTrue;
  const elapsed = line.rate === 1 ? since : BigInt(Math.trunc(Number(since) * line.rate));
  return { anchorTrue: at, anchorVirtual: line.anchorVirtual + elapsed, rate };
}

function writeLine(body: Buffer, at: number, line: Line): void {
  body.writeBigInt64LE(line.anchorTrue, at);
  body.writeBigInt64LE(line.anchorVirtual, at + 8);
  body.writeDoubleLE(line.rate, at + 16);
}
