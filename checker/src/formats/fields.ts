import type { HistoryEvent } from "../checks/check.js";
import type { RecordedEvent } from "./event.js";
import { excerpt, FormatError } from "./format-error.js";

export type Fields = Readonly<Record<string, unknown>>;

const TYPES: readonly unknown[] = ["invoke", "ok", "fail", "info"];
export const NEMESIS = "nemesis";

/**
 * An event of a recorded map. `position`: among the events of the file, from 0. A process that is not named
 * is 0: whether all events may do without is for the caller to say. Throws FormatError.
 */
export function eventOf(fields: unknown, line: number, position: number): RecordedEvent {
  if (typeof fields !== "object" || fields === null || Array.isArray(fields))
    throw new FormatError(line, `${excerpt(describe(fields))} where an event is due`, SHAPE);
  const { type, f, value, time, index, process, key } = fields as Fields;
  if (!TYPES.includes(type))
    throw new FormatError(line, nameOf("type", type), "an event is an invoke, ok, fail or info");
  const problem = valueProblem(value) ?? valueProblem(key);
  if (problem !== undefined) throw new FormatError(line, problem, "record it as a string");
  if (index !== undefined && !(Number.isSafeInteger(index) && (index as number) >= 0))
    throw new FormatError(line, nameOf("index", index), "count events from 0, or leave the field out");
  if (time !== undefined && typeof time !== "number" && typeof time !== "bigint")
    throw new FormatError(line, nameOf("time", time), "give nanoseconds since the start, or leave it out");
  // One shape for all events, for there are millions of them.
  return {
    line,
    index: (index as number | undefined) ?? position,
    process: processOf(process, line),
    type: type as HistoryEvent["type"],
    f: functionOf(f, value, line),
    key: key === undefined || key === null ? undefined : keyText(key),
    value: value ?? null,
    time: time === undefined ? undefined : Number(time),
    fields: fields as Fields,
  };
}

const SHAPE = 'an event is a map such as {"process": 0, "type": "invoke", "f": "read", "value": null}';

export function isProcessless({ fields }: RecordedEvent): boolean {
  return (fields["process"] ?? null) === null;
}

function processOf(process: unknown, line: number): HistoryEvent["process"] {
  if (process === undefined || process === null) return 0;
  if (process === NEMESIS) return NEMESIS;
  if (Number.isSafeInteger(process)) return process as number;
  throw new FormatError(
    line,
    `unknown process ${excerpt(describe(process))}`,
    'a process is an integer, or "nemesis" for faults',
  );
}

/** Elle's histories may leave out `f`: then all are transactions. */
function functionOf(f: unknown, value: unknown, line: number): string {
  if (typeof f === "string" && f !== "") return f;
  if (f === undefined && Array.isArray(value)) return "txn";
  throw new FormatError(line, nameOf("f", f), "f names the operation: read, write, cas …");
}

function nameOf(field: string, value: unknown): string {
  return value === undefined ? `no ${field}` : `${field} ${excerpt(describe(value))}`;
}

/** Numbers that are not told apart from their neighbours must not be compared. */
function valueProblem(value: unknown): string | undefined {
  if (typeof value === "bigint") return `the number ${value}, which is not exact beyond 2^53`;
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return `the number ${value}, which is no value`;
    if (!Number.isInteger(value) || Number.isSafeInteger(value)) return undefined;
    return `the number ${value}, which is not exact beyond 2^53`;
  }
  if (typeof value !== "object" || value === null) return undefined;
  for (const child of Array.isArray(value) ? (value as readonly unknown[]) : Object.values(value)) {
    const problem = valueProblem(child);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Keys are compared as text: the number 1 and the string "1" name the same one. */
export function keyText(key: unknown): string {
  return typeof key === "string" ? key : describe(key);
}

export function describe(value: unknown): string {
  if (typeof value === "string") return value;
  const json = JSON.stringify(value, (_, child: unknown) => (typeof child === "bigint" ? `${child}` : child));
  return json ?? "nothing";
}
