import type { RaftCore } from "../core.js";
import type { Effect } from "../event.js";
import type { MemberId, Message } from "../message.js";
import type { RaftStatus } from "../status.js";
import type { Machine } from "./machine.js";
import type { LogImage } from "./log-image.js";
import type { Observed } from "./oracle.js";

/** A persist effect, what came with its snapshot, and the member's tick in which it was begun. */
export interface Write {
  readonly effect: Extract<Effect, { type: "persist" }>;
  readonly machine: Machine | null;
  readonly tick: number;
}

export interface Node extends Observed {
  life: number;
  alive: boolean;
  machine: Machine;
  appliedIndex: number;
  status: RaftStatus;
  core: RaftCore;
  ticks: number;
  lost: readonly LogImage[];
  /** Begun, not durable. */
  writes: Write[];
  /** That are on their way, by receiver. */
  readonly snapshots: Map<MemberId, Message>;
  /** Begun, not durable. */
  checkpoint: Machine | null;
}

/** The state machine goes on from here. */
export function run(node: Node, machine: Machine): void {
  node.machine = machine;
  node.appliedIndex = machine.mark.index;
}

/** The hard state, the snapshot and the first `count` entries of the write reach the disk. */
export function store(node: Node, { effect, machine }: Write, count: number): void {
  const { disk } = node;
  if (effect.hardState !== null) disk.hardState = effect.hardState;
  if (effect.snapshot !== null && machine !== null) {
    disk.log.restore(effect.snapshot);
    disk.machine = machine;
  }
  disk.log.replaceFrom(effect.entries.slice(0, count));
}
