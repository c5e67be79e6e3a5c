import type { TraceEvent, Traced } from "../trace.js";

/** What a trace says of one node at a moment. */
export interface NodeState {
  readonly process: "running" | "paused" | "down";
  readonly role: string;
  readonly term: number;
  readonly leader: string | null;
  readonly commit: number;
  readonly applied: number;
  readonly disk: string | null;
}

export interface ClusterState {
  readonly nodes: ReadonlyMap<string, NodeState>;
  /** The last faults before, at most RECENT of them, with their times. */
  readonly faults: readonly { readonly atMs: number; readonly what: string }[];
  /** Operations without an answer yet, by process. */
  readonly open: ReadonlyMap<number, string>;
  readonly phase: string | null;
}

const RECENT = 6;
const UNSEEN: NodeState = {
  process: "down",
  role: "follower",
  term: 0,
  leader: null,
  commit: 0,
  applied: 0,
  disk: null,
};

/** The cluster as it stood after the last of these events. */
export function clusterState(trace: readonly Traced[]): ClusterState {
  const nodes = new Map<string, NodeState>();
  const faults: { atMs: number; what: string }[] = [];
  const open = new Map<number, string>();
  let phase: string | null = null;
  for (const { atMs, event } of trace) {
    if (event.type === "fault") faults.push({ atMs, what: event.what });
    else if (event.type === "phase") phase = event.phase;
    else if (event.type === "invoked") open.set(event.process, `${event.what} at ${event.node}`);
    else if (event.type === "completed") open.delete(event.process);
    else if ("node" in event) {
      nodes.set(event.node, after(nodes.get(event.node) ?? UNSEEN, event));
    }
  }
  const sorted = [...nodes].toSorted(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
  return { nodes: new Map(sorted), faults: faults.slice(-RECENT), open, phase };
}

type NodeEvent = Extract<TraceEvent, { readonly node: string }>;

function after(state: NodeState, event: NodeEvent): NodeState {
  if (event.type === "role") return { ...state, role: event.role, term: event.term, leader: event.leader };
  if (event.type === "committed") return { ...state, commit: event.index };
  if (event.type === "applied") return { ...state, applied: event.index };
  if (event.type === "disk") return { ...state, disk: event.what };
  // What a start does not read from the disk is unknown again until the leader tells.
  if (event.type === "started") return { ...UNSEEN, process: "running", term: event.term, disk: state.disk };
  if (event.type === "stopped") return { ...state, process: "down" };
  if (event.type === "paused") return { ...state, process: "paused" };
  if (event.type === "resumed") return { ...state, process: "running" };
  return state;
}
