import { setTimeout as sleep } from "node:timers/promises";
import type { ClockReading } from "@gauntlet/nemesis";
import { DockerError } from "./docker-error.js";
import { scrape, type Samples } from "./metrics.js";

/** A server's clocks, by the metrics of this repository's server, read over HTTP from outside. */

const CLOCK_TIMEOUT_MS = 2_000;

/** A sample is as uncertain as its call was long: a slow one is tried again, and the quickest is taken. */
const QUICK_CALL_MS = 5;
const SAMPLE_TRIES = 3;

interface ClockSample {
  readonly tripMs: number;
  /** The rig's own clocks halfway through the call. */
  readonly trueMs: number;
  readonly wallOffsetMs: number;
  readonly ticks: number;
  readonly tickIntervalMs: number;
  /** Tells one server process from the next on the same machine. */
  readonly processStart: number | undefined;
}

/** Compares the server's clocks with the rig's over a window. Rejects when the node does not answer. */
export async function readClockOf(node: string, endpoint: string, windowMs: number): Promise<ClockReading> {
  const first = await sampleClock(endpoint);
  await sleep(windowMs);
  const last = await sampleClock(endpoint);
  if (last.ticks < first.ticks || last.processStart !== first.processStart) {
    throw new DockerError(`${node}: the server was restarted while its clock was being read`);
  }
  const ticksExpected = (last.trueMs - first.trueMs) / last.tickIntervalMs;
  return { wallOffsetMs: last.wallOffsetMs, timerRate: (last.ticks - first.ticks) / ticksExpected };
}

async function sampleClock(endpoint: string): Promise<ClockSample> {
  let best = await sampleOnce(endpoint);
  for (let tries = 1; tries < SAMPLE_TRIES && best.tripMs > QUICK_CALL_MS; tries += 1) {
    const sample = await sampleOnce(endpoint);
    if (sample.tripMs < best.tripMs) best = sample;
  }
  return best;
}

async function sampleOnce(endpoint: string): Promise<ClockSample> {
  const wallBefore = Date.now();
  const before = performance.now();
  const samples = await scrape(endpoint, CLOCK_TIMEOUT_MS);
  const tripMs = performance.now() - before;
  const halfTripMs = tripMs / 2;
  return {
    tripMs,
    trueMs: before + halfTripMs,
    wallOffsetMs: read(samples, endpoint, "gauntlet_server_wall_time_ms") - (wallBefore + halfTripMs),
    ticks: read(samples, endpoint, "gauntlet_server_ticks_total"),
    tickIntervalMs: read(samples, endpoint, "gauntlet_server_tick_interval_ms"),
    processStart: samples.value("process_start_time_seconds"),
  };
}

function read(samples: Samples, endpoint: string, name: string): number {
  const value = samples.value(name);
  if (value === undefined) throw new DockerError(`http://${endpoint}/metrics has no ${name}`);
  return value;
}
