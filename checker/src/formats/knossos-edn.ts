import { parseEDNString } from "edn-data";
import type { RegisterState, RegisterValue } from "../models/cas-register.js";
import { FormatError } from "./format-error.js";
import { type JepsenEvent, pairJepsenEvents, type RecordedOperation } from "./jepsen-events.js";

/**
 * A cas-register's history in EDN as Knossos reads it, a sequence of operation maps: what failed did not
 * happen (also a cas), a read of nil is a read whose value was not recorded. Processes that are no
 * numbers (the nemesis) are passed over. Throws FormatError.
 */
export function parseKnossosEdn(text: string): RecordedOperation[] {
  const maps = parseMaps(text);
  // A recording of faults alone is one of a register that was asked nothing, and legal.
  if (maps.length === 0) throw new FormatError(null, "event", "no operations");
  const events = maps.flatMap((map, index) => parseEvent(map, index + 1));
  return pairJepsenEvents(events, { where: "event", failedCasHappened: false, nilIsAbsent: false });
}

/** One vector or list of maps, or the maps one after the other. */
function parseMaps(text: string): readonly unknown[] {
  let edn: unknown;
  try {
    // Within brackets of our own: the library reads the first form and would pass over what follows it.
    edn = parseEDNString(`[${text}\n]`, { mapAs: "object", keywordAs: "string", listAs: "array" });
  } catch (error) {
    throw new FormatError(null, "event", `not EDN: ${(error as Error).message}`);
  }
  if (!Array.isArray(edn)) throw new FormatError(null, "event", "not EDN: something is not closed");
  const [first] = edn as readonly unknown[];
  return edn.length === 1 && Array.isArray(first) ? first : edn;
}

const TYPES: readonly unknown[] = ["invoke", "ok", "fail", "info"];
const FUNCTIONS: readonly unknown[] = ["read", "write", "cas"];

function parseEvent(map: unknown, place: number): readonly JepsenEvent[] {
  if (typeof map !== "object" || map === null) throw new FormatError(place, "event", "expected a map");
  const { process, type, f, value = null } = map as Readonly<Record<string, unknown>>;
  if (typeof process === "string") return [];
  if (typeof process !== "number") throw new FormatError(place, "event", "no :process");
  if (!TYPES.includes(type)) throw new FormatError(place, "event", `unknown :type ${String(type)}`);
  if (!FUNCTIONS.includes(f)) throw new FormatError(place, "event", `unknown :f ${String(f)}`);
  if (!isRegisterValue(value))
    throw new FormatError(place, "event", `a :value that is no register's: ${JSON.stringify(value)}`);
  return [{ place, process, type: type as JepsenEvent["type"], f: f as JepsenEvent["f"], value }];
}

function isRegisterValue(value: unknown): value is RegisterState | readonly [RegisterValue, RegisterValue] {
  if (value === null || isScalar(value)) return true;
  return Array.isArray(value) && value.length === 2 && value.every(isScalar);
}

function isScalar(value: unknown): value is RegisterValue {
  return typeof value === "string" || typeof value === "number";
}
