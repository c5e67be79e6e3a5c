import type { Event } from "../raft/event.js";
import type { MemberId, MessageOf } from "../raft/message.js";
import type { ReplicaParts } from "./parts.js";
import { StateClosed } from "./state.js";

/** One snapshot on its way. */
interface Transfer {
  readonly index: number;
  /** When its peer last had room for more. */
  movedMs: number;
  /** So long it may take until the next move. */
  limitMs: number;
  cancelled: Error | null;
}

/** A snapshot that does not get on for so long is given up. */
const STALLED_AFTER_MS = 60_000;
/**
 * Once the last chunk has left, the peer reads back all of it, and says nothing meanwhile: for that it is given so much longer as
 * it takes at a sixtieth of the usual pace. Not without end: meanwhile the leader keeps all that follows in memory.
 */
const LEAST_LOADED_BYTES_PER_MS = 1000;
/** A failed one is not repeated at once: what it failed for, as a full disk, may last. Doubled with each failure. */
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;

type Parts = Pick<ReplicaParts<unknown>, "state" | "network" | "clock" | "observer">;

/** Sends the state along with the core's snapshot messages, one at a time to each peer, and tells the core how it ended. */
export class SnapshotSends {
  readonly #parts: Parts;

  readonly #step: (event: Event) => void;

  readonly #fail: (what: string, error: unknown) => void;

  readonly #transfers = new Map<MemberId, Transfer>();

  /** In a row, since the last that arrived. */
  readonly #failures = new Map<MemberId, number>();

  /** When the core is told of the one that failed: until then it sends no other. */
  readonly #pausedUntilMs = new Map<MemberId, number>();

  constructor(parts: Parts, step: (event: Event) => void, fail: (what: string, error: unknown) => void) {
    this.#parts = parts;
    this.#step = step;
    this.#fail = fail;
  }

  /** The core has one under way to each peer; but it forgets them when it loses the leadership: a later one takes their place. */
  send(message: MessageOf<"snapshot">): void {
    const { to, snapshot } = message;
    const earlier = this.#transfers.get(to);
    if (earlier !== undefined) earlier.cancelled = new Error("a later one takes its place");
    const transfer: Transfer = {
      index: snapshot.index,
      movedMs: this.#parts.clock.monotonicMs(),
      limitMs: STALLED_AFTER_MS,
      cancelled: null,
    };
    this.#transfers.set(to, transfer);
    this.#pausedUntilMs.delete(to);
    // Which state that is has to be settled now: the next checkpoint may take its place before the first chunk is asked for.
    const image = this.#parts.state.image(snapshot.index);
    this.#parts.network.stream(message, this.#chunks(image, transfer)).then(
      () => this.#ended(to, transfer, null),
      (error: unknown) => this.#ended(to, transfer, error),
    );
  }

  /** Gives up what does not get on, and ends pauses. */
  tick(nowMs: number): void {
    for (const [to, untilMs] of this.#pausedUntilMs) {
      if (nowMs < untilMs) continue;
      this.#pausedUntilMs.delete(to);
      this.#step({ type: "snapshot-sent", to, ok: false });
    }
    for (const [to, transfer] of this.#transfers) {
      if (nowMs - transfer.movedMs < transfer.limitMs) continue;
      transfer.cancelled = new Error(`nothing moved for ${transfer.limitMs} ms`);
      this.#ended(to, transfer, transfer.cancelled);
    }
  }

  stop(): void {
    for (const transfer of this.#transfers.values()) transfer.cancelled = new Error("the sender stops");
    this.#transfers.clear();
    this.#pausedUntilMs.clear();
  }

  async *#chunks(image: AsyncIterable<Uint8Array>, transfer: Transfer): AsyncIterable<Uint8Array> {
    let bytes = 0;
    for await (const chunk of this.#readable(image)) {
      if (transfer.cancelled !== null) throw transfer.cancelled;
      transfer.movedMs = this.#parts.clock.monotonicMs();
      bytes += chunk.length;
      yield chunk;
    }
    transfer.movedMs = this.#parts.clock.monotonicMs();
    transfer.limitMs = STALLED_AFTER_MS + bytes / LEAST_LOADED_BYTES_PER_MS;
  }

  /** What is on this member's own disk must be readable: if it is not, a restart finds that out, and gets it from the peers. */
  async *#readable(image: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    try {
      yield* image;
    } catch (error) {
      if (!(error instanceof StateClosed)) this.#fail("the state on disk cannot be read", error);
      throw error;
    }
  }

  #ended(to: MemberId, transfer: Transfer, error: unknown): void {
    if (this.#transfers.get(to) !== transfer) return;
    this.#transfers.delete(to);
    const failure =
      error === null || error instanceof Error ? error : new Error("it failed", { cause: error });
    this.#parts.observer.snapshotSent(to, transfer.index, failure);
    if (failure === null) {
      this.#failures.delete(to);
      this.#step({ type: "snapshot-sent", to, ok: true });
    } else {
      this.#pause(to);
    }
  }

  #pause(to: MemberId): void {
    const failures = this.#failures.get(to) ?? 0;
    this.#failures.set(to, failures + 1);
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** failures, MAX_PAUSE_MS);
    this.#pausedUntilMs.set(to, this.#parts.clock.monotonicMs() + pauseMs);
  }
}
