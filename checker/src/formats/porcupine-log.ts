import { FormatError } from "./format-error.js";
import { type JepsenEvent, pairJepsenEvents, type RecordedOperation } from "./jepsen-events.js";

/**
 * Jepsen's console log of a cas-register, as in Porcupine's test data:
 *   INFO  jepsen.util - 3 <tab> :invoke <tab> :cas <tab> [1 2]
 * A cas that failed found another value; a read of nil found nothing; a read that failed says nothing.
 * Lines of other loggers and of the nemesis are passed over. Throws FormatError.
 */
export function parsePorcupineLog(text: string): RecordedOperation[] {
  const events: JepsenEvent[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line === "" || OTHER.test(line)) continue;
    const match = OPERATION.exec(line);
    if (match === null) throw new FormatError(index + 1, "line", `not an operation: ${line.slice(0, 80)}`);
    const [, process, type, f, value = ""] = match;
    events.push({
      place: index + 1,
      process: Number(process),
      type: type as JepsenEvent["type"],
      f: f as JepsenEvent["f"],
      value: parseValue(value, index + 1),
    });
  }
  if (events.length === 0) throw new FormatError(null, "line", "no operations");
  return pairJepsenEvents(events, { where: "line", failedCasHappened: true, nilIsAbsent: true });
}

const OTHER = /^[A-Z]+\s+(?:(?!jepsen\.util\s)[\w.-]+\s+-\s|jepsen\.util\s+-\s+:nemesis\s)/;
const OPERATION =
  /^INFO\s+jepsen\.util\s+-\s+(\d+)\s+:(invoke|ok|fail|info)\s+:(read|write|cas)\s+(nil|:timed-out|-?\d+|\[-?\d+ -?\d+\])\s*$/;

function parseValue(text: string, line: number): JepsenEvent["value"] {
  if (text === "nil" || text === ":timed-out") return null;
  const [first, second] = (text.match(/-?\d+/g) ?? []).map(Number);
  if (first === undefined) throw new FormatError(line, "line", `no value: ${text}`);
  return second === undefined ? first : [first, second];
}
