/**
 * The machines under test, as faults see them. `docker/` makes them of containers; a simulator can
 * offer its own. A fault knows nothing else: no Docker, no server.
 */

import type { DiskHosts, MemberHosts, PacketHosts, UpgradeHosts } from "./facets.js";

export type * from "./facets.js";

/** n1, n2, … */
export type NodeName = string;

/** What a fault may need of a host. Each is tried by its effect once a run, never guessed from versions. */
export type Capability =
  | "network.cut"
  | "network.shape"
  | "network.reset"
  | "process.signal"
  | "process.upgrade"
  | "clock.wall"
  | "clock.drift"
  | "clock.rate"
  | "disk.delay"
  | "disk.errors"
  | "disk.power-loss"
  | "disk.damage"
  | "disk.truncate"
  | "disk.tail"
  | "member.change"
  | "member.transfer";

export type ProbeResult =
  | { readonly available: true; readonly detail: string }
  | { readonly available: false; readonly reason: string };

/** One direction of silence between the host that gets the rule and one peer. */
export interface Cut {
  readonly peer: NodeName;
  /** Seen from the host: `in` drops what the peer sends it, `out` what it sends the peer. */
  readonly direction: "in" | "out" | "both";
  /** `peer`: member-to-member port only, so clients still reach the node; `all`: everything between the two hosts. */
  readonly traffic: "peer" | "all";
}

export type Signal = "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT";

export type ProcessState =
  | { readonly state: "running"; readonly pid: number; readonly starts: number }
  /** Held by SIGSTOP: read from the kernel's own process table. */
  | { readonly state: "paused"; readonly pid: number; readonly starts: number }
  | {
      readonly state: "exited";
      readonly code: number | null;
      readonly signal: string | null;
      readonly starts: number;
    };

export interface ClockSetting {
  /** Added to the wall clock, milliseconds. */
  readonly wallOffsetMs: number;
  /**
   * Speed of the wall clock, 0.5 to 2; 1 is true time. What it has drifted by is added to the offset, from when a
   * rate other than 1 was set; a setting whose rate is 1 takes it back at once. Timers are not touched.
   */
  readonly wallRate: number;
  /** Speed of the monotonic clock and of timers; 1 is true time. */
  readonly monotonicRate: number;
}

/** What the server itself shows of its clocks, measured from outside against the rig's own. */
export interface ClockReading {
  readonly wallOffsetMs: number;
  /** Timer interval: ticks of the server a second of true time, over what its configuration says. */
  readonly timerRate: number;
}

export type RoleName = "leader" | "follower" | "candidate" | "unknown";

/** A node's answer about itself; `unknown` when it does not answer. */
export interface NodeView {
  readonly role: RoleName;
  readonly term: number | null;
  /** Of its log, as far as it knows; null where it does not say. */
  readonly commitIndex: number | null;
}

export interface Hosts {
  /** The first members. */
  readonly nodes: readonly NodeName[];

  /** What this world offers beyond the methods below; facets.ts. */
  readonly packets?: PacketHosts;
  readonly disks?: DiskHosts;
  readonly members?: MemberHosts;
  readonly upgrades?: UpgradeHosts;

  /** Tries every capability by effect, on an idle node, and leaves no trace. */
  probe(): Promise<Readonly<Record<Capability, ProbeResult>>>;

  /** What each node says of itself now, through the public API; bounded in time (about 500 ms). */
  view(): Promise<ReadonlyMap<NodeName, NodeView>>;

  /** Replaces all rules of one node in one transaction; [] heals it. Counters begin at 0. */
  cut(node: NodeName, cuts: readonly Cut[]): Promise<void>;
  /** The node's present rules, read back from the kernel; [] when nothing is cut. */
  cuts(node: NodeName): Promise<readonly Cut[]>;
  /** Packets dropped by the node's present rules since they were set: for each peer they name, both directions summed. */
  droppedPackets(node: NodeName): Promise<ReadonlyMap<NodeName, number>>;

  signal(node: NodeName, signal: Signal): Promise<void>;
  /** Starts the server if it does not run; resolves when the process exists, not when it serves. */
  start(node: NodeName): Promise<void>;
  process(node: NodeName): Promise<ProcessState>;

  setClock(node: NodeName, setting: ClockSetting): Promise<void>;
  /** The setting in force, read back from where the server takes it. Needs no answer of the server. */
  clockSetting(node: NodeName): Promise<ClockSetting>;
  /** What the server itself shows: the proof of a fault of clocks. Rejects when the node does not answer. Takes about `windowMs`. */
  readClock(node: NodeName, windowMs: number): Promise<ClockReading>;
}
