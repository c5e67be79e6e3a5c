import { createReadStream } from "node:fs";
import { z } from "zod";
import { EmptyHistoryError, HistoryError } from "./errors.js";
import type { HistoryEvent } from "./event.js";
import { EventOrder } from "./order.js";

export interface History {
  readonly events: readonly HistoryEvent[];
  /** The last line was cut off and is left out: the recorder died while it wrote. */
  readonly truncated: boolean;
}

/** A longer line is refused: no recorder of ours writes one, and it may never end. */
export const MAX_LINE_BYTES = 1024 * 1024;

/** Reads history.jsonl from a file or a stream (`name` is for messages). Throws HistoryError. */
export async function readHistory(
  source: string | AsyncIterable<Uint8Array>,
  name = typeof source === "string" ? source : "history",
): Promise<History> {
  const parser = new HistoryParser(name);
  try {
    let rest = Buffer.alloc(0);
    for await (const chunk of typeof source === "string" ? createReadStream(source) : source) {
      const bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
      let start = 0;
      for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
        parser.line(bytes.subarray(start, end));
        start = end + 1;
      }
      rest = bytes.subarray(start);
      if (rest.length > MAX_LINE_BYTES) parser.tooLong();
    }
    return parser.finish(rest);
  } catch (error) {
    if (error instanceof HistoryError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new HistoryError(name, null, code === "ENOENT" ? "no such file" : message, { cause: error });
  }
}

/** The same for a text in memory. */
export function parseHistory(text: string, name = "history"): History {
  const parser = new HistoryParser(name);
  const lines = text.split("\n");
  const last = lines.pop() ?? "";
  for (const line of lines) parser.line(Buffer.from(line));
  return parser.finish(Buffer.from(last));
}

const NEWLINE = 0x0a;

class HistoryParser {
  readonly #name: string;
  readonly #events: HistoryEvent[] = [];
  readonly #order = new EventOrder();
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #lines = 0;
  #operations = 0;

  constructor(name: string) {
    this.#name = name;
  }

  line(bytes: Uint8Array): void {
    this.#lines++;
    const json = this.#parseJson(bytes);
    if (json === undefined) throw this.#damage(bytes.length === 0 ? "empty line" : "not JSON");
    this.#take(json.value);
  }

  /** `rest`: what follows the last newline. */
  finish(rest: Uint8Array): History {
    let truncated = false;
    if (rest.length > 0) {
      this.#lines++;
      const json = this.#parseJson(rest);
      // An object's text ends with its last brace, so no cut leaves valid JSON: it was cut, or is whole.
      if (json === undefined) truncated = true;
      else this.#take(json.value);
    }
    if (this.#operations === 0) throw new EmptyHistoryError(this.#name);
    return { events: this.#events, truncated };
  }

  tooLong(): never {
    this.#lines++;
    throw this.#damage(`a line of more than ${MAX_LINE_BYTES} bytes`);
  }

  #take(json: unknown): void {
    const parsed = eventSchema.safeParse(json);
    if (!parsed.success) throw this.#damage(firstIssue(parsed.error));
    const event = parsed.data as HistoryEvent;
    const problem = this.#order.take(event);
    if (problem !== undefined) throw this.#damage(problem);
    if (event.process !== "nemesis") this.#operations++;
    this.#events.push(event);
  }

  #parseJson(bytes: Uint8Array): { readonly value: unknown } | undefined {
    if (bytes.length > MAX_LINE_BYTES) throw this.#damage(`a line of more than ${MAX_LINE_BYTES} bytes`);
    try {
      return { value: JSON.parse(this.#decoder.decode(bytes)) };
    } catch {
      return undefined;
    }
  }

  #damage(reason: string): HistoryError {
    return new HistoryError(this.#name, this.#lines, reason);
  }
}

const count = z.int().nonnegative();

const eventSchema = z.looseObject({
  index: count,
  time: count,
  process: z.union([count, z.literal("nemesis")], "expected a number or nemesis"),
  type: z.enum(["invoke", "ok", "fail", "info"]),
  due: count.optional(),
  f: z.string().min(1),
  key: z.string().optional(),
  value: z.unknown().optional(),
  node: z.string().optional(),
  revision: count.optional(),
  error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
  succeeded: z.boolean().optional(),
});

/** "field: what is wrong with it", of the first thing wrong. */
export function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return "not valid";
  const field = issue.path.join(".");
  return field === "" ? issue.message : `${field}: ${issue.message}`;
}
