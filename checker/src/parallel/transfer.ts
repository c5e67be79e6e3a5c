import type { Operation } from "../operation.js";
import type { Partition } from "../partition.js";

/**
 * A partition as it goes to a thread: numbers in columns, whose memory changes hands; inputs and answers as
 * JSON where that keeps them exactly as they are, which is faster than a structured clone of many small objects.
 */
export interface SentPartition {
  readonly key: string;
  readonly positions: Int32Array<ArrayBuffer>;
  readonly processes: Float64Array<ArrayBuffer>;
  readonly calls: Float64Array<ArrayBuffer>;
  /** Not a number: never returned. */
  readonly returns: Float64Array<ArrayBuffer>;
  /** Not a number: none. */
  readonly ids: Float64Array<ArrayBuffer>;
  readonly values: { readonly json: string } | Values;
}

interface Values {
  readonly inputs: readonly unknown[];
  /** Of those that returned. */
  readonly outputs: readonly unknown[];
}

export function send({ key, positions, operations }: Partition<unknown, unknown>): SentPartition {
  const column = (
    of: (operation: Operation<unknown, unknown>) => number | undefined,
  ): Float64Array<ArrayBuffer> => Float64Array.from(operations, (operation) => of(operation) ?? Number.NaN);
  const values: Values = {
    inputs: operations.map(({ input }) => input),
    outputs: operations.flatMap(({ output, return: returned }) => (returned === undefined ? [] : [output])),
  };
  const isJson =
    operations.length <= MAX_IN_JSON &&
    values.inputs.every(isExactInJson) &&
    values.outputs.every(isExactInJson);
  return {
    key,
    positions: Int32Array.from(positions),
    processes: column(({ process }) => process),
    calls: column(({ call }) => call),
    returns: column((operation) => operation.return),
    ids: column(({ id }) => id),
    values: isJson ? { json: JSON.stringify(values) } : values,
  };
}

/** A string has a greatest length. */
const MAX_IN_JSON = 2 ** 20;

/** What changes hands. */
export function buffersOf({ positions, processes, calls, returns, ids }: SentPartition): ArrayBuffer[] {
  return [positions, processes, calls, returns, ids].map(({ buffer }) => buffer);
}

export function receive(sent: SentPartition): Partition<unknown, unknown> {
  const { inputs, outputs } = "json" in sent.values ? (JSON.parse(sent.values.json) as Values) : sent.values;
  let answers = 0;
  const operations = inputs.map((input, i): Operation<unknown, unknown> => {
    const process = sent.processes[i] as number;
    const call = sent.calls[i] as number;
    const returned = sent.returns[i] as number;
    const id = sent.ids[i] as number;
    const operation = Number.isNaN(returned)
      ? { process, input, call }
      : { process, input, output: outputs[answers++], call, return: returned };
    return Number.isNaN(id) ? operation : { ...operation, id };
  });
  return { key: sent.key, positions: Array.from(sent.positions), operations };
}

/** Whether the value comes back from JSON as it went in. */
function isExactInJson(value: unknown): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== "object") return false;
  if (Array.isArray(value)) return value.every(isExactInJson) && Object.keys(value).length === value.length;
  if (
    Object.getPrototypeOf(value) !== Object.prototype ||
    "toJSON" in value ||
    Object.hasOwn(value, "__proto__")
  )
    return false;
  for (const property in value) {
    if (!isExactInJson((value as Readonly<Record<string, unknown>>)[property])) return false;
  }
  return true;
}
