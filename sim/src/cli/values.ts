import { UsageError } from "../errors.js";

/** Seeds stay exact in a double. */
const MAX_SEED = Number.MAX_SAFE_INTEGER;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Parsers of flag values. Each says flag, value and what is expected, in one line. */
export function integer(flag: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(value) || value < min || value > max) {
      throw new UsageError(`${flag}: "${text}" is not an integer from ${min} to ${max}`);
    }
    return value;
  };
}

/** Milliseconds. A bare number is seconds; `500ms`, `3s`, `2m`, `8h` say their unit. */
export function duration(flag: string, minMs: number, maxMs: number): (text: string) => number {
  return (text) => {
    const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
    const value =
      number === undefined ? Number.NaN : Math.round(Number(number) * (UNIT_MS[unit ?? "s"] ?? Number.NaN));
    if (!(value >= minMs && value <= maxMs)) {
      throw new UsageError(
        `${flag}: "${text}" is not a time from ${minMs / 1_000}s to ${maxMs / 1_000}s (60, 90s, 2m, 8h)`,
      );
    }
    return value;
  };
}

export function seed(flag: string): (text: string) => number {
  return integer(flag, 0, MAX_SEED);
}

/** Comma-separated names. */
export function names(text: string): readonly string[] {
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** Of the moment, so that no two runs in a row take the same ones. */
export function seedOfNow(): number {
  return Date.now();
}
