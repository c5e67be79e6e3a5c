import type { SnapshotMark } from "../raft/configuration.js";
import { entryBytes } from "../raft/entry.js";
import type { Entry } from "../raft/entry.js";
import type { Event } from "../raft/event.js";
import type { MemberId } from "../raft/message.js";
import type { ReplicaParts } from "./parts.js";
import { Tail } from "./tail.js";
import type { TailLimits } from "./tail.js";

export interface CheckpointOptions {
  /** Entries of so many bytes are applied between two checkpoints, and so written to the state once more. */
  readonly checkpointBytes: number;
  readonly tail: TailLimits;
}

/** What the replica does about it. */
interface Hooks {
  /** What was applied so far. */
  readonly mark: () => SnapshotMark;
  /** Gives the core an event, after it knows what is applied. */
  readonly step: (event: Event) => void;
  readonly isRunning: () => boolean;
  readonly full: (full: boolean) => void;
  readonly fail: (what: string, error: unknown) => void;
}

/** Until a checkpoint that found no room is tried again. */
const RETRY_MS = 1000;
/** What is kept for a peer that catches up, in tails. */
const CATCH_UP_TAILS = 4;

/**
 * Writes the state to disk now and then, beside all else, so that the log can be cut. The order is: the state is durable as of an
 * index; the core may send it to peers and drops what it holds; the log drops what lies before. A crash between
 * any two leaves more of the log than is needed, never less.
 */
export class Checkpoints {
  readonly #parts: Pick<ReplicaParts<unknown>, "core" | "log" | "state" | "clock" | "observer">;

  readonly #options: CheckpointOptions;

  readonly #hooks: Hooks;

  /** Of entries that were applied since the last checkpoint. */
  #bytes = 0;

  /** Being written, or found no room a moment ago. */
  #isBusy = false;

  /** A snapshot that is to take the place of the state is being made durable: writing the old one is in vain. */
  #installing = 0;

  /** The last one found no room. */
  #isFull = false;

  #tail: Tail;

  /** The most that is kept for whoever catches up. */
  #reach: Tail;

  /** As of the last checkpoint: who has moved since is there. */
  #matched: ReadonlyMap<MemberId, number> = new Map();

  constructor(
    parts: Pick<ReplicaParts<unknown>, "core" | "log" | "state" | "clock" | "observer">,
    options: CheckpointOptions,
    hooks: Hooks,
  ) {
    this.#parts = parts;
    this.#options = options;
    this.#hooks = hooks;
    const index = parts.state.checkpoint?.index ?? 0;
    this.#tail = new Tail(options.tail, index);
    this.#reach = new Tail(reachOf(options.tail), index);
  }

  applied(entry: Entry): void {
    const bytes = entryBytes(entry);
    this.#tail.add(bytes);
    this.#reach.add(bytes);
    this.#bytes += bytes;
    if (this.#bytes >= this.#options.checkpointBytes) this.#begin();
  }

  /** A snapshot will take the place of the state, once the log says so. */
  installBegun(): void {
    this.#installing += 1;
  }

  installed(index: number): void {
    this.#installing -= 1;
    this.#bytes = 0;
    this.#tail = new Tail(this.#options.tail, index);
    this.#reach = new Tail(reachOf(this.#options.tail), index);
  }

  #begin(): void {
    if (this.#isBusy || this.#installing > 0) return;
    this.#isBusy = true;
    this.#parts.clock.soon(() => void this.#write());
  }

  async #write(): Promise<void> {
    try {
      const found = await this.#tryToWrite();
      if (found === "room") this.#isBusy = false;
      else this.#parts.clock.after(RETRY_MS, () => void this.#write());
    } catch (error) {
      this.#hooks.fail("a checkpoint cannot be written", error);
    }
  }

  async #tryToWrite(): Promise<"room" | "no-room"> {
    const { state, clock, log, observer } = this.#parts;
    const mark = this.#hooks.mark();
    const covered = this.#bytes;
    const sinceMs = clock.monotonicMs();
    const tail = this.#tail;
    if (!this.#hooks.isRunning()) return "room";
    // Whoever waits for room is not asked again by what is applied: nothing may be.
    if (!this.#mayWrite(mark)) return this.#isFull ? "no-room" : "room";
    const outcome = await state.write(mark);
    if (!this.#hooks.isRunning()) return "room";
    if (outcome === "replaced" || tail !== this.#tail) return this.#isFull ? "no-room" : "room";
    this.#isFull = outcome === "no-space";
    this.#hooks.full(this.#isFull);
    if (this.#isFull) return "no-room";
    this.#bytes -= covered;
    observer.checkpointed(mark.index, clock.monotonicMs() - sinceMs);
    this.#hooks.step({ type: "checkpointed", index: mark.index, firstKept: this.#firstKept(mark.index) });
    await log.compact(mark.index + 1);
    return "room";
  }

  /** A member that joined does not know at first who decides: nobody could begin with its state. */
  #mayWrite({ configuration }: SnapshotMark): boolean {
    return this.#installing === 0 && configuration.voters.length > 0;
  }

  /** The tail, and what peers lack that are catching up. Of those that got a snapshot the core knows itself. */
  #firstKept(index: number): number {
    const { peers } = this.#parts.core.status();
    const before = this.#matched;
    this.#matched = new Map((peers ?? []).map(({ member, matchIndex }) => [member, matchIndex]));
    const catchUp = [...this.#matched].filter(([member, matchIndex]) => {
      return matchIndex > (before.get(member) ?? matchIndex) && matchIndex >= this.#reach.firstIndex - 1;
    });
    return Math.min(index + 1, this.#tail.firstIndex, ...catchUp.map(([, matchIndex]) => matchIndex + 1));
  }
}

function reachOf({ maxEntries, maxBytes }: TailLimits): TailLimits {
  return { maxEntries: CATCH_UP_TAILS * maxEntries, maxBytes: CATCH_UP_TAILS * maxBytes };
}
