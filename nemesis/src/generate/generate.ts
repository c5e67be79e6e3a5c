import { formatDuration } from "../duration.js";
import { ScheduleError } from "../errors.js";
import type { Capability, NodeName, ProbeResult } from "../hosts.js";
import { Random } from "../random.js";
import type { Schedule, ScheduledFault } from "../schedule/schedule.js";
import { type Applicable, applicableFamilies } from "./applicable.js";
import { checkFamilies, type Family, findFamily, type Variant } from "./families.js";

/** Times of a generated schedule. A window is followed by its recovery; both are whole tenths of a second. */
const FIRST_AT_MS = { least: 2_000, most: 3_000 } as const;
const WINDOW_MS = { least: 5_000, most: 8_000 } as const;
const RECOVERY_MS = { least: 3_000, most: 4_000 } as const;
/** Where time is short; a window then shrinks to its family's least. */
const LEAST_RECOVERY_MS = 2_000;
const GRAIN_MS = 100;

export interface GenerateOptions {
  readonly seed: number;
  /** Short names; none makes an empty schedule. */
  readonly families: readonly string[];
  readonly timeLimitMs: number;
  readonly nodes: readonly NodeName[];
  /** Machines that could join. Default 1. */
  readonly spares?: number;
  /** What is known to be missing. A family of which nothing applies is left out: applicableFamilies names it. */
  readonly capabilities?: Readonly<Partial<Record<Capability, ProbeResult>>>;
}

/** A family, and what of it applies. */
type Kind = Applicable["families"][number];

interface Slot {
  readonly kind: Kind;
  readonly windowMs: number;
  readonly recoveryMs: number;
}

/**
 * A schedule of one fault at a time, the same for the same options: every family at least once, in an order drawn
 * from the seed, with whole windows and recoveries within the time limit.
 * @throws ScheduleError for an unknown family, one that means nothing on so few nodes, or too short a time
 */
export function generateSchedule(options: GenerateOptions): Schedule {
  const { seed, timeLimitMs, nodes } = options;
  const wanted = checkFamilies(options.families);
  const spares = options.spares ?? 1;
  const useless = wanted.find((name) => findFamily(name).variants(nodes.length, spares).length === 0);
  if (useless !== undefined) {
    throw new ScheduleError(`nemesis "${useless}" needs more nodes than ${nodes.length}`);
  }
  const { capabilities = {} } = options;
  const { families } = applicableFamilies(wanted, { nodes: nodes.length, spares, capabilities });
  if (families.length === 0) return { seed, faults: [] };
  const random = new Random(seed);
  const leastMs = FIRST_AT_MS.least + sum(families.map(leastSlotMs));
  if (timeLimitMs < leastMs) {
    const names = families.map(({ family }) => family.name).join(", ");
    throw new ScheduleError(
      `a time limit of ${formatDuration(timeLimitMs)} is too short for one window each of ${names}; the least is ${formatDuration(leastMs)}`,
    );
  }
  // The first fault comes a little later where there is time to spare.
  const spareMs = timeLimitMs - leastMs;
  const firstAtMs =
    random.between(0, grains(Math.min(spareMs, FIRST_AT_MS.most - FIRST_AT_MS.least))) * GRAIN_MS +
    FIRST_AT_MS.least;
  const slots = fill(random, families, timeLimitMs - firstAtMs);
  return { seed, faults: place(random, slots, firstAtMs) };
}

function leastSlotMs({ family }: Kind): number {
  return family.minWindowMs + leastRecoveryMs(family);
}

function leastRecoveryMs({ minRecoveryMs = 0 }: Family): number {
  return Math.max(LEAST_RECOVERY_MS, minRecoveryMs);
}

/** One slot for each family, then more as long as one fits. */
function fill(random: Random, families: readonly Kind[], budgetMs: number): Slot[] {
  const slots = shrink(
    random.shuffle(families).map((kind) => draw(random, kind)),
    budgetMs,
  );
  let leftMs = budgetMs - sum(slots.map(lengthMs));
  for (;;) {
    // In rounds of all families; a family too long for the rest of the time makes room for the others.
    const round = random.shuffle(families).filter((kind) => leastSlotMs(kind) <= leftMs);
    if (round.length === 0) return slots;
    for (const kind of round) {
      if (leastSlotMs(kind) > leftMs) continue;
      const [slot] = shrink([draw(random, kind)], leftMs) as [Slot];
      slots.push(slot);
      leftMs -= lengthMs(slot);
    }
  }
}

function draw(random: Random, kind: Kind): Slot {
  const { family } = kind;
  const least = Math.max(WINDOW_MS.least, family.minWindowMs);
  const windowMs = random.between(grains(least), grains(WINDOW_MS.most)) * GRAIN_MS;
  const drawnMs = random.between(grains(RECOVERY_MS.least), grains(RECOVERY_MS.most)) * GRAIN_MS;
  return { kind, windowMs, recoveryMs: Math.max(drawnMs, leastRecoveryMs(family)) };
}

/** Takes from every slot the same share of what it can spare, until all fit. */
function shrink(slots: readonly Slot[], budgetMs: number): Slot[] {
  const drawnMs = sum(slots.map(lengthMs));
  if (drawnMs <= budgetMs) return [...slots];
  const leastMs = sum(slots.map((slot) => leastSlotMs(slot.kind)));
  const share = Math.max(0, (budgetMs - leastMs) / (drawnMs - leastMs));
  const between = (least: number, drawn: number): number =>
    grains(least + share * (drawn - least)) * GRAIN_MS;
  return slots.map(({ kind, windowMs, recoveryMs }) => ({
    kind,
    windowMs: between(kind.family.minWindowMs, windowMs),
    recoveryMs: between(leastRecoveryMs(kind.family), recoveryMs),
  }));
}

function place(random: Random, slots: readonly Slot[], firstAtMs: number): ScheduledFault[] {
  const decks = new Map<Kind, Variant[]>();
  let atMs = firstAtMs;
  return slots.map((slot) => {
    // Every variant of a family has its turn before one comes again.
    let deck = decks.get(slot.kind) ?? [];
    if (deck.length === 0) deck = random.shuffle(slot.kind.variants);
    const variant = deck.pop() as Variant;
    decks.set(slot.kind, deck);
    const { fault, target, maxWindowMs = slot.windowMs } = variant;
    const forMs = Math.min(slot.windowMs, maxWindowMs);
    const family = slot.kind.family.name;
    const scheduled = { atMs, forMs, fault, target, args: variant.args(random), family };
    atMs += lengthMs(slot);
    return scheduled;
  });
}

function lengthMs(slot: Slot): number {
  return slot.windowMs + slot.recoveryMs;
}

/** Whole grains, rounded down: a schedule never grows by rounding. */
function grains(ms: number): number {
  // A thousandth of a grain forgives what floating point loses in shrink.
  return Math.floor(ms / GRAIN_MS + 1e-3);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
