import { z } from "zod";
import { parseSignedDuration, SIGNED_DURATION_PATTERN } from "../duration.js";
import { describeClock } from "../effects/clock-ledger.js";
import { defineFault } from "./fault.js";
import { forAll, onEveryNode } from "./observe.js";

/** How far the wall clock read back may be from the one asked for; reading it crosses a network and a busy machine. */
export const WALL_TOLERANCE_MS = 200;
/** Well over the tolerance, or the proof would say nothing. */
const MIN_OFFSET_MS = 500;
const MAX_OFFSET_MS = 24 * 3_600_000;
export const WALL_READ_WINDOW_MS = 250;

export const offsetArg = z
  .string({ error: (issue) => offsetProblem(issue.input) })
  .regex(SIGNED_DURATION_PATTERN, { error: (issue) => offsetProblem(issue.input) })
  .refine((text) => isOffset(text), { error: (issue) => offsetProblem(issue.input) })
  .describe("How far the wall clock jumps: 30s, -5s, 2m; 500ms to 24h either way.");

/** Of a checked argument. */
export function offsetMsOf(text: string): number {
  return parseSignedDuration(text) ?? Number.NaN;
}

export const clockBump = defineFault({
  name: "clock.bump",
  summary: "Moves the wall clock by an offset at once and back when the window ends; timers are not touched.",
  needs: ["clock.wall"],
  claims: ["clock.wall"],
  proofNeeds: ["process"],
  minWindowMs: 1_000,
  args: z.strictObject({
    offset: offsetArg,
  }),
  prepare(context, { offset }) {
    const { hosts, nodes, clocks } = context;
    const offsetMs = offsetMsOf(offset);
    const offBy = (expectedMs: number) => async (node: string) => {
      const reading = await hosts.readClock(node, WALL_READ_WINDOW_MS);
      const errorMs = Math.abs(reading.wallOffsetMs - expectedMs);
      const detail = `wall clock ${Math.round(reading.wallOffsetMs)} ms off true time`;
      return { shown: errorMs <= WALL_TOLERANCE_MS, detail, reading };
    };
    return {
      act: () => forAll(nodes, (node) => clocks.set(node, { wallOffsetMs: offsetMs })),
      prove: onEveryNode(nodes, offBy(offsetMs)),
      undo: () => forAll(nodes, (node) => clocks.set(node, { wallOffsetMs: 0 })),
      healed: onEveryNode(nodes, async (node) => {
        const setting = await hosts.clockSetting(node);
        return { shown: setting.wallOffsetMs === 0, detail: describeClock(setting), reading: setting };
      }),
    };
  },
});

function isOffset(text: string): boolean {
  const size = Math.abs(parseSignedDuration(text) ?? Number.NaN);
  return size >= MIN_OFFSET_MS && size <= MAX_OFFSET_MS;
}

function offsetProblem(written: unknown): string {
  const allowed = "an offset of 500ms to 24h either way, such as 30s or -5s";
  return written === undefined
    ? `is missing; needs ${allowed}`
    : `${JSON.stringify(written)} is not ${allowed}`;
}
