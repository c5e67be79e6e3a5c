import type { Workload } from "@gauntlet/workloads";
import type { Scenario } from "../scenario.js";

/** A client waits a little longer than the server does. */
const DEADLINE_MARGIN_MS = 500;
const DRAIN_MARGIN_MS = 1_000;
/** A server looks at its timeouts once a tick; no tick is longer. */
const TICK_MARGIN_MS = 100;

/** How long what a scenario asks for may take, milliseconds of virtual time. */
export interface Limits {
  /** Of a client's call. */
  readonly deadlineMs: number;
  /** Until all operations are over after the last one began. */
  readonly drainMs: number;
  /** Until a server has answered all calls, be it that it knows nothing. */
  readonly answerMs: number;
  /** A term that stands so long is not about to end: longer than any election timeout. */
  readonly stretchMs: number;
}

export function limitsOf(
  { server, upgraded, clockDrift }: Scenario,
  { callsPerOperation }: Pick<Workload, "callsPerOperation">,
): Limits {
  /** So long by a clock that is as slow as any without faults. */
  const slowestMs = (ms: number): number => ms / (1 - clockDrift);
  const timeoutMs = Math.max(server.requestTimeoutMs, upgraded?.requestTimeoutMs ?? 0);
  const electionTimeoutMs = Math.max(server.electionTimeoutMs, upgraded?.electionTimeoutMs ?? 0);
  const deadlineMs = timeoutMs + DEADLINE_MARGIN_MS;
  return {
    deadlineMs,
    drainMs: callsPerOperation * deadlineMs + DRAIN_MARGIN_MS,
    answerMs: slowestMs(timeoutMs + TICK_MARGIN_MS),
    // An election timeout is at most twice the configured one.
    stretchMs: slowestMs(3 * electionTimeoutMs),
  };
}
