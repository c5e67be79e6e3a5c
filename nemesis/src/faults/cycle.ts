import { messageOf } from "../errors.js";
import type { FaultContext } from "./fault.js";

/** What a fault does again and again until its window is over. */
export class Cycle {
  readonly #pause: FaultContext["pause"];
  #running: Promise<void> = Promise.resolve();
  #problem: string | null = null;

  constructor({ pause }: Pick<FaultContext, "pause">) {
    this.#pause = pause;
  }

  /** Why the steps ended before the window did. */
  get problem(): string | null {
    return this.#problem;
  }

  /**
   * Resolves after the first step, the others follow by themselves; the first that fails is the last.
   * @param step resolves with how long to wait before the next, milliseconds
   */
  async begin(window: AbortSignal, step: () => Promise<number>): Promise<void> {
    const firstMs = await step();
    this.#running = this.#goOn(window, step, firstMs).catch((error: unknown) => {
      this.#problem = messageOf(error);
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
