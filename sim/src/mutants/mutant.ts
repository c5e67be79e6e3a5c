import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { SWARM_FAMILY_NAMES } from "@gauntlet/nemesis";
import { WORKLOADS } from "@gauntlet/workloads";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { DataError, messageOf, UsageError } from "../errors.js";
import type { Failure } from "../result.js";
import type { DrawOptions } from "../run/draw.js";
import { issueText } from "../scenario-shape.js";

/** mutants/NN-slug/, as far as the simulator is concerned. mutants/README.md is the contract. */
export interface SimMutant {
  readonly name: string;
  readonly directory: string;
  /** What the patch breaks, one sentence. */
  readonly plants: string;
  readonly options: DrawOptions;
  /** Laid over each scenario that is drawn, field by field. */
  readonly overrides: Readonly<Record<string, unknown>> | null;
  /** Failures that count as finding it: by name, or by kind. */
  readonly foundBy: readonly string[];
}

const SLUG = /^\d\d-[a-z0-9-]+$/;

const simulationShape = z.strictObject({
  found_by: z.array(z.string().min(1)).min(1),
  focus: z.array(z.enum(SWARM_FAMILY_NAMES)).min(1).optional(),
  nodes: z.int().min(1).max(15).optional(),
  workload: z.enum(Object.keys(WORKLOADS)).default("register"),
  overrides: z.looseObject({}).optional(),
});

/** What else stands in it is for the rig, which checks it. */
const mutantShape = z.looseObject({
  plants: z.string().min(1),
  target: z.enum(["server", "client"]),
  simulation: simulationShape.optional(),
});

/** A mutant of the wrong kind of failure shows something, but not what it is for. */
export function isFoundBy({ foundBy }: SimMutant, { kind, name }: Failure): boolean {
  return kind !== "simulator" && (foundBy.includes(name) || foundBy.includes(kind));
}

/**
 * Those with a `simulation:` section, in the order of their numbers; of names, by whole name or number, each.
 * @throws UsageError for a name that nobody knows or that is not simulated, DataError for a file that is wrong
 */
export async function readSimMutants(
  mutantsDirectory: string,
  wanted: readonly string[],
): Promise<readonly SimMutant[]> {
  const entries = await readdir(mutantsDirectory, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isDirectory() && SLUG.test(entry.name))
    .map(({ name }) => name);
  const all = await Promise.all(names.toSorted().map((name) => readSimMutant(mutantsDirectory, name)));
  const simulated = all.filter((mutant) => mutant !== null);
  if (wanted.length === 0) return simulated;
  const isMeant = (name: string, word: string): boolean => name === word || name.startsWith(`${word}-`);
  for (const word of wanted) {
    if (simulated.some(({ name }) => isMeant(name, word))) continue;
    const known = simulated.map(({ name }) => name).join(", ");
    const what = names.some((name) => isMeant(name, word))
      ? `mutant "${word}" has no simulation section: npx gauntlet mutant ${word}`
      : `unknown mutant "${word}"`;
    throw new UsageError(`${what}; simulated are: ${known === "" ? "none" : known}`);
  }
  return simulated.filter(({ name }) => wanted.some((word) => isMeant(name, word)));
}

async function readSimMutant(mutantsDirectory: string, name: string): Promise<SimMutant | null> {
  const directory = join(mutantsDirectory, name);
  const path = join(directory, "mutant.yaml");
  const parsed = mutantShape.safeParse(await readYaml(path));
  if (!parsed.success) throw new DataError(`${path}: ${issueText(parsed.error)}`);
  const { plants, target, simulation } = parsed.data;
  if (simulation === undefined) return null;
  if (target !== "server")
    throw new DataError(`${path}: target: the simulator runs the server, no ${target}`);
  const { focus, nodes, workload, overrides, found_by: foundBy } = simulation;
  const options = {
    workload,
    ...(focus === undefined ? {} : { focus }),
    ...(nodes === undefined ? {} : { nodes }),
  };
  return { name, directory, plants, options, overrides: overrides ?? null, foundBy };
}

async function readYaml(path: string): Promise<unknown> {
  try {
    return parseYaml(await readFile(path, "utf8"));
  } catch (error) {
    throw new DataError(`${path}: ${messageOf(error)}`, { cause: error });
  }
}
