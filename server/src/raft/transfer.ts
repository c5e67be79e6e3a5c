import type { MemberId } from "./message.js";

/**
 * A leader's attempt to hand over (dissertation 3.10). It takes no proposals meanwhile, brings the target's log
 * up to its own, and then asks it to campaign. After an election timeout it gives up and goes on.
 */
export class Transfer {
  readonly to: MemberId;
  private readonly limitTicks: number;
  private elapsedTicks = 0;
  /** The target was asked to campaign. */
  asked = false;

  constructor(to: MemberId, limitTicks: number) {
    this.to = to;
    this.limitTicks = limitTicks;
  }

  /** True: it took too long. */
  tick(): boolean {
    this.elapsedTicks += 1;
    return this.elapsedTicks >= this.limitTicks;
  }
}
