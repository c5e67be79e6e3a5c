import { MAX_SEED } from "../run/random.js";
import { UsageError } from "../errors.js";

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

/** One of these words. */
export function oneOf<Word extends string>(flag: string, words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((each) => each === text);
    if (word === undefined) throw new UsageError(`${flag}: "${text}" is none of ${words.join(", ")}`);
    return word;
  };
}

/** A decimal number: `1`, `0.99`. */
export function decimal(flag: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw new UsageError(`${flag}: "${text}" is not a number from ${min} to ${max}`);
    }
    return value;
  };
}

/** Milliseconds. A bare number is seconds; `500ms`, `3s`, `2m`, `1h` say their unit. */
export function duration(flag: string, minMs: number, maxMs: number): (text: string) => number {
  return (text) => {
    const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
    const value =
      number === undefined ? Number.NaN : Math.round(Number(number) * (UNIT_MS[unit ?? "s"] ?? Number.NaN));
    if (!(value >= minMs && value <= maxMs)) {
      throw new UsageError(
        `${flag}: "${text}" is not a time from ${minMs / 1000}s to ${maxMs / 1000}s (60, 90s, 2m, 500ms)`,
      );
    }
    return value;
  };
}

export function seed(flag: string): (text: string) => number {
  return integer(flag, 0, MAX_SEED);
}

/** Comma-separated names; an empty list and `none` are the same. */
export function names(text: string): readonly string[] {
  const list = text.split(",").map((name) => name.trim());
  return list.filter((name) => name !== "" && name !== "none");
}
