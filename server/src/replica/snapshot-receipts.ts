import { sameConfiguration } from "../raft/configuration.js";
import type { SnapshotMark } from "../raft/configuration.js";
import { InvariantViolation } from "../raft/invariant.js";
import type { MemberId, MessageOf } from "../raft/message.js";
import type { ReplicaParts } from "./parts.js";
import { hasNoRoom } from "./generation.js";
import { StateFailed } from "./state.js";
import type { StagedState } from "./state.js";

interface Hooks {
  /** Gives the core the message. */
  readonly step: (message: MessageOf<"snapshot">) => void;
  /** There is no room for a snapshot that this member needs, or there is again. */
  readonly full: (full: boolean) => void;
  /** The state of that member is known to be wrong. */
  readonly isDisputed: (member: MemberId) => boolean;
  readonly isRunning: () => boolean;
  readonly fail: (what: string, error: unknown) => void;
}

/** One that is being taken in. */
interface Receipt {
  readonly term: number;
  cancelled: boolean;
}

type Parts = Pick<ReplicaParts<unknown>, "core" | "state" | "observer">;

/**
 * Takes in what peers send along with a snapshot, beside the state in use; the core hears of the message when all of it is there and
 * durable. What it then asks for is taken from here; what it does not ask for is thrown away.
 */
export class SnapshotReceipts {
  readonly #parts: Parts;

  readonly #hooks: Hooks;

  #current: Receipt | null = null;

  #whole: StagedState | null = null;

  /** There was no room for the state as of this entry, and for none since. */
  #noRoomFor: number | null = null;

  constructor(parts: Parts, hooks: Hooks) {
    this.#parts = parts;
    this.#hooks = hooks;
  }

  /** Resolves when the core has the message; rejects when what came with it is not whole, or is not wanted. */
  async receive(message: MessageOf<"snapshot">, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    if (!this.#isNews(message)) return this.#hooks.step(message);
    const receipt = this.#begin(message);
    try {
      if (this.#hooks.isDisputed(message.from)) throw new Error(disputed(message.from));
      const staged = await this.#parts.state.stage(whileWanted(chunks, receipt));
      this.#roomFound();
      await this.#deliver(message, staged, receipt);
      this.#parts.observer.snapshotReceived(message.from, message.snapshot.index, null);
    } catch (error) {
      const failure = error instanceof Error ? error : new Error("it failed", { cause: error });
      if (hasNoRoom(failure)) this.#noRoom(message.snapshot.index, receipt);
      if (failure instanceof StateFailed) this.#hooks.fail("a snapshot cannot be taken in", failure);
      this.#parts.observer.snapshotReceived(message.from, message.snapshot.index, failure);
      throw failure;
    } finally {
      if (this.#current === receipt) this.#current = null;
    }
  }

  /** What the core asks to be put in the place of log and state: it stands for the message that it was just given. */
  take(mark: SnapshotMark): StagedState {
    const staged = this.#whole;
    this.#whole = null;
    if (staged?.mark.index === mark.index) return staged;
    throw new InvariantViolation(`a snapshot of entry ${mark.index} is asked for, which did not come`);
  }

  /** What was committed without the snapshot makes it needless. */
  tick(): void {
    if (this.#noRoomFor !== null && this.#parts.core.status().commitIndex >= this.#noRoomFor) {
      this.#roomFound();
    }
  }

  stop(): void {
    if (this.#current !== null) this.#current.cancelled = true;
  }

  #noRoom(index: number, receipt: Receipt): void {
    if (this.#current !== receipt || !this.#hooks.isRunning()) return;
    this.#noRoomFor = index;
    this.#hooks.full(true);
  }

  #roomFound(): void {
    if (this.#noRoomFor === null || !this.#hooks.isRunning()) return;
    this.#noRoomFor = null;
    this.#hooks.full(false);
  }

  /** What a deposed leader says, or what is here already, the core answers without it. */
  #isNews({ term, snapshot }: MessageOf<"snapshot">): boolean {
    const status = this.#parts.core.status();
    return term >= status.term && snapshot.index > status.commitIndex;
  }

  /** A term has one leader, who sends one after another: another one of the same term means that the first has failed. */
  #begin({ term }: MessageOf<"snapshot">): Receipt {
    if (this.#current !== null) {
      if (term < this.#current.term) throw new Error("a later leader's snapshot is being taken in");
      this.#current.cancelled = true;
    }
    this.#current = { term, cancelled: false };
    return this.#current;
  }

  async #deliver(message: MessageOf<"snapshot">, staged: StagedState, receipt: Receipt): Promise<void> {
    const refusal = this.#refusalOf(message, staged, receipt);
    if (refusal !== null) {
      await staged.discard();
      throw new Error(refusal);
    }
    this.#whole = staged;
    this.#hooks.step(message);
    if (this.#whole !== staged) return;
    this.#whole = null;
    await staged.discard();
  }

  #refusalOf(
    { from, snapshot }: MessageOf<"snapshot">,
    { mark }: StagedState,
    { cancelled }: Receipt,
  ): string | null {
    const { index, term, configuration } = snapshot;
    const isOf =
      mark.index === index && mark.term === term && sameConfiguration(mark.configuration, configuration);
    if (!isOf) return `the state is that of entry ${mark.index}, announced was ${index}`;
    if (cancelled || !this.#hooks.isRunning()) return "it was given up";
    // More may be known of it than when the first chunk came.
    return this.#hooks.isDisputed(from) ? disputed(from) : null;
  }
}

/** A wrong state that is taken over would be one more voice for itself. */
function disputed(member: MemberId): string {
  return `the state of member ${member} is not that of the others`;
}

async function* whileWanted(chunks: AsyncIterable<Uint8Array>, receipt: Receipt): AsyncIterable<Uint8Array> {
  for await (const chunk of chunks) {
    if (receipt.cancelled) throw new Error("it was given up");
    yield chunk;
  }
}
