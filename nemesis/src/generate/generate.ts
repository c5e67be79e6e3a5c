import { formatDuration } from "../duration.js";
import { ScheduleError } from "../errors.js";
import type { NodeName } from "../hosts.js";
import { Random } from "../random.js";
import type { Schedule, ScheduledFault } from "../schedule/schedule.js";
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
}

interface Slot {
  readonly family: Family;
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
  const families = checkFamilies(options.families).map(findFamily);
  const useless = families.find((family) => family.variants(nodes.length).length === 0);
  if (useless !== undefined) {
    throw new ScheduleError(`nemesis "${useless.name}" needs more nodes than ${nodes.length}`);
  }
  if (families.length === 0) return { seed, faults: [] };
  const random = new Random(seed);
  const leastMs = FIRST_AT_MS.least + sum(families.map(leastSlotMs));
  if (timeLimitMs < leastMs) {
    const names = families.map((family) => family.name).join(", ");
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
  return { seed, faults: place(random, slots, firstAtMs, nodes.length) };
}

function leastSlotMs(family: Family): number {
  return family.minWindowMs + LEAST_RECOVERY_MS;
}

/** One slot for each family, then more as long as one fits. */
function fill(random: Random, families: readonly Family[], budgetMs: number): Slot[] {
  const slots = shrink(
    random.shuffle(families).map((family) => draw(random, family)),
    budgetMs,
  );
  let leftMs = budgetMs - sum(slots.map(lengthMs));
  for (;;) {
    // In rounds of all families; a family too long for the rest of the time makes room for the others.
    const round = random.shuffle(families).filter((family) => leastSlotMs(family) <= leftMs);
    if (round.length === 0) return slots;
    for (const family of round) {
      if (leastSlotMs(family) > leftMs) continue;
      const [slot] = shrink([draw(random, family)], leftMs) as [Slot];
      slots.push(slot);
      leftMs -= lengthMs(slot);
    }
  }
}

function draw(random: Random, family: Family): Slot {
  const least = Math.max(WINDOW_MS.least, family.minWindowMs);
  const windowMs = random.between(grains(least), grains(WINDOW_MS.most)) * GRAIN_MS;
  const recoveryMs = random.between(grains(RECOVERY_MS.least), grains(RECOVERY_MS.most)) * GRAIN_MS;
  return { family, windowMs, recoveryMs };
}

/** Takes from every slot the same share of what it can spare, until all fit. */
function shrink(slots: readonly Slot[], budgetMs: number): Slot[] {
  const drawnMs = sum(slots.map(lengthMs));
  if (drawnMs <= budgetMs) return [...slots];
  const leastMs = sum(slots.map((slot) => leastSlotMs(slot.family)));
  const share = Math.max(0, (budgetMs - leastMs) / (drawnMs - leastMs));
  const between = (least: number, drawn: number): number =>
    grains(least + share * (drawn - least)) * GRAIN_MS;
  return slots.map(({ family, windowMs, recoveryMs }) => ({
    family,
    windowMs: between(family.minWindowMs, windowMs),
    recoveryMs: between(LEAST_RECOVERY_MS, recoveryMs),
  }));
}

function place(random: Random, slots: readonly Slot[], firstAtMs: number, nodes: number): ScheduledFault[] {
  const decks = new Map<Family, Variant[]>();
  let atMs = firstAtMs;
  return slots.map((slot) => {
    // Every variant of a family has its turn before one comes again.
    let deck = decks.get(slot.family) ?? [];
    if (deck.length === 0) deck = random.shuffle(slot.family.variants(nodes));
    const variant = deck.pop() as Variant;
    decks.set(slot.family, deck);
    const { fault, target, maxWindowMs = slot.windowMs } = variant;
    const forMs = Math.min(slot.windowMs, maxWindowMs);
    const scheduled = { atMs, forMs, fault, target, args: variant.args(random) };
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
