import { ADAPTERS } from "../formats/adapters.js";
import type { Recording } from "../formats/event.js";

/** The model whose operations these are beyond doubt. Undefined: the user must say. */
export function guessModel({ events }: Recording): string | undefined {
  if (events.some(({ f, value }) => f === "txn" && appends(value))) return "list-append";
  const names = new Set<string>();
  for (const { process, f } of events) if (typeof process === "number") names.add(f);
  if (names.size === 0) return undefined;
  const model = UNMISTAKABLE.find((name) =>
    [...names].every((f) => Object.hasOwn(ADAPTERS.get(name)?.operations ?? {}, f)),
  );
  if (model !== "cas-register") return model;
  // Reads and writes of lists of registers go by these names too.
  return events.some(({ f, value }) => f === "cas" || (f === "write" && isScalar(value))) ? model : undefined;
}

const UNMISTAKABLE = ["cas-register", "kv", "mutex", "stack"];

function appends(value: unknown): boolean {
  return Array.isArray(value) && value.some((micro) => Array.isArray(micro) && micro[0] === "append");
}

function isScalar(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number";
}
