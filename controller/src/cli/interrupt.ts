import { removeOwnedNow } from "@gauntlet/docker";
import { EXIT_CODES } from "@gauntlet/histories";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs something that owns containers. The first signal aborts it, and it cleans up by itself; a
 * second one, or an error that nobody caught, removes the containers by force and ends the process
 * with EXIT_CODES.failed.
 */
export async function interruptible<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  tell: (line: string) => void,
): Promise<Result> {
  const stop = new AbortController();
  const giveUp = (why: string): void => {
    tell(`gauntlet: ${why}: removing the containers and giving up`);
    removeOwnedNow();
    process.exit(EXIT_CODES.failed);
  };
  const onSignal = (name: string): void => {
    if (stop.signal.aborted) return giveUp(`${name} again`);
    tell(`gauntlet: ${name}: stopping and cleaning up (once more to give up at once)`);
    stop.abort();
  };
  const onUncaught = (error: Error): void => giveUp(`a bug in the rig: ${error.message}`);
  for (const name of SIGNALS) process.on(name, onSignal);
  process.on("uncaughtException", onUncaught);
  try {
    return await work(stop.signal);
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
    process.off("uncaughtException", onUncaught);
  }
}
