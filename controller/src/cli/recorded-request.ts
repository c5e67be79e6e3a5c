import { join } from "node:path";
import { imageExists } from "@gauntlet/docker";
import { readTest, resolveRun, RUN_FILES, type TestDescription } from "@gauntlet/histories";
import { z } from "zod";
import { DataError } from "../errors.js";
import { rigVersions } from "../run/versions.js";
import { shownPath } from "../text.js";
import type { RunRequest } from "./configure.js";

const FIELDS = z.looseObject({
  seed: z.int(),
  workload: z.string(),
  nodes: z.int(),
  concurrency: z.int(),
  ratePerSecond: z.number(),
  timeLimitMs: z.number(),
  opTimeoutMs: z.number(),
  schedule: z.unknown(),
  system: z.string().default("gauntlet"),
  arrival: z.enum(["paced", "open"]).default("paced"),
  maxProcesses: z.int().optional(),
  keySkew: z.number().default(0),
  versions: z.record(z.string(), z.string()).default({}),
});

/** What a recorded run asked for, so that it can be asked again. */
export interface RecordedRequest {
  readonly directory: string;
  /** The faults as they were planned, random targets and all: the same seed chooses the same. */
  readonly request: RunRequest;
  /** The very image that the run used, if this machine still has it. */
  readonly image: string | null;
  /** What is not as it was then, a sentence each. */
  readonly differences: readonly string[];
}

/** Throws HistoryError, or DataError where test.json does not say what was asked. */
export async function readRequest(run: string, runsRoot: string): Promise<RecordedRequest> {
  const { directory } = await resolveRun(run, runsRoot);
  if (directory === null)
    throw new DataError(`${run}: a history alone does not say how it was made; name a run's folder`);
  const test = await readTest(directory);
  const path = join(directory, RUN_FILES.test);
  const parsed = FIELDS.safeParse(test);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new DataError(`${path}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not valid"}`);
  }
  const { data } = parsed;
  if (data.versions["client"] !== undefined) {
    throw new DataError(
      `${path}: asked with ${data.versions["client"]}, which is not here any more: gauntlet mutant plants it again`,
    );
  }
  const image = data.versions["image"] ?? null;
  const hasImage = image !== null && (await imageExists(image));
  return {
    directory,
    request: requestOf(test, data),
    image: hasImage ? image : null,
    differences: [
      ...(image === null || hasImage
        ? []
        : [`its node image ${image} is gone: what the sources here make is run instead`]),
      ...(await otherRig(data.versions)),
    ],
  };
}

function requestOf({ test, schedule }: TestDescription, data: z.infer<typeof FIELDS>): RunRequest {
  const { seed, workload, nodes, concurrency, timeLimitMs, opTimeoutMs, system, arrival, keySkew } = data;
  const { maxProcesses } = data;
  return {
    test,
    system,
    workload,
    nodes,
    concurrency,
    rate: data.ratePerSecond,
    arrival,
    ...(arrival === "open" && maxProcesses !== undefined && { maxProcesses }),
    keySkew,
    timeLimitMs,
    opTimeoutMs,
    seed,
    faults: { from: "text", text: JSON.stringify(schedule), name: `${RUN_FILES.test}: schedule` },
  };
}

async function otherRig(then: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const now = await rigVersions();
  if (then["rig"] === now["rig"]) return [];
  const commits = [then["commit"], now["commit"]].map((commit) => commit?.slice(0, 12) ?? "no commit");
  return [`the rig is another one (${commits[0]} then, ${commits[1]} now)`];
}

/** For people, before it runs. */
export function differenceLines({ directory, differences }: RecordedRequest): readonly string[] {
  return differences.map((text) => `not as in ${shownPath(directory)}: ${text}`);
}
