import type { Draw } from "@gauntlet/workloads";

const RESOLUTION = 1_000_000;

/**
 * When operations are due, as the rig has it: slot i somewhere in its own period [i / rate, (i + 1) / rate), without
 * waiting for answers. Slots that nobody was free to take are dropped once they are late by `maxLagMs`.
 */
export class Pacer {
  /** When the next operation is due, milliseconds since the load began. */
  dueMs: number;
  private readonly periodMs: number;
  private readonly maxLagMs: number;
  private readonly draw: Draw;
  private slot = 0;

  constructor(options: { readonly ratePerSecond: number; readonly maxLagMs: number; readonly draw: Draw }) {
    this.periodMs = 1000 / options.ratePerSecond;
    this.maxLagMs = options.maxLagMs;
    this.draw = options.draw;
    this.dueMs = this.jittered(0);
  }

  /** Takes the next slot if it is due. */
  take(nowMs: number): boolean {
    if (nowMs < this.dueMs) return false;
    const oldest = Math.floor((nowMs - this.maxLagMs) / this.periodMs);
    this.slot = Math.max(this.slot + 1, oldest);
    this.dueMs = this.jittered(this.slot);
    return true;
  }

  private jittered(slot: number): number {
    return (slot + this.draw.below(RESOLUTION) / RESOLUTION) * this.periodMs;
  }
}
