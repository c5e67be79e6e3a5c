import { setTimeout as sleep } from "node:timers/promises";
import type { LocalNode } from "./local-cluster.js";
import { VALUE } from "./load.js";

const PAUSE_AFTER_FAILURE_MS = 5;

/** Closed loops that never write a key twice, each at another node after every failure. */
export class Writers {
  /** Keys whose write was answered with success. */
  readonly acknowledged: string[] = [];
  private stretchMs = 0;
  private lastMs = performance.now();
  private isOver = false;
  private readonly loops: readonly Promise<void>[];

  /** `nodes`: those that may be asked now. */
  constructor(count: number, nodes: () => readonly LocalNode[]) {
    this.loops = Array.from({ length: count }, (_, writer) => this.write(writer, nodes));
  }

  /** The longest time without an acknowledgement that ended since this was asked last, in milliseconds. */
  takeStretch(): number {
    const { stretchMs } = this;
    this.stretchMs = 0;
    return stretchMs;
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.loops);
  }

  private async write(writer: number, nodes: () => readonly LocalNode[]): Promise<void> {
    let turn = writer;
    for (let count = 0; !this.isOver; count++) {
      const all = nodes();
      const key = `writer-${writer}-${count}`;
      try {
        await all[turn % all.length]?.client.put({ key, value: VALUE });
        this.succeeded(key);
      } catch {
        // It may have happened, or not.
        turn += 1;
        await sleep(PAUSE_AFTER_FAILURE_MS);
      }
    }
  }

  private succeeded(key: string): void {
    const nowMs = performance.now();
    this.stretchMs = Math.max(this.stretchMs, nowMs - this.lastMs);
    this.lastMs = nowMs;
    this.acknowledged.push(key);
  }
}
