import type { CheckJob, CheckWorkload } from "../checks/workload-check.js";
import type { RunClock } from "./clock.js";

const EVERY_MS = 4_000;
const CHECK_LIMIT_MS = 10_000;

/** Ends the main phase of a run that is only after a violation. */
export class ViolationSeen extends Error {
  override readonly name = "ViolationSeen";
}

/**
 * Checks the history so far, again and again, beside the run; throws ViolationSeen when there is one.
 * Sound because safety is closed under prefixes: what broke a promise cannot be mended by what
 * comes later, and operations still open may have happened or not. An `ok` so far says nothing.
 */
export async function watchForViolation(
  check: CheckWorkload,
  job: CheckJob,
  options: { readonly clock: RunClock; readonly untilMs: number; readonly detectors: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  const { clock, untilMs, detectors } = options;
  for (;;) {
    await clock.sleep(Math.min(EVERY_MS, Math.max(1, untilMs - clock.nowMs())), signal);
    if (signal.aborted || clock.nowMs() >= untilMs) return;
    const checks = await check({ ...job, timeLimitMs: CHECK_LIMIT_MS }, signal);
    const found = checks.find(({ name, verdict }) => detectors.includes(name) && verdict === "invalid");
    if (found !== undefined) throw new ViolationSeen(found.reason);
  }
}
