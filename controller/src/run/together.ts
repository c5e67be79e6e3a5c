import { setMaxListeners } from "node:events";

/**
 * Runs activities that end together: when one fails, the others are told to stop through their
 * signal and waited for, and then the first failure is thrown.
 */
export async function together(
  signal: AbortSignal,
  activities: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const stop = new AbortController();
  const linked = AbortSignal.any([signal, stop.signal]);
  // Every process that sleeps listens to it: no leak, and no reason for Node to warn.
  setMaxListeners(0, linked);
  const failures: unknown[] = [];
  const guarded = async (activity: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    try {
      await activity(linked);
    } catch (error) {
      failures.push(error);
      stop.abort();
    }
  };
  await Promise.all(activities.map(guarded));
  if (failures.length > 0) throw failures[0];
}
