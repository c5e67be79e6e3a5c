/**
 * What only some machines can do. Each facet is optional: a world without one leaves it out, and its capabilities
 * are probed as not available. As with everything of hosts: an action is in force when its call resolves, its
 * read-back comes from the machine and needs no answer of the server, and counts are of what really happened.
 */

import type { NodeName } from "./hosts.js";

/**
 * What becomes of the packets (messages, where a world has no packets) that a node sends to one peer. Everything
 * at once is allowed. Shares are in [0, 1).
 */
export interface PacketShape {
  /** Never arrive. */
  readonly lossShare: number;
  /** Every packet arrives so much later, give or take up to the jitter; the jitter alone may reorder. */
  readonly delayMs: number;
  readonly jitterMs: number;
  /** So many are held up by `reorderMs` more, so that later ones overtake them. */
  readonly reorderShare: number;
  readonly reorderMs: number;
  /** Arrive twice. */
  readonly duplicateShare: number;
  /** Of the link; packets wait for their turn. Null: no limit. */
  readonly bytesPerSecond: number | null;
}

/** Packets from one node to one peer by what was done to them, since the shapes in force were set. */
export interface PacketCounts {
  readonly lost: number;
  readonly delayed: number;
  /** Held up by `reorderMs`. */
  readonly reordered: number;
  readonly duplicated: number;
  /** Arrived later than without the limit of rate. */
  readonly slowed: number;
}

/** Capabilities network.shape and network.reset. Nothing but what goes to and comes from peers is touched. */
export interface PacketHosts {
  /** Replaces the shapes of all that the node sends, by peer; peers that are absent are not shaped. Counts begin at 0. */
  shape(node: NodeName, shapes: ReadonlyMap<NodeName, PacketShape>): Promise<void>;
  /** The shapes in force, read back; peers that are absent are not shaped. */
  shapeOf(node: NodeName): Promise<ReadonlyMap<NodeName, PacketShape>>;
  /** Of every peer that has a shape. */
  counts(node: NodeName): Promise<ReadonlyMap<NodeName, PacketCounts>>;
  /** Capability network.reset: destroys the connections that stand between the node and these peers. How many there were. */
  reset(node: NodeName, peers: readonly NodeName[]): Promise<number>;
}

/** How the disk that holds a node's data behaves. Everything at once is allowed. */
export interface DiskSetting {
  /** Every sync takes so much longer. */
  readonly syncDelayMs: number;
  /** Syncs wait until this is false again, or for ever if the server ends first. */
  readonly stalled: boolean;
  /** Shares, in [0, 1], of the writes and of the syncs that fail with EIO. */
  readonly writeErrorShare: number;
  readonly syncErrorShare: number;
  /** Whatever needs more space fails with ENOSPC. */
  readonly full: boolean;
}

/** Calls of the server by what became of them, since the setting in force was set. */
export interface DiskCounts {
  /** Syncs that ended later by `syncDelayMs`. */
  readonly slowSyncs: number;
  /** Syncs that began to wait. */
  readonly stalledSyncs: number;
  /** Writes and syncs that failed with EIO. */
  readonly ioErrors: number;
  /** Calls that failed with ENOSPC. */
  readonly spaceErrors: number;
}

/** What a power loss took. All may be 0: a server that syncs before it goes on has nothing to lose. */
export interface PowerLoss {
  /** Written, not synced, and gone. */
  readonly lostBytes: number;
  /** Un-synced writes of which a part is left. */
  readonly tornWrites: number;
  /** Un-synced creations, renames and removals of files that are undone. */
  readonly lostEntries: number;
}

/** `wal`: the log; `checkpoint`: the state on disk. */
export type DamageArea = "wal" | "checkpoint";

/** `tail`: the newest end of the log, as far as the server can prove that it was synced. */
export type DamagePlace = DamageArea | "any" | "tail";

/** Harm done to data that was durable. It stays until something writes over it. */
export interface Damage {
  /** `truncate`: the end of a file is cut off. */
  readonly kind: "bit-flip" | "bad-sector" | "truncate";
  readonly area: DamageArea;
  readonly file: string;
  /** Of the first byte harmed, or cut off. */
  readonly offset: number;
  readonly bytes: number;
}

/** Capabilities disk.delay, disk.errors (setting), disk.power-loss, disk.damage, disk.truncate (kind of damage), disk.tail (its place). */
export interface DiskHosts {
  /** Replaces the setting as a whole; counts begin at 0. Survives restarts of the server. */
  set(node: NodeName, setting: DiskSetting): Promise<void>;
  /** The setting in force. */
  setting(node: NodeName): Promise<DiskSetting>;
  counts(node: NodeName): Promise<DiskCounts>;

  /**
   * The server is gone as by SIGKILL (`process` says so), and with it what was written and not synced: all of it, or
   * a part, torn within a write; creations, renames and removals in directories that were not synced too.
   * The machine can start the server again at once. Rejects when the server does not run.
   */
  powerLoss(node: NodeName): Promise<PowerLoss>;

  /**
   * Harms a place of the node's durable data that the world draws, in that area; null when there is nothing durable
   * to harm. What no server could tell from a write torn by a crash is spared, or it would be blamed for lawful loss; `tail`
   * is of a server that does not run.
   */
  damage(node: NodeName, kind: Damage["kind"], area: DamagePlace): Promise<Damage | null>;
  /** All harm that stands on the node's disk, as its medium shows it. */
  damages(node: NodeName): Promise<readonly Damage[]>;
}

/** Configuration of the cluster, by the log of the leader: from when the entry is in it, as Raft has it. */
export interface Membership {
  readonly voters: readonly NodeName[];
  readonly learners: readonly NodeName[];
  /** The configuration is committed and not a joint one, and no step of a change is left to be done. */
  readonly settled: boolean;
}

export type MemberChange =
  /**
   * A machine that is no member joins, its server started if it does not run; `promotable`: as a learner that the leader
   * makes a voter once it has caught up. `voter` of a learner promotes it.
   */
  | { readonly type: "add"; readonly node: NodeName; readonly as: "voter" | "learner" | "promotable" }
  | { readonly type: "remove"; readonly node: NodeName }
  /**
   * Removes one and adds the other as a voter: in one change, or, where the cluster knows none of that kind, as a learner
   * that is promoted before the other is removed.
   */
  | { readonly type: "replace"; readonly node: NodeName; readonly by: NodeName }
  /** A voter goes on as a learner. */
  | { readonly type: "demote"; readonly node: NodeName };

/** Capabilities member.change and member.transfer. */
export interface MemberHosts {
  /**
   * Machines beyond `Hosts.nodes`, which are no members at first and do not run. All of `Hosts` takes their names
   * too; `view` tells of those that are members.
   */
  readonly spares: readonly NodeName[];
  /** Kinds of changes that these machines do not know; their faults are skipped. */
  readonly lacks?: readonly MemberChange["type"][];
  /** As the present leader says. Rejects when nobody known leads. */
  membership(): Promise<Membership>;
  /** Resolves when a leader has the change in its log; `membership` tells the rest. Rejects when none took it. */
  change(change: MemberChange): Promise<void>;
  /** Asks the leader to hand over to the node. Resolves when it began to. */
  transfer(to: NodeName): Promise<void>;
}

/** The two sets of settings of a server: those of the run, and those of the next version. */
export type SettingsName = "initial" | "upgraded";

/** Capability process.upgrade. */
export interface UpgradeHosts {
  /** What the server takes from its next start on. */
  use(node: NodeName, settings: SettingsName): Promise<void>;
  /** What the present or last start took. */
  inUse(node: NodeName): Promise<SettingsName>;
}
