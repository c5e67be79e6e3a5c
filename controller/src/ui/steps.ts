import type { NodeSample } from "@gauntlet/histories";
import type { Load, NodeLane, Tail } from "@gauntlet/ui";
import { Latencies } from "./latencies.js";

/** A longer run has longer steps: the memory of a run's figures is bounded whatever its length. */
const MAX_STEPS = 1_200;
/** Samples are taken each second, more or less; a longer gap is one. */
const BRIDGED_STEPS = 3;

type LaneName = Exclude<keyof NodeLane, "node">;
type Sample = { [Name in LaneName]: NodeLane[Name][number] };
type Lane = { readonly [Name in LaneName]: Sample[Name][] };

interface Step {
  ok: number;
  fail: number;
  info: number;
  latencies: Latencies | null;
}

/** What a run did in equal steps of time: its load, and its nodes beside it. */
export class Steps {
  #stepMs = 1_000;
  #steps: Step[] = [];
  readonly #lanes = new Map<string, Lane>();
  /** Changed since the last tail was taken, from this step on. */
  #loadFrom = 0;
  #lanesFrom = 0;
  #wasResized = false;

  /** An operation that ended. */
  count(type: "ok" | "fail" | "info", atMs: number, latencyMs: number): void {
    const index = this.#indexOf(atMs);
    this.#loadFrom = Math.min(this.#loadFrom, this.#steps.length, index);
    while (this.#steps.length <= index) this.#steps.push({ ok: 0, fail: 0, info: 0, latencies: null });
    const step = this.#steps[index];
    if (step === undefined) return;
    step[type] += 1;
    if (type === "ok") (step.latencies ??= new Latencies()).add(latencyMs);
  }

  sample(sample: NodeSample): void {
    const index = this.#indexOf(sample.time / 1e6);
    const lane = this.#lane(sample.node);
    const known = lane.role.length;
    const { role, term, commitIndex, wallOffsetMs, timerRate, rssBytes } = sample;
    const at: Sample = { role, term, commitIndex, skewMs: wallOffsetMs, timerRate, rssBytes };
    const isBridged = known > 0 && index - known < BRIDGED_STEPS;
    for (const name of LANE_NAMES) {
      const column = lane[name] as Sample[LaneName][];
      const last = column.at(-1) ?? null;
      while (column.length <= index) column.push(isBridged ? last : null);
      // Within one step the last word counts, but an excursion of the clock is what a reader looks for.
      column[index] =
        name === "skewMs" && known > index ? farther(last as number | null, at.skewMs) : at[name];
    }
    this.#lanesFrom = Math.min(this.#lanesFrom, known, index);
  }

  load(from = 0): Load {
    const steps = this.#steps.slice(from);
    const percentile = (share: number): (number | null)[] =>
      steps.map(({ latencies }) => latencies?.percentile(share) ?? null);
    return {
      stepMs: this.#stepMs,
      ok: steps.map(({ ok }) => ok),
      fail: steps.map(({ fail }) => fail),
      info: steps.map(({ info }) => info),
      p50: percentile(0.5),
      p95: percentile(0.95),
      p99: percentile(0.99),
      max: steps.map(({ latencies }) => latencies?.max ?? null),
    };
  }

  nodes(from = 0): readonly NodeLane[] {
    return [...this.#lanes]
      .toSorted(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
      .map(([node, lane]) => ({ node, ...copy(lane, from) }));
  }

  /** What changed since this was called last. `resized`: everything did, the steps are other ones. */
  takeTails(): { resized: boolean; load: Tail<Load> | null; nodes: readonly Tail<NodeLane>[] | null } {
    const [loadFrom, lanesFrom, resized] = [this.#loadFrom, this.#lanesFrom, this.#wasResized];
    this.#loadFrom = this.#lanesFrom = Number.POSITIVE_INFINITY;
    this.#wasResized = false;
    return {
      resized,
      load: loadFrom === Number.POSITIVE_INFINITY ? null : { from: loadFrom, columns: this.load(loadFrom) },
      nodes:
        lanesFrom === Number.POSITIVE_INFINITY
          ? null
          : this.nodes(lanesFrom).map((columns) => ({ from: lanesFrom, columns })),
    };
  }

  #indexOf(atMs: number): number {
    while (Math.floor(atMs / this.#stepMs) >= MAX_STEPS) this.#double();
    return Math.max(0, Math.floor(atMs / this.#stepMs));
  }

  #double(): void {
    this.#stepMs *= 2;
    this.#wasResized = true;
    this.#steps = pairs(this.#steps).map(([a, b]) => (b === undefined ? a : merge(a, b)));
    for (const [node, lane] of this.#lanes) {
      const halved = emptyLane();
      for (const name of LANE_NAMES)
        for (const [a, b] of pairs(lane[name] as Sample[LaneName][]))
          (halved[name] as Sample[LaneName][]).push(
            name === "skewMs" ? farther(a as number | null, (b ?? null) as number | null) : (b ?? a),
          );
      this.#lanes.set(node, halved);
    }
  }

  #lane(node: string): Lane {
    const lane = this.#lanes.get(node) ?? emptyLane();
    this.#lanes.set(node, lane);
    return lane;
  }
}

const LANE_NAMES: readonly LaneName[] = ["role", "term", "commitIndex", "skewMs", "timerRate", "rssBytes"];

function emptyLane(): Lane {
  return { role: [], term: [], commitIndex: [], skewMs: [], timerRate: [], rssBytes: [] };
}

function copy({ role, term, commitIndex, skewMs, timerRate, rssBytes }: Lane, from: number): Lane {
  return {
    role: role.slice(from),
    term: term.slice(from),
    commitIndex: commitIndex.slice(from),
    skewMs: skewMs.slice(from),
    timerRate: timerRate.slice(from),
    rssBytes: rssBytes.slice(from),
  };
}

function merge(a: Step, b: Step): Step {
  a.ok += b.ok;
  a.fail += b.fail;
  a.info += b.info;
  if (b.latencies !== null) (a.latencies ??= new Latencies()).merge(b.latencies);
  return a;
}

function farther(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.abs(a) > Math.abs(b) ? a : b;
}

function pairs<Item>(items: readonly Item[]): [Item, Item | undefined][] {
  const found: [Item, Item | undefined][] = [];
  for (let index = 0; index < items.length; index += 2) found.push([items[index] as Item, items[index + 1]]);
  return found;
}
