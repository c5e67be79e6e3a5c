import { readFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { DockerError, findSystem, type System } from "@gauntlet/docker";
import {
  checkFamilies,
  expand,
  FAMILIES,
  FAULTS,
  type Family,
  formatSchedule,
  generateSchedule,
  parseSchedule,
  type ProbeResult,
  Random,
  resolveSchedule,
  type Schedule,
  type ScheduledFault,
  ScheduleError,
} from "@gauntlet/nemesis";
import { type Workload, WORKLOADS } from "@gauntlet/workloads";
import type { RequestedFault } from "../checks/faults.js";
import { DataError, messageOf, UsageError } from "../errors.js";
import type { RunConfig } from "../run/config.js";
import type { Arrival } from "../run/pacer.js";

/** What open arrivals may hire, by default. */
const PLACES_A_WORKER = 10;

type Variant = ReturnType<Family["variants"]>[number];

/** What the command line, or a mutant, says of a run. */
export interface RunRequest {
  readonly test?: string;
  /** Default: gauntlet. */
  readonly system?: string;
  /** Systems that get the same faults: what one of them can never feel is drawn for none. */
  readonly alongside?: readonly System[];
  readonly workload: string;
  readonly nodes: number;
  readonly concurrency: number;
  readonly rate: number;
  /** Paced if absent. */
  readonly arrival?: Arrival;
  /** With open arrivals; ten times the concurrency if absent. */
  readonly maxProcesses?: number;
  readonly keySkew?: number;
  readonly timeLimitMs: number;
  readonly opTimeoutMs: number;
  readonly seed: number;
  readonly faults:
    | { readonly from: "families"; readonly names: readonly string[] }
    | { readonly from: "text"; readonly text: string; readonly name: string };
}

/** Decides everything that can be decided before anything is started. Throws UsageError or ScheduleError. */
export function configure(request: RunRequest): RunConfig {
  const { nodes, timeLimitMs, seed, faults, rate, alongside = [] } = request;
  const workload = findWorkload(request.workload);
  const system = usage("--system", () => findSystem(request.system ?? "gauntlet"));
  const names = nodeNames(nodes);
  const base = {
    test: request.test ?? workload.name,
    system: system.name,
    workload,
    nodes,
    concurrency: request.concurrency,
    ratePerSecond: rate,
    arrival: request.arrival ?? "paced",
    maxProcesses: placesFor(request),
    keySkew: request.keySkew ?? 0,
    timeLimitMs,
    opTimeoutMs: request.opTimeoutMs,
    seed,
  };
  if (faults.from === "families") {
    const families = usage("--nemesis", () => checkFamilies(faults.names));
    const able = families.filter((family) => whyNever(family, nodes, system) === null);
    const schedule = usage("--nemesis", () =>
      generateSchedule({
        seed,
        families: able,
        timeLimitMs,
        nodes: names,
        capabilities: missingOf([system, ...alongside]),
      }),
    );
    const requested = fromFamilies(families, schedule, timeLimitMs, nodes, system);
    refuseImpossible("--nemesis", requested, system);
    return { ...base, nemesis: families, schedule, requested };
  }
  const written = parseSchedule(faults.text, faults.name, names);
  try {
    const { schedule, leftOut } = resolveSchedule(written, {
      seed,
      timeLimitMs,
      nodes: names,
      capabilities: missingOf([system]),
    });
    const requested = [
      ...fromSchedule(schedule, timeLimitMs, system),
      ...leftOut.map(({ name, reason }) => ({ name, entries: [], never: reason })),
    ];
    refuseImpossible(`--schedule ${faults.name}`, requested, system);
    return { ...base, nemesis: [], schedule, requested };
  } catch (error) {
    // What does not fit is known only here, where the file's name is no longer.
    if (error instanceof ScheduleError) throw new DataError(`${faults.name}: ${error.message}`);
    throw error;
  }
}

/** n1, n2, … */
export function nodeNames(nodes: number): readonly string[] {
  return Array.from({ length: nodes }, (_, index) => `n${index + 1}`);
}

/** Open arrivals hire when everybody is busy; a paced load has nobody but its workers. */
function placesFor({ arrival = "paced", concurrency, maxProcesses }: RunRequest): number {
  if (arrival === "paced") {
    if (maxProcesses !== undefined) throw new UsageError("--max-processes: only with --arrival open");
    return concurrency;
  }
  if (maxProcesses !== undefined && maxProcesses < concurrency) {
    throw new UsageError(`--max-processes: ${maxProcesses} is less than the concurrency of ${concurrency}`);
  }
  return maxProcesses ?? PLACES_A_WORKER * concurrency;
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
    const isTheirs = error instanceof ScheduleError || error instanceof DockerError;
    if (isTheirs) throw new UsageError(`${flag}: ${error.message}`);
    throw error;
  }
}

/** A fault, or a family of them, that nothing can do to a system. */
export interface LeftOut {
  readonly name: string;
  readonly reason: string;
}

/** The faults asked for without those that one of the systems can never feel. Throws UsageError where none is left. */
export function leftOutOf(
  request: RunRequest,
  systems: readonly System[],
): { readonly faults: RunRequest["faults"]; readonly leftOut: readonly LeftOut[] } {
  const { faults, nodes } = request;
  const reasonOf = (why: (system: System) => string | null | undefined): string | null =>
    systems.map(why).find((reason) => typeof reason === "string") ?? null;
  const kept: string[] = [];
  const leftOut: LeftOut[] = [];
  const sort = (name: string, reason: string | null): boolean => {
    if (reason === null) kept.push(name);
    else if (!leftOut.some((each) => each.name === name)) leftOut.push({ name, reason });
    return reason === null;
  };
  if (faults.from === "families") {
    for (const name of usage("--nemesis", () => checkFamilies(faults.names))) {
      sort(
        name,
        reasonOf((system) => whyNever(name, nodes, system)),
      );
    }
    refuseNothing("--nemesis", kept, leftOut);
    return { faults: { from: "families", names: kept }, leftOut };
  }
  const names = nodeNames(nodes);
  const { seed, timeLimitMs } = request;
  const written = parseSchedule(faults.text, faults.name, names);
  const world = { seed, timeLimitMs, nodes: names, capabilities: missingOf(systems) };
  const { schedule, leftOut: families } = resolveSchedule(written, world);
  leftOut.push(...families);
  const left = schedule.faults.filter(({ fault }) =>
    sort(
      fault,
      reasonOf((system) => lackOf(fault, system)),
    ),
  );
  refuseNothing(`--schedule ${faults.name}`, kept, leftOut);
  const text = formatSchedule({ ...schedule, faults: left }, "json");
  return { faults: { ...faults, text }, leftOut };
}

function refuseNothing(flag: string, kept: readonly string[], leftOut: readonly LeftOut[]): void {
  if (kept.length > 0 || leftOut.length === 0) return;
  const told = leftOut.map(({ name, reason }) => `${name} (${reason})`).join(", ");
  throw new UsageError(`${flag}: nothing of it can act on every system: ${told}`);
}

/** A run in which nothing that was asked for could ever act would say nothing. */
function refuseImpossible(
  what: string,
  requested: readonly RequestedFault[],
  { name }: Pick<System, "name">,
): void {
  if (requested.length === 0 || requested.some(({ never }) => never === undefined)) return;
  const told = requested.map((fault) => `${fault.name} (${fault.never ?? ""})`).join(", ");
  throw new UsageError(`${what}: nothing of it can act on ${name}: ${told}`);
}

/** Why no machine can do this fault to the system; undefined where one may. */
function lackOf(fault: string, { lacks }: Pick<System, "lacks">): string | undefined {
  const needs = FAULTS.find(({ name }) => name === fault)?.needs ?? [];
  return needs.map((need) => lacks[need]).find((reason) => reason !== undefined);
}

/** What none of these systems can be asked, as a probe says it. */
function missingOf(systems: readonly Pick<System, "lacks">[]): Readonly<Record<string, ProbeResult>> {
  const lacks = systems.flatMap((system) => Object.entries(system.lacks));
  return Object.fromEntries(
    lacks.map(([need, reason]) => [need, { available: false, reason: reason ?? "" }] as const),
  );
}

/** Why nothing of a family can act on the system; null where something can. */
function whyNever(family: string, nodes: number, system: Pick<System, "lacks">): string | null {
  const variants = FAMILIES.find(({ name }) => name === family)?.variants(nodes) ?? [];
  const reasons = variants.map(({ fault }) => lackOf(fault, system));
  return reasons.length > 0 && reasons.every((reason) => reason !== undefined) ? (reasons[0] ?? null) : null;
}

/** A family took effect when one of the faults did that it brought into the schedule. */
export function fromFamilies(
  names: readonly string[],
  schedule: Schedule,
  timeLimitMs: number,
  nodes: number,
  system: Pick<System, "lacks">,
): readonly RequestedFault[] {
  const { faults } = expand(schedule, timeLimitMs).schedule;
  const able = names.map((name) => {
    const variants = FAMILIES.find((family) => family.name === name)?.variants(nodes) ?? [];
    const makes = ({ family, ...fault }: ScheduledFault): boolean =>
      family === undefined ? variants.some((variant) => canMake(variant, fault)) : family === name;
    return { name, entries: [...faults.keys()].filter((index) => makes(faults[index] as ScheduledFault)) };
  });
  return able.map(({ name, entries }) => {
    // What two families may have made counts for the one that has nothing else.
    const own = entries.filter((index) =>
      able.every((each) => each.name === name || !each.entries.includes(index)),
    );
    const never = whyNever(name, nodes, system);
    return { name, entries: own.length > 0 ? own : entries, ...(never !== null && { never }) };
  });
}

/** Arguments that a variant always gives are its mark; those that it draws may be any. */
function canMake(variant: Variant, scheduled: ScheduledFault): boolean {
  if (variant.fault !== scheduled.fault || variant.target !== scheduled.target) return false;
  const draws = Array.from({ length: 16 }, (_, seed) => variant.args(new Random(seed)));
  const isDrawn = draws.some((draw) => !isDeepStrictEqual(draw, draws[0]));
  return isDrawn || isDeepStrictEqual(draws[0], scheduled.args);
}

/**
 * Each kind of fault of a schedule, with its target and arguments, must take effect at least once; of those that were
 * drawn for a family, one.
 */
export function fromSchedule(
  schedule: Schedule,
  timeLimitMs: number,
  system: Pick<System, "lacks">,
): readonly RequestedFault[] {
  const kinds = new Map<string, { readonly entries: number[]; readonly never: string | undefined }>();
  const { faults } = expand(schedule, timeLimitMs).schedule;
  for (const [index, { fault, target, args, family }] of faults.entries()) {
    const told = Object.keys(args).length === 0 ? "" : ` with ${JSON.stringify(args)}`;
    const name = family ?? `${fault} on ${[target].flat().join(", ")}${told}`;
    const kind = kinds.get(name) ?? { entries: [], never: lackOf(fault, system) };
    kind.entries.push(index);
    kinds.set(name, kind);
  }
  return [...kinds].map(([name, { entries, never }]) => ({
    name,
    entries,
    ...(never !== undefined && { never }),
  }));
}
