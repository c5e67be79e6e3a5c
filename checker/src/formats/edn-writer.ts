import { type EDNVal, toEDNString } from "edn-data";

/** An event as Jepsen has it. */
export interface JepsenEvent {
  readonly index: number;
  /** Nanoseconds. */
  readonly time: number;
  readonly type: "invoke" | "ok" | "fail" | "info";
  readonly process: number | "nemesis";
  readonly f: string;
  readonly value: unknown;
  /** Other fields, by name. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** Functions whose values are lists of micro-operations, `[:append k v]`, as Elle takes them. */
const TRANSACTIONS: ReadonlySet<string> = new Set(["txn"]);

/**
 * One map on a line of its own: what Jepsen writes into history.edn, and what Knossos and Elle read. Keys, types,
 * functions and the names of micro-operations are keywords; all other texts are strings.
 */
export function ednLine(event: JepsenEvent): string {
  const { index, time, type, process, f, value, extra = {} } = event;
  const fields: [string, EDNVal][] = [
    ["index", index],
    ["time", time],
    ["type", { key: type }],
    ["process", process === "nemesis" ? { key: process } : process],
    ["f", { key: f }],
    ["value", TRANSACTIONS.has(f) ? transaction(value) : plain(value)],
    ...Object.entries(extra).map(([name, field]): [string, EDNVal] => [name, plain(field)]),
  ];
  return `${toEDNString({ map: fields.map(([name, field]) => [{ key: name }, field]) })}\n`;
}

function transaction(value: unknown): EDNVal {
  if (!Array.isArray(value)) return plain(value);
  return value.map((operation): EDNVal => {
    if (!Array.isArray(operation) || typeof operation[0] !== "string") return plain(operation);
    const [name, ...rest] = operation as unknown as readonly [string, ...unknown[]];
    return [{ key: name }, ...rest.map(plain)];
  });
}

/** Maps get keywords for keys: so does what Jepsen itself writes. */
function plain(value: unknown): EDNVal {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return value;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object") throw new TypeError(`a history holds no ${typeof value}`);
  return { map: Object.entries(value).map(([name, field]) => [keyOf(name), plain(field)]) };
}

/** A name that is no keyword stays a string. */
function keyOf(name: string): EDNVal {
  return /^[A-Za-z*!_?$%&=<>+-][\w*!?$%&=<>+.#-]*$/.test(name) ? { key: name } : name;
}
