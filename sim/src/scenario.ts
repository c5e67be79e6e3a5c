import type { ScheduleFile } from "@gauntlet/nemesis";

/**
 * All that a run is made of: with the same server code, the same scenario gives the same trace. Drawn from a
 * seed (draw.ts), saved, edited, shrunk, replayed. Plain data; times in virtual milliseconds.
 */
export interface Scenario {
  /** Seeds every random stream of the run: network, disks, election timers, operations, targets of faults. */
  readonly seed: number;
  /** First members, n1 … ; further machines of the world stand by for membership changes. */
  readonly nodes: number;
  readonly spareNodes: number;
  readonly server: ServerSettings;
  /** What servers start with once process.rolling upgraded them; null: with the same. Such servers run side by side. */
  readonly upgraded: ServerSettings | null;
  readonly network: NetworkProfile;
  readonly disk: DiskProfile;
  /**
   * Of the checkpoints that are written and the snapshots that are taken in under load: in so many the machine is killed or
   * loses its power, and comes back. Schedules meet these moments seldom.
   */
  readonly crashShare: number;
  /** Of each node's monotonic clock: rates are drawn from [1 - drift, 1 + drift]. */
  readonly clockDrift: number;
  readonly load: Load;
  /** What happens to the nodes, and when: the same file that containers take. */
  readonly schedule: ScheduleFile;
  readonly healing: Healing;
}

/** Of a server process. */
export interface ServerSettings {
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly segmentBytes: number;
  readonly maxAppendBytes: number;
  readonly maxInflightAppends: number;
  readonly maxInflightBytes: number;
  /** Entries of so many bytes are applied between two checkpoints; the log is cut then. */
  readonly checkpointBytes: number;
  /** Entries that a leader keeps behind a checkpoint for those who lag: others get a snapshot. */
  readonly tailEntries: number;
  /** States are compared as of each so many-th entry. */
  readonly hashInterval: number;
  /** null: leases are off. */
  readonly leaseClockUncertainty: number | null;
}

/** Of every link, faults aside. Shares are in [0, 1]. */
export interface NetworkProfile {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly loss: number;
  readonly duplicate: number;
  /** Share of messages that are held up by another draw of up to `reorderMs`, so that later ones overtake them. */
  readonly reorder: number;
  readonly reorderMs: number;
  /** Whether each message is encoded and decoded on its way, as between processes. Costs two thirds of the speed. */
  readonly encoded: boolean;
}

export interface DiskProfile {
  readonly minSyncMs: number;
  readonly maxSyncMs: number;
  /** Share of syncs that take `stallMs` instead. */
  readonly stall: number;
  readonly stallMs: number;
}

export interface Load {
  /** By name, of @gauntlet/workloads. */
  readonly workload: string;
  /** Exponent of the Zipf distribution by which keys are chosen; 0 or absent: all alike. */
  readonly keySkew?: number;
  /** Operations a virtual second, over all workers. */
  readonly rate: number;
  readonly concurrency: number;
  readonly durationMs: number;
  /** At most so many operations before the final reads: what a shrunk scenario lowers. */
  readonly maxOperations: number;
}

/**
 * After the schedule the world is mended but for what `lasting` says, since a cluster must live with that, and progress
 * is demanded of the nodes that it leaves able to make some: the core, a quorum (run/healing.ts).
 */
export interface Healing {
  /** Within so long after the heal, a write through every node of the core must succeed. */
  readonly boundMs: number;
  readonly lasting: LastingFault;
}

export type LastingFault =
  | { readonly type: "none" }
  /** A minority stays down. */
  | { readonly type: "down"; readonly nodes: readonly string[] }
  /** The disks of a minority take no write any more: such a leader has to step down. */
  | { readonly type: "stalled"; readonly nodes: readonly string[] }
  /** These nodes hear nothing from their peers, but are heard: without PreVote they disturb for ever. */
  | { readonly type: "deaf"; readonly nodes: readonly string[] }
  /** Two nodes cannot speak to each other; everybody else can. */
  | { readonly type: "cut"; readonly between: readonly [string, string] };
