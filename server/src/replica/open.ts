import type { Clock, Disk, Network, Random, StateStorage } from "../ports.js";
import { validateConfig } from "../raft/config.js";
import type { RaftConfig } from "../raft/config.js";
import type { Configuration, SnapshotMark } from "../raft/configuration.js";
import { RaftCore } from "../raft/core.js";
import type { HardState } from "../raft/entry.js";
import type { Restored } from "../raft/member.js";
import type { MemberId, Message } from "../raft/message.js";
import type { ReplicaObserver, ReplicaOptions, ReplicaParts } from "./parts.js";
import type { Report } from "./report.js";
import type { TickPlan } from "./tick-plan.js";
import type { CheckpointOptions } from "./checkpoints.js";
import { openDurable } from "./durable.js";
import type { Place } from "./durable.js";
import type { KvState } from "./kv-state.js";
import { markCorrupt } from "./marker.js";
import { Replica } from "./replica.js";
import type { KvStore, Result, WriteResponse } from "../store/index.js";
import type { OpenedWal, Repair, Wal, WalError, WalOptions } from "../wal/index.js";

/** All that a replica has of the world. */
export interface ReplicaPorts {
  /** A directory of its own. */
  readonly disk: Disk;
  readonly states: StateStorage;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network<Message, Report>;
  readonly observer: ReplicaObserver & {
    /** A sync of the log took so many seconds. */
    logSynced(seconds: number): void;
    /**
     * Log or state are damaged, for this reason, and were begun anew. Entries up to `lostTo` may have been acknowledged and are
     * lost: this member gets them from the others before it votes again; 0: nothing is lost.
     */
    recovering(reason: string, lostTo: number): void;
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
  readonly checkpoints: CheckpointOptions;
  /** Of the state as of each so many-th entry a hash is compared: the same at all members. */
  readonly hashInterval: number;
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

export const DEFAULT_CHECKPOINTS: CheckpointOptions = {
  /** A restart applies as much again; the log holds about as much more. */
  checkpointBytes: 32 * MIB,
  /** At 10,000 writes a second: half a second's worth, which a peer may lag without needing a snapshot. */
  tail: { maxEntries: 5000, maxBytes: 16 * MIB },
};

export const DEFAULT_HASH_INTERVAL = 256;

export interface OpenedReplica {
  /** Not started yet. */
  readonly replica: Replica<Result<WriteResponse>>;
  readonly store: KvStore;
  readonly state: KvState;
  readonly wal: Wal;
  /** It began without entries up to here that it may have acknowledged, and does not vote before it has them; null: with all. */
  readonly lostTo: number | null;
  /** What was cut off the log's torn tail; null: nothing. */
  readonly repair: Repair | null;
  /** Lets go of log and state, when the replica is stopped. */
  readonly close: () => Promise<void>;
}

/**
 * Makes a replica of what its disk holds. The only place that joins log, core and state: in a process and in
 * a simulator the same parts run with the same settings. Rejects as openDurable does, and with RangeError for
 * settings that cannot be.
 */
export async function openReplica(ports: ReplicaPorts, settings: ReplicaSettings): Promise<OpenedReplica> {
  const { observer } = ports;
  const config = coreConfig(settings);
  validateConfig(config);
  let replica: OpenedReplica["replica"] | null = null;
  let isFull = false;
  let failure: WalError | null = null;
  const hooks = {
    onSpace: (full: boolean): void => {
      isFull = full;
      replica?.logFull(full);
    },
    onFailure: (error: WalError): void => {
      failure = error;
      replica?.logFailed(error);
    },
  };
  const { log, state } = await openDurable(placeOf(ports, settings, hooks), {
    recovering: (reason, lostTo) => observer.recovering(reason, lostTo),
    failed: (error) =>
      observer.fatal(new Error("the state on disk cannot be kept in order", { cause: error })),
  });
  // What keeps `log` would keep its entries in memory for ever: those below are closures.
  const { wal } = log;
  const restored = restoredFrom(log, state.checkpoint);
  const core = new RaftCore(config, restored, ports.random);
  replica = new Replica(
    {
      core: ports.watchCore?.(core, restored) ?? core,
      log: wal,
      state,
      markCorrupt: (difference) => markCorrupt(ports.disk, difference),
      network: ports.network,
      clock: ports.clock,
      random: ports.random,
      observer,
    },
    replicaOptions(settings, log.hardState),
  );
  if (isFull) replica.logFull(true);
  if (failure !== null) replica.logFailed(failure);
  const close = async (): Promise<void> => {
    await Promise.all([wal.close(), state.close()]);
  };
  const { hardState, repair } = log;
  return { replica, store: state.store, state, wal, lostTo: hardState.lostTo ?? null, repair, close };
}

/** Where the replica keeps what outlives it: for `rebuildReplica`, too. */
export function placeOf(
  {
    disk,
    states,
    clock,
    observer,
  }: Pick<ReplicaPorts, "disk" | "states" | "clock"> & {
    readonly observer?: Pick<ReplicaPorts["observer"], "logSynced">;
  },
  {
    self,
    clusterId,
    initial,
    segmentBytes,
  }: Pick<ReplicaSettings, "self" | "clusterId" | "initial" | "segmentBytes">,
  hooks: Pick<WalOptions, "onSpace" | "onFailure"> = {},
): Place {
  const identity = { clusterId, memberId: self };
  const onSync = (seconds: number): void => observer?.logSynced(seconds);
  return { disk, states, clock, self, initial, log: { segmentBytes, identity, clock, onSync, ...hooks } };
}

/** The state as of the checkpoint, and the entries behind it: the log may have more. */
function restoredFrom({ hardState, entries }: OpenedWal, checkpoint: SnapshotMark | null): Restored {
  if (checkpoint === null) return { hardState, snapshot: null, entries };
  const { index, term, configuration } = checkpoint;
  const snapshot = { index, term, configuration };
  return { hardState, snapshot, entries: entries.filter((entry) => entry.index > index) };
}

function replicaOptions(settings: ReplicaSettings, hardState: HardState): ReplicaOptions {
  const { self, initial, checkpoints, hashInterval, ticks, limits } = settings;
  const { requestTimeoutMs, maxProposalBytes } = settings;
  const { maxWaitingProposals, maxWaitingReads } = limits;
  return {
    self,
    initial,
    hardState,
    checkpoints,
    hashInterval,
    tickIntervalMs: ticks.tickIntervalMs,
    requestTimeoutMs,
    maxProposalBytes,
    // One batch is one message.
    maxProposalBatchBytes: limits.maxAppendBytes,
    maxWaitingProposals,
    maxWaitingReads,
  };
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
