import { type FileHandle, open } from "node:fs/promises";
import type { HistoryEvent } from "./event.js";
import { EventOrder } from "./order.js";

/** What the recorder is told; it stamps the rest. */
export type UnstampedEvent = Omit<HistoryEvent, "index" | "time">;

/** A write costs as much as recording ten events. */
const GATHER_MS = 5;

/** Nanoseconds since the run began: a safe integer that never goes back. */
export type RunClock = () => number;

/**
 * Records a history: stamps each event and appends it to a file. What comes within a few milliseconds goes out
 * together, or as soon as the batch before is through: a rig that is killed loses no more than that. Nothing is fsynced, for it is not the rig's own machine
 * that is tested.
 */
export class HistoryWriter {
  readonly #file: FileHandle;
  readonly #clock: RunClock;
  readonly #order = new EventOrder();
  #count = 0;
  #lines: string[] = [];
  /** Ends the wait for more; null: nobody waits. */
  #hurry: (() => void) | null = null;
  /** Writes what is queued, one batch after the other; null: nothing to write. */
  #writing: Promise<void> | null = null;
  #failure: Error | null = null;
  #closed = false;

  /** Creates the file, which must not exist. */
  static async create(path: string, clock: RunClock): Promise<HistoryWriter> {
    return new HistoryWriter(await open(path, "ax"), clock);
  }

  /** Appends to a file that is open, and closes it in the end. */
  constructor(file: FileHandle, clock: RunClock) {
    this.#file = file;
    this.#clock = clock;
  }

  /** Stamps with the next index and the clock's time, in the order of the calls, and appends. */
  record(event: UnstampedEvent): HistoryEvent {
    const stamped = { index: this.#count, time: this.#clock(), ...event } as HistoryEvent;
    this.append(stamped);
    return stamped;
  }

  /**
   * Queues an event that is stamped already. Throws on one that breaks the format (the caller's
   * bug), and once a write has failed: a run must not go on unrecorded.
   */
  append(event: HistoryEvent): void {
    if (this.#closed) throw new Error("the history is closed");
    if (this.#failure !== null) throw this.#failure;
    if (!Number.isSafeInteger(event.time)) throw new Error(`time ${event.time} is not whole nanoseconds`);
    const line = `${JSON.stringify(event)}\n`;
    const problem = this.#order.take(event);
    if (problem !== undefined) throw new Error(`event ${this.#count} cannot be recorded: ${problem}`);
    this.#count++;
    this.#lines.push(line);
    this.#writing ??= this.#write();
  }

  /** Resolves when all that was recorded is with the operating system; rejects if a write failed. */
  async flush(): Promise<void> {
    this.#hurry?.();
    await this.#writing;
    if (this.#failure !== null) throw this.#failure;
  }

  /** Flushes and closes the file, also if a write failed. No event can be recorded afterwards. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.flush();
    } finally {
      await this.#file.close();
    }
  }

  async #write(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, GATHER_MS);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#hurry = null;
    try {
      while (this.#lines.length > 0) {
        const batch = this.#lines.join("");
        this.#lines = [];
        await this.#file.appendFile(batch);
      }
    } catch (cause) {
      this.#failure = new Error(`cannot write the history: ${(cause as Error).message}`, { cause });
    } finally {
      this.#writing = null;
    }
  }
}
