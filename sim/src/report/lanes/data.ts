/** What the page of lanes is given: plain data, in columns where there is much of it. Times in virtual milliseconds. */
export interface LanesData {
  readonly endMs: number;
  readonly nodes: readonly NodeLane[];
  readonly messages: MessageColumns;
  readonly operations: OperationColumns;
  readonly faults: readonly FaultBand[];
  /** Moments of the world's own: faults as they struck and were mended. */
  readonly moments: readonly { readonly atMs: number; readonly text: string }[];
  readonly phases: readonly { readonly atMs: number; readonly name: string }[];
  readonly failure: { readonly atMs: number; readonly text: string } | null;
  /** Of messages and operations, by number. */
  readonly texts: readonly string[];
}

export const NODE_STATES = ["down", "follower", "pre-candidate", "candidate", "leader"] as const;
export type NodeStateName = (typeof NODE_STATES)[number];

export interface NodeLane {
  readonly name: string;
  /** One after another without gaps; the first begins at 0. */
  readonly stretches: readonly Stretch[];
  readonly pauses: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** The commit index and since when. */
  readonly commitAt: readonly number[];
  readonly commit: readonly number[];
  readonly syncAt: readonly number[];
  readonly syncMs: readonly number[];
  /** Starts, ends, what a disk did. */
  readonly marks: readonly Mark[];
}

export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly state: NodeStateName;
  readonly term: number;
  readonly text: string;
}

export interface Mark {
  readonly atMs: number;
  readonly kind: "started" | "stopped" | "disk";
  readonly text: string;
}

export const MESSAGE_KINDS = ["append", "heartbeat", "vote", "other"] as const;

/** In the order in which they were sent. */
export interface MessageColumns {
  readonly sentAt: readonly number[];
  /** When it was delivered or lost; what was on its way at the end is as if it arrived. */
  readonly endAt: readonly number[];
  /** Numbers of nodes, from 0. */
  readonly from: readonly number[];
  readonly to: readonly number[];
  /** Of MESSAGE_KINDS. */
  readonly kind: readonly number[];
  /** 1: it never arrived. */
  readonly lost: readonly number[];
  readonly text: readonly number[];
}

export const OUTCOMES = ["ok", "fail", "info"] as const;

/** In the order of their beginnings. */
export interface OperationColumns {
  readonly from: readonly number[];
  /** Where it was never answered: the end of the trace. */
  readonly to: readonly number[];
  /** Rows, so that no two overlap. */
  readonly row: readonly number[];
  readonly rows: number;
  /** Of OUTCOMES. */
  readonly outcome: readonly number[];
  readonly text: readonly number[];
}

export interface FaultBand {
  readonly fromMs: number;
  readonly toMs: number;
  readonly text: string;
  /** Nodes that the schedule names; empty where it was left to the moment. */
  readonly nodes: readonly number[];
}
