import { z } from "zod";
import { describeClock } from "../effects/clock-ledger.js";
import type { NodeName } from "../hosts.js";
import { WALL_READ_WINDOW_MS, WALL_TOLERANCE_MS } from "./clock-bump.js";
import { speedArg } from "./clock-speed.js";
import { defineFault } from "./fault.js";
import { forAll, onEveryNode } from "./observe.js";

/** Rates between these drift too little within a window to be told from true time. */
const NEAR_TRUE = { low: 0.9, high: 1.1 } as const;
/** Well over the tolerance, or the proof would say nothing. */
const SHOWN_DRIFT_MS = 500;

export const clockDrift = defineFault({
  name: "clock.drift",
  summary:
    "Runs the wall clock faster or slower, and sets it right when the window ends; timers are not touched.",
  needs: ["clock.wall", "clock.drift"],
  claims: ["clock.wall"],
  proofNeeds: ["process"],
  minWindowMs: 2_000,
  leastWindowMs: ({ rate }) =>
    1_500 + 100 * Math.ceil(SHOWN_DRIFT_MS / Math.abs(Number(rate) - 1) / 100 - 1e-6),
  args: z.strictObject({
    rate: speedArg(
      NEAR_TRUE,
      "Speed of the wall clock: 1.5 = it gains half a second each second, 0.5 = it loses as much.",
    ),
  }),
  prepare({ hosts, nodes, clocks, nowMs }, { rate }) {
    const sinceMs = new Map<NodeName, number>();
    return {
      act: () =>
        forAll(nodes, async (node) => {
          await clocks.set(node, { wallRate: rate });
          sinceMs.set(node, nowMs());
        }),
      prove: onEveryNode(nodes, async (node) => {
        const reading = await hosts.readClock(node, WALL_READ_WINDOW_MS);
        const driftMs = (nowMs() - (sinceMs.get(node) ?? nowMs())) * (rate - 1);
        const shown =
          Math.abs(driftMs) >= SHOWN_DRIFT_MS &&
          Math.abs(reading.wallOffsetMs - driftMs) <= WALL_TOLERANCE_MS + 0.1 * Math.abs(driftMs);
        const detail = `wall clock ${Math.round(reading.wallOffsetMs)} ms off true time where ${Math.round(driftMs)} ms of drift were due`;
        return { shown, detail, reading };
      }),
      undo: () => forAll(nodes, (node) => clocks.set(node, { wallRate: 1 })),
      healed: onEveryNode(nodes, async (node) => {
        const setting = await hosts.clockSetting(node);
        return { shown: setting.wallRate === 1, detail: describeClock(setting), reading: setting };
      }),
    };
  },
});
