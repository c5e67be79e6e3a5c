import { at } from "../operation.js";
import { CYCLE_CLASSES, type CycleClass, EXAMPLES } from "./anomaly.js";
import { stronglyConnected } from "./components.js";
import { DATA, type Graph, REALTIME, VIA, WR, WW } from "./graph.js";
import { doubled } from "./subgraph.js";
import { precedesInRealTime } from "./order-edges.js";
import { COMMITTED, type TransactionLog } from "./transactions.js";

/** A closed walk: nodes[i] precedes nodes[i + 1] for a reason of kinds[i]; the last precedes the first. */
export interface RealtimeCycle {
  readonly nodes: readonly number[];
  readonly kinds: readonly number[];
}

/** So many cycles of a class are looked at to find the shortest ones, within a number of edges visited. */
const CYCLES_COMPARED = 200;
const VISITS = 20_000_000;

/**
 * Cycles with edges of real-time order (T1 completed before T2 was invoked), which need not be edges of any graph:
 * of two such edges in a cycle, one leads from the earlier completion to the later invocation, so that leaving out
 * what is between leaves a shorter cycle with one of the two. Hence there is a cycle exactly where dependencies of
 * data lead from some T to one that had completed when T was invoked; and the shorter one has no rw edge that the
 * longer had not, nor two adjacent ones that were not.
 *
 * For each class in turn, worst first, the earliest completion that each transaction leads to is computed along the
 * components in linear time, with the paths that the class allows. What is found at a transaction that no worse
 * class has is of this class. `report` is called with some of the shortest; the result is at how many
 * transactions there is one. For histories with nothing to find, one pass.
 */
export function findRealtimeCycles(
  graph: Graph,
  log: TransactionLog,
  report: (cycle: RealtimeCycle) => void,
): ReadonlyMap<CycleClass, number> {
  const counts = new Map<CycleClass, number>();
  if (!candidates({ graph, mask: DATA | VIA, original: graph.nodes }, log).includes(1)) return counts;
  const worse = new Uint8Array(log.count);
  for (const cycleClass of CYCLE_CLASSES) {
    const paths = allowedPaths(graph, cycleClass);
    const found = candidates(paths, log);
    const starts: number[] = [];
    for (let t = 0; t < log.count; t++) {
      if (found[t] === 1 && worse[t] === 0) starts.push(t);
      worse[t] = (worse[t] as number) | (found[t] as number);
    }
    if (starts.length === 0) continue;
    counts.set(cycleClass, starts.length);
    for (const cycle of shortestCycles(paths, starts, log)) report(cycle);
  }
  return counts;
}

/** A graph all of whose paths are those that the class allows, besides the edge of real time. */
interface AllowedPaths {
  readonly graph: Graph;
  readonly mask: number;
  /** A node is a copy of the one whose number it has modulo this. Paths begin in the first copy. */
  readonly original: number;
}

function allowedPaths(graph: Graph, cycleClass: CycleClass): AllowedPaths {
  const original = graph.nodes;
  if (cycleClass === "G0") return { graph, mask: WW | VIA, original };
  if (cycleClass === "G1c") return { graph, mask: WW | WR | VIA, original };
  const mask = DATA | VIA;
  if (cycleClass === "G-single-item") return { graph: doubled(graph, mask, "once"), mask, original };
  if (cycleClass === "G-nonadjacent-item")
    return { graph: doubled(graph, mask, "nonadjacent"), mask, original };
  return { graph, mask, original };
}

/** By transaction: 1 if a path leads from it to one that had completed when it was invoked. */
function candidates({ graph, mask, original }: AllowedPaths, log: TransactionLog): Uint8Array {
  const { nodes, offsets, targets, kinds } = graph;
  const { of, count } = stronglyConnected(graph, mask);
  const never = 2 ** 31 - 1;
  // Tarjan numbers a component after all those that it leads to.
  const members = sortedByComponent(of, count);
  const earliest = new Int32Array(count).fill(never);
  for (let i = 0; i < nodes; i++) {
    const node = members[i] as number;
    const component = of[node] as number;
    let minimum = earliest[component] as number;
    const t = node % original;
    if (t < log.count && log.outcome[t] === COMMITTED)
      minimum = Math.min(minimum, log.completedAt[t] as number);
    for (let edge = offsets[node] as number; edge < (offsets[node + 1] as number); edge++)
      if (((kinds[edge] as number) & mask) !== 0)
        minimum = Math.min(minimum, earliest[of[targets[edge] as number] as number] as number);
    earliest[component] = minimum;
  }
  const found = new Uint8Array(log.count);
  for (let t = 0; t < log.count; t++)
    if ((earliest[of[t] as number] as number) < (log.invokedAt[t] as number)) found[t] = 1;
  return found;
}

function sortedByComponent(of: Int32Array, count: number): Int32Array {
  const next = new Int32Array(count + 1);
  for (let node = 0; node < of.length; node++) {
    const slot = (of[node] as number) + 1;
    next[slot] = (next[slot] as number) + 1;
  }
  for (let c = 0; c < count; c++) next[c + 1] = (next[c + 1] as number) + (next[c] as number);
  const sorted = new Int32Array(of.length);
  for (let node = 0; node < of.length; node++) {
    const component = of[node] as number;
    const slot = next[component] as number;
    next[component] = slot + 1;
    sorted[slot] = node;
  }
  return sorted;
}

function shortestCycles(
  paths: AllowedPaths,
  starts: readonly number[],
  log: TransactionLog,
): RealtimeCycle[] {
  const { graph, mask, original } = paths;
  const parent = new Int32Array(graph.nodes).fill(-1);
  const cycles: RealtimeCycle[] = [];
  let visits = 0;
  for (const start of starts.slice(0, CYCLES_COMPARED)) {
    if (visits > VISITS) break;
    const reached = [start];
    parent[start] = start;
    let end = -1;
    for (let i = 0; i < reached.length && end < 0; i++) {
      const node = at(reached, i);
      const t = node % original;
      if (t < log.count && precedesInRealTime(log, t, start)) end = node;
      for (let edge = graph.offsets[node] as number; edge < (graph.offsets[node + 1] as number); edge++) {
        visits++;
        const target = graph.targets[edge] as number;
        if (((graph.kinds[edge] as number) & mask) === 0 || parent[target] !== -1) continue;
        parent[target] = node;
        reached.push(target);
      }
    }
    if (end < 0) throw new Error("no cycle at a transaction that has one");
    cycles.push(cycleTo(end, start, parent, paths));
    for (const node of reached) parent[node] = -1;
  }
  return cycles.toSorted((a, b) => a.nodes.length - b.nodes.length).slice(0, EXAMPLES);
}

function cycleTo(
  end: number,
  start: number,
  parent: Int32Array,
  { graph, mask, original }: AllowedPaths,
): RealtimeCycle {
  const nodes = [end % original];
  const kinds = [REALTIME];
  for (let node = end; node !== start; node = parent[node] as number) {
    const before = parent[node] as number;
    // Through an auxiliary node, the kind is that of the edge into it.
    if (before % original >= graph.transactions) continue;
    nodes.push(before % original);
    kinds.push(strongestKind(graph, mask, before, node));
  }
  return { nodes: nodes.toReversed(), kinds: kinds.toReversed() };
}

function strongestKind({ offsets, targets, kinds }: Graph, mask: number, from: number, to: number): number {
  let best = VIA;
  for (let edge = offsets[from] as number; edge < (offsets[from + 1] as number); edge++)
    if (targets[edge] === to && ((kinds[edge] as number) & mask) !== 0)
      best = Math.min(best, kinds[edge] as number);
  return best;
}
