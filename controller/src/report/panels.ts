import { type CheckResult, HistoryError, type HistoryEvent } from "@gauntlet/histories";
import { minimalPartSvg } from "@gauntlet/workloads";
import { z } from "zod";
import { groupBy } from "./group.js";
import type { ShownOperation } from "./operations.js";
import { labelOf, valueText, writtenBy } from "./operations.js";
import type { Band } from "./series.js";
import type { Mark, TimelineLayout } from "./timeline-layout.js";
import { laneLabel, layOut } from "./timeline-layout.js";

/** One timeline that a reader can choose, and what to know beside it. */
export interface Panel {
  readonly name: string;
  /** What is wrong, or null where nothing is. */
  readonly reason: string | null;
  readonly facts: readonly string[];
  /** The few operations that contradict one another, where they are known. */
  readonly minimal: Picture | null;
  /** What was left out. */
  readonly note: string;
  readonly layout: TimelineLayout;
}

export interface Picture {
  readonly svg: string;
  /** The same in words. */
  readonly alt: string;
  readonly caption: string;
}

/**
 * The evidence that the checks of @gauntlet/workloads give, as far as it is drawn. Read as data, since a report
 * may be made of a results.json that another version wrote; what does not fit is not drawn.
 */
const minimalPart = z.object({
  required: z.array(z.number()),
  optional: z.array(z.number()),
  isMinimal: z.boolean(),
  checks: z.number(),
});
const keyFailure = z.object({
  key: z.string(),
  failedAt: z.number(),
  reason: z.string(),
  ...minimalPart.partial().shape,
});
const evidence = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("linearizability"), failures: z.array(keyFailure) }),
  z.object({ kind: z.literal("revisions"), event: z.number(), contradicts: z.number() }),
]);
type KeyFailure = z.infer<typeof keyFailure>;

interface Run {
  readonly history: readonly HistoryEvent[];
  readonly operations: readonly ShownOperation[];
  readonly bands: readonly Band[];
}

/** A panel for each violation; for a run without any, one for each of some keys. */
export function panelsOf(checks: readonly CheckResult[], run: Run): readonly Panel[] {
  const violations = checks
    .filter(({ verdict }) => verdict === "invalid")
    .flatMap(({ reason, details }) => {
      const parsed = evidence.safeParse(details);
      if (!parsed.success) {
        return [];
      }
      return parsed.data.kind === "linearizability"
        ? parsed.data.failures.map((failure) => failurePanel(failure, run))
        : [revisionPanel(parsed.data.event, parsed.data.contradicts, reason, run)];
    })
    .filter((panel) => panel !== null);
  return violations.length > 0 ? violations : keyPanels(run);
}

const BEFORE_CULPRIT = 30;
const AFTER_CULPRIT = 6;
const STILL_OPEN = 15;

function failurePanel(failure: KeyFailure, run: Run): Panel | null {
  const operations = run.operations.filter(({ key }) => key === failure.key);
  const culprit = operations.find(({ id }) => id === failure.failedAt);
  if (culprit === undefined) {
    return null;
  }
  return {
    name: `key ${failure.key}`,
    reason: failure.reason,
    facts: [
      `The operation: ${labelOf(culprit)} by ${laneLabel(culprit)} (${eventsText(culprit)}).`,
      ...writersOf(culprit, operations),
    ],
    minimal: minimalOf(failure, run),
    ...windowAround(culprit, operations, marksOf(failure, culprit), run.bands, labelOf),
  };
}

function marksOf({ required = [] }: KeyFailure, { id }: ShownOperation): ReadonlyMap<number, Mark> {
  return new Map<number, Mark>([
    ...required.map((other) => [other, "contradicted"] as const),
    [id, "culprit"],
  ]);
}

/** Null also for evidence that knows of no minimal part, or that does not fit the history. */
function minimalOf(failure: KeyFailure, { history }: Run): Picture | null {
  const part = minimalPart.safeParse(failure);
  if (!part.success) return null;
  const { key, failedAt, reason } = failure;
  try {
    const { isMinimal } = part.data;
    const title = `key ${key}: the few operations that contradict one another`;
    const svg = minimalPartSvg(history, title, { ...part.data, failedAt });
    const caption = isMinimal
      ? "If any one of the filled operations might not have happened, there would be an order."
      : "Time ran out before every operation was left out that could be.";
    return { svg, alt: reason, caption };
  } catch (error) {
    if (error instanceof HistoryError) return null;
    throw error;
  }
}

/** The revision belongs to the whole store, so operations of all keys are shown. */
function revisionPanel(event: number, contradicts: number, reason: string, run: Run): Panel | null {
  const culprit = run.operations.find(({ end }) => end?.index === event);
  const other = run.operations.find(({ end }) => end?.index === contradicts);
  if (culprit === undefined || other === undefined) {
    return null;
  }
  const label = (operation: ShownOperation): string => {
    const revision = operation.end?.revision;
    const at = revision === undefined ? "" : ` @${revision}`;
    return `${operation.key ?? ""} ${labelOf(operation)}${at}`;
  };
  const marks = new Map<number, Mark>([
    [other.id, "contradicted"],
    [culprit.id, "culprit"],
  ]);
  return {
    name: "revisions",
    reason,
    facts: ["The number after @ is the store's revision in the answer."],
    minimal: null,
    ...windowAround(culprit, run.operations, marks, run.bands, label),
  };
}

/** The operations that led to a culprit, those still open then, and whatever is marked. */
function windowAround(
  culprit: ShownOperation,
  operations: readonly ShownOperation[],
  marks: ReadonlyMap<number, Mark>,
  bands: readonly Band[],
  label: (operation: ShownOperation) => string,
): Pick<Panel, "layout" | "note"> {
  const at = operations.indexOf(culprit);
  const first = operations[Math.max(0, at - BEFORE_CULPRIT)] ?? culprit;
  const fromEvent = first.id;
  const returned = culprit.end?.index ?? Number.POSITIVE_INFINITY;
  const after = operations.filter(({ id }) => id > returned).slice(0, AFTER_CULPRIT);
  const inside = operations.filter(({ id }) => id >= fromEvent && id <= returned);
  const earlier = operations.filter(({ id }) => id < fromEvent);
  const open = earlier.filter(({ outcome, end }) => outcome === "info" || (end?.index ?? 0) >= fromEvent);
  const marked = earlier.filter((operation) => marks.has(operation.id) && !open.includes(operation));
  const shown = [...marked, ...open.slice(-STILL_OPEN), ...inside, ...after].toSorted((a, b) => a.id - b.id);
  return {
    layout: layOut({ operations: shown, marks, bands, fromEvent, label }),
    note: `${shown.length} of ${operations.length} operations: those before and around the violation`,
  };
}

const WRITERS = 3;

/** Where the value came from that the culprit claims to have seen. */
function writersOf(culprit: ShownOperation, operations: readonly ShownOperation[]): readonly string[] {
  const seen = observedBy(culprit);
  if (seen === undefined || seen === null) {
    return [];
  }
  const writers = operations.filter(
    (operation) => operation.outcome !== "fail" && operation !== culprit && writtenBy(operation) === seen,
  );
  if (writers.length === 0) {
    return [`No operation of this key wrote ${valueText(seen)}.`];
  }
  const latest = writers
    .filter(({ id }) => culprit.end === null || id < culprit.end.index)
    .slice(-WRITERS)
    .map((writer) => `${labelOf(writer)} by ${laneLabel(writer)} (${eventsText(writer)})`);
  return [`${valueText(seen)} was written by: ${latest.join("; ")}.`];
}

function observedBy({ f, invoke, end }: ShownOperation): unknown {
  if (f === "read") {
    return end?.value;
  }
  return f === "cas" && end?.succeeded === true && Array.isArray(invoke.value) ? invoke.value[0] : undefined;
}

function eventsText({ id, end }: ShownOperation): string {
  return end === null ? `event ${id}, never answered` : `events ${id}–${end.index}`;
}

const KEYS = 12;
const OPERATIONS_A_KEY = 80;
const BEFORE_TROUBLE = 20;

function keyPanels({ operations, bands }: Run): readonly Panel[] {
  const byKey = groupBy(operations, ({ key }) => key ?? "");
  const trouble = (list: readonly ShownOperation[]): number =>
    list.filter(({ outcome }) => outcome !== "ok").length;
  const keys = [...byKey].toSorted(([, a], [, b]) => trouble(b) - trouble(a)).slice(0, KEYS);
  const which =
    byKey.size > KEYS ? `; the ${KEYS} keys with the most failures are offered, of ${byKey.size}` : "";
  return keys
    .toSorted(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
    .map(([key, list]) => {
      const firstTrouble = list.findIndex(({ outcome }) => outcome !== "ok");
      const from = Math.max(0, Math.min(firstTrouble - BEFORE_TROUBLE, list.length - OPERATIONS_A_KEY));
      const shown = list.slice(from, from + OPERATIONS_A_KEY);
      const layout = layOut({
        operations: shown,
        marks: new Map(),
        bands,
        fromEvent: shown[0]?.id ?? 0,
        label: labelOf,
      });
      const note = `${shown.length} of ${list.length} operations of this key${which}`;
      return { name: `key ${key}`, reason: null, facts: [], minimal: null, note, layout };
    });
}
