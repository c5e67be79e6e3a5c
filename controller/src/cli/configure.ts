import { readFile } from "node:fs/promises";
import {
  checkFamilies,
  expand,
  FAMILIES,
  generateSchedule,
  parseSchedule,
  type Schedule,
  ScheduleError,
} from "@gauntlet/nemesis";
import { type Workload, WORKLOADS } from "@gauntlet/workloads";
import type { RequestedFault } from "../checks/faults.js";
import { DataError, messageOf, UsageError } from "../errors.js";
import type { RunConfig } from "../run/config.js";

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
      requested: families.map((family) => fromFamily(family, nodes)),
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

/** A family took effect when one of its variants did. */
export function fromFamily(name: string, nodes: number): RequestedFault {
  const variants = FAMILIES.find((family) => family.name === name)?.variants(nodes) ?? [];
  return {
    name,
    covers: (record) =>
      variants.some(({ fault, target }) => fault === record.fault && target === record.target),
  };
}

/** Each kind of fault of a schedule, with its target, must take effect at least once. */
export function fromSchedule(schedule: Schedule, timeLimitMs: number): readonly RequestedFault[] {
  const { faults } = expand(schedule, timeLimitMs).schedule;
  const kinds = new Map(
    faults.map(({ fault, target }) => [`${fault} on ${[target].flat().join(", ")}`, { fault, target }]),
  );
  return [...kinds].map(([name, { fault, target }]) => ({
    name,
    covers: (record) => record.fault === fault && [record.target].flat().join() === [target].flat().join(),
  }));
}
