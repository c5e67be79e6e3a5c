import { join } from "node:path";
import { configure, type RunRequest } from "./configure.js";
import { REPOSITORY } from "./paths.js";
import { duration } from "./values.js";
import type { StartCluster } from "../run/cluster.js";
import { dockerClusters } from "../run/docker-cluster.js";
import type { Mutant } from "../mutants/mutant.js";
import { loadClient, plant } from "../mutants/plant.js";

/** The rate and size of a plain `gauntlet run`: what detection is promised for where a mutant names no other. */
export const DEFAULTS = { nodes: 5, concurrency: 10, rate: 200, opTimeoutMs: 3_000 } as const;

/** What its runs ask for. Throws UsageError, DataError or ScheduleError: before anything is built. */
export function requestFor(mutant: Mutant): Omit<RunRequest, "seed"> {
  const { name, workload, schedule, load } = mutant;
  const timeLimitMs = duration(`${name}/mutant.yaml: time_limit`, 1_000, 3_600_000)(mutant.timeLimit);
  const request = {
    ...DEFAULTS,
    ...load,
    test: name,
    workload,
    timeLimitMs,
    faults: { from: "text", ...schedule },
  } as const;
  configure({ ...request, seed: 0 });
  return request;
}

/** A system with the bug in it. */
export interface PlantedSystem {
  readonly startCluster: StartCluster;
  readonly remove: () => Promise<void>;
}

/** Patches, type-checks and compiles a copy; throws DataError when the patch no longer applies. */
export async function plantSystem(mutant: Mutant): Promise<PlantedSystem> {
  const copy = await plant(REPOSITORY, mutant);
  try {
    const startCluster = dockerClusters(
      mutant.target === "client"
        ? { client: await loadClient(copy) }
        : { serverEntry: join(copy.directory, "src/main.ts"), tag: mutant.name },
    );
    return { startCluster, remove: () => copy.remove() };
  } catch (error) {
    await copy.remove();
    throw error;
  }
}
