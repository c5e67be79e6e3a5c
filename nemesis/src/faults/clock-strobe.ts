import { z } from "zod";
import { describeClock } from "../effects/clock-ledger.js";
import type { NodeName } from "../hosts.js";
import { durationArg, millisecondsOf, writtenMs } from "./args.js";
import { offsetArg, offsetMsOf, WALL_READ_WINDOW_MS, WALL_TOLERANCE_MS } from "./clock-bump.js";
import { Cycle } from "./cycle.js";
import { defineFault } from "./fault.js";
import { forAll, onEveryNode } from "./observe.js";

const MIN_PERIOD_MS = 100;
const MAX_PERIOD_MS = 10_000;
const DEFAULT_PERIOD = "200ms";
const MIN_WINDOW_MS = 3_000;

const MOST_WAIT_MS = 1_000;

interface Look {
  /** As long as the last reading took. */
  readonly tookMs: number;
  /** When it showed the clock; null: the next one comes at any time. */
  readonly atMs: number | null;
}

export const clockStrobe = defineFault({
  name: "clock.strobe",
  summary:
    "Moves the wall clock by an offset and back again and again until the window ends; timers are not touched.",
  needs: ["clock.wall"],
  claims: ["clock.wall"],
  proofNeeds: ["process"],
  minWindowMs: MIN_WINDOW_MS,
  // Seen on both sides, whenever it is read.
  leastWindowMs: ({ period }) => MIN_WINDOW_MS + 3 * writtenMs(period, DEFAULT_PERIOD),
  args: z.strictObject({
    offset: offsetArg,
    period: durationArg(MIN_PERIOD_MS, MAX_PERIOD_MS, "How long the clock stays on each side.").default(
      DEFAULT_PERIOD,
    ),
  }),
  prepare(context, { offset, period }) {
    const { hosts, nodes, clocks, random, pause, nowMs } = context;
    const offsetMs = offsetMsOf(offset);
    const periodMs = millisecondsOf(period);
    const cycle = new Cycle(context);
    const window = { signal: new AbortController().signal };
    const seen = new Map(nodes.map((node) => [node, { off: 0, true: 0, elsewhere: 0 }]));
    const looks = new Map<NodeName, Look>();
    let isOff = false;
    /** Readings take their time and come in a rhythm of their own: by chance alone they may meet one side for long. */
    const waitMs = ({ tookMs, atMs }: Look): number => {
      if (atMs === null) return random.below(Math.min(2 * periodMs, MOST_WAIT_MS));
      const halfTurns = Math.ceil((nowMs() + tookMs - atMs) / periodMs);
      return atMs + (halfTurns | 1) * periodMs - tookMs - nowMs();
    };
    return {
      async act(signal) {
        window.signal = signal;
        await cycle.begin(signal, async () => {
          isOff = !isOff;
          await forAll(nodes, (node) => clocks.set(node, { wallOffsetMs: isOff ? offsetMs : 0 }));
          return periodMs;
        });
      },
      prove: onEveryNode(nodes, async (node) => {
        const look = looks.get(node) ?? { tookMs: 0, atMs: null };
        await pause(waitMs(look), window.signal);
        const beganMs = nowMs();
        const reading = await hosts.readClock(node, WALL_READ_WINDOW_MS);
        const atMs = nowMs();
        // A reading on the other side of the strobe is half a turn away; one at its edge tells nothing, so then anywhere.
        looks.set(node, { tookMs: atMs - beganMs, atMs: look.atMs === null ? atMs : null });
        const tally = seen.get(node) ?? { off: 0, true: 0, elsewhere: 0 };
        const isNear = (ms: number): boolean => Math.abs(reading.wallOffsetMs - ms) <= WALL_TOLERANCE_MS;
        tally[isNear(offsetMs) ? "off" : isNear(0) ? "true" : "elsewhere"] += 1;
        const detail = `wall clock read ${tally.off} times ${offset} off and ${tally.true} times true`;
        return { shown: tally.off > 0 && tally.true > 0, detail, reading: { ...tally, last: reading } };
      }),
      cutShort: () => cycle.problem,
      async undo() {
        await cycle.end();
        await forAll(nodes, (node) => clocks.set(node, { wallOffsetMs: 0 }));
      },
      healed: onEveryNode(nodes, async (node) => {
        const setting = await hosts.clockSetting(node);
        return { shown: setting.wallOffsetMs === 0, detail: describeClock(setting), reading: setting };
      }),
    };
  },
});
