import { PerformanceObserver } from "node:perf_hooks";
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { Clock } from "./ports.js";
import type { ReplicaStatus } from "./replica/parts.js";

const ROLES = ["follower", "pre-candidate", "candidate", "leader"] as const;

/** 50 µs to about 3 s: from a fast device's sync to one that is in trouble. */
const DURATION_BUCKETS_SECONDS = [
  0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
];

/** What /metrics shows. Names that etcd has too are etcd's; README.md lists what the rest mean. */
export class Metrics {
  readonly registry = new Registry();

  readonly #ticks: Counter;

  readonly #elections: Counter;

  readonly #fsync: Histogram;

  readonly #proposeCommit: Histogram;

  readonly #checkpoint: Histogram;

  readonly #snapshots: Counter<"way" | "outcome">;

  readonly #peerMessages: Counter<"peer" | "outcome">;

  constructor(tickIntervalMs: number) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#ticks = new Counter({
      name: "gauntlet_server_ticks_total",
      help: "Ticks given to the Raft core; more than five missed intervals in a row are not made up for.",
      registers,
    });
    this.#elections = new Counter({
      name: "gauntlet_raft_elections_total",
      help: "Elections that this member stood in as a candidate, pre-votes not counted.",
      registers,
    });
    this.#fsync = new Histogram({
      name: "gauntlet_wal_fsync_seconds",
      help: "Duration of a durable write of the write-ahead log: the write and its sync, which are one call.",
      buckets: DURATION_BUCKETS_SECONDS,
      registers,
    });
    this.#proposeCommit = new Histogram({
      name: "gauntlet_propose_commit_seconds",
      help: "From the proposal of a write at this member to its commit and application here.",
      buckets: DURATION_BUCKETS_SECONDS,
      registers,
    });
    this.#checkpoint = new Histogram({
      name: "gauntlet_checkpoint_seconds",
      help: "Duration of a checkpoint: the part of the state that is new, written beside all else.",
      buckets: DURATION_BUCKETS_SECONDS,
      registers,
    });
    this.#snapshots = new Counter({
      name: "gauntlet_snapshots_total",
      help: "Snapshots sent to peers and received from them, by outcome: ok, failed.",
      labelNames: ["way", "outcome"],
      registers,
    });
    this.#peerMessages = new Counter({
      name: "gauntlet_peer_messages_total",
      help: "Raft messages by peer: sent, received, dropped (queue full or peer unreachable), misdirected.",
      labelNames: ["peer", "outcome"],
      registers,
    });
    this.#watchCollector();
    new Gauge({
      name: "gauntlet_server_tick_interval_ms",
      help: "The configured time between two ticks, in milliseconds.",
      registers,
    }).set(tickIntervalMs);
  }

  /** The default `nodejs_gc_duration_seconds` counts one pause of each batch that it is told of, in three buckets below a second. */
  #watchCollector(): void {
    const registers = [this.registry];
    const pauses = new Histogram({
      name: "gauntlet_server_gc_pause_seconds",
      help: "Pauses of the garbage collector, in which this member does nothing else.",
      buckets: DURATION_BUCKETS_SECONDS,
      registers,
    });
    let longestMs = 0;
    const longest: Gauge = new Gauge({
      name: "gauntlet_server_gc_pause_max_seconds",
      help: "The longest pause of the garbage collector since /metrics was read last.",
      registers,
      collect: () => {
        take(observer.takeRecords());
        longest.set(longestMs / 1000);
        longestMs = 0;
      },
    });
    const take = (entries: readonly { readonly duration: number }[]): void => {
      for (const { duration } of entries) {
        pauses.observe(duration / 1000);
        longestMs = Math.max(longestMs, duration);
      }
    };
    const observer = new PerformanceObserver((list) => take(list.getEntries()));
    observer.observe({ entryTypes: ["gc"] });
  }

  /** Adds the gauges that are read when /metrics is. */
  watch(status: () => ReplicaStatus, isLearner: () => boolean, clock: Clock): void {
    const gauge = this.#gauge.bind(this);
    gauge("etcd_server_has_leader", "1 when a leader is known.", () => Number(status().leader !== null));
    gauge("etcd_server_is_leader", "1 when this member leads.", () => Number(status().role === "leader"));
    gauge("etcd_server_is_learner", "1 when this member gets the log and decides nothing.", () =>
      Number(isLearner()),
    );
    gauge("gauntlet_raft_term", "The Raft term.", () => status().term);
    gauge(
      "gauntlet_raft_commit_index",
      "Index of the last entry known to be committed.",
      () => status().commitIndex,
    );
    gauge("gauntlet_raft_applied_index", "Index of the last entry applied.", () => status().appliedIndex);
    gauge("gauntlet_server_wall_time_ms", "The wall clock now, in milliseconds since the epoch.", () =>
      clock.wallMs(),
    );
    const roles: Gauge<"role"> = new Gauge({
      name: "gauntlet_raft_role",
      help: "1 for the role that this member has, 0 for the others.",
      labelNames: ["role"],
      registers: [],
      collect: () => {
        for (const role of ROLES) roles.set({ role }, Number(status().role === role));
      },
    });
    this.registry.registerMetric(roles);
  }

  /** What of its own promises this member has lost. */
  watchRecovery(
    replica: { readonly isRecovering: boolean },
    stranded: { readonly isStranded: boolean },
  ): void {
    this.#gauge(
      "gauntlet_raft_recovering",
      "1 while this member lacks what it may have acknowledged, and does not vote.",
      () => Number(replica.isRecovering),
    );
    this.#gauge(
      "gauntlet_raft_stranded",
      "1 while such a member has seen no leader for ten election timeouts: a majority may be like it.",
      () => Number(stranded.isStranded),
    );
  }

  /** Sizes, in bytes, read when /metrics is. */
  watchStorage(sizes: {
    readonly log: () => number;
    readonly state: () => number;
    readonly memory: () => number;
  }): void {
    const gauge = this.#gauge.bind(this);
    gauge("gauntlet_wal_bytes", "Size of the write-ahead log on disk.", sizes.log);
    gauge("gauntlet_state_bytes", "Size of the state on disk.", sizes.state);
    gauge("gauntlet_store_bytes", "Memory of the key space: keys, values, tables and index.", sizes.memory);
  }

  checkpointed(elapsedMs: number): void {
    this.#checkpoint.observe(elapsedMs / 1000);
  }

  snapshot(way: "sent" | "received", error: Error | null): void {
    this.#snapshots.inc({ way, outcome: error === null ? "ok" : "failed" });
  }

  ticked(): void {
    this.#ticks.inc();
  }

  electionBegun(): void {
    this.#elections.inc();
  }

  synced(seconds: number): void {
    this.#fsync.observe(seconds);
  }

  committed(elapsedMs: number): void {
    this.#proposeCommit.observe(elapsedMs / 1000);
  }

  peerMessages(peer: string, outcome: "sent" | "received" | "dropped" | "misdirected", count: number): void {
    this.#peerMessages.inc({ peer, outcome }, count);
  }

  /** Read when /metrics is. */
  #gauge(name: string, help: string, value: () => number): void {
    const collect = function (this: Gauge) {
      this.set(value());
    };
    this.registry.registerMetric(new Gauge({ name, help, collect, registers: [] }));
  }
}
