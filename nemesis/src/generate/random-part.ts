import { assert } from "../errors.js";
import { findFault } from "../faults/catalogue.js";
import { type Fault, leastWindowMs } from "../faults/fault.js";
import type { Random } from "../random.js";
import type { Range, RandomPart } from "../schedule/phases.js";
import type { Target } from "../targets.js";
import { endMs, type ScheduledFault } from "../schedule/schedule.js";
import type { Applicable } from "./applicable.js";
import type { Family, Variant } from "./families.js";

const GRAIN_MS = 100;
const WEIGHT_GRAIN = 1_000_000;
/** Draws in vain before a beginning is put off. */
const DRAWS = 12;
const PUT_OFF_MS = 500;

interface Part {
  readonly random: Random;
  /** Since the run's beginning; every window ends within. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly families: Applicable["families"];
}

/** Faults that certainly do not fight: no two hold the same thing at once, and a cluster that is down is left alone. */
export function drawRandomPart(part: RandomPart, given: Part): readonly ScheduledFault[] {
  const { random, fromMs, toMs } = given;
  const decks = new Decks(random, part, given.families);
  const faults: Drawn[] = [];
  const lanes = Array.from(
    { length: part.atOnce },
    () => fromMs + draw(random, { ...part.gapMs, leastMs: 0 }),
  );
  for (;;) {
    const atMs = Math.min(...lanes);
    if (atMs >= toMs) return faults.map(({ scheduled }) => scheduled);
    const lane = lanes.indexOf(atMs);
    const drawn = drawFault(part, given, decks, faults, atMs);
    if (drawn !== null) faults.push(drawn);
    lanes[lane] = drawn === null ? atMs + PUT_OFF_MS : drawn.freeAtMs + draw(random, part.gapMs);
  }
}

interface Drawn {
  readonly scheduled: ScheduledFault;
  readonly kind: Fault;
  readonly isOutage: boolean;
  /** When what it holds is free again, as far as the schedule can know. */
  readonly freeAtMs: number;
}

function drawFault(
  part: RandomPart,
  { random, toMs }: Part,
  decks: Decks,
  all: readonly Drawn[],
  atMs: number,
): Drawn | null {
  const open = all.filter(({ freeAtMs }) => freeAtMs > atMs);
  for (let draws = 0; draws < DRAWS; draws++) {
    const { family, variant } = decks.next();
    const { fault, target } = variant;
    const kind = findFault(fault);
    assert(kind !== undefined, `a family names known faults: ${fault}`);
    const args = variant.args(random);
    const leastMs = Math.ceil(leastWindowMs(kind, args) / GRAIN_MS) * GRAIN_MS;
    const drawnMs = Math.max(leastMs, draw(random, part.windowMs));
    const wantedMs = kind.isEvent
      ? leastMs
      : Math.max(leastMs, Math.min(drawnMs, variant.maxWindowMs ?? drawnMs));
    // Less than was asked for shows nothing that it was asked for.
    const shortestMs = Math.min(wantedMs, Math.max(leastMs, part.windowMs.leastMs));
    const forMs = Math.max(shortestMs, Math.min(wantedMs, toMs - atMs));
    const isOutage = stopsAll(variant);
    const isFree = open.every(
      (other) => !other.isOutage && !isOutage && !wouldFight(other, { kind, target }, atMs),
    );
    if (!isFree || atMs + forMs > toMs) {
      decks.putBack(family, variant);
      continue;
    }
    const scheduled = { atMs, forMs, fault, target, args, family: family.name };
    const freeAtMs = endMs(scheduled) + (family.minRecoveryMs ?? 0);
    return { scheduled, kind, isOutage, freeAtMs };
  }
  return null;
}

/** Whether both want the same thing at `atMs`, where their nodes may be the same. */
function wouldFight(
  { kind, scheduled }: Drawn,
  next: { readonly kind: Fault; readonly target: Target },
  atMs: number,
): boolean {
  const isProved = atMs >= scheduled.atMs + leastWindowMs(kind, scheduled.args);
  // Who leads or follows has just answered: nobody holds it.
  const answers = next.target === "leader" || next.target === "follower";
  const wanted = [...next.kind.claims, ...(answers ? [] : (next.kind.proofNeeds ?? []))];
  return (
    kind.claims.some((claim) => wanted.includes(claim)) ||
    (!isProved && (kind.proofNeeds ?? []).some((need) => next.kind.claims.includes(need)))
  );
}

/** Nobody serves meanwhile, and nobody leads. */
function stopsAll({ fault, target }: Variant): boolean {
  return (target === "majority" || target === "all") && /^(process|disk)\./.test(fault);
}

/** Families by weight, and of each every variant in its turn. */
class Decks {
  readonly #random: Random;
  readonly #weighted: readonly {
    readonly weight: number;
    readonly family: Family;
    readonly variants: readonly Variant[];
  }[];
  readonly #decks = new Map<Family, Variant[]>();

  constructor(random: Random, { weights }: RandomPart, families: Applicable["families"]) {
    this.#random = random;
    this.#weighted = families.map((each) => ({ ...each, weight: weights[each.family.name] ?? 0 }));
  }

  next(): { readonly family: Family; readonly variant: Variant } {
    const total = this.#weighted.reduce((sum, { weight }) => sum + weight, 0);
    // Less than the total, whatever the rounding of the sum.
    let left = (this.#random.below(WEIGHT_GRAIN) / (WEIGHT_GRAIN + 1)) * total;
    const found = this.#weighted.find(({ weight }) => {
      left -= weight;
      return left < 0;
    });
    assert(found !== undefined, "the weights add up");
    const { family, variants } = found;
    let deck = this.#decks.get(family) ?? [];
    if (deck.length === 0) deck = this.#random.shuffle(variants);
    const variant = deck.pop() as Variant;
    this.#decks.set(family, deck);
    return { family, variant };
  }

  /** Under the others: it did not fit this time. */
  putBack(family: Family, variant: Variant): void {
    this.#decks.get(family)?.unshift(variant);
  }
}

/** Whole tenths of a second. */
function draw(random: Random, { leastMs, mostMs }: Range): number {
  const [least, most] = [Math.ceil(leastMs / GRAIN_MS), Math.floor(mostMs / GRAIN_MS)];
  return (least > most ? least : random.between(least, most)) * GRAIN_MS;
}
