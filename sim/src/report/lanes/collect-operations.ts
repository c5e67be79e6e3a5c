import type { Traced } from "../../trace.js";
import type { Texts } from "./collect.js";
import { type OperationColumns, OUTCOMES } from "./data.js";

interface Operation {
  readonly fromMs: number;
  toMs: number;
  row: number;
  /** null: not answered. */
  outcome: number | null;
  text: string;
}

const INFO = OUTCOMES.indexOf("info");

/** The clients' operations, in as few rows as they need. One that was never answered is an info to the end. */
export function collectOperations(trace: readonly Traced[], texts: Texts, endMs: number): OperationColumns {
  const operations: Operation[] = [];
  const open = new Map<number, Operation>();
  for (const { atMs, event } of trace) {
    if (event.type === "invoked") {
      const text = `client ${event.process} at ${event.node}: ${event.what}`;
      const operation: Operation = { fromMs: atMs, toMs: endMs, row: 0, outcome: null, text };
      operations.push(operation);
      open.set(event.process, operation);
    } else if (event.type === "completed") {
      const operation = open.get(event.process);
      if (operation === undefined) continue;
      open.delete(event.process);
      operation.toMs = atMs;
      operation.outcome = OUTCOMES.indexOf(event.outcome);
      operation.text += ` → ${event.outcome}: ${event.what}`;
    }
  }
  const rows = intoRows(operations);
  return {
    from: operations.map(({ fromMs }) => fromMs),
    to: operations.map(({ toMs }) => toMs),
    row: operations.map(({ row }) => row),
    rows,
    outcome: operations.map(({ outcome }) => outcome ?? INFO),
    text: operations.map(({ text, outcome }) => texts.number(outcome === null ? `${text}; no answer` : text)),
  };
}

/** Each operation goes into the first row that is free. */
function intoRows(operations: readonly Operation[]): number {
  const freeFrom: number[] = [];
  for (const operation of operations) {
    const free = freeFrom.findIndex((time) => time <= operation.fromMs);
    operation.row = free === -1 ? freeFrom.length : free;
    freeFrom[operation.row] = operation.toMs;
  }
  return freeFrom.length;
}
