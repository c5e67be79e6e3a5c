import type { HistoryEvent } from "@gauntlet/histories";

const NS_PER_MS = 1e6;

/**
 * The longest time of the main phase in which no write was acknowledged, its begin and its end counted as if one had been. Null
 * where nothing was written at all. What only reads is no write, nor is one that changed nothing.
 */
export function longestGapMs(history: readonly HistoryEvent[], timeLimitMs: number): number | null {
  const times = history.filter(isAcknowledgedWrite).map(({ time }) => time / NS_PER_MS);
  const within = times.filter((time) => time <= timeLimitMs);
  if (within.length === 0) return null;
  const ends = [0, ...within, timeLimitMs];
  return Math.max(...ends.slice(1).map((end, index) => end - (ends[index] ?? 0)));
}

function isAcknowledgedWrite(event: HistoryEvent): boolean {
  if (event.type !== "ok" || event.process === "nemesis") return false;
  return event.f !== "read" && event["succeeded"] !== false;
}
