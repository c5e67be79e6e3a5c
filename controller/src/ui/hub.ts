import type { RunChange, RunView } from "@gauntlet/ui";
import { RunFeed } from "./run-feed.js";

const POLL_MS = 1_000;
/** Feeds that nobody looks at are kept for whoever comes back, so that a long history is not read again. */
const KEPT = 6;

export type RunMessage =
  | { readonly type: "view"; readonly view: RunView }
  | { readonly type: "change"; readonly change: RunChange };

type Listener = (message: RunMessage) => void;

/** One feed a run, however many look at it; it reads while somebody does. */
export class Hub {
  /** The one used last is at the end. */
  readonly #watched = new Map<string, WatchedRun>();

  run(directory: string, id: string): WatchedRun {
    const run = this.#watched.get(directory) ?? new WatchedRun(directory, id);
    this.#watched.delete(directory);
    this.#watched.set(directory, run);
    for (const [key, { isIdle }] of this.#watched)
      if (this.#watched.size > KEPT && isIdle && key !== directory) this.#watched.delete(key);
    return run;
  }

  get isWatched(): boolean {
    return [...this.#watched.values()].some(({ isIdle }) => !isIdle);
  }

  close(): void {
    for (const run of this.#watched.values()) run.close();
    this.#watched.clear();
  }
}

export class WatchedRun {
  readonly feed: RunFeed;
  readonly #listeners = new Set<Listener>();
  #timer: NodeJS.Timeout | null = null;
  /** Reads and first views one after the other, so that each change fits the view before it. */
  #turn: Promise<void> = Promise.resolve();

  constructor(directory: string, id: string) {
    this.feed = new RunFeed(directory, id);
  }

  get isIdle(): boolean {
    return this.#listeners.size === 0;
  }

  /** Tells the whole view first, then what changes. Returns what ends it. */
  async watch(listener: Listener): Promise<() => void> {
    await this.#inTurn(async () => {
      await this.#read();
      listener({ type: "view", view: await this.feed.view() });
      this.#listeners.add(listener);
    });
    this.#schedule();
    return () => {
      this.#listeners.delete(listener);
      if (this.isIdle) this.close();
    };
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#listeners.clear();
  }

  #schedule(): void {
    if (this.#timer !== null || this.isIdle || this.feed.isOver) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        void this.#inTurn(() => this.#read()).then(() => this.#schedule());
      },
      this.feed.isBehind ? 0 : POLL_MS,
    );
    this.#timer.unref();
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #read(): Promise<void> {
    const change = await this.feed.read();
    if (this.isIdle) return;
    const message: RunMessage =
      change === null ? { type: "view", view: await this.feed.view() } : { type: "change", change };
    for (const listener of this.#listeners) listener(message);
  }
}
