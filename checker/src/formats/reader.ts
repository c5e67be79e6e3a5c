import { detectFormat, RECORD } from "./detect.js";
import { parseEdn } from "./edn.js";
import type { HistoryFormat, RecordedEvent, Recording } from "./event.js";
import { eventOf, type Fields, isProcessless } from "./fields.js";
import { FormatError, excerpt } from "./format-error.js";
import { FormSplitter } from "./forms.js";
import { parseJson } from "./json.js";
import { LineSplitter } from "./lines.js";
import { EventOrder } from "./order.js";
import { parseLogLine } from "./porcupine-log.js";
import { TextDecoding } from "./text.js";

export interface ReadOptions {
  /** Else found by how the text begins. */
  readonly format?: HistoryFormat | undefined;
}

/** A history in memory. Throws FormatError. Linear. */
export function readHistory(source: Uint8Array | string, options: ReadOptions = {}): Recording {
  const reader = new HistoryReader(options);
  reader.push(typeof source === "string" ? new TextEncoder().encode(source) : source);
  return reader.finish();
}

/** A history that comes in pieces, as a file does. It is never held as one text. Throws FormatError. */
export async function readHistoryStream(
  source: AsyncIterable<Uint8Array>,
  options: ReadOptions = {},
): Promise<Recording> {
  const reader = new HistoryReader(options);
  for await (const bytes of source) reader.push(bytes);
  return reader.finish();
}

/** Takes the pieces of a recorded history one after the other. All methods throw FormatError. */
export class HistoryReader {
  readonly #text = new TextDecoding();
  #format: HistoryFormat | undefined;
  #body: Body | undefined;
  /** Seen, but too little to know the format. */
  #beginning = "";

  constructor({ format }: ReadOptions = {}) {
    this.#format = format;
  }

  push(bytes: Uint8Array): void {
    this.#push(this.#text.decode(bytes), false);
  }

  finish(): Recording {
    this.#push(this.#text.finish(), true);
    // Of a forced format nothing may have been seen.
    if (this.#body === undefined) throw new FormatError(null, "the file is empty", RECORD);
    return this.#body.finish();
  }

  #push(text: string, whole: boolean): void {
    if (this.#body === undefined) {
      this.#beginning += text;
      this.#format ??= detectFormat(this.#beginning, whole);
      if (this.#format === undefined || this.#beginning === "") return;
      this.#body = new Body(this.#format);
      this.#body.push(this.#beginning);
      this.#beginning = "";
      return;
    }
    this.#body.push(text);
  }
}

/** The text of one known format. */
class Body {
  readonly #format: HistoryFormat;
  readonly #splitter: LineSplitter | FormSplitter;
  readonly #order: EventOrder;
  readonly #events: RecordedEvent[] = [];
  readonly #notes: string[] = [];
  #processless: boolean | undefined;
  #operations = false;

  constructor(format: HistoryFormat) {
    this.#format = format;
    this.#order = new EventOrder(format);
    const take = this.#taker();
    this.#splitter =
      format === "json" || format === "edn" ? new FormSplitter(format, take) : new LineSplitter(take);
  }

  push(text: string): void {
    this.#splitter.push(text);
  }

  finish(): Recording {
    if (this.#splitter instanceof FormSplitter) {
      if (this.#splitter.finish()) this.#noteCut();
    } else {
      const rest = this.#splitter.finish();
      if (rest !== undefined) this.#takeLast(rest.text, rest.line);
    }
    // Knossos holds a recording of faults alone for one of an object that was asked nothing.
    if (this.#events.length === 0 || (!this.#operations && this.#format !== "edn"))
      throw new FormatError(null, "there are no operations in it", RECORD);
    if (!this.#operations) this.#notes.push("there are no operations in it, only faults");
    if (this.#processless === true)
      this.#notes.push("no event names its process: all are taken for one, in the order recorded");
    return { format: this.#format, events: this.#events, notes: this.#notes };
  }

  #taker(): (text: string, line: number) => void {
    if (this.#format === "edn")
      return (text, line) => this.#take(withoutNamespaces(parseEdn(text, line), line), line);
    if (this.#format !== "log") return (text, line) => this.#takeJson(text, line);
    return (text, line) => {
      const fields = parseLogLine(text, line);
      if (fields !== undefined) this.#take(fields, line);
    };
  }

  #takeJson(text: string, line: number): void {
    const json = parseJson(text, line);
    if (json === undefined)
      throw new FormatError(line, text === "" ? "an empty line" : `not JSON: ${excerpt(text)}`, ONE_A_LINE);
    this.#take(json.value, line);
  }

  /** The recorder may have died while it wrote this line: it is then left out, for its end is not known. */
  #takeLast(text: string, line: number): void {
    if (this.#format === "log") {
      if (isWholeLogLine(text, line)) {
        this.#notes.push("the last line has no newline; it is taken as whole");
        this.push("\n");
      } else this.#noteCut();
      return;
    }
    // An object's text ends with its last brace, so no cut leaves valid JSON.
    if (text.startsWith("{") && parseJson(text, line) === undefined) this.#noteCut();
    else this.push("\n");
  }

  #noteCut(): void {
    this.#notes.push("the last event was cut (the recorder died as it wrote?) and is left out");
  }

  #take(fields: unknown, line: number): void {
    const event = eventOf(fields, line, this.#events.length);
    const processless = isProcessless(event);
    this.#processless ??= processless;
    if (this.#processless !== processless)
      throw new FormatError(
        line,
        processless ? "no process" : "a process",
        "name it in all events, or in none",
      );
    const problem = this.#order.take(event);
    if (problem !== undefined) throw new FormatError(line, problem.reason, problem.remedy);
    if (typeof event.process === "number") this.#operations = true;
    this.#events.push(event);
  }
}

const ONE_A_LINE = "each line is one event, a whole JSON object (jq -c . makes it so)";

function isWholeLogLine(text: string, line: number): boolean {
  try {
    parseLogLine(text, line);
    return true;
  } catch {
    return false;
  }
}

/** `:jepsen.op/type` is `type`. */
function withoutNamespaces(form: unknown, line: number): unknown {
  if (typeof form !== "object" || form === null || Array.isArray(form)) return form;
  const names = Object.keys(form);
  if (!names.some((name) => name.includes("/"))) return form;
  const fields: Record<string, unknown> = {};
  for (const name of names) {
    const bare = name.slice(name.lastIndexOf("/") + 1);
    if (Object.hasOwn(fields, bare))
      throw new FormatError(line, `the key ${bare} appears in two namespaces`, "keep the one that is meant");
    fields[bare] = (form as Fields)[name];
  }
  return fields;
}
