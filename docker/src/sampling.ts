import type { NodeReading } from "@gauntlet/histories";
import type { NodeName } from "@gauntlet/nemesis";
import type { Endpoint, Observation, System } from "./systems/system.js";

/** Less than the second between two samples, so that a node that hangs holds up nobody. */
const SAMPLE_TIMEOUT_MS = 800;

/** Over this round trip nobody can say what time the answer is from. */
const MAX_CLOCK_TRIP_MS = 250;

interface Ticks {
  readonly atMs: number;
  readonly ticks: number;
  /** Tells one server process from the next on the same machine. */
  readonly processStart: number;
}

/** Asks nodes what they show of themselves; remembers the ticks of each for the speed of its timers. */
export class Sampler {
  readonly #before = new Map<NodeName, Ticks>();

  /** Never rejects: a node that does not answer is all nulls. */
  async sample(node: NodeName, system: System, endpoint: Endpoint): Promise<NodeReading> {
    const wallMs = Date.now();
    const startMs = performance.now();
    try {
      const { clocks, ...seen } = await system.observe(endpoint, SAMPLE_TIMEOUT_MS);
      const tripMs = performance.now() - startMs;
      const isQuick = tripMs <= MAX_CLOCK_TRIP_MS;
      const offsetMs = clocks === null ? null : Math.round(clocks.wallMs - (wallMs + tripMs / 2));
      return {
        node,
        ...seen,
        wallOffsetMs: isQuick ? offsetMs : null,
        timerRate: this.#rateOf(node, isQuick ? clocks : null, startMs + tripMs / 2),
      };
    } catch {
      return silent(node);
    }
  }

  #rateOf(node: NodeName, clocks: Observation["clocks"], atMs: number): number | null {
    const before = this.#before.get(node);
    this.#before.delete(node);
    if (clocks === null) return null;
    const { ticks, tickIntervalMs, processStart } = clocks;
    this.#before.set(node, { atMs, ticks, processStart });
    if (before === undefined || before.processStart !== processStart) return null;
    return rounded(((ticks - before.ticks) * tickIntervalMs) / (atMs - before.atMs), 3);
  }
}

/** A node that shows nothing of itself. */
export function silent(node: NodeName): NodeReading {
  return {
    node,
    role: null,
    term: null,
    commitIndex: null,
    appliedIndex: null,
    wallOffsetMs: null,
    timerRate: null,
    rssBytes: null,
    openFiles: null,
    diskBytes: null,
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
