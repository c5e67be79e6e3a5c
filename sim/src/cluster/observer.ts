import type {
  Effect,
  Entry,
  Event,
  HardState,
  MemberId,
  Role,
  SnapshotMark,
  StateMeta,
} from "@gauntlet/server/inside";

/** What is cheap to tell of a core after a step. The same object for all steps of a life: read it, do not keep it. */
export interface StepView {
  readonly role: Role;
  readonly term: number;
  readonly commitIndex: number;
  /** Of the entry there. */
  readonly commitTerm: number;
}

/** What a life begins from: what its disk gave back. */
export interface RestoredView {
  readonly hardState: HardState;
  readonly snapshot: SnapshotMark | null;
  readonly entries: readonly Entry[];
}

/** How a life of a server ended, or why it did not begin. */
export interface Ending {
  /**
   * `killed`, `power`: from outside. `stopped`: as asked by SIGTERM. `disk`: the server could not write its log.
   * `invariant`: it found its own state impossible. `damaged`: a fault harmed what its disk
   * held, it says so, and the machine stays down. `refused`: it did not start for another reason.
   */
  readonly kind: "killed" | "power" | "stopped" | "disk" | "invariant" | "damaged" | "refused";
  /** For people, one line. */
  readonly reason: string;
  readonly error: Error | null;
}

export type StateOrigin = "checkpoint" | "restored state";

/** Told of everything that servers do, as it happens. Must neither throw nor change anything. */
export interface ClusterObserver {
  started(member: MemberId, restored: RestoredView): void;
  /** After each step of a core that did not throw; its effects are not begun yet. */
  stepped(member: MemberId, event: Event, effects: readonly Effect[], view: StepView): void;
  stopped(member: MemberId, ending: Ending): void;
  /** A fault destroyed something that was durable there. */
  damaged(member: MemberId): void;
  /** A state that was written to its disk, or that its disk gave back at a start. */
  state(member: MemberId, what: StateOrigin, state: StateMeta): void;
  /** It says that its state is not that of the others, and takes no more part. */
  corrupt(member: MemberId, reason: string): void;
  /** A call was answered with an error that has no place in the server's own table: a bug. */
  unexpected(member: MemberId, error: unknown): void;
}

export const NO_OBSERVER: ClusterObserver = {
  started: () => undefined,
  stepped: () => undefined,
  stopped: () => undefined,
  damaged: () => undefined,
  state: () => undefined,
  corrupt: () => undefined,
  unexpected: () => undefined,
};
