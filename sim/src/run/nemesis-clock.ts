import type { Clock } from "@gauntlet/nemesis";
import type { Loop } from "../world/loop.js";

/** The nemesis's time: the world's own, since the run's time 0. */
export function nemesisClock(loop: Loop, originMs: number): Clock {
  return {
    nowMs: () => loop.nowMs - originMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const finish = (): void => {
          loop.settle();
          resolve();
        };
        const woken = loop.after(ms, () => {
          signal.removeEventListener("abort", cutShort);
          finish();
        });
        const cutShort = (): void => {
          woken.cancelled = true;
          finish();
        };
        if (signal.aborted) cutShort();
        else signal.addEventListener("abort", cutShort, { once: true });
      }),
  };
}
