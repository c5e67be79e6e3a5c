import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { DataError, messageOf, UsageError } from "../errors.js";

/** mutants/NN-slug/mutant.yaml, validated. mutants/README.md is the contract. */
export interface Mutant {
  readonly name: string;
  readonly directory: string;
  /** What the patch breaks, one sentence. */
  readonly plants: string;
  /** Where such a bug was seen. */
  readonly source: string;
  /** The package that is patched: what runs in the containers, or what the rig asks with. */
  readonly target: "server" | "client";
  readonly workload: string;
  /** Text of a schedule, and where it stands, for messages. */
  readonly schedule: { readonly text: string; readonly name: string };
  /** As `--time-limit` takes it. */
  readonly timeLimit: string;
  /** What it needs besides; absent: as of a plain run. */
  readonly load: Load;
  /** Checks, one of which must end `invalid`. */
  readonly detectors: readonly string[];
}

/** As `gauntlet run` takes them. */
export interface Load {
  readonly nodes?: number;
  readonly concurrency?: number;
  readonly rate?: number;
}

const SLUG = /^\d\d-[a-z0-9-]+$/;

const EVERY_FIELD = {
  plants: z.string().min(1),
  source: z.string().min(1),
  target: z.enum(["server", "client"]),
};

/** `simulation` is for the simulator alone, which checks it. */
const MUTANT_FILE = z.strictObject({
  ...EVERY_FIELD,
  simulation: z.looseObject({}).optional(),
  workload: z.string().min(1),
  schedule: z.union([
    z.string().regex(/^[\w.-]+\.(yaml|json)$/, "expected a schedule or a file name"),
    z.looseObject({}),
  ]),
  time_limit: z.union([z.string(), z.number()]).transform(String),
  nodes: z.int().min(1).max(9).optional(),
  concurrency: z.int().min(1).max(1_000).optional(),
  rate: z.number().positive().max(100_000).optional(),
  detector: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
});

/** A mutant of which containers could not show anything: the rig leaves it alone. */
const ONLY_SIMULATED = z.strictObject({ ...EVERY_FIELD, simulation: z.looseObject({}) });

/** All of them, those too that are only simulated. */
export async function mutantNames(mutantsDirectory: string): Promise<readonly string[]> {
  const entries = await readdir(mutantsDirectory, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && SLUG.test(entry.name))
    .map(({ name }) => name)
    .toSorted();
}

/** Those that the rig can run. Throws DataError for a mutant.yaml that is wrong. */
export async function rigMutantNames(mutantsDirectory: string): Promise<readonly string[]> {
  const names = await mutantNames(mutantsDirectory);
  const files = await Promise.all(names.map((name) => readYaml(join(mutantsDirectory, name, "mutant.yaml"))));
  return names.filter((_, index) => !ONLY_SIMULATED.safeParse(files[index]).success);
}

/**
 * By its whole name or its number. Throws UsageError, also for one that is only simulated, or DataError for a
 * mutant.yaml that is wrong.
 */
export async function readMutant(mutantsDirectory: string, wanted: string): Promise<Mutant> {
  const names = await mutantNames(mutantsDirectory);
  const name = names.find((candidate) => candidate === wanted || candidate.startsWith(`${wanted}-`));
  if (name === undefined) {
    throw new UsageError(`unknown mutant "${wanted}": expected none, ${names.join(", ")}`);
  }
  const directory = join(mutantsDirectory, name);
  const path = join(directory, "mutant.yaml");
  const plain = await readYaml(path);
  if (ONLY_SIMULATED.safeParse(plain).success) {
    throw new UsageError(`mutant "${name}" is only simulated: npx gauntlet-sim mutants ${name}`);
  }
  const file = MUTANT_FILE.safeParse(plain);
  if (!file.success) {
    const [issue] = file.error.issues;
    throw new DataError(`${path}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not a mutant"}`);
  }
  const { plants, source, target, workload, schedule, time_limit: timeLimit, detector } = file.data;
  const { nodes, concurrency, rate } = file.data;
  const detectors = [detector].flat();
  return {
    plants,
    source,
    target,
    workload,
    name,
    directory,
    timeLimit,
    load: {
      ...(nodes !== undefined && { nodes }),
      ...(concurrency !== undefined && { concurrency }),
      ...(rate !== undefined && { rate }),
    },
    detectors,
    schedule: await scheduleText(directory, path, schedule),
  };
}

async function scheduleText(
  directory: string,
  path: string,
  schedule: string | object,
): Promise<Mutant["schedule"]> {
  if (typeof schedule !== "string") return { text: JSON.stringify(schedule), name: `${path}: schedule` };
  const file = join(directory, schedule);
  return { text: await readText(file), name: file };
}

async function readYaml(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return parseYaml(text);
  } catch (error) {
    throw new DataError(`${path}: ${messageOf(error)}`);
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new DataError(messageOf(error));
  }
}
