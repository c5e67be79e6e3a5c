import type { FaultRecord, LiveStatus, RunResults, Verdict } from "@gauntlet/histories";

/** The data of the pages: made by the rig (controller/src/ui), shown here. All of it is untrusted: names, values, lines. */

/** One run in the list. */
export interface RunRow {
  /** `<test>/<name>`: the folder under the runs' root, and the address of its page. */
  readonly id: string;
  readonly test: string;
  readonly seed: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly state: RunState;
  readonly verdict: Verdict | null;
  readonly reason: string | null;
  readonly workload: string;
  readonly system: string;
  readonly timeLimitMs: number | null;
  /** Faults with the number of times that each was executed. */
  readonly faults: readonly (readonly [fault: string, count: number])[];
  readonly okPerSecond: number | null;
}

/** `abandoned`: it has no results, and nobody writes it any more. */
export type RunState = "running" | "finished" | "abandoned";

/** What test.json says that pages show by name; all of it is in `configuration`. */
export interface RunDescription {
  readonly test: string;
  readonly seed: number;
  readonly startedAt: string;
  readonly workload: string;
  readonly system: string;
  readonly nodes: number | null;
  readonly concurrency: number | null;
  readonly ratePerSecond: number | null;
  readonly timeLimitMs: number | null;
}

/** Counts and latencies in equal steps of time from 0 on. A step is a second, or more in a long run. */
export interface Load {
  readonly stepMs: number;
  /** Counted where an operation ended. */
  readonly ok: readonly number[];
  readonly fail: readonly number[];
  readonly info: readonly number[];
  /** Milliseconds from when an ok operation was due to its answer; null in a step without any. */
  readonly p50: readonly (number | null)[];
  readonly p95: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
  readonly max: readonly (number | null)[];
}

/** A node over time, in the steps of the load. Null: not known. */
export interface NodeLane {
  readonly node: string;
  /** leader, follower, candidate, learner, down …: the node's own word. */
  readonly role: readonly (string | null)[];
  readonly term: readonly (number | null)[];
  readonly commitIndex: readonly (number | null)[];
  /** How far its wall clock is off, as seen from outside. */
  readonly skewMs: readonly (number | null)[];
  /** How fast its timers run: 1 is true. */
  readonly timerRate: readonly (number | null)[];
  readonly rssBytes: readonly (number | null)[];
}

export interface LogLine {
  /** Counts up over a feed's life. */
  readonly id: number;
  /** ISO 8601; null where the line tells no time. */
  readonly at: string | null;
  /** `rig`, or a node's name. */
  readonly source: string;
  readonly level: "error" | "warn" | "info";
  readonly text: string;
}

export interface FileEntry {
  /** Seen from the run's folder, with slashes. */
  readonly path: string;
  readonly bytes: number;
}

/** One operation of a violation, in words and on the axis of time. */
export interface ShownOperation {
  /** Index of its invocation in the history. */
  readonly id: number;
  readonly process: number;
  readonly node: string | null;
  readonly key: string | null;
  /** `write 3`, `read → 2`. */
  readonly text: string;
  readonly startMs: number;
  /** Null: nothing was ever heard. */
  readonly endMs: number | null;
  readonly outcome: "ok" | "fail" | "info";
  /** `culprit`: the answer that nothing explains. `required`: what it contradicts. */
  readonly part: "culprit" | "required" | "around";
  readonly error: string | null;
}

/** One thing that went wrong, with the few operations that show it. */
export interface Violation {
  readonly check: string;
  /** `key r4`, `revisions`; empty where there is nothing to tell it by. */
  readonly name: string;
  readonly reason: string;
  readonly facts: readonly string[];
  readonly operations: readonly ShownOperation[];
  /** The operations in the order of events, as an SVG of our own making; null where none is drawn. */
  readonly picture: string | null;
}

/** Everything that a page shows of a run. Its size is bounded, however long the run. */
export interface RunView {
  readonly id: string;
  /** As a person would type it: for the commands to copy. */
  readonly path: string;
  readonly description: RunDescription;
  /** test.json as it is. */
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly state: RunState;
  readonly status: LiveStatus | null;
  readonly results: RunResults | null;
  /** Share of the history that was read so far; 1: all that there is. */
  readonly readShare: number;
  /** What could not be read, one sentence; null: nothing. */
  readonly trouble: string | null;
  /** The latest moment that anything is known of, milliseconds since time 0. */
  readonly endMs: number;
  readonly counts: Counts;
  readonly load: Load;
  readonly faults: readonly FaultRecord[];
  readonly nodes: readonly NodeLane[];
  readonly violations: readonly Violation[];
  readonly log: readonly LogLine[];
  readonly files: readonly FileEntry[];
}

export interface Counts {
  readonly ok: number;
  readonly fail: number;
  readonly info: number;
  /** Invoked, and not heard of since. */
  readonly open: number;
}

/** Columns from step `from` on: what is before it did not change. */
export interface Tail<Columns> {
  readonly from: number;
  readonly columns: Columns;
}

/** What changed since the message before. A field that is absent did not. */
export interface RunChange {
  readonly status?: LiveStatus | null;
  readonly readShare?: number;
  readonly endMs?: number;
  readonly counts?: Counts;
  readonly load?: Tail<Load>;
  readonly nodes?: readonly Tail<NodeLane>[];
  readonly faults?: readonly FaultRecord[];
  readonly log?: readonly LogLine[];
}

/** Operations as columns, in order of invocation: for a timeline of a hundred thousand. */
export interface Operations {
  /** Index of the invocation. */
  readonly id: readonly number[];
  readonly startMs: readonly number[];
  /** Negative: nothing was ever heard. */
  readonly lengthMs: readonly number[];
  readonly process: readonly number[];
  /** Places in `names`. */
  readonly node: readonly number[];
  readonly key: readonly number[];
  readonly text: readonly number[];
  readonly error: readonly number[];
  /** Place in OUTCOMES. */
  readonly outcome: readonly number[];
  readonly names: readonly string[];
  /** There were more: what is here ends at this time. Null: all are here. */
  readonly cutAtMs: number | null;
}

export const OUTCOMES = ["ok", "fail", "info"] as const;

/** As many as a page is given at once. */
export const MAX_OPERATIONS = 120_000;

/** What is written into a page for its script. */
export type PageData =
  | { readonly page: "list" }
  | { readonly page: "run" }
  | { readonly page: "report"; readonly view: RunView; readonly operations: Operations };

/** As many lines of logs as a page shows. */
export const LOG_LINES = 400;

/** The view after a change. */
export function applyChange(view: RunView, change: RunChange): RunView {
  const { load, nodes, log, ...plain } = change;
  const lanes = new Map(view.nodes.map((lane) => [lane.node, lane]));
  for (const tail of nodes ?? []) {
    const { node } = tail.columns;
    const lane = lanes.get(node);
    lanes.set(node, lane === undefined ? tail.columns : splice(lane, tail));
  }
  return {
    ...view,
    ...plain,
    load: load === undefined ? view.load : splice(view.load, load),
    nodes: nodes === undefined ? view.nodes : [...lanes.values()],
    log: log === undefined ? view.log : [...view.log, ...log].slice(-LOG_LINES),
  };
}

function splice<Columns extends Load | NodeLane>(columns: Columns, tail: Tail<Columns>): Columns {
  const fresh = tail.columns as unknown as Readonly<Record<string, unknown>>;
  const entries = Object.entries(columns).map(([name, old]: [string, unknown]) => {
    const end = fresh[name];
    return [name, Array.isArray(old) && Array.isArray(end) ? [...old.slice(0, tail.from), ...end] : end];
  });
  return Object.fromEntries(entries) as Columns;
}
