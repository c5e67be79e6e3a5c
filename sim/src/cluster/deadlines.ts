import type { Loop, Task } from "../world/loop.js";

export interface Expiring {
  readonly deadlineUs: number;
  readonly over: boolean;
  expire(): void;
}

/**
 * Deadlines of calls that all wait equally long, so that they fall due in the order in which they began: one timer for
 * the oldest that is not over, instead of one for each.
 */
export class Deadlines implements Task {
  readonly timeoutUs: number;
  private readonly loop: Loop;
  private waiting: Expiring[] = [];
  private head = 0;
  private armed = false;

  constructor(loop: Loop, timeoutMs: number) {
    this.loop = loop;
    this.timeoutUs = Math.round(timeoutMs * 1000);
  }

  add(call: Expiring): void {
    this.waiting.push(call);
    if (!this.armed) this.arm(call);
  }

  run(): void {
    this.armed = false;
    const { nowUs } = this.loop;
    for (;;) {
      const call = this.waiting[this.head];
      if (call === undefined) break;
      if (!call.over && call.deadlineUs > nowUs) {
        this.compact();
        return this.arm(call);
      }
      this.head++;
      if (!call.over) call.expire();
    }
    this.waiting = [];
    this.head = 0;
  }

  private arm(call: Expiring): void {
    this.armed = true;
    this.loop.scheduleAtUs(this, call.deadlineUs);
  }

  private compact(): void {
    this.waiting = this.waiting.slice(this.head);
    this.head = 0;
  }
}
