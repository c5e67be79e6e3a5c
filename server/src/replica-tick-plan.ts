/** Ticks a heartbeat interval is cut into: the grain of the randomized election timeout. */
const TICKS_PER_HEARTBEAT = 5;

/** Time as the Raft core counts it. */
export interface TickPlan {
  readonly tickIntervalMs: number;
  readonly heartbeatTicks: number;
  readonly electionTicks: number;
}

export function tickPlan(times: {
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: number;
}): TickPlan {
  const tickIntervalMs = times.heartbeatIntervalMs / TICKS_PER_HEARTBEAT;
  return {
    tickIntervalMs,
    heartbeatTicks: TICKS_PER_HEARTBEAT,
    electionTicks: Math.ceil(times.electionTimeoutMs / tickIntervalMs),
  };
}

/**
 * What `electionTicks` ticks last at least, by the clock that gives them, from any moment on: the first comes
 * within an interval, and if one comes late, the next is early by as much (replica-ticker.ts). No lease may
 * count on more.
 */
export function shortestElectionTimeoutMs({ tickIntervalMs, electionTicks }: TickPlan): number {
  return (electionTicks - 2) * tickIntervalMs;
}
