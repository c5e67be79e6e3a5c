import type { CheckResult, NodeSample } from "@gauntlet/histories";

/**
 * From the first to the last quarter of the run, each by its median. Generous: a store keeps every version of what is
 * written, and garbage for a while.
 */
const BOUNDS = {
  rssBytes: {
    growth: 256 * 1024 * 1024,
    perWrite: 4096,
    told: (value: number) => `${Math.round(value / 1e6)} MB of memory`,
  },
  openFiles: { growth: 256, perWrite: 0, told: (value: number) => `${value} open files` },
} as const;

type Figure = keyof typeof BOUNDS;

/** Fewer answers of a node show no growth. */
const MIN_SAMPLES = 8;

/**
 * Liveness: a server whose memory or open files grow by more than the bounds over a run will not serve for long. Details:
 * first and last median of each node and figure. `writes`: how many were acknowledged.
 */
export function checkResources(samples: readonly NodeSample[], writes: number): CheckResult {
  const base = { name: "resources", kind: "liveness" } as const;
  const nodes = [...new Set(samples.map(({ node }) => node))];
  const growths = nodes.flatMap((node) =>
    (Object.keys(BOUNDS) as Figure[]).flatMap((figure) => {
      const values = samples.flatMap((sample) => (sample.node === node ? (sample[figure] ?? []) : []));
      if (values.length < MIN_SAMPLES) return [];
      const quarter = Math.floor(values.length / 4);
      const [first, last] = [median(values.slice(0, quarter)), median(values.slice(-quarter))];
      return [{ node, figure, first, last }];
    }),
  );
  const details = { growths };
  if (growths.length === 0)
    return { ...base, verdict: "valid", reason: "no node was seen for long enough to show growth" };
  const boundOf = (figure: Figure): number => BOUNDS[figure].growth + BOUNDS[figure].perWrite * writes;
  const grown = growths.filter(({ figure, first, last }) => last - first > boundOf(figure));
  const told = grown.map(({ node, figure, first, last }) => {
    const of = BOUNDS[figure].told;
    return `${node} grew from ${of(first)} to ${of(last)}, by more than ${of(boundOf(figure))}`;
  });
  if (told.length > 0) return { ...base, verdict: "invalid", reason: told.join("; "), details };
  const most = (figure: Figure): string => {
    const values = growths
      .filter((growth) => growth.figure === figure)
      .map(({ first, last }) => last - first);
    return values.length === 0 ? "" : BOUNDS[figure].told(Math.max(0, ...values));
  };
  const parts = [most("rssBytes"), most("openFiles")].filter((part) => part !== "");
  return { ...base, verdict: "valid", reason: `no node grew by more than ${parts.join(" and ")}`, details };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
