import { type HistoryEvent, pairEvents } from "@gauntlet/histories";

/** One operation as the report shows it: an invocation and what became of it. */
export interface ShownOperation {
  /** Index of the invoke event. */
  readonly id: number;
  readonly process: number;
  readonly f: string;
  readonly key: string | null;
  readonly invoke: HistoryEvent;
  readonly end: HistoryEvent | null;
  /** `info` also where no completion was recorded. */
  readonly outcome: "ok" | "fail" | "info";
}

/** In the order of the invocations; faults are left out. */
export function operationsOf(history: readonly HistoryEvent[]): readonly ShownOperation[] {
  return pairEvents(history).map(({ invoke, completion: end }) => ({
    id: invoke.index,
    process: Number(invoke.process),
    f: invoke.f,
    key: invoke.key ?? null,
    invoke,
    end,
    outcome: end === null || end.type === "invoke" ? "info" : end.type,
  }));
}

export function nodeOf({ invoke, end }: ShownOperation): string | null {
  return invoke.node ?? end?.node ?? null;
}

const VALUE_CHARACTERS = 24;

export function valueText(value: unknown): string {
  if (value === null || value === undefined) {
    return "absent";
  }
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > VALUE_CHARACTERS ? `${text.slice(0, VALUE_CHARACTERS)}…` : text;
}

/** `write 3`, `read → 2`, `cas 1→4 ✗` (found another value), `write 5 ?` (unknown), `write 5 failed`. */
export function labelOf(operation: ShownOperation): string {
  const call = callText(operation);
  if (operation.outcome === "ok") {
    const answer = operation.f === "read" ? ` → ${valueText(operation.end?.value)}` : "";
    return `${call}${answer}${operation.end?.succeeded === false ? " ✗" : ""}`;
  }
  return operation.outcome === "fail" ? `${call} failed` : `${call} ?`;
}

function callText({ f, invoke }: ShownOperation): string {
  if (f === "cas" && Array.isArray(invoke.value)) {
    return `cas ${valueText(invoke.value[0])}→${valueText(invoke.value[1])}`;
  }
  return f === "read" || invoke.value === undefined ? f : `${f} ${valueText(invoke.value)}`;
}

/** The value that the operation sets if it takes effect; undefined for one that sets nothing. */
export function writtenBy({ f, invoke, end }: ShownOperation): unknown {
  if (f === "write") {
    return invoke.value;
  }
  return f === "cas" && Array.isArray(invoke.value) && end?.succeeded !== false ? invoke.value[1] : undefined;
}

export function secondsText(nanoseconds: number, digits = 3): string {
  return `${(nanoseconds / 1e9).toFixed(digits)} s`;
}
