import { openSync, readFileSync, writeSync } from "node:fs";
import type { ClockSetting } from "@gauntlet/nemesis";

/**
 * The page of memory through which the server's clocks are set; shim/clock.c reads it and has the same layout
 * (72 bytes, little-endian): magic, sequence, wall offset, the line of the drift, the line of the monotonic clock.
 */
const MAGIC = "gntclock";
const SEQUENCE_AT = 8;
const BODY_AT = 16;
const BODY_BYTES = 56;
const WALL_RATE_AT = BODY_AT + 24;
const MONOTONIC_RATE_AT = BODY_AT + 48;
const NS_PER_MS = 1_000_000n;

/**
 * A clock as a line: virtual = anchorVirtual + (true - anchorTrue) * rate, in nanoseconds. For the wall clock, virtual is
 * what it would show without the offset; at rate 1 it is true time.
 */
interface Line {
  readonly anchorTrue: bigint;
  readonly anchorVirtual: bigint;
  readonly rate: number;
}

const TRUE_TIME: Line = { anchorTrue: 0n, anchorVirtual: 0n, rate: 1 };

export class ClockPage {
  readonly #fd: number;
  #sequence = 0n;
  #line = TRUE_TIME;
  #wall = TRUE_TIME;

  /** Makes the page with true clocks. */
  constructor(path: string) {
    this.#fd = openSync(path, "w+", 0o644);
    const page = Buffer.alloc(BODY_AT + BODY_BYTES);
    page.write(MAGIC, "latin1");
    writeSync(this.#fd, page, 0, page.length, 0);
    this.set({ wallOffsetMs: 0, wallRate: 1, monotonicRate: 1 });
  }

  /**
   * In force when this returns. The monotonic clock changes its speed without a jump, and so does the wall clock; but at
   * rate 1 the wall clock is again off by its offset alone.
   */
  set(setting: ClockSetting): void {
    // Odd: readers wait, and start again with the clock. So no time after the new anchor was bent by the old line.
    this.#writeSequence();
    const { wallRate, monotonicRate } = setting;
    if (this.#line.rate !== monotonicRate)
      this.#line = bend(this.#line, monotonicRate, process.hrtime.bigint());
    if (this.#wall.rate !== wallRate)
      this.#wall = wallRate === 1 ? TRUE_TIME : bend(this.#wall, wallRate, trueWallNs());
    const body = Buffer.alloc(BODY_BYTES);
    body.writeBigInt64LE(BigInt(Math.round(setting.wallOffsetMs * 1e6)), 0);
    writeLine(this.#wall, body, 8);
    writeLine(this.#line, body, 32);
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
    wallRate: page.readDoubleLE(WALL_RATE_AT),
    monotonicRate: page.readDoubleLE(MONOTONIC_RATE_AT),
  };
}

/** The line with another rate that meets the old one now. The shim rounds in the same way. */
function bend(line: Line, rate: number, now: bigint): Line {
  const since = now - line.anchorTrue;
  const elapsed = line.rate === 1 ? since : BigInt(Math.trunc(Number(since) * line.rate));
  return { anchorTrue: now, anchorVirtual: line.anchorVirtual + elapsed, rate };
}

/** JavaScript reads the wall clock in whole milliseconds: it is known exactly when it has just changed. */
function trueWallNs(): bigint {
  const begun = Date.now();
  let now = begun;
  while (now === begun) now = Date.now();
  return BigInt(now) * NS_PER_MS;
}

function writeLine({ anchorTrue, anchorVirtual, rate }: Line, body: Buffer, at: number): void {
  body.writeBigInt64LE(anchorTrue, at);
  body.writeBigInt64LE(anchorVirtual, at + 8);
  body.writeDoubleLE(rate, at + 16);
}
