import type { RecordedEvent } from "./event.js";
import { describe, type Fields, NEMESIS } from "./fields.js";

/** From one event of the nemesis to another: a fault and its end. */
export interface RecordedFault {
  readonly name: string;
  /** What it was done to, as far as the recording says. */
  readonly target: string | undefined;
  readonly from: RecordedEvent;
  /** Undefined: it had no end. */
  readonly to: RecordedEvent | undefined;
}

/**
 * The faults of a recording, as the rig records them (`phase` begin and end, numbered) or as Jepsen does (`start` and
 * `stop`, `start-x` and `stop-x`; other pairs of events of one name are a call of the nemesis and its return).
 */
export function faultsOf(events: readonly RecordedEvent[]): RecordedFault[] {
  type Open = { -readonly [K in keyof RecordedFault]: RecordedFault[K] };
  const faults: Open[] = [];
  const open = new Map<string, Open>();
  for (const event of events) {
    if (event.process !== NEMESIS) continue;
    const { id, edge } = edgeOf(event, open);
    const begun = open.get(id);
    if (begun !== undefined && edge !== "begin") {
      // A stop is recorded at its call and at its return: the later one stands.
      begun.to = event;
      if (edge === "call") open.delete(id);
      continue;
    }
    // A start is recorded twice as well, and a stop may come without a start.
    if (edge === "end" || (begun !== undefined && begun.to === undefined)) continue;
    const fault: Open = { name: nameOf(event), target: targetOf(event.value), from: event, to: undefined };
    faults.push(fault);
    open.set(id, fault);
  }
  return faults;
}

type Edge = "begin" | "end" | "call";

function edgeOf(
  { fields, value, f }: RecordedEvent,
  open: ReadonlyMap<string, unknown>,
): { id: string; edge: Edge } {
  const { phase } = fields;
  if (phase === "begin" || phase === "end") {
    const index = typeof value === "object" && value !== null ? (value as Fields)["index"] : undefined;
    return { id: `${f} ${describe(index)}`, edge: phase };
  }
  const [, edge, rest] = /^(start|stop)(.*)$/.exec(f) ?? [];
  if (edge === "start") return { id: `start${rest}`, edge: "begin" };
  if (edge === "stop" && open.has(`start${rest}`)) return { id: `start${rest}`, edge: "end" };
  return { id: f, edge: "call" };
}

function nameOf({ f }: RecordedEvent): string {
  return f.replace(/^start-/, "");
}

function targetOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { nodes, target } = value as Fields;
  const told = nodes ?? target;
  if (typeof told === "string") return told;
  return Array.isArray(told) ? told.map(describe).join(", ") : undefined;
}
