import type { SimResult } from "../result.js";
import type { Traced } from "../trace.js";
import { clusterState, type NodeState } from "./cluster-state.js";
import { eventText, nodesOf } from "./event-text.js";
import { alignColumns, counted, shownSeconds } from "./numbers.js";

export interface TraceTextOptions {
  /** Only events that these nodes take part in, and those of the world. */
  readonly nodes?: readonly string[];
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Of events, at most so many are told: those around the failure, or the last. */
  readonly maxLines?: number;
}

/** What is told of a long trace when nobody says otherwise. */
const MAX_LINES = 2_000;
/** So much of it comes after the failure: the rest is what led to it. */
const SHARE_AFTER = 0.1;

/**
 * A trace to read: one line an event, and in the last lines what failed and how the cluster stood at that moment.
 * What is left out is said where it is left out.
 */
export function traceText(
  trace: readonly Traced[],
  result: SimResult,
  options: TraceTextOptions = {},
): string {
  const chosen = choose(trace, options);
  const { first, last } = around(chosen, result, options.maxLines ?? MAX_LINES);
  const lines = withFailure(chosen.slice(first, last), result);
  return [
    heading(trace, result),
    ...left(first, "before"),
    ...lines,
    ...left(chosen.length - last, "after"),
    "",
    ending(trace, result),
    "",
  ].join("\n");
}

function choose(trace: readonly Traced[], { nodes, fromMs, toMs }: TraceTextOptions): readonly Traced[] {
  const [from, to] = [fromMs ?? Number.NEGATIVE_INFINITY, toMs ?? Number.POSITIVE_INFINITY];
  return trace.filter(({ atMs, event }) => {
    if (atMs < from || atMs > to) return false;
    if (nodes === undefined) return true;
    const taking = nodesOf(event);
    return taking.length === 0 || taking.some((node) => nodes.includes(node));
  });
}

function around(
  events: readonly Traced[],
  { failure }: SimResult,
  maxLines: number,
): { readonly first: number; readonly last: number } {
  if (events.length <= maxLines) return { first: 0, last: events.length };
  const failed = failure === null ? -1 : events.findIndex(({ atMs }) => atMs > failure.atMs);
  const moment = failed === -1 ? events.length : failed;
  const last = Math.min(events.length, moment + Math.floor(maxLines * SHARE_AFTER));
  return { first: Math.max(0, last - maxLines), last };
}

function left(events: number, side: string): readonly string[] {
  if (events === 0) return [];
  return [`… ${counted(events, "event")} ${side} this: --from, --to, --node and --lines choose others …`];
}

/** The failure stands after the last event of its moment. */
function withFailure(events: readonly Traced[], { failure }: SimResult): readonly string[] {
  const lines = events.map(eventLine);
  if (failure === null) return lines;
  const after = events.findIndex(({ atMs }) => atMs > failure.atMs);
  const moment = `${shownSeconds(failure.atMs).padStart(10)}  ════ ${failure.name}: ${failure.what}`;
  const place = after === -1 ? lines.length : after;
  return [...lines.slice(0, place), moment, ...lines.slice(place)];
}

function eventLine({ atMs, event }: Traced): string {
  const { where, what } = eventText(event);
  return `${shownSeconds(atMs).padStart(10)}  ${where.padEnd(14)}  ${what}`;
}

function heading(trace: readonly Traced[], { seed, traceHash }: SimResult): string {
  return `seed ${seed}, ${counted(trace.length, "event")}, hash ${traceHash}
      time  where           what
(→ is sent, ⇒ arrives, ↛ is lost; 12/3 is the entry at index 12, of term 3)`;
}

/** What failed, and how the cluster stood then. */
export function ending(trace: readonly Traced[], result: SimResult): string {
  const { failure, seed, simulatedMs } = result;
  if (failure === null)
    return `VALID: seed ${seed}, ${shownSeconds(simulatedMs)} simulated, no promise broken`;
  const until = trace.findIndex(({ atMs }) => atMs > failure.atMs);
  const { nodes, faults, open, phase } = clusterState(until === -1 ? trace : trace.slice(0, until));
  const rows = [...nodes].map(([node, state]) => nodeRow(node, state));
  return [
    `At ${shownSeconds(failure.atMs)}${phase === null ? "" : `, phase ${phase}`}:`,
    alignColumns(rows),
    ...(open.size === 0 ? [] : ["Without an answer:"]),
    ...[...open].slice(0, OPEN_TOLD).map(([process, what]) => `  client ${process}: ${what}`),
    ...(open.size > OPEN_TOLD ? [`  and ${open.size - OPEN_TOLD} more`] : []),
    ...(faults.length === 0 ? [] : ["The last faults before it:"]),
    ...faults.map(({ atMs, what }) => `  ${shownSeconds(atMs)}  ${what}`),
    "",
    `FAILED (${failure.kind}: ${failure.name}) at ${shownSeconds(failure.atMs)}, seed ${seed}:`,
    failure.what,
  ].join("\n");
}

const OPEN_TOLD = 10;

function nodeRow(node: string, state: NodeState): readonly string[] {
  const { process, role, term, leader, commit, applied, disk } = state;
  const standing = process === "down" ? "down" : role;
  return [
    `  ${node}`,
    process === "paused" ? `${standing} (paused)` : standing,
    `term ${term}`,
    `commit ${commit}`,
    `applied ${applied}`,
    role === "follower" && process !== "down"
      ? leader === null
        ? "knows no leader"
        : `follows ${leader}`
      : "",
    disk === null ? "" : `disk: ${disk}`,
  ];
}
