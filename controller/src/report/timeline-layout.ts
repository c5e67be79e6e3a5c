import type { Band } from "./series.js";
import type { ShownOperation } from "./operations.js";
import { nodeOf, secondsText } from "./operations.js";

/** Why a bar stands out: the answer that no order explains, or the one that it contradicts. */
export type Mark = "culprit" | "contradicted";

export interface Bar {
  readonly operation: ShownOperation;
  readonly label: string;
  readonly mark: Mark | null;
  readonly x: number;
  readonly width: number;
  /** Where an operation with an unknown end goes on, to the right edge; null for one that ended. */
  readonly tailX: number | null;
  /** It began before what is shown. */
  readonly cutOff: boolean;
}

export interface Lane {
  readonly label: string;
  readonly bars: readonly Bar[];
}

export interface TimelineLayout {
  readonly width: number;
  readonly lanes: readonly Lane[];
  readonly ticks: readonly { readonly x: number; readonly text: string }[];
  readonly bands: readonly { readonly band: Band; readonly x: number; readonly width: number }[];
  /** Where the culprit returned. */
  readonly culpritX: number | null;
}

export interface TimelineInput {
  /** In order of invocation. */
  readonly operations: readonly ShownOperation[];
  readonly marks: ReadonlyMap<number, Mark>;
  readonly bands: readonly Band[];
  /** Index of the first event shown; operations that began before it are cut off at the left edge. */
  readonly fromEvent: number;
  readonly label: (operation: ShownOperation) => string;
}

const EVENT_GAP = 9;
const LEFT = 14;
const RIGHT = 70;
const CHARACTER = 6.7;
const LABEL_PADDING = 14;
const TICK_GAP = 110;

/**
 * Lanes by process, and x by the order of events rather than by time: a run has operations of a
 * millisecond beside others of seconds, and what matters is which overlapped. Each event is a step to the right,
 * widened where the label of an operation that ends there would not fit. Times stand on the axis.
 */
export function layOut(input: TimelineInput): TimelineLayout {
  const { operations, marks, bands, fromEvent, label } = input;
  const xs = placeEvents(input);
  const width = Math.max(...xs.values(), LEFT) + RIGHT;
  const right = width - 8;
  const lanes = new Map<string, Bar[]>();
  for (const operation of operations.toSorted(byNodeAndProcess)) {
    const laneName = laneLabel(operation);
    const bars = lanes.get(laneName) ?? [];
    lanes.set(laneName, bars);
    const cutOff = operation.id < fromEvent;
    const x = cutOff ? 2 : (xs.get(operation.id) ?? LEFT);
    const end = endOf(operation, xs) ?? x + labelWidth(label(operation));
    bars.push({
      operation,
      label: label(operation),
      mark: marks.get(operation.id) ?? null,
      x,
      width: Math.max(end - x, 4),
      tailX: operation.outcome === "info" ? end : null,
      cutOff,
    });
  }
  const steps = timeSteps(operations, xs);
  const culprit = operations.find(({ id }) => marks.get(id) === "culprit");
  return {
    width,
    lanes: [...lanes].map(([name, bars]) => ({ label: name, bars })),
    ticks: ticksOf(steps),
    bands: bandsIn(bands, steps, right),
    culpritX: culprit?.end ? (xs.get(culprit.end.index) ?? null) : null,
  };
}

/** x of its completion; undefined for one that has none, or had it before what is shown. */
function endOf({ end }: ShownOperation, xs: ReadonlyMap<number, number>): number | undefined {
  return end === null ? undefined : xs.get(end.index);
}

function labelWidth(label: string): number {
  return label.length * CHARACTER + LABEL_PADDING;
}

export function laneLabel(operation: ShownOperation): string {
  const node = nodeOf(operation);
  return node === null ? `process ${operation.process}` : `${node} · process ${operation.process}`;
}

function byNodeAndProcess(a: ShownOperation, b: ShownOperation): number {
  const nodes = (nodeOf(a) ?? "").localeCompare(nodeOf(b) ?? "", "en", { numeric: true });
  return nodes || a.process - b.process || a.id - b.id;
}

/** x of every event shown, by its index: left to right, each label fits between begin and end. */
function placeEvents({ operations, fromEvent, label }: TimelineInput): ReadonlyMap<number, number> {
  const endsAt = new Map<number, ShownOperation>();
  const events = new Set<number>();
  for (const operation of operations) {
    if (operation.id >= fromEvent) {
      events.add(operation.id);
    }
    if (operation.end !== null && operation.end.index >= fromEvent) {
      events.add(operation.end.index);
      endsAt.set(operation.end.index, operation);
    }
  }
  const xs = new Map<number, number>();
  let x = LEFT;
  for (const event of [...events].toSorted((a, b) => a - b)) {
    const ending = endsAt.get(event);
    if (ending !== undefined) {
      const begin = xs.get(ending.id) ?? 0;
      x = Math.max(x, begin + labelWidth(label(ending)));
    }
    xs.set(event, x);
    x += EVENT_GAP;
  }
  return xs;
}

interface Step {
  readonly x: number;
  readonly timeNs: number;
}

function timeSteps(operations: readonly ShownOperation[], xs: ReadonlyMap<number, number>): readonly Step[] {
  return operations
    .flatMap(({ invoke, end }) => (end === null ? [invoke] : [invoke, end]))
    .flatMap(({ index, time }) => {
      const x = xs.get(index);
      return x === undefined ? [] : [{ x, timeNs: time }];
    })
    .toSorted((a, b) => a.x - b.x);
}

function ticksOf(steps: readonly Step[]): TimelineLayout["ticks"] {
  const ticks: { x: number; text: string }[] = [];
  for (const { x, timeNs } of steps) {
    const last = ticks.at(-1);
    if (last === undefined || x - last.x >= TICK_GAP) {
      ticks.push({ x, text: secondsText(timeNs) });
    }
  }
  return ticks;
}

function bandsIn(bands: readonly Band[], steps: readonly Step[], right: number): TimelineLayout["bands"] {
  const [first] = steps;
  const last = steps.at(-1);
  if (first === undefined || last === undefined) {
    return [];
  }
  return bands
    .filter((band) => band.endMs * 1e6 >= first.timeNs && band.startMs * 1e6 <= last.timeNs)
    .map((band) => {
      const x = band.startMs * 1e6 <= first.timeNs ? 0 : xOfTime(steps, band.startMs * 1e6);
      const end = band.endMs * 1e6 >= last.timeNs ? right : xOfTime(steps, band.endMs * 1e6);
      return { band, x, width: Math.max(end - x, 2) };
    });
}

/** Between the two events around a time, in proportion. */
function xOfTime(steps: readonly Step[], timeNs: number): number {
  const position = steps.findIndex((step) => step.timeNs >= timeNs);
  const [before, after] = [steps[position - 1], steps[position]];
  if (before === undefined || after === undefined) {
    return (after ?? before ?? steps.at(-1))?.x ?? 0;
  }
  const share = (timeNs - before.timeNs) / Math.max(1, after.timeNs - before.timeNs);
  return before.x + share * (after.x - before.x);
}
