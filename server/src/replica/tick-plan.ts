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
