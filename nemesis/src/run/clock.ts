/** Time as the runner sees it: real in a run, virtual in tests and in a simulator. */
export interface Clock {
  /** Milliseconds since the run's time 0, monotonic. */
  nowMs(): number;
  /** Ends early when the signal is aborted, by resolving or by rejecting. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** True when the time passed, false when the signal cut it short. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  if (ms <= 0) return true;
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return !signal.aborted;
}
