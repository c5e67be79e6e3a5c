import type { NodeReading } from "@gauntlet/histories";
import type { Hosts } from "@gauntlet/nemesis";
import type { Client } from "@gauntlet/workloads";

/** A client of one node, and the way to let go of it. */
export interface Connection {
  readonly client: Client;
  close(): void;
}

/** A hash over all that a node holds at one revision. */
export interface StateHash {
  readonly node: string;
  /** Null where none could be had; `detail` says why. */
  readonly hash: number | null;
  /** What was compacted away; hashes of different compactions cannot be compared. */
  readonly compactRevision: number | null;
  readonly detail: string | null;
}

export interface StateHashes {
  /** The newest that any node knew of; null when none answered. */
  readonly revision: number | null;
  /** Of the present members. */
  readonly nodes: readonly StateHash[];
}

/** What became of one node's data directory. */
export interface SavedData {
  readonly node: string;
  /** Null where it was not saved; `detail` says why. */
  readonly path: string | null;
  readonly detail: string | null;
}

/** A running system under test: all that the runner knows of it. */
export interface Cluster {
  readonly hosts: Hosts;
  /** What exactly runs, for test.json. */
  readonly versions: Readonly<Record<string, string>>;
  /** Each call of the client ends within `deadlineMs`. */
  connect(node: string, deadlineMs: number): Connection;
  /** What broke that no fault did: a container that died, a lost agent. Empty while all is well. */
  failures(): readonly string[];
  /**
   * What each node shows of itself now, asked from outside all at once; within a second, whatever the nodes do. Never
   * rejects: a node that does not answer is all nulls.
   */
  sample(): Promise<readonly NodeReading[]>;
  /**
   * The state of every present member at one revision. Waits until all have applied it, `limitMs` at most, or until the
   * signal aborts. Never rejects: where no hash was had, the node's detail says why.
   * @param without nodes whose servers are gone for good, which are not asked
   */
  hashes(limitMs: number, signal: AbortSignal, without: readonly string[]): Promise<StateHashes>;
  /**
   * Ends the servers and keeps their data directories beside their logs (RUN_FILES.nodeData), each up to a size. Never
   * rejects, and takes half a minute at most.
   */
  saveData(): Promise<readonly SavedData[]>;
  /** Leaves nothing running; logs stay in the run's directory. Idempotent. */
  stop(): Promise<void>;
}

export interface ClusterRequest {
  /** Unique among all runs on this machine. */
  readonly runId: string;
  readonly nodes: number;
  /** Machines beyond these, which faults may let join. */
  readonly spares: number;
  /** One folder a node is made in it. */
  readonly logsDirectory: string;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** Rejects with a RigError when the cluster cannot be had, and has cleaned up by then. */
export type StartCluster = (request: ClusterRequest) => Promise<Cluster>;
