import type { HistoryFormat } from "./event.js";
import { excerpt, FormatError } from "./format-error.js";
import { LOG_START } from "./porcupine-log.js";

/** By this many characters the format is known. */
export const DETECTION_LENGTH = 64 * 1024;

/**
 * The format of a text by how it begins; undefined: more of it is needed (`whole`: there is no more).
 * Throws FormatError.
 */
export function detectFormat(text: string, whole: boolean): HistoryFormat | undefined {
  // What EDN allows before the first form; in JSON and logs there is only white space.
  const start = text.replace(/^(?:[\s,]|;[^\n]*\n)*/, "");
  if (!whole && text.length < DETECTION_LENGTH && start.length < 256) return undefined;
  if (/^(?:;[^\n]*)?$/.test(start)) throw new FormatError(null, "the file is empty", RECORD);
  if (/^\{\s*["}]/.test(start)) return "jsonl";
  if (/^\[\s*(?:\{\s*["}]|\])/.test(start)) return "json";
  if (/^[[({#]/.test(start)) return "edn";
  if (LOG_START.test(start)) return "log";
  const line = text.slice(0, text.length - start.length).split("\n").length;
  throw new FormatError(line, `${excerpt(start.split("\n")[0] ?? "")} begins no history`, FORMATS);
}

export const RECORD = "record a history first: an invoke and its ok, fail or info for each operation";
const FORMATS =
  "formats are JSON lines, a JSON array, Jepsen's EDN, and Jepsen's log (Porcupine's test data)";
