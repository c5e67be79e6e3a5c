import type { Hosts } from "@gauntlet/nemesis";
import type { Client } from "@gauntlet/workloads";

/** A client of one node, and the way to let go of it. */
export interface Connection {
  readonly client: Client;
  close(): void;
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
