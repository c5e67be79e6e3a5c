import type { Configuration, SnapshotMark } from "../raft/configuration.js";
import type { MemberId } from "../raft/message.js";
import type { StateHash } from "./report.js";

/** What an applied command leaves: whom to answer, and with what. */
export interface Applied<Result> {
  readonly origin: MemberId;
  readonly requestId: number;
  readonly result: Result;
}

/** The state machine of a replica, in memory and on disk. What is in memory is never behind what is on disk. */
export interface ReplicaState<Result> {
  applyCommand(data: Uint8Array): Applied<Result>;
  /** `data`: of the entry that the configuration came with. */
  applyConfiguration(configuration: Configuration, data: Uint8Array): void;
  /** After what was applied last, which is the entry `index`, in short: equal at all members that applied the same entries. */
  stateHash(index: number): StateHash;
  /** The newest checkpoint: what a restart begins with and a peer can be sent. Null: none was written. */
  readonly checkpoint: SnapshotMark | null;
  /**
   * Writes what was applied so far, which `at` names, to disk. `no-space`: it did not fit, and may be tried again.
   * `replaced`: a snapshot took the place of the state meanwhile. Rejects when the disk fails. One at a time.
   */
  write(at: SnapshotMark): Promise<"written" | "no-space" | "replaced">;
  /** The state as of entry `index`, which is that of the checkpoint or of the one before, for a peer. Ends with StateClosed when it is replaced or closed meanwhile, and as the disk does. */
  image(index: number): AsyncIterable<Uint8Array>;
  /**
   * Takes in what a peer's `image` gave, beside the present state. Rejects, leaving nothing behind, when `chunks` does,
   * when they are not what was sent, or when there is no room; with StateFailed when the disk fails.
   */
  stage(chunks: AsyncIterable<Uint8Array>): Promise<StagedState>;
}

/** A state that is durable and read back whole, and in nobody's use yet. */
export interface StagedState {
  readonly generation: number;
  readonly mark: SnapshotMark;
  /** Puts it in place of the present state, at once; that one is removed then. */
  adopt(): void;
  discard(): Promise<void>;
}

/** The state is not in use any more. */
export class StateClosed extends Error {
  override name = "StateClosed";
}

/** The disk failed. What this member has is as it was; but a disk that fails is not to be trusted with more. */
export class StateFailed extends Error {
  override name = "StateFailed";
}
