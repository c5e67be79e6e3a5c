import { createReadStream } from "node:fs";
import {
  ednLine,
  FormatError,
  type JepsenEvent,
  readHistoryStream,
  type Recording,
  splitIndependent,
} from "porcupine-ts/formats";
import { HistoryError } from "./errors.js";
import type { HistoryEvent } from "./event.js";

/** Fields that Jepsen keeps in the event itself, or that have a place of their own there. */
const OWN: ReadonlySet<string> = new Set([
  "index",
  "time",
  "type",
  "process",
  "f",
  "value",
  "key",
  "succeeded",
  "error",
]);

/** One line of Jepsen's history.edn. */
export function toEdn(event: HistoryEvent, options: { readonly withKeys: boolean }): string {
  return ednLine(toJepsen(event, options));
}

/**
 * An event as Jepsen has it. Where it has a key, its value is the pair of both, as Jepsen's independent keys are; a
 * compare-and-set that found another value is a `fail`, which is how Knossos knows that it did not take place.
 */
function toJepsen(event: HistoryEvent, options: { readonly withKeys: boolean }): JepsenEvent {
  const { index, time, type, process, f, key, value = null, succeeded, error } = event;
  const isPair = options.withKeys && key !== undefined;
  const others = Object.entries(event).filter(([name]) => !OWN.has(name));
  const told = error === undefined ? [] : [["error", [error.code, error.message]]];
  return {
    index,
    time,
    process,
    f,
    type: type === "ok" && succeeded === false ? "fail" : type,
    value: isPair ? [key, value] : value,
    extra: Object.fromEntries([...others, ...told]) as Readonly<Record<string, unknown>>,
  };
}

export interface ForeignOptions {
  /** Values are pairs of key and value. */
  readonly independent: boolean;
  /** What a read of nil says: the key was absent, or what was read was not recorded. */
  readonly nil: "absent" | "unknown";
}

export interface ForeignHistory {
  readonly format: Recording["format"];
  /** What a reader of the verdict should know: a last line that was cut, processes that were not recorded. */
  readonly notes: readonly string[];
  readonly events: readonly HistoryEvent[];
}

/** What another rig recorded (Jepsen's EDN, JSON, JSON lines), in this format. Throws HistoryError. */
export async function readForeignHistory(path: string, options: ForeignOptions): Promise<ForeignHistory> {
  try {
    const recording = await readHistoryStream(createReadStream(path));
    const { format, notes } = recording;
    return { format, notes, events: fromRecording(recording, options) };
  } catch (error) {
    if (error instanceof FormatError)
      throw new HistoryError(path, error.line, error.reason, { cause: error });
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new HistoryError(path, null, code === "ENOENT" ? "no such file" : message, { cause: error });
  }
}

/**
 * Numbered anew. A read whose answer was not recorded is `info`: nobody knows what it saw, and its process, which goes
 * on, is another one from then on.
 */
function fromRecording({ events }: Recording, options: ForeignOptions): HistoryEvent[] {
  const split = options.independent ? splitIndependent(events) : events;
  const processes = new Processes(split);
  let last = 0;
  return split.map((event, index): HistoryEvent => {
    const { type, f, key, value, time = 0, fields } = event;
    // Without times, and where clocks went back, the order is all that is known.
    last = Math.max(last, Math.round(time));
    const isUnknown = type === "ok" && f === "read" && value === null && options.nil === "unknown";
    const kind = isUnknown ? "info" : type;
    const { error, node } = fields;
    return {
      index,
      time: last,
      process: processes.of(event.process as HistoryEvent["process"], kind),
      type: kind,
      f,
      ...(key === undefined ? {} : { key }),
      ...(value === null && type === "invoke" ? {} : { value }),
      ...(typeof node === "string" ? { node } : {}),
      ...(error === undefined || error === null ? {} : { error: errorOf(error) }),
    };
  });
}

/** A process ends with an info; who goes on under its number gets one that nobody has. */
class Processes {
  readonly #now = new Map<number, number>();
  #next: number;

  constructor(events: Recording["events"]) {
    const numbers = events.flatMap(({ process }) => (typeof process === "number" ? [process] : []));
    this.#next = numbers.reduce((most, number) => Math.max(most, number), -1) + 1;
  }

  of(process: HistoryEvent["process"], type: HistoryEvent["type"]): HistoryEvent["process"] {
    if (process === "nemesis") return process;
    const now = this.#now.get(process) ?? process;
    if (type === "info") this.#now.set(process, this.#next++);
    return now;
  }
}

/** Jepsen's errors are anything: a keyword, or a list that begins with one. */
function errorOf(error: unknown): { readonly code: string; readonly message: string } {
  const [code, ...rest] = [error].flat() as readonly unknown[];
  const text = (part: unknown): string => (typeof part === "string" ? part : JSON.stringify(part));
  return { code: text(code), message: rest.map(text).join(" ") };
}
