import { EXIT_CODES } from "@gauntlet/histories";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The first signal aborts the work, which then says how far it came; a second one ends the process at once. */
export async function interruptible<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  tell: (line: string) => void,
): Promise<Result> {
  const stop = new AbortController();
  const onSignal = (name: string): void => {
    if (stop.signal.aborted) process.exit(EXIT_CODES.unknown);
    tell(`gauntlet-sim: ${name}: stopping (once more to end at once)`);
    stop.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    return await work(stop.signal);
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}
