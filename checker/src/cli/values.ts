import { UsageError } from "./errors.js";

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** Milliseconds. A bare number is seconds; `500ms`, `3s`, `2m`, `1h` say their unit. */
export function duration(flag: string): (text: string) => number {
  return (text) => {
    const [, number, unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
    const value = number === undefined ? Number.NaN : Number(number) * (UNIT_MS[unit] ?? Number.NaN);
    if (value > 0 && Number.isFinite(value)) return value;
    throw new UsageError(`${flag}: "${text}" is not a time (60, 90s, 2m, 500ms)`);
  };
}

/** Bytes. A bare number is bytes; `512MiB`, `2GiB`, `100MB` say their unit. */
export function size(flag: string): (text: string) => number {
  return (text) => {
    const [, number, unit = "B"] = /^(\d+(?:\.\d+)?)(B|kB|MB|GB|KiB|MiB|GiB)?$/.exec(text) ?? [];
    const value =
      number === undefined ? Number.NaN : Math.floor(Number(number) * (UNIT_BYTES[unit] ?? Number.NaN));
    if (value >= 1 && Number.isSafeInteger(value)) return value;
    throw new UsageError(`${flag}: "${text}" is not a size (512MiB, 2GiB, 100MB)`);
  };
}

export function integer(flag: string, min: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= min) return value;
    throw new UsageError(`${flag}: "${text}" is not an integer of at least ${min}`);
  };
}

export function oneOf<T extends string>(flag: string, names: readonly T[]): (text: string) => T {
  return (text) => {
    const name = names.find((known) => known === text);
    if (name !== undefined) return name;
    throw new UsageError(`${flag}: there is no "${text}"; known: ${names.join(", ")}`);
  };
}

/**
 * JSON where it is JSON, else text: `0` is a number, `"0"` and `x` are strings, `nil` and `absent` are null. In an
 * object of its own, for the argument parser takes a null for no argument. Throws UsageError.
 */
export function initialValue(text: string): { readonly value: unknown } {
  if (text === "nil" || text === "absent") return { value: null };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    // Text has no need of these; whoever writes them means JSON.
    if (/^\s*["[{]/.test(text)) throw new UsageError(`--init: ${text} is not JSON (0, x, '"0"', '{"a": 1}')`);
    return { value: text };
  }
}
