import type { Clock, Disk, Network, Random } from "./ports.js";
import type { RaftConfig } from "./raft/config.js";
import type { Configuration } from "./raft/configuration.js";
import { RaftCore } from "./raft/core.js";
import type { Restored } from "./raft/member.js";
import type { MemberId, Message } from "./raft/message.js";
import type { ReplicaObserver, ReplicaParts } from "./replica-parts.js";
import type { Report } from "./replica-report.js";
import type { TickPlan } from "./replica-tick-plan.js";
import { Replica } from "./replica.js";
import { KvStore } from "./store/index.js";
import type { Result, WriteResponse } from "./store/index.js";
import { Wal } from "./wal/index.js";
import type { Repair } from "./wal/index.js";

/** All that a replica has of the world. */
export interface ReplicaPorts {
  /** A directory of its own. */
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Pick<Network<Message, Report>, "send">;
  readonly observer: ReplicaObserver & {
    /** A sync of the log took so many seconds. */
    logSynced(seconds: number): void;
  };
  /**
   * For a world that watches every step: the replica drives what this returns, which must do as the core does.
   * Absent: the core itself.
   */
  readonly watchCore?: (core: RaftCore, restored: Restored) => ReplicaParts<unknown>["core"];
}

export interface ReplicaSettings {
  readonly self: MemberId;
  readonly clusterId: number;
  /** In force where the log has no configuration: RaftConfig.initial. */
  readonly initial: Configuration;
  readonly ticks: TickPlan;
  /** How long a write, a read, a change of members or a transfer waits. */
  readonly requestTimeoutMs: number;
  /** Size at which a segment of the log is closed. */
  readonly segmentBytes: number;
  /** Largest write, as encoded for the log. */
  readonly maxProposalBytes: number;
  /**
   * Leaders answer reads from a lease, trusting that no two members' monotonic clocks differ in rate by more than
   * this share; null: they ask a majority. raft/config.ts, LeaseConfig.
   */
  readonly leaseClockUncertainty: number | null;
  readonly limits: ReplicaLimits;
  /** Where it differs from the core's own defaults. */
  readonly core?: Pick<RaftConfig, "preVote" | "checkQuorum" | "diskStallTicks" | "maxPromotionLag">;
}

/** Limits that nobody has had reason to set. */
export interface ReplicaLimits
  extends Pick<
    RaftConfig,
    "maxAppendBytes" | "maxInflightAppends" | "maxInflightBytes" | "maxUncommittedBytes"
  > {
  readonly maxWaitingProposals: number;
  readonly maxWaitingReads: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: ReplicaLimits = {
  /** At 1 Gbit/s a message of this size holds up the heartbeat behind it by 8 ms. */
  maxAppendBytes: 1 * MIB,
  /** Small appends on a path of 100 ms: one every 1.6 ms, more than a leader has, since it batches. */
  maxInflightAppends: 64,
  /** A path of 1 Gbit/s and 100 ms holds 12 MiB. A quarter of the transport's queue: what else is said has room. */
  maxInflightBytes: 16 * MIB,
  /** The memory that a leader without a majority spends on what it may have to take back. */
  maxUncommittedBytes: 64 * MIB,
  /** At 10,000 writes a second: one second's worth. More would only wait longer. */
  maxWaitingProposals: 10_000,
  maxWaitingReads: 10_000,
};

export interface OpenedReplica {
  /** Not started yet. */
  readonly replica: Replica<Result<WriteResponse>>;
  readonly store: KvStore;
  /** To be closed when the replica is stopped. */
  readonly wal: Wal;
  /** What was cut off the log's torn tail; null: nothing. */
  readonly repair: Repair | null;
}

/**
 * Makes a replica of what its disk holds. The only place that joins log, core and store: in a process and in
 * a simulator the same parts run with the same settings. Rejects as Wal.open does, and with RangeError for
 * settings that cannot be.
 */
export async function openReplica(ports: ReplicaPorts, settings: ReplicaSettings): Promise<OpenedReplica> {
  const { clock, random, observer } = ports;
  const { self, initial, ticks, limits, requestTimeoutMs, maxProposalBytes } = settings;
  const { wal, hardState, entries, repair } = await Wal.open(ports.disk, {
    segmentBytes: settings.segmentBytes,
    identity: { clusterId: settings.clusterId, memberId: self },
    clock,
    onSync: (seconds) => observer.logSynced(seconds),
  });
  const restored = { hardState, snapshot: null, entries };
  const core = new RaftCore(coreConfig(settings), restored, random);
  const store = new KvStore();
  const options = {
    self,
    initial,
    tickIntervalMs: ticks.tickIntervalMs,
    requestTimeoutMs,
    maxProposalBytes,
    // One batch is one message.
    maxProposalBatchBytes: limits.maxAppendBytes,
    maxWaitingProposals: limits.maxWaitingProposals,
    maxWaitingReads: limits.maxWaitingReads,
  };
  const replica = new Replica(
    {
      core: ports.watchCore?.(core, restored) ?? core,
      log: wal,
      store,
      network: ports.network,
      clock,
      random,
      observer,
    },
    options,
  );
  return { replica, store, wal, repair };
}

function coreConfig({
  self,
  initial,
  ticks,
  limits,
  leaseClockUncertainty,
  core,
}: ReplicaSettings): RaftConfig {
  const config = {
    self,
    initial,
    electionTicks: ticks.electionTicks,
    heartbeatTicks: ticks.heartbeatTicks,
    maxAppendBytes: limits.maxAppendBytes,
    maxInflightAppends: limits.maxInflightAppends,
    maxInflightBytes: limits.maxInflightBytes,
    maxUncommittedBytes: limits.maxUncommittedBytes,
    ...core,
  };
  if (leaseClockUncertainty === null) return config;
  const electionTimeoutMs = ticks.electionTicks * ticks.tickIntervalMs;
  return { ...config, lease: { electionTimeoutMs, clockUncertainty: leaseClockUncertainty } };
}
