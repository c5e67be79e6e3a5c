import type { Verdict } from "@gauntlet/histories";
import { configure } from "./configure.js";
import { differenceLines, readRequest } from "./recorded-request.js";
import { runAndTell, type TellFlags } from "./run.js";

export interface ReplayFlags extends TellFlags {
  readonly seed?: number;
  readonly image?: string;
}

/**
 * `gauntlet replay RUN`: the same load, schedule and seed once more, on the same node image where this machine still has
 * it. What is not the same is told first. Threads and networks are not replayed: a run is asked again, not repeated.
 */
export async function replayCommand(run: string, flags: ReplayFlags): Promise<Verdict> {
  const recorded = await readRequest(run, flags.runsRoot);
  const { seed } = flags;
  const config = configure({ ...recorded.request, ...(seed !== undefined && { seed }) });
  const image = flags.image ?? recorded.image ?? undefined;
  return runAndTell(config, { ...flags, ...(image !== undefined && { image }) }, differenceLines(recorded));
}
