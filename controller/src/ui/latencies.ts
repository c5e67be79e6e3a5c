/** Each class is 4 % wider than the one before, from a microsecond up: about as exact as a pixel of a chart. */
const GROWTH = Math.log(1.04);
const CLASSES = 512;

/**
 * Latencies of one step of time, in classes: small, and two can be merged exactly. For charts; the figures that are
 * judged come from an HDR histogram (checks/stats.ts).
 */
export class Latencies {
  readonly #counts = new Uint32Array(CLASSES);
  #total = 0;
  /** Milliseconds, exact. */
  max = 0;

  add(latencyMs: number): void {
    this.max = Math.max(this.max, latencyMs);
    const position = Math.min(CLASSES - 1, Math.floor(Math.log(Math.max(1, latencyMs * 1_000)) / GROWTH));
    this.#counts[position] = (this.#counts[position] ?? 0) + 1;
    this.#total += 1;
  }

  merge(other: Latencies): void {
    for (const [position, count] of other.#counts.entries())
      this.#counts[position] = (this.#counts[position] ?? 0) + count;
    this.#total += other.#total;
    this.max = Math.max(this.max, other.max);
  }

  /** Milliseconds, within 2 %; never more than the longest. */
  percentile(share: number): number | null {
    if (this.#total === 0) return null;
    let left = Math.max(1, Math.ceil(this.#total * share));
    const position = this.#counts.findIndex((count) => (left -= count) <= 0);
    const middle = Math.exp((position + 0.5) * GROWTH) / 1_000;
    return Math.min(this.max, Math.round(middle * 1_000) / 1_000);
  }
}
