import { findSystem } from "@gauntlet/docker";
import type { Verdict } from "@gauntlet/histories";
import { checkInThread } from "../checks/workload-check.js";
import { BOUNDS } from "../run/config.js";
import { dockerClusters } from "../run/docker-cluster.js";
import { readFailure, type SearchLimits, Shrinking } from "../shrink/shrinking.js";
import { interruptible } from "./interrupt.js";
import { differenceLines, readRequest } from "./recorded-request.js";
import { progressOn } from "./terminal.js";

export interface ShrinkFlags extends SearchLimits {
  readonly runsRoot: string;
}

/**
 * `gauntlet shrink RUN`: looks for the smallest schedule, cluster and time that still fail as the run did, by running
 * candidates on containers. `valid` when the failure was seen again, `unknown` when not.
 */
export async function shrinkCommand(run: string, flags: ShrinkFlags): Promise<Verdict> {
  const { runsRoot } = flags;
  const recorded = await readRequest(run, runsRoot);
  const failure = await readFailure(recorded);
  const { image, request } = recorded;
  const startCluster = dockerClusters({
    system: findSystem(request.system ?? "gauntlet"),
    ...(image !== null && { image }),
  });
  const progress = progressOn(process.stderr, process.env);
  for (const line of differenceLines(recorded)) progress.line(line);
  progress.line(`shrink: looking for less that still fails by ${failure.detectors.join(" or ")}`);
  const record = { runsRoot, startCluster, checkWorkload: checkInThread, bounds: BOUNDS, progress };
  try {
    const { verdict, text } = await interruptible(
      (signal) => new Shrinking({ recorded, failure, limits: flags, record }, signal).search(),
      (line) => progress.line(line),
    );
    process.stdout.write(text);
    return verdict;
  } finally {
    progress.close();
  }
}
