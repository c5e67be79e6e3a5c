import { type FaultRecord, latencyNs } from "@gauntlet/histories";
import type { ShownOperation } from "./operations.js";

/** A fault's window, for the bands behind charts and timelines. */
export interface Band {
  readonly fault: string;
  readonly label: string;
  readonly startMs: number;
  /** The end of the run where the fault's own end is not known. */
  readonly endMs: number;
}

/** Columns as uPlot takes them: x first, then a column a series, null where it has no point. */
export type Columns = readonly (readonly (number | null)[])[];

export interface Chart {
  readonly series: readonly string[];
  readonly columns: Columns;
}

export function bandsOf(faults: readonly FaultRecord[], endMs: number): readonly Band[] {
  return faults.flatMap((fault) =>
    fault.startedAtMs === null || fault.outcome.type === "skipped"
      ? []
      : [
          {
            fault: fault.fault,
            label: `${fault.fault} ${fault.nodes.join(" ")}`,
            startMs: fault.startedAtMs,
            endMs: fault.endedAtMs ?? endMs,
          },
        ],
  );
}

/** Milliseconds from time 0 to the last event of an operation. */
export function endOfRunMs(operations: readonly ShownOperation[]): number {
  return operations.reduce((latest, { invoke, end }) => Math.max(latest, (end ?? invoke).time / 1e6), 0);
}

const BUCKET_SECONDS = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];
const BUCKETS = 150;

/**
 * Operations a second by outcome. An operation counts where it ended; one that never did, where it began. The last
 * bucket may be cut short by the end of the run, so it is divided by what there is of it.
 */
export function rateOverTime(
  operations: readonly ShownOperation[],
): Chart & { readonly bucketSeconds: number } {
  const endSeconds = endOfRunMs(operations) / 1000;
  const width = BUCKET_SECONDS.find((seconds) => endSeconds / seconds <= BUCKETS) ?? endSeconds / BUCKETS;
  const count = Math.max(1, Math.ceil(endSeconds / width));
  const outcomes = ["ok", "fail", "info"] as const;
  const counts = outcomes.map(() => Array.from({ length: count }, () => 0));
  for (const { invoke, end, outcome } of operations) {
    const bucket = Math.min(count - 1, Math.floor((end ?? invoke).time / 1e9 / width));
    const column = counts[outcomes.indexOf(outcome)];
    if (column !== undefined) {
      column[bucket] = (column[bucket] ?? 0) + 1;
    }
  }
  const starts = Array.from({ length: count }, (_, bucket) => bucket * width);
  const perSecond = counts.map((column) =>
    column.map((value, bucket) => {
      const seconds = Math.min(width, endSeconds - bucket * width);
      return seconds < width / 4 && bucket > 0 ? null : value / Math.max(seconds, 1e-3);
    }),
  );
  return { series: outcomes, columns: [starts, ...perSecond], bucketSeconds: width };
}

const LATENCY_POINTS = 6000;

/**
 * One point an ended operation: seconds, and milliseconds of latency, from when it was due. Where there are too many, the slowest
 * of each moment stay, so a thinned chart never hides a slow operation that a full one would show.
 */
export function latencyOverTime(
  operations: readonly ShownOperation[],
): Chart & { readonly shown: number; readonly total: number } {
  const ended = operations.flatMap(({ f, invoke, end, outcome }) =>
    end === null
      ? []
      : [{ at: end.time / 1e9, ms: latencyNs(invoke, end) / 1e6, series: outcome === "ok" ? f : outcome }],
  );
  const points = thin(ended).toSorted((a, b) => a.at - b.at);
  const functions = [...new Set(operations.map(({ f }) => f))].toSorted();
  const series = [...functions, "fail", "info"];
  const columns = series.map((name) =>
    points.map((point) => (point.series === name ? round(point.ms) : null)),
  );
  return {
    series,
    columns: [points.map(({ at }) => round(at)), ...columns],
    shown: points.length,
    total: ended.length,
  };
}

function thin<Point extends { readonly at: number; readonly ms: number }>(
  points: readonly Point[],
): readonly Point[] {
  if (points.length <= LATENCY_POINTS) {
    return points;
  }
  const end = points.reduce((latest, { at }) => Math.max(latest, at), 1e-3);
  const moments = 600;
  const byMoment = Array.from({ length: moments }, (): Point[] => []);
  for (const point of points) {
    byMoment[Math.min(moments - 1, Math.floor((point.at / end) * moments))]?.push(point);
  }
  return byMoment.flatMap((moment) =>
    moment.toSorted((a, b) => b.ms - a.ms).slice(0, Math.floor(LATENCY_POINTS / moments)),
  );
}

/** Microseconds are enough for a picture. Zero has no place on a logarithmic scale. */
function round(value: number): number {
  return Math.max(0.001, Math.round(value * 1000) / 1000);
}
