import { Worker } from "node:worker_threads";
import type { CheckResult, HistoryEvent, LiveCheckStatus, UnstampedEvent } from "@gauntlet/histories";
import { messageOf } from "../errors.js";
import type { FromLive, ToLive } from "./live-thread.js";
import type { EventSink } from "./recorder.js";

/** Ends the main phase of a run: there is a violation, and nothing that comes later can mend it. */
export class ViolationSeen extends Error {
  override readonly name = "ViolationSeen";
}

/** Seen from src/ and from dist/ alike: a thread runs compiled code. */
const THREAD = new URL("../../dist/run/live-thread.js", import.meta.url);
/** Events go to the thread together: a message costs more than what is in it. */
const GATHER_MS = 10;
/** A search that has fallen so far behind is given up; the check at the end decides. */
const MAX_BEHIND = 200_000;

/**
 * Checks a history while it is being recorded, in a thread of its own, for the run must not wait for it.
 * Sound because safety is closed under prefixes. That it finds nothing says nothing: the last word is with the
 * check of the whole recording.
 */
export class LiveCheck implements EventSink {
  readonly #sink: EventSink;
  readonly #detectors: readonly string[] | undefined;
  #found: CheckResult | undefined;
  /** Told of what is found from now on. */
  #onFound: (() => void) | undefined;
  readonly #log: (line: string) => void;
  #thread: Worker | undefined;
  readonly #ready: Promise<void>;
  #gathered: HistoryEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sent = 0;
  #seen = 0;
  #heapBytes: number | null = null;
  #gaveUp: string | null = null;

  /** Passes events on to `sink`. `detectors`: the checks whose violations count; all if absent. */
  constructor(
    sink: EventSink,
    options: {
      readonly workload: string;
      readonly detectors?: readonly string[] | undefined;
      readonly log: (line: string) => void;
    },
  ) {
    this.#sink = sink;
    this.#detectors = options.detectors;
    this.#log = options.log;
    const thread = new Worker(THREAD, { workerData: options.workload });
    this.#thread = thread;
    thread.on("message", (message: FromLive) => this.#hear(message));
    thread.on("error", (error) => this.#giveUp(messageOf(error)));
    this.#ready = new Promise((resolve) => {
      const onReady = (): void => {
        // Not before: while it starts, nothing else may keep this process alive.
        thread.unref();
        resolve();
      };
      thread.once("message", onReady);
      thread.once("exit", onReady);
    });
  }

  /** Resolves when the thread is up, so that its start does not slow the first operations down. */
  ready(): Promise<void> {
    return this.#ready;
  }

  record(event: UnstampedEvent): HistoryEvent {
    const stamped = this.#sink.record(event);
    if (this.#thread === undefined) return stamped;
    this.#gathered.push(stamped);
    this.#sent++;
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#post(), GATHER_MS);
    if (this.#sent - this.#seen > MAX_BEHIND) this.#giveUp("it fell too far behind");
    return stamped;
  }

  #post(): void {
    this.#timer = undefined;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
    this.#thread?.postMessage(this.#gathered satisfies ToLive);
    this.#gathered = [];
  }

  /** The violation, if any; what comes after it is not looked at. */
  get found(): CheckResult | null {
    return this.#found ?? null;
  }

  /** How far it has come, for people who look on. */
  status(): LiveCheckStatus {
    const state = this.#thread === undefined ? "done" : "checking";
    return {
      state: this.#found !== undefined ? "violation" : this.#gaveUp === null ? state : "given up",
      recorded: this.#sent,
      checked: this.#seen,
      heapBytes: this.#heapBytes,
      reason: this.#found?.reason ?? this.#gaveUp,
    };
  }

  /** Throws ViolationSeen as soon as there is a violation; returns when the signal aborts. */
  async watch(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      if (signal.aborted || this.#found !== undefined) return resolve();
      this.#onFound = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    if (this.#found !== undefined) throw new ViolationSeen(this.#found.reason);
  }

  async close(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    clearTimeout(this.#timer);
    await thread?.terminate();
  }

  #hear(message: FromLive): void {
    if (message.type === "seen") {
      this.#seen = message.events;
      this.#heapBytes = message.heapBytes;
    }
    if (message.type === "violation" && this.#detectors?.includes(message.result.name) !== false) {
      this.#found ??= message.result;
      this.#onFound?.();
    }
  }

  #giveUp(why: string): void {
    if (this.#thread === undefined) return;
    this.#gaveUp = why;
    this.#log(`live check: given up (${why}); the recording is checked at the end`);
    void this.close();
  }
}
