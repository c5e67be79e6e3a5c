import { messageOf, ScheduleError } from "../errors.js";
import type { NodeName } from "../hosts.js";
import {
  type PhasedScheduleFile,
  type ScheduleEntry,
  type ScheduleFile,
  toScheduleFile,
} from "../schedule/format.js";
import { readSchedule, readWrittenSchedule } from "../schedule/parse.js";
import { type ResolveOptions, resolveSchedule } from "../schedule/resolve.js";
import type { Schedule, ScheduledFault } from "../schedule/schedule.js";
import { ddmin } from "./ddmin.js";
import { earlier, plainerArgs, shorter, simplerTargets } from "./simpler.js";

export interface ShrinkScheduleOptions {
  /** At most so many candidates are tried. */
  readonly budget: number;
  /** Needed for a schedule with phases, which is made a plain list first: how the run that failed made it. */
  readonly resolve?: ResolveOptions;
}

export interface ShrunkSchedule {
  /** The smallest found that still fails; the given one, without what runs made of it, when nothing smaller does. */
  readonly schedule: ScheduleFile;
  /** Candidates that were tried. */
  readonly tries: number;
  /** The budget did not end the search: nothing that this search knows can be taken away any more. */
  readonly isMinimal: boolean;
}

/**
 * The smallest schedule that this search finds to fail still: fewest faults by delta debugging (Zeller and Hildebrandt,
 * 2002), then targets named as `executed` says they were resolved, fewer nodes, shorter windows, plainer
 * arguments, and no idle time before the first fault. Again from the start until nothing can be taken away.
 *
 * Random targets depend on a fault's place in the list, so they are named first where that fails too. It tries one
 * candidate after another and none twice; the same answers lead to the same result.
 *
 * Of which family a fault was drawn is forgotten: each that is left must take effect by itself.
 *
 * @param stillFails asked of valid schedules only. What it throws ends the search.
 * @throws ScheduleError when the schedule itself is no valid one
 */
export async function shrinkSchedule(
  schedule: ScheduleFile | PhasedScheduleFile,
  stillFails: (candidate: ScheduleFile) => Promise<boolean>,
  options: ShrinkScheduleOptions,
): Promise<ShrunkSchedule> {
  const start = plain(schedule, options.resolve);
  const entries = "faults" in schedule ? schedule.faults : [];
  const search = new Search(start, stillFails, options.budget);
  await search.accepts({
    ...start,
    faults: start.faults.map((fault, at) => named(withoutFamily(fault), entries[at])),
  });
  if (start.repeat !== undefined) await search.accepts({ ...search.best, repeat: undefined });
  let before: Draft | null = null;
  while (before !== search.best && !search.isOver) {
    before = search.best;
    await ddmin(search.best.faults, (faults) => search.accepts({ ...search.best, faults }));
    for (const simplify of [simplerTargets, plainerArgs, shorter]) await search.eachFault(simplify);
    await search.firstOf(earlier(search.best.faults));
  }
  return { schedule: toFile(search.best), tries: search.tries, isMinimal: !search.isOver };
}

/** A schedule on its way: `repeat` may be taken away. */
interface Draft {
  readonly seed?: number;
  readonly faults: readonly ScheduledFault[];
  readonly repeat?: Schedule["repeat"] | undefined;
}

class Search {
  best: Draft;
  tries = 0;
  readonly #stillFails: (candidate: ScheduleFile) => Promise<boolean>;
  readonly #budget: number;
  readonly #tried = new Set<string>();

  constructor(start: Draft, stillFails: (candidate: ScheduleFile) => Promise<boolean>, budget: number) {
    this.best = start;
    this.#stillFails = stillFails;
    this.#budget = budget;
    this.#tried.add(JSON.stringify(toFile(start)));
  }

  get isOver(): boolean {
    return this.tries >= this.#budget;
  }

  /** Whether the candidate fails too: then it is the best so far. */
  async accepts(draft: Draft): Promise<boolean> {
    const file = toFile(draft);
    const text = JSON.stringify(file);
    if (this.isOver || this.#tried.has(text)) return false;
    this.#tried.add(text);
    if (typeof read(file) === "string") return false;
    this.tries += 1;
    if (!(await this.#stillFails(file))) return false;
    this.best = draft;
    return true;
  }

  /** The simplest variant of each fault that still fails, by itself. */
  async eachFault(simplify: (fault: ScheduledFault) => readonly ScheduledFault[]): Promise<void> {
    for (const at of this.best.faults.keys()) {
      while (
        await this.firstOf(
          simplify(this.best.faults[at] as ScheduledFault).map((fault) => this.best.faults.with(at, fault)),
        )
      ) {
        // What was simplified may be simplified again.
      }
    }
  }

  async firstOf(candidates: readonly (readonly ScheduledFault[])[]): Promise<boolean> {
    for (const faults of candidates) if (await this.accepts({ ...this.best, faults })) return true;
    return false;
  }
}

function plain(schedule: ScheduleFile | PhasedScheduleFile, resolve: ResolveOptions | undefined): Schedule {
  const written = readWrittenSchedule(schedule);
  if (!("phases" in written)) return written;
  if (resolve === undefined) {
    throw new ScheduleError("shrink the schedule that a run saved, which is a plain list of faults", {
      field: "phases",
    });
  }
  return resolveSchedule(written, resolve).schedule;
}

/** What is wrong with it, or the schedule. */
function read(file: ScheduleFile): Schedule | string {
  try {
    return readSchedule(file);
  } catch (error) {
    if (error instanceof ScheduleError) return messageOf(error);
    throw error;
  }
}

function toFile({ seed, faults, repeat }: Draft): ScheduleFile {
  return toScheduleFile({
    faults,
    ...(seed === undefined ? {} : { seed }),
    ...(repeat === undefined ? {} : { repeat }),
  });
}

function withoutFamily({ atMs, forMs, fault, target, args }: ScheduledFault): ScheduledFault {
  return { atMs, forMs, fault, target, args };
}

/** With the nodes that a run resolved the target to. */
function named(fault: ScheduledFault, entry: ScheduleEntry | undefined): ScheduledFault {
  const nodes = resolvedNodes(entry?.executed);
  return nodes === null ? fault : { ...fault, target: nodes };
}

function resolvedNodes(executed: unknown): readonly NodeName[] | null {
  if (typeof executed !== "object" || executed === null || !("nodes" in executed)) return null;
  const { nodes } = executed;
  const isList = Array.isArray(nodes) && nodes.length > 0 && nodes.every((node) => typeof node === "string");
  return isList ? nodes : null;
}
