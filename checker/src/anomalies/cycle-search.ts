import { at } from "../operation.js";
import { CYCLE_CLASSES, type CycleClass, type CycleType, EXAMPLES } from "./anomaly.js";
import { nontrivial, stronglyConnected } from "./components.js";
import type { CycleOrder } from "./consistency-models.js";
import { DATA, type Graph, PROCESS, REALTIME, RW, VIA, WR, WW } from "./graph.js";
import { PathSearch, type PathRules } from "./path-search.js";
import { findRealtimeCycles } from "./realtime-search.js";
import { doubled, subgraph, type LocalGraph } from "./subgraph.js";
import type { TransactionLog } from "./transactions.js";

/** A cycle: transactions[i] precedes transactions[i + 1] for a reason of kinds[i]; the last precedes the first. */
export interface FoundCycle {
  readonly type: CycleType;
  readonly transactions: readonly number[];
  readonly kinds: readonly number[];
}

export interface CycleFindings {
  /** At most EXAMPLES of each type. */
  readonly cycles: readonly FoundCycle[];
  /** In how many components a type was found; of those of real time, at how many transactions. */
  readonly counts: ReadonlyMap<CycleType, number>;
  readonly components: number;
  /** Transactions in the largest component. */
  readonly largest: number;
  /**
   * Whether every class was looked for everywhere. False: components were too large for that, and some class
   * may have been missed where one that is as bad for all models was found.
   */
  readonly exhaustive: boolean;
}

/** Edge visits of one class in one component: so many for each of its edges, within these bounds. */
const VISITS_PER_EDGE = 64;
const VISITS_MIN = 1_000_000;
const VISITS_MAX = 40_000_000;

const ORDERS: Readonly<Record<CycleOrder, readonly number[]>> = {
  none: [0],
  process: [0, PROCESS],
  // That of real time needs no edges: realtime-search.ts.
  realtime: [0, PROCESS],
};

/**
 * Finds cycles of each class (Adya 1999; Cerone and Gotsman 2016 for those without adjacent anti-dependencies) in
 * each strongly connected component, the shortest first as far as the work allowed goes.
 *
 * Whether there is any cycle that a model forbids is decided in linear time, by components alone:
 * of ww edges; of ww and wr; of a graph in which no two rw follow one another (`doubled`); of all. For each of
 * these that is not acyclic one search is made to its end. Only telling more classes apart is
 * limited, by a count of edges visited and so in the same way on every machine.
 */
export function findCycles(graph: Graph, order: CycleOrder, log: TransactionLog): CycleFindings {
  const orders = ORDERS[order];
  const widest = orders.reduce((mask, kind) => mask | kind, DATA | VIA);
  const components = nontrivial(stronglyConnected(graph, widest));
  const findings = new Findings();
  let largest = 0;
  for (const nodes of components) {
    const local = subgraph(graph, nodes);
    largest = Math.max(largest, nodes.filter((node) => node < graph.transactions).length);
    const search = new ComponentSearch(local, findings);
    for (const kind of orders) search.run(kind);
    findings.endComponent();
  }
  if (order === "realtime" && log.invocations) {
    const counts = findRealtimeCycles(graph, log, ({ nodes, kinds }) => {
      for (const cycle of simpleCycles(nodes, kinds))
        findings.addRealtime(
          rotated({ type: classify(cycle.kinds), transactions: cycle.nodes, kinds: cycle.kinds }),
        );
    });
    findings.countRealtime(counts);
  }
  return {
    cycles: findings.cycles(),
    counts: findings.counts,
    components: components.length,
    largest,
    exhaustive: findings.exhaustive,
  };
}

class Findings {
  exhaustive = true;
  readonly counts = new Map<CycleType, number>();
  /** In the present component: the shortest cycle of each type. */
  readonly #shortest = new Map<CycleType, FoundCycle>();
  readonly #examples = new Map<CycleType, FoundCycle[]>();

  has(type: CycleType): boolean {
    return this.#shortest.has(type);
  }

  length(type: CycleType): number {
    return this.#shortest.get(type)?.transactions.length ?? Number.POSITIVE_INFINITY;
  }

  /** Whether any cycle without two adjacent rw edges, or any at all, was found in this component. */
  any(classes: readonly CycleClass[]): boolean {
    return [...this.#shortest.keys()].some((type) =>
      classes.some((c) => type === c || type.startsWith(`${c}-p`) || type.startsWith(`${c}-r`)),
    );
  }

  add(cycle: FoundCycle): void {
    if (cycle.transactions.length < this.length(cycle.type)) this.#shortest.set(cycle.type, cycle);
  }

  endComponent(): void {
    for (const [type, cycle] of this.#shortest) {
      this.counts.set(type, (this.counts.get(type) ?? 0) + 1);
      const examples = this.#examples.get(type);
      if (examples === undefined) this.#examples.set(type, [cycle]);
      else if (examples.length < EXAMPLES) examples.push(cycle);
    }
    this.#shortest.clear();
  }

  /** A cycle through real time is news only if there is none of its class without. */
  addRealtime(cycle: FoundCycle): void {
    const plainer = cycle.type.replace("-realtime", "") as CycleClass;
    if (plainer === cycle.type || this.counts.has(plainer) || this.counts.has(`${plainer}-process`)) return;
    const examples = this.#examples.get(cycle.type) ?? [];
    if (examples.length < EXAMPLES) this.#examples.set(cycle.type, [...examples, cycle]);
  }

  countRealtime(counts: ReadonlyMap<CycleClass, number>): void {
    for (const [type, examples] of this.#examples) {
      if (!type.endsWith("-realtime")) continue;
      const count = counts.get(type.replace("-realtime", "") as CycleClass) ?? 0;
      this.counts.set(type, Math.max(count, examples.length));
    }
  }

  cycles(): FoundCycle[] {
    const all = [...this.#examples.values()].flat();
    const rank = ({ type }: FoundCycle): number => typeRank(type);
    return all.toSorted((a, b) => rank(a) - rank(b) || a.transactions.length - b.transactions.length);
  }
}

/** Worst first: all classes of data alone, then those of processes, then of real time. */
export function typeRank(type: CycleType): number {
  const base = CYCLE_CLASSES.findIndex(
    (c) => type === c || type === `${c}-process` || type === `${c}-realtime`,
  );
  const order = type.endsWith("-realtime") ? 2 : type.endsWith("-process") ? 1 : 0;
  return order * CYCLE_CLASSES.length + base;
}

const NONADJACENT: readonly CycleClass[] = ["G0", "G1c", "G-single-item", "G-nonadjacent-item"];

interface ClassRules {
  readonly cycleClass: CycleClass;
  readonly anchor: number;
  readonly rest: number;
  readonly adjacency: PathRules["adjacency"];
}

const CLASSES: readonly ClassRules[] = [
  { cycleClass: "G0", anchor: WW, rest: WW, adjacency: "free" },
  { cycleClass: "G1c", anchor: WR, rest: WW | WR, adjacency: "free" },
  { cycleClass: "G-single-item", anchor: RW, rest: WW | WR, adjacency: "free" },
  { cycleClass: "G-nonadjacent-item", anchor: RW, rest: DATA, adjacency: "several-nonadjacent" },
  { cycleClass: "G2-item", anchor: RW, rest: DATA, adjacency: "adjacent" },
];

/** Whether a cycle of the kind looked for goes through an edge from one node to another. */
type Within = (from: number, to: number) => boolean;

/** All searches within one component. */
class ComponentSearch {
  readonly #local: LocalGraph;
  readonly #findings: Findings;
  readonly #paths: PathSearch;

  constructor(local: LocalGraph, findings: Findings) {
    this.#local = local;
    this.#findings = findings;
    this.#paths = new PathSearch(local);
  }

  /** Cycles of data dependencies and edges of `order` (0: of data alone), with at least one of the latter. */
  run(order: number): void {
    const componentOf = new Map<number, Int32Array>();
    const components = (mask: number): Int32Array => {
      let of = componentOf.get(mask);
      if (of === undefined) componentOf.set(mask, (of = stronglyConnected(this.#local, mask).of));
      return of;
    };
    const layers = this.#layers(order);
    const within = (mask: number): Within => sameComponent(components(mask | order | VIA));
    for (const rules of CLASSES) {
      if (this.#foundAtPlainerOrder(rules.cycleClass, order)) continue;
      const nonadjacent = rules.cycleClass === "G-single-item" || rules.cycleClass === "G-nonadjacent-item";
      const where = nonadjacent ? layers : within(rules.anchor | rules.rest);
      this.#search(rules, order, this.#anchors(rules.anchor, where));
    }
    this.#ensure(["G0"], WW, { mask: WW | order, adjacency: "free", required: 0 }, within(WW));
    this.#ensure(
      ["G0", "G1c"],
      WR,
      { mask: WW | WR | order, adjacency: "free", required: 0 },
      within(WW | WR),
    );
    this.#ensure(NONADJACENT, RW, { mask: DATA | order, adjacency: "nonadjacent", required: 0 }, layers);
    this.#ensure(CYCLE_CLASSES, RW, { mask: DATA | order, adjacency: "free", required: 0 }, within(DATA));
  }

  /**
   * Should the limit of work have kept all of these classes from being found where there certainly is a cycle of one of
   * them, finds it: in the component, any edge leads back to where it begins.
   */
  #ensure(classes: readonly CycleClass[], kind: number, rules: PathRules, within: Within): void {
    if (this.#findings.any(classes)) return;
    const anchor = this.#anchors(kind, within)[0];
    if (anchor === undefined) return;
    this.#report(this.#paths.cycleThrough(anchor, rules, Number.POSITIVE_INFINITY), rules.mask);
    if (!this.#findings.any(classes))
      throw new Error(`no cycle of ${classes.join()} in a component that has one`);
  }

  /** Where a cycle without adjacent rw edges goes through an rw edge: exactly where both ends share a component. */
  #layers(order: number): Within {
    const { of } = stronglyConnected(doubled(this.#local, DATA | order | VIA, "nonadjacent"), -1);
    const nodes = this.#local.nodes;
    return (from, to) => of[from] === of[nodes + to];
  }

  #foundAtPlainerOrder(cycleClass: CycleClass, order: number): boolean {
    return order !== 0 && this.#findings.has(cycleClass);
  }

  /** Edges of this kind that a cycle goes through. */
  #anchors(kind: number, within: Within): number[] {
    const { nodes, offsets, targets, kinds } = this.#local;
    const anchors: number[] = [];
    for (let from = 0; from < nodes; from++) {
      for (let edge = offsets[from] as number; edge < (offsets[from + 1] as number); edge++)
        if (kinds[edge] === kind && within(from, targets[edge] as number)) anchors.push(edge);
    }
    return anchors;
  }

  /** Short cycles first: a little from every anchor, then more, until the work allowed is done. */
  #search(rules: ClassRules, order: number, anchors: readonly number[]): void {
    if (anchors.length === 0) return;
    const type = typeOf(rules.cycleClass, order);
    const path: PathRules = { mask: rules.rest | order, adjacency: rules.adjacency, required: order };
    const edges = this.#local.targets.length;
    const limit = Math.min(Math.max(edges * VISITS_PER_EDGE, VISITS_MIN), VISITS_MAX);
    const end = this.#paths.visits + limit;
    for (const depth of [2, 4, 8, Number.POSITIVE_INFINITY]) {
      for (const anchor of anchors) {
        const shortest = this.#findings.length(type);
        if (shortest <= Math.min(depth, 2)) return;
        this.#report(this.#paths.cycleThrough(anchor, path, Math.min(depth, shortest - 1)), path.mask);
        if (this.#paths.visits <= end) continue;
        this.#findings.exhaustive &&= this.#findings.has(type);
        return;
      }
      if (this.#findings.length(type) <= depth) return;
    }
  }

  #report(walk: Walk | undefined, mask: number): void {
    if (walk === undefined) return;
    const kinds = walk.nodes.map((node, i) =>
      this.#strongest(node, at(walk.nodes, (i + 1) % walk.nodes.length), at(walk.kinds, i), mask),
    );
    for (const cycle of simpleCycles(walk.nodes, kinds)) {
      const transactions = cycle.nodes.map((node) => this.#local.original[node] as number);
      this.#findings.add(rotated({ type: classify(cycle.kinds), transactions, kinds: cycle.kinds }));
    }
  }

  /**
   * The best reason, of those looked for, why one transaction precedes another: ww before wr, rw, process, real time.
   * But an order is not turned into an rw edge, which could make two of them adjacent.
   */
  #strongest(from: number, to: number, found: number, mask: number): number {
    const { offsets, targets, kinds } = this.#local;
    const better = (mask | PROCESS) & ~RW;
    let best = found;
    for (let edge = offsets[from] as number; edge < (offsets[from + 1] as number); edge++)
      if (targets[edge] === to && ((kinds[edge] as number) & better) !== 0)
        best = Math.min(best, kinds[edge] as number);
    return best;
  }
}

function sameComponent(of: Int32Array): Within {
  return (from, to) => of[from] === of[to];
}

interface Walk {
  readonly nodes: readonly number[];
  readonly kinds: readonly number[];
}

/**
 * A closed walk taken apart into cycles that meet each node once. Where a walk without adjacent rw edges is
 * cut in two at a node, at most one of the parts has two of them adjacent there, so that always one
 * of the cycles is without.
 */
function simpleCycles(nodes: readonly number[], kinds: readonly number[]): Walk[] {
  const cycles: Walk[] = [];
  const [path, reasons]: [number[], number[]] = [[], []];
  const position = new Map<number, number>();
  nodes.forEach((node, i) => {
    const met = position.get(node);
    if (met !== undefined) {
      const cycle = path.splice(met);
      for (const left of cycle) position.delete(left);
      cycles.push({ nodes: cycle, kinds: reasons.splice(met) });
    }
    position.set(node, path.length);
    path.push(node);
    reasons.push(at(kinds, i));
  });
  cycles.push({ nodes: path, kinds: reasons });
  return cycles;
}

/** Its class by the edges that it has, as Elle names it. */
export function classify(kinds: readonly number[]): CycleType {
  const count = (kind: number): number => kinds.filter((k) => k === kind).length;
  const order = count(REALTIME) > 0 ? REALTIME : count(PROCESS) > 0 ? PROCESS : 0;
  if (count(RW) === 1) return typeOf("G-single-item", order);
  if (count(RW) > 1) {
    const adjacent = kinds.some((kind, i) => kind === RW && kinds[(i + 1) % kinds.length] === RW);
    return typeOf(adjacent ? "G2-item" : "G-nonadjacent-item", order);
  }
  if (count(WR) > 0) return typeOf("G1c", order);
  if (count(WW) > 0) return typeOf("G0", order);
  throw new Error("a cycle without any dependency of data: the orders contradict one another");
}

function typeOf(cycleClass: CycleClass, order: number): CycleType {
  return order === 0 ? cycleClass : order === PROCESS ? `${cycleClass}-process` : `${cycleClass}-realtime`;
}

/** Begins with the first transaction. */
function rotated({ type, transactions, kinds }: FoundCycle): FoundCycle {
  const first = transactions.indexOf(transactions.reduce((a, b) => Math.min(a, b)));
  return {
    type,
    transactions: [...transactions.slice(first), ...transactions.slice(0, first)],
    kinds: [...kinds.slice(first), ...kinds.slice(0, first)],
  };
}
