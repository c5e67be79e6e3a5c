import { excerpt, FormatError } from "./format-error.js";
import type { Fields } from "./fields.js";

/**
 * A line of Jepsen's console log of a cas-register, as in Porcupine's test data:
 *   INFO  jepsen.util - 3 <tab> :invoke <tab> :cas <tab> [1 2]
 * Undefined: a line of another logger, or an empty one. Throws FormatError.
 */
export function parseLogLine(text: string, line: number): Fields | undefined {
  if (text === "" || OTHER.test(text)) return undefined;
  const fault = FAULT.exec(text);
  if (fault !== null) return { process: "nemesis", type: "info", f: fault[1], value: fault[2] };
  const match = OPERATION.exec(text);
  if (match === null)
    throw new FormatError(
      line,
      `not an operation: ${excerpt(text)}`,
      'an operation is "INFO  jepsen.util - PROCESS :TYPE :F VALUE" with :read, :write or :cas',
    );
  const [, process, type, f, value = ""] = match;
  return { process: Number(process), type, f, value: parseValue(value) };
}

export const LOG_START = /^[A-Z]+\s+[\w.-]+\s+-\s/;

const OTHER = /^[A-Z]+\s+(?!jepsen\.util\s)[\w.-]+\s+-\s/;
const FAULT = /^INFO\s+jepsen\.util\s+-\s+:nemesis\s+:info\s+:(\S+)\s*(.*)$/;
const OPERATION =
  /^INFO\s+jepsen\.util\s+-\s+(\d+)\s+:(invoke|ok|fail|info)\s+:(read|write|cas)\s+(nil|:timed-out|-?\d+|\[-?\d+ -?\d+\])\s*$/;

function parseValue(text: string): unknown {
  if (text === "nil" || text === ":timed-out") return null;
  const [first, second] = (text.match(/-?\d+/g) ?? []).map(Number);
  return second === undefined ? first : [first, second];
}
