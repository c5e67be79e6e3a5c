import { isOfCluster } from "../effects/claims.js";
import { assert, ScheduleError } from "../errors.js";
import { findFault } from "../faults/catalogue.js";
import { type Fault, leastWindowMs } from "../faults/fault.js";
import type { NodeName } from "../hosts.js";
import { Random } from "../random.js";
import { type ScheduleFile, toScheduleFile } from "../schedule/format.js";
import { endMs, MAX_FAULTS, type ScheduledFault } from "../schedule/schedule.js";
import { didYouMean } from "../suggest.js";
import {
  isTargetWord,
  majoritySize,
  minoritySize,
  minorityThirdSize,
  staticNodes,
  type Target,
  type TargetWord,
} from "../targets.js";
import {
  SWARM_FAMILY_NAMES,
  type SwarmFamilyName,
  type SwarmVariant,
  swarmVariants,
} from "./swarm-families.js";

export interface SwarmOptions {
  readonly seed: number;
  /** All windows end within it. */
  readonly durationMs: number;
  /** How often each strikes, relative to the others; 0 or absent: never. */
  readonly families: Readonly<Partial<Record<SwarmFamilyName, number>>>;
  readonly nodes: readonly NodeName[];
  /** Machines that can join; without them nothing is added or replaced. Default 0. */
  readonly spares?: number;
  /** Faults, by name, that this world cannot do or is not to do. */
  readonly without?: readonly string[];
  /** From one beginning to the next. */
  readonly minGapMs: number;
  readonly maxGapMs: number;
  /** A fault that cannot be shown in so short a window gets the least that it needs. */
  readonly minWindowMs: number;
  readonly maxWindowMs: number;
  /** Windows that are open at the same time. */
  readonly maxConcurrent: number;
}

/** What they harm stays so. */
const HARMFUL: readonly string[] = ["disk.bitflip", "disk.truncate"];
/** Draws in vain before a beginning is passed over. */
const DRAWS = 12;
const GRAIN = 1_000_000;

/**
 * A dense schedule for simulators: several families at once, windows that overlap. Where a target is a number of
 * nodes, the nodes are drawn here, out of those that no open window holds, so that few faults are skipped; who leads is
 * found out when the fault happens. The same options make the same schedule.
 * @throws ScheduleError for unknown families and ranges that are none
 */
export function generateSwarm(options: SwarmOptions): ScheduleFile {
  const weighted = checkOptions(options);
  const random = new Random(options.seed);
  const faults: ScheduledFault[] = [];
  let atMs = random.between(options.minGapMs, options.maxGapMs);
  while (weighted.length > 0 && atMs < options.durationMs && faults.length < MAX_FAULTS) {
    const open = faults.filter((fault) => endMs(fault) > atMs);
    if (open.length >= options.maxConcurrent) {
      atMs = Math.min(...open.map(endMs));
      continue;
    }
    const fault = new Draw(options, random, atMs, open, faults).fault(weighted);
    if (fault !== null) faults.push(fault);
    atMs += Math.max(1, random.between(options.minGapMs, options.maxGapMs));
  }
  return toScheduleFile({ seed: options.seed, faults });
}

interface Weighted {
  readonly weight: number;
  readonly variants: readonly SwarmVariant[];
}

/** One fault that may begin at this moment. */
class Draw {
  readonly #options: SwarmOptions;
  readonly #random: Random;
  readonly #atMs: number;
  readonly #open: readonly ScheduledFault[];
  readonly #all: readonly ScheduledFault[];

  constructor(
    options: SwarmOptions,
    random: Random,
    atMs: number,
    open: readonly ScheduledFault[],
    all: readonly ScheduledFault[],
  ) {
    this.#options = options;
    this.#random = random;
    this.#atMs = atMs;
    this.#open = open;
    this.#all = all;
  }

  fault(families: readonly Weighted[]): ScheduledFault | null {
    for (let draw = 0; draw < DRAWS; draw++) {
      const variant = this.#random.pick(pickWeighted(this.#random, families).variants);
      const kind = findFault(variant.fault);
      assert(kind !== undefined, `a family names known faults: ${variant.fault}`);
      const args = variant.args(this.#random);
      const forMs = this.#window(kind, variant, args);
      const target = forMs === null ? null : this.#target(kind, variant.target);
      if (forMs === null || target === null) continue;
      return { atMs: this.#atMs, forMs, fault: variant.fault, target, args };
    }
    return null;
  }

  /** Null where it does not fit any more. */
  #window(kind: Fault, variant: SwarmVariant, args: ScheduledFault["args"]): number | null {
    const leftMs = this.#options.durationMs - this.#atMs;
    const { maxWindowMs } = variant;
    const leastMs = Math.max(leastWindowMs(kind, args), variant.leastWindowMs ?? 0);
    if (leastMs > leftMs) return null;
    if (kind.isEvent) return leastMs;
    const drawnMs = this.#random.between(this.#options.minWindowMs, this.#options.maxWindowMs);
    return Math.max(leastMs, Math.min(drawnMs, leftMs, maxWindowMs ?? drawnMs));
  }

  /** Null where what it would hold is held. */
  #target(kind: Fault, written: Target): Target | null {
    if (kind.claims.some(isOfCluster) && this.#open.some((fault) => this.#shares(kind, fault))) return null;
    if (typeof written !== "string" || !isTargetWord(written)) return written;
    const count = this.#count(written);
    if (count === null) return written;
    const free = this.#free(kind);
    return free.length < count || count === 0 ? null : this.#random.sample(free, count);
  }

  /** How many nodes a word means, or null where only the cluster knows which. */
  #count(word: TargetWord): number | null {
    const { length } = this.#options.nodes;
    switch (word) {
      case "one":
        return 1;
      case "minority":
        return this.#random.between(1, Math.max(1, minoritySize(length)));
      case "minority-third":
        return this.#random.between(1, Math.max(1, minorityThirdSize(length)));
      case "majority":
        return majoritySize(length);
      case "all":
        return length;
      case "leader":
      case "follower":
      case "spare":
        return null;
      default:
        return word satisfies never;
    }
  }

  #free(kind: Fault): readonly NodeName[] {
    const { nodes } = this.#options;
    const held = this.#open
      .filter((fault) => this.#shares(kind, fault))
      .flatMap((fault) => staticNodes(fault.target) ?? []);
    const free = nodes.filter((node) => !held.includes(node));
    if (!HARMFUL.includes(kind.name)) return free;
    // Over the whole run no more than can be spared, the same nodes again and again.
    const damaged = new Set(
      this.#all.flatMap(({ fault, target }) => (HARMFUL.includes(fault) ? (staticNodes(target) ?? []) : [])),
    );
    return damaged.size < minoritySize(nodes.length) ? free : free.filter((node) => damaged.has(node));
  }

  #shares(kind: Fault, { fault }: ScheduledFault): boolean {
    return findFault(fault)?.claims.some((claim) => kind.claims.includes(claim)) ?? false;
  }
}

function pickWeighted(random: Random, families: readonly Weighted[]): Weighted {
  const total = families.reduce((sum, { weight }) => sum + weight, 0);
  let left = (random.below(GRAIN) / GRAIN) * total;
  const found = families.find(({ weight }) => {
    left -= weight;
    return left < 0;
  });
  return found ?? (families.at(-1) as Weighted);
}

function checkOptions(options: SwarmOptions): readonly Weighted[] {
  const { families, nodes, spares = 0, without = [] } = options;
  for (const [low, high] of [
    ["minGapMs", "maxGapMs"],
    ["minWindowMs", "maxWindowMs"],
  ] as const) {
    const isRange = Number.isInteger(options[low]) && Number.isInteger(options[high]) && options[low] >= 0;
    if (!isRange || options[low] > options[high]) {
      throw new ScheduleError(`${options[low]} to ${options[high]} is no range of whole milliseconds`, {
        field: `${low}, ${high}`,
      });
    }
  }
  if (!Number.isInteger(options.maxConcurrent) || options.maxConcurrent < 1) {
    throw new ScheduleError(`${options.maxConcurrent} is no number of windows`, { field: "maxConcurrent" });
  }
  const weighted = Object.entries(families).map(([name, weight]) => {
    if (!(SWARM_FAMILY_NAMES as readonly string[]).includes(name)) {
      const suggestion = didYouMean(name, SWARM_FAMILY_NAMES);
      const known = SWARM_FAMILY_NAMES.join(", ");
      throw new ScheduleError(`unknown family "${name}"${suggestion}; known: ${known}`);
    }
    if (!Number.isFinite(weight) || weight < 0) throw new ScheduleError(`${weight} is no weight of ${name}`);
    const all = swarmVariants(name as SwarmFamilyName, { nodes: nodes.length, spares });
    return { weight, variants: all.filter(({ fault }) => !without.includes(fault)) };
  });
  return weighted.filter(({ weight, variants }) => weight > 0 && variants.length > 0);
}
