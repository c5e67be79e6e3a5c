import { z } from "zod";
import { describeClock } from "../effects/clock-ledger.js";
import { speedArg } from "./clock-speed.js";
import { defineFault } from "./fault.js";
import { forAll, onEveryNode } from "./observe.js";

/** Rates between these are too near to true time to be told from it on a busy machine. */
const NEAR_TRUE = { low: 0.8, high: 1.25 } as const;
export const RATE_READ_WINDOW_MS = 1_000;

export const clockRate = defineFault({
  name: "clock.rate",
  summary: "Runs the monotonic clock, and with it every timer of the server, faster or slower.",
  needs: ["clock.rate"],
  claims: ["clock.rate"],
  proofNeeds: ["process"],
  minWindowMs: 3_000,
  args: z.strictObject({
    rate: speedArg(
      NEAR_TRUE,
      "Speed of the server's timers: 2 = twice as fast as true time, 0.5 = half as fast.",
    ),
  }),
  prepare(context, { rate }) {
    const { hosts, nodes, clocks } = context;
    const tolerance = rateTolerance(rate);
    const runsAt = (expected: number) => async (node: string) => {
      const reading = await hosts.readClock(node, RATE_READ_WINDOW_MS);
      const detail = `timers run at ${reading.timerRate.toFixed(2)} of true time`;
      return { shown: Math.abs(reading.timerRate - expected) <= tolerance, detail, reading };
    };
    return {
      act: () => forAll(nodes, (node) => clocks.set(node, { monotonicRate: rate })),
      prove: onEveryNode(nodes, runsAt(rate)),
      undo: () => forAll(nodes, (node) => clocks.set(node, { monotonicRate: 1 })),
      healed: onEveryNode(nodes, async (node) => {
        const setting = await hosts.clockSetting(node);
        return { shown: setting.monotonicRate === 1, detail: describeClock(setting), reading: setting };
      }),
    };
  },
});

/** A fifth of the rate for a noisy machine, and always less than half way to true time. */
export function rateTolerance(rate: number): number {
  return Math.min(0.2 * rate, 0.45 * Math.abs(rate - 1));
}
