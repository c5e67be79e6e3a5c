import type { DiskProfile } from "../scenario.js";
import type { Loop } from "../world/loop.js";
import type { Stream } from "../world/random.js";

export type Crash = "kill" | "power";

/** Ends machines in the middle of what takes some time: a checkpoint, the installation of a snapshot. */
export class Crashes {
  /** While nothing else goes wrong, nothing does here. */
  isOn = false;
  private readonly loop: Loop;
  private readonly random: Stream;
  private readonly share: number;
  private readonly withinMs: number;

  constructor(
    loop: Loop,
    random: Stream,
    { crashShare = 0, disk }: { readonly crashShare?: number; readonly disk: DiskProfile },
  ) {
    this.loop = loop;
    this.random = random;
    this.share = crashShare;
    // A commit is two syncs; what follows it is worth a crash, too.
    this.withinMs = 4 * disk.maxSyncMs + 5;
  }

  /** Something has begun that may be cut short: by `crash`, some time soon. */
  begun(crash: (how: Crash) => void): void {
    if (!this.isOn || !this.random.chance(this.share)) return;
    const how = this.random.pick(["kill", "power", "power"] as const);
    this.loop.after(this.random.between(0, this.withinMs), () => {
      if (this.isOn) crash(how);
    });
  }
}
