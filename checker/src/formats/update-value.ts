import type { RecordedEvent } from "./event.js";
import { describe } from "./fields.js";
import { FormatError } from "./format-error.js";

/** What the invoke says; the completion repeats it, says nothing, or says it where the invoke did not. */
export function updateValue(invoke: RecordedEvent, ok: RecordedEvent | undefined): unknown {
  const repeated = ok?.value ?? null;
  if (invoke.value === null) return repeated;
  if (ok === undefined || repeated === null || repeated === invoke.value) return invoke.value;
  if (describe(repeated) === describe(invoke.value)) return invoke.value;
  throw new FormatError(
    ok.line,
    `a ${ok.f} of ${describe(repeated)} is acknowledged, but ${describe(invoke.value)} was invoked on line ${invoke.line}`,
    "a completion repeats the value of its invoke, or has null",
  );
}

/** The value of a compare-and-set. */
export function casPair(invoke: RecordedEvent, ok: RecordedEvent | undefined): readonly [unknown, unknown] {
  const value = updateValue(invoke, ok);
  if (Array.isArray(value) && value.length === 2) return value as [unknown, unknown];
  throw new FormatError(
    invoke.line,
    `a cas of ${describe(value)}`,
    "the value of a cas is a pair, [from, to]",
  );
}
