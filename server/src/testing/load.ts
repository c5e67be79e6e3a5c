import { bytes } from "./grpc.js";
import type { TestNode } from "./cluster.js";

/** Writers that never write a key twice, each at another node after every failure; remembers what was acknowledged. */
export class Load {
  /** Keys whose write was answered with success. */
  readonly acknowledged: string[] = [];

  failures = 0;

  /** Between two answers of success, the longest, in milliseconds. */
  longestGapMs = 0;

  #lastMs = performance.now();

  readonly #end = new AbortController();

  readonly #writers: Promise<void>[];

  /** `nodes`: those that may be asked now. */
  constructor(writers: number, nodes: () => readonly TestNode[]) {
    this.#writers = Array.from({ length: writers }, (_, at) => this.#write(at, nodes));
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#writers);
  }

  async #write(writer: number, nodes: () => readonly TestNode[]): Promise<void> {
    let turn = writer;
    for (let count = 0; !this.#end.signal.aborted; count++) {
      const key = `load/${writer}/${count}`;
      const all = nodes();
      const node = all[turn % all.length];
      try {
        await node?.client.put({ key: bytes(key), value: bytes(key) });
        this.#succeeded(key);
      } catch {
        // It may have happened, or not.
        this.failures += 1;
        turn += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }

  #succeeded(key: string): void {
    const now = performance.now();
    this.longestGapMs = Math.max(this.longestGapMs, now - this.#lastMs);
    this.#lastMs = now;
    this.acknowledged.push(key);
  }
}
