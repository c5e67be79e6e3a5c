import { readFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import {
  checkFamilies,
  expand,
  FAMILIES,
  type Family,
  generateSchedule,
  parseSchedule,
  Random,
  type Schedule,
  type ScheduledFault,
  ScheduleError,
} from "@gauntlet/nemesis";
import { type Workload, WORKLOADS } from "@gauntlet/workloads";
import type { RequestedFault } from "../checks/faults.js";
import { DataError, messageOf, UsageError } from "../errors.js";
import type { RunConfig } from "../run/config.js";

type Variant = ReturnType<Family["variants"]>[number];

/** What the command line, or a mutant, says of a run. */
export interface RunRequest {
  readonly test?: string;
  readonly workload: string;
  readonly nodes: number;
  readonly concurrency: number;
  readonly rate: number;
  readonly timeLimitMs: number;
  readonly opTimeoutMs: number;
  readonly seed: number;
  readonly faults:
    | { readonly from: "families"; readonly names: readonly string[] }
    | { readonly from: "text"; readonly text: string; readonly name: string };
}

/** Decides everything that can be decided before anything is started. Throws UsageError or ScheduleError. */
export function configure(request: RunRequest): RunConfig {
  const { nodes, timeLimitMs, seed, faults, rate } = request;
  const workload = findWorkload(request.workload);
  const names = Array.from({ length: nodes }, (_, index) => `n${index + 1}`);
  const base = {
    test: request.test ?? workload.name,
    workload,
    nodes,
    concurrency: request.concurrency,
    ratePerSecond: rate,
    timeLimitMs,
    opTimeoutMs: request.opTimeoutMs,
    seed,
  };
  if (faults.from === "families") {
    const families = usage("--nemesis", () => checkFamilies(faults.names));
    const schedule = usage("--nemesis", () =>
      generateSchedule({ seed, families, timeLimitMs, nodes: names }),
    );
    return {
      ...base,
      nemesis: families,
      schedule,
      requested: fromFamilies(families, schedule, timeLimitMs, nodes),
    };
  }
  const schedule = parseSchedule(faults.text, faults.name, names);
  try {
    return { ...base, nemesis: [], schedule, requested: fromSchedule(schedule, timeLimitMs) };
  } catch (error) {
    // What does not fit is known only here, where the file's name is no longer.
    if (error instanceof ScheduleError) throw new DataError(`${faults.name}: ${error.message}`);
    throw error;
  }
}

export async function readScheduleFile(path: string): Promise<RunRequest["faults"]> {
  try {
    return { from: "text", text: await readFile(path, "utf8"), name: path };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DataError(`${path}: ${code === "ENOENT" ? "no such schedule file" : messageOf(error)}`);
  }
}

export function findWorkload(name: string): Workload {
  const workload = Object.hasOwn(WORKLOADS, name) ? WORKLOADS[name] : undefined;
  if (workload === undefined) {
    throw new UsageError(
      `--workload: unknown workload "${name}"; known: ${Object.keys(WORKLOADS).join(", ")}`,
    );
  }
  return workload;
}

function usage<Value>(flag: string, decide: () => Value): Value {
  try {
    return decide();
  } catch (error) {
    if (error instanceof ScheduleError) throw new UsageError(`${flag}: ${error.message}`);
    throw error;
  }
}

/** A family took effect when one of the faults did that it brought into the schedule. */
export function fromFamilies(
  names: readonly string[],
  schedule: Schedule,
  timeLimitMs: number,
  nodes: number,
): readonly RequestedFault[] {
  const { faults } = expand(schedule, timeLimitMs).schedule;
  const able = names.map((name) => {
    const variants = FAMILIES.find((family) => family.name === name)?.variants(nodes) ?? [];
    const makes = (fault: ScheduledFault): boolean => variants.some((variant) => canMake(variant, fault));
    return { name, entries: [...faults.keys()].filter((index) => makes(faults[index] as ScheduledFault)) };
  });
  return able.map(({ name, entries }) => {
    // What two families may have made counts for the one that has nothing else.
    const own = entries.filter((index) =>
      able.every((each) => each.name === name || !each.entries.includes(index)),
    );
    return { name, entries: own.length > 0 ? own : entries };
  });
}

/** Arguments that a variant always gives are its mark; those that it draws may be any. */
function canMake(variant: Variant, scheduled: ScheduledFault): boolean {
  if (variant.fault !== scheduled.fault || variant.target !== scheduled.target) return false;
  const draws = Array.from({ length: 16 }, (_, seed) => variant.args(new Random(seed)));
  const isDrawn = draws.some((draw) => !isDeepStrictEqual(draw, draws[0]));
  return isDrawn || isDeepStrictEqual(draws[0], scheduled.args);
}

/** Each kind of fault of a schedule, with its target and arguments, must take effect at least once. */
export function fromSchedule(schedule: Schedule, timeLimitMs: number): readonly RequestedFault[] {
  const kinds = new Map<string, number[]>();
  for (const [index, { fault, target, args }] of expand(schedule, timeLimitMs).schedule.faults.entries()) {
    const told = Object.keys(args).length === 0 ? "" : ` with ${JSON.stringify(args)}`;
    const name = `${fault} on ${[target].flat().join(", ")}${told}`;
    kinds.set(name, [...(kinds.get(name) ?? []), index]);
  }
  return [...kinds].map(([name, entries]) => ({ name, entries }));
}
