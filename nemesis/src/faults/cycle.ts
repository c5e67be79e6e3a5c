import { messageOf } from "../errors.js";
import type { FaultContext } from "./fault.js";

/** What a fault does again and again until its window is over. */
export class Cycle {
  readonly #pause: FaultContext["pause"];
  readonly #nowMs: FaultContext["nowMs"];
  #running: Promise<void> = Promise.resolve();
  #problem: string | null = null;

  constructor({ pause, nowMs }: Pick<FaultContext, "pause" | "nowMs">) {
    this.#pause = pause;
    this.#nowMs = nowMs;
  }

  /** Why the steps ended before the window did, and after how long; null where they went on. */
  get problem(): string | null {
    return this.#problem;
  }

  /**
   * Resolves after the first step, the others follow by themselves; the first that fails is the last.
   * @param step resolves with how long to wait before the next, milliseconds
   */
  async begin(window: AbortSignal, step: () => Promise<number>): Promise<void> {
    const beganMs = this.#nowMs();
    const firstMs = await step();
    this.#running = this.#goOn(window, step, firstMs).catch((error: unknown) => {
      const lastedMs = Math.round(this.#nowMs() - beganMs);
      this.#problem = `it went on for ${lastedMs} ms and then stopped: ${messageOf(error)}`;
    });
  }

  /** Once the window is over: resolves when the step under way has ended, so that an undo comes after it. */
  async end(): Promise<void> {
    await this.#running;
  }

  async #goOn(window: AbortSignal, step: () => Promise<number>, firstMs: number): Promise<void> {
    let waitMs = firstMs;
    while (await this.#pause(waitMs, window)) waitMs = await step();
  }
}
