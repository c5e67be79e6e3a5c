import { join } from "node:path";
import { EXIT_CODES } from "@gauntlet/histories";
import { runCampaign } from "../cli/campaign.js";
import { DEFAULT_SEED_LIMIT_MS } from "../cli/workers/sim-thread.js";
import { DataError, messageOf } from "../errors.js";
import { isFoundBy, type SimMutant } from "./mutant.js";
import { plant } from "./plant.js";

export interface HuntOptions {
  readonly repository: string;
  readonly firstSeed: number;
  readonly timeLimitMs: number;
  readonly workers: number;
  readonly onSeed?: (seeds: number, tookMs: number) => void;
}

/** What became of the search for one planted bug. */
export interface Hunt {
  readonly mutant: string;
  readonly plants: string;
  readonly outcome: "found" | "missed" | "interrupted" | "stale";
  /** The failure that found it; null unless it was found. */
  readonly found: {
    readonly kind: string;
    readonly name: string;
    readonly what: string;
    readonly seed: number;
  } | null;
  readonly seeds: number;
  readonly seconds: number;
  readonly simulatedSeconds: number;
  /** Failures that are not among those that count, by name, how often. */
  readonly others: Readonly<Record<string, number>>;
  /** Why there was no search: the patch does not apply or compile. */
  readonly problem: string | null;
}

/** Plants one bug and runs seeds, ascending, until one finds it or the time is over. The patching takes none of it. */
export async function hunt(mutant: SimMutant, options: HuntOptions, signal: AbortSignal): Promise<Hunt> {
  const about = { mutant: mutant.name, plants: mutant.plants };
  const nothing = { found: null, seeds: 0, seconds: 0, simulatedSeconds: 0, others: {} };
  try {
    const planted = await plant(options.repository, mutant.name, join(mutant.directory, "change.patch"));
    try {
      return { ...about, ...(await search(mutant, planted.thread, options, signal)), problem: null };
    } finally {
      await planted.remove();
    }
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return { ...about, ...nothing, outcome: "stale", problem: messageOf(error) };
  }
}

async function search(
  mutant: SimMutant,
  thread: URL,
  { firstSeed, timeLimitMs, workers, onSeed }: HuntOptions,
  signal: AbortSignal,
): Promise<Omit<Hunt, "mutant" | "plants" | "problem">> {
  const started = performance.now();
  const { options, overrides } = mutant;
  const campaign = await runCampaign(
    {
      firstSeed,
      seeds: null,
      timeLimitMs,
      workers,
      thread,
      seedLimitMs: DEFAULT_SEED_LIMIT_MS,
      source: (seed) => ({ from: "seed", seed, options, overrides }),
      endsIt: (failure) => isFoundBy(mutant, failure),
      onSeed: ({ seeds }) => onSeed?.(seeds, performance.now() - started),
    },
    signal,
  );
  const { failures, tally, end } = campaign;
  const first = failures.find(({ failure }) => isFoundBy(mutant, failure));
  const others: Record<string, number> = {};
  for (const { failure } of failures) {
    if (!isFoundBy(mutant, failure)) others[failure.name] = (others[failure.name] ?? 0) + 1;
  }
  return {
    outcome: first !== undefined ? "found" : end === "interrupted" ? "interrupted" : "missed",
    found:
      first === undefined
        ? null
        : { kind: first.failure.kind, name: first.failure.name, what: first.failure.what, seed: first.seed },
    seeds: tally.seeds,
    seconds: (performance.now() - started) / 1_000,
    simulatedSeconds: tally.simulatedMs / 1_000,
    others,
  };
}

/** The first that holds: 65 for a patch that is stale, 1 for a bug that was missed, 2 when it was interrupted. */
export function exitCodeOfHunts(hunts: readonly Hunt[], asked: number): number {
  const has = (outcome: Hunt["outcome"]): boolean => hunts.some((each) => each.outcome === outcome);
  if (has("stale")) return EXIT_CODES.data;
  if (has("missed")) return EXIT_CODES.invalid;
  return has("interrupted") || hunts.length < asked ? EXIT_CODES.unknown : EXIT_CODES.valid;
}
