import type { Counts } from "./recorder.js";

export interface StatusInput {
  readonly elapsedMs: number;
  readonly limitMs: number;
  readonly counts: Counts;
  readonly ratePerSecond: number;
  readonly leader: string | null;
  readonly faults: readonly string[];
}

/** `12.3 s of 60 s │ 198/s │ 2210 ok 12 fail 31 info │ leader n3 │ partition.isolate on n3`. */
export function statusText(input: StatusInput): string {
  const { elapsedMs, limitMs, counts, ratePerSecond, leader, faults } = input;
  return [
    `${(Math.min(elapsedMs, limitMs) / 1000).toFixed(1)} s of ${limitMs / 1000} s`,
    `${ratePerSecond.toFixed(0)}/s`,
    `${counts.ok} ok ${counts.fail} fail ${counts.info} info`,
    leader === null ? "no leader" : `leader ${leader}`,
    faults.length === 0 ? "no fault" : faults.join(", "),
  ].join(" │ ");
}

/** Completions a second over the last few seconds. */
export class RateMeter {
  readonly #samples: { readonly atMs: number; readonly total: number }[] = [];

  sample(atMs: number, total: number): number {
    this.#samples.push({ atMs, total });
    while (this.#samples.length > 2 && atMs - (this.#samples[0]?.atMs ?? atMs) > 3_000) this.#samples.shift();
    const [first] = this.#samples;
    return first === undefined || atMs <= first.atMs
      ? 0
      : ((total - first.total) / (atMs - first.atMs)) * 1_000;
  }
}
