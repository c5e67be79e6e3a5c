import type { HistoryEvent } from "@gauntlet/histories";

const VALUE_CHARACTERS = 40;

/** A value of an operation in few characters. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return "absent";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > VALUE_CHARACTERS ? `${text.slice(0, VALUE_CHARACTERS)}…` : text;
}

/** `write 3`, `read → 2`, `cas 1→4 ✗` (found another value), `txn [["r","x",1]]`, `write 5 ?` (unknown), `write 5 failed`. */
export function operationText(invoke: HistoryEvent, end: HistoryEvent | null): string {
  const call = callText(invoke, end);
  if (end === null || end.type === "info" || end.type === "invoke") return `${call} ?`;
  if (end.type === "fail") return `${call} failed`;
  const answer = invoke.f === "read" || invoke.value === undefined ? ` → ${valueText(end.value)}` : "";
  return `${call}${answer}${end.succeeded === false ? " ✗" : ""}`;
}

function callText({ f, value }: HistoryEvent, end: HistoryEvent | null): string {
  if (f === "cas" && Array.isArray(value)) return `cas ${valueText(value[0])}→${valueText(value[1])}`;
  // A transaction is told with what its reads found.
  if (f === "txn" && end?.type === "ok") return `txn ${valueText(end.value)}`;
  return f === "read" || value === undefined ? f : `${f} ${valueText(value)}`;
}

export function outcomeOf(end: HistoryEvent | null): "ok" | "fail" | "info" {
  return end === null || end.type === "invoke" ? "info" : end.type;
}

/** When the operation was asked for: before its call where everybody was busy. Nanoseconds. */
export function dueOf(invoke: HistoryEvent): number {
  const { due } = invoke;
  return typeof due === "number" && due < invoke.time ? due : invoke.time;
}
