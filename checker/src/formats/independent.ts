import { keyText } from "./fields.js";
import { FormatError } from "./format-error.js";
import type { RecordedEvent } from "./event.js";

/**
 * Jepsen's independent keys: a value is the pair of a key and the value proper, `[k v]`. Only an info (or a
 * fail) may leave it out. Throws FormatError.
 */
export function splitIndependent(events: readonly RecordedEvent[]): RecordedEvent[] {
  return events.map((event) => {
    const { value, type, process, line } = event;
    if (typeof process === "string") return event;
    if (isPair(value)) return { ...event, key: keyText(value[0]), value: value[1] };
    if (value === null && (type === "info" || type === "fail")) return event;
    throw new FormatError(
      line,
      `the value of ${event.f} is no pair of key and value`,
      "leave out --independent where values are not [key value]",
    );
  });
}

/**
 * Whether a register's history has such values: every write is of a pair, and a register holds none. A cas is then of
 * a key and a pair, and a read of a key and nil.
 */
export function looksIndependent(events: readonly RecordedEvent[]): boolean {
  let seen = false;
  for (const { process, type, f, value } of events) {
    if (typeof process === "string" || type !== "invoke") continue;
    const pair = isPair(value) ? value : undefined;
    if (pair === undefined) return false;
    if (f === "cas" && !isPair(pair[1])) return false;
    seen = true;
  }
  return seen;
}

function isPair(value: unknown): value is readonly [unknown, unknown] {
  return Array.isArray(value) && value.length === 2;
}
