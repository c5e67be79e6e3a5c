import type { NodeReading } from "@gauntlet/histories";
import type { NodeName } from "@gauntlet/nemesis";
import { scrape, type Samples } from "./metrics.js";

/** Less than the second between two samples, so that a node that hangs holds up nobody. */
const SAMPLE_TIMEOUT_MS = 800;

/** Over this round trip nobody can say what time the answer is from. */
const MAX_CLOCK_TRIP_MS = 250;

const ROLES = {
  leader: "leader",
  follower: "follower",
  learner: "learner",
  candidate: "candidate",
  "pre-candidate": "candidate",
} as const;

interface Ticks {
  readonly atMs: number;
  readonly ticks: number;
  /** Tells one server process from the next on the same machine. */
  readonly processStart: number;
}

/** Reads nodes over their metrics, one call a node and round; remembers the ticks of each for the speed of its timers. */
export class Sampler {
  readonly #before = new Map<NodeName, Ticks>();

  /** Never rejects: a node that does not answer is all nulls. */
  async sample(node: NodeName, endpoint: string): Promise<NodeReading> {
    const wallMs = Date.now();
    const startMs = performance.now();
    try {
      const samples = await scrape(endpoint, SAMPLE_TIMEOUT_MS);
      const tripMs = performance.now() - startMs;
      const atMs = startMs + tripMs / 2;
      return {
        ...readingOf(node, samples),
        wallOffsetMs: tripMs > MAX_CLOCK_TRIP_MS ? null : offsetOf(samples, wallMs + tripMs / 2),
        timerRate: this.#rateOf(node, samples, tripMs, atMs),
      };
    } catch {
      return silent(node);
    }
  }

  #rateOf(node: NodeName, samples: Samples, tripMs: number, atMs: number): number | null {
    const ticks = samples.value("gauntlet_server_ticks_total");
    const intervalMs = samples.value("gauntlet_server_tick_interval_ms");
    const processStart = samples.value("process_start_time_seconds");
    const before = this.#before.get(node);
    this.#before.delete(node);
    if (ticks === undefined || intervalMs === undefined || processStart === undefined) return null;
    if (tripMs > MAX_CLOCK_TRIP_MS) return null;
    this.#before.set(node, { atMs, ticks, processStart });
    if (before === undefined || before.processStart !== processStart) return null;
    return rounded(((ticks - before.ticks) * intervalMs) / (atMs - before.atMs), 3);
  }
}

function readingOf(node: NodeName, samples: Samples): NodeReading {
  const value = (name: string): number | null => samples.value(name) ?? null;
  const shown = Object.entries(ROLES).find(
    ([role]) => samples.value("gauntlet_raft_role", { role }) === 1,
  )?.[1];
  const [log, state] = [value("gauntlet_wal_bytes"), value("gauntlet_state_bytes")];
  return {
    ...silent(node),
    role: shown ?? null,
    term: value("gauntlet_raft_term"),
    commitIndex: value("gauntlet_raft_commit_index"),
    appliedIndex: value("gauntlet_raft_applied_index"),
    rssBytes: value("process_resident_memory_bytes"),
    openFiles: value("process_open_fds"),
    diskBytes: log === null || state === null ? null : log + state,
  };
}

function offsetOf(samples: Samples, trueMs: number): number | null {
  const wallMs = samples.value("gauntlet_server_wall_time_ms");
  return wallMs === undefined ? null : Math.round(wallMs - trueMs);
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
