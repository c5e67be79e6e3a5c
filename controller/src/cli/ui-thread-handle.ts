import { once } from "node:events";
import { basename, dirname } from "node:path";
import { Worker } from "node:worker_threads";
import { UsageError } from "../errors.js";
import type { FromUi } from "../ui/ui-thread.js";
import type { ListenOptions } from "../ui/listen.js";

/** Seen from src/ and from dist/ alike: a thread runs compiled code. */
const THREAD = new URL("../../dist/ui/ui-thread.js", import.meta.url);

/** The pages beside a run, in a thread of their own: whoever looks on must not slow the recording down. */
export class UiThread {
  readonly url: string;
  readonly #thread: Worker;

  /** Throws a UsageError where the address cannot be had. */
  static async start(options: ListenOptions): Promise<UiThread> {
    const thread = new Worker(THREAD, { workerData: options });
    const [message] = (await once(thread, "message")) as [FromUi];
    if (message.type !== "listening") {
      await thread.terminate();
      throw new UsageError(message.type === "failed" ? message.reason : "the pages could not be served");
    }
    // The run decides how long this process lives.
    thread.unref();
    return new UiThread(thread, message.url);
  }

  private constructor(thread: Worker, url: string) {
    this.#thread = thread;
    this.url = url;
  }

  pageOf(directory: string): string {
    const [test, name] = [basename(dirname(directory)), basename(directory)].map(encodeURIComponent);
    return `${this.url}runs/${test}/${name}/`;
  }

  /**
   * The run is over: everybody who looks on is told its end. On a terminal the pages stay until Ctrl-C, which `tell`
   * says; null: nobody is there to say it to.
   */
  async end(tell: ((line: string) => void) | null): Promise<void> {
    const settled = once(this.#thread, "message");
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
    this.#thread.postMessage("settle");
    await settled;
    if (tell !== null && process.stdin.isTTY && process.stderr.isTTY) {
      tell(`live: ${this.url} stays until Ctrl-C`);
      // Nothing else keeps the process alive now.
      this.#thread.ref();
      await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
    }
    await this.#thread.terminate();
  }
}
