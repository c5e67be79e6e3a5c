import { PROCESS, RW, VIA } from "./graph.js";
import type { LocalGraph } from "./subgraph.js";

/** What a path must keep to. */
export interface PathRules {
  /** Kinds of edges that it may take (after the first one, which is given). */
  readonly mask: number;
  /**
   * - free: any edges.
   * - nonadjacent: no two rw edges in a row, all around the cycle.
   * - several-nonadjacent: the same, and at least one rw edge after the first.
   * - adjacent: two rw edges in a row somewhere around the cycle.
   */
  readonly adjacency: "free" | "nonadjacent" | "several-nonadjacent" | "adjacent";
  /** PROCESS: at least one edge of this kind; 0: none is required. */
  readonly required: number;
}

/** Bits of what is to be known of the path so far. */
const LAST_RW = 1;
const GOAL = 2;
const HAS_ORDER = 4;
const PHASES = 8;
const BLOCKED = -1;

/**
 * Breadth first from the end of an edge back to its beginning, over pairs of a node and what is known of the
 * path (at most 8 values), so that the closed walk found is a shortest one that keeps to the rules. Edges out
 * of auxiliary nodes cost nothing. Tables are made once for a component and cleaned after each search.
 */
export class PathSearch {
  readonly #graph: LocalGraph;
  /** By node and phase: the state before, plus 1; 0: not reached. And the kind of the edge from there. */
  readonly #parent: Int32Array;
  readonly #kind: Uint8Array;
  /** Reached with the present number of edges, with one more; and auxiliary nodes, each about to be next. */
  #present: number[] = [];
  #next: number[] = [];
  readonly #auxiliary: number[] = [];
  readonly #touched: number[] = [];
  /** Edges visited in all searches so far. */
  visits = 0;

  constructor(graph: LocalGraph) {
    this.#graph = graph;
    this.#parent = new Int32Array(graph.nodes * PHASES);
    this.#kind = new Uint8Array(graph.nodes * PHASES);
  }

  /**
   * A shortest closed walk that begins with this edge; undefined: none of at most `maxLength` edges. Nodes are
   * transactions; kinds[i] leads from nodes[i] to the next.
   */
  cycleThrough(
    anchor: number,
    rules: PathRules,
    maxLength: number,
  ): { nodes: number[]; kinds: number[] } | undefined {
    const { targets, kinds } = this.#graph;
    const from = this.#source(anchor);
    const kind = kinds[anchor] as number;
    const steps = stepTable(rules);
    const tracksLast = rules.adjacency !== "free";
    const first = (targets[anchor] as number) * PHASES + (kind === RW && tracksLast ? LAST_RW : 0);
    const last = this.#reach(first, from, steps, rules, maxLength - 1);
    const walk = last < 0 ? undefined : this.#walk(last, first, from, kind);
    for (const state of this.#touched) this.#parent[state] = 0;
    for (const list of [this.#touched, this.#present, this.#next, this.#auxiliary]) list.length = 0;
    return walk;
  }

  /** The state in which `goal` is reached, -1 if it is not within so many edges. */
  #reach(first: number, goal: number, steps: Int8Array, rules: PathRules, maxLength: number): number {
    const { offsets, targets, kinds } = this.#graph;
    const kindOf = this.#kind;
    this.#enter(first, first);
    for (let length = 0; length <= maxLength; length++) {
      if (this.#auxiliary.length + this.#next.length === 0) break;
      [this.#present, this.#next] = [this.#next, this.#present];
      this.#next.length = 0;
      // Auxiliary nodes first: what they lead to is no farther than they are.
      for (let from = 0; from < 2; from++) {
        const queue = from === 0 ? this.#auxiliary : this.#present;
        for (let i = 0; i < queue.length; i++) {
          const state = queue[i] as number;
          const node = (state / PHASES) | 0;
          const phase = state % PHASES;
          if (node === goal && accepts(phase, rules)) return state;
          const end = offsets[node + 1] as number;
          for (let edge = offsets[node] as number; edge < end; edge++) {
            this.visits++;
            const kind = kinds[edge] as number;
            const after = steps[phase * 64 + kind] as number;
            if (after === BLOCKED) continue;
            const target = (targets[edge] as number) * PHASES + after;
            if (this.#parent[target] !== 0) continue;
            kindOf[target] = kind;
            this.#enter(target, state);
          }
        }
        if (from === 0) queue.length = 0;
      }
    }
    return -1;
  }

  /** Queues a newly reached state. */
  #enter(state: number, parent: number): void {
    this.#parent[state] = parent + 1;
    this.#touched.push(state);
    const auxiliary = state >= this.#graph.transactions * PHASES;
    if (auxiliary) this.#auxiliary.push(state);
    else if (parent >= this.#graph.transactions * PHASES) this.#present.push(state);
    else this.#next.push(state);
  }

  #walk(last: number, first: number, from: number, anchorKind: number): { nodes: number[]; kinds: number[] } {
    const { transactions } = this.#graph;
    const nodes: number[] = [];
    const kinds: number[] = [];
    // Backwards from `from`, where the walk ends, to the target of the anchor.
    let pending = 0;
    for (let state = last; state !== first; state = (this.#parent[state] as number) - 1) {
      const kind = this.#kind[state] as number;
      const node = (((this.#parent[state] as number) - 1) / PHASES) | 0;
      if (kind !== VIA) pending = kind;
      if (node >= transactions) continue;
      nodes.push(node);
      kinds.push(pending);
    }
    nodes.push(from);
    kinds.push(anchorKind);
    return { nodes: nodes.toReversed(), kinds: kinds.toReversed() };
  }

  #source(edge: number): number {
    const { offsets, nodes } = this.#graph;
    let [low, high] = [0, nodes - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((offsets[middle] as number) <= edge) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** By phase and kind: the phase after, or BLOCKED. */
function stepTable({ mask, adjacency, required }: PathRules): Int8Array {
  const steps = new Int8Array(PHASES * 64).fill(BLOCKED);
  for (let phase = 0; phase < PHASES; phase++) {
    steps[phase * 64 + VIA] = phase;
    for (let kind = 1; kind < VIA; kind *= 2) {
      if ((kind & mask) === 0) continue;
      let after = phase & ~LAST_RW;
      if (kind === RW && adjacency !== "free") {
        const adjacent = (phase & LAST_RW) !== 0;
        if (adjacent && adjacency !== "adjacent") continue;
        if (adjacent || adjacency === "several-nonadjacent") after |= GOAL;
        after |= LAST_RW;
      }
      if (kind === PROCESS && kind === required) after |= HAS_ORDER;
      steps[phase * 64 + kind] = after;
    }
  }
  return steps;
}

/** Whether a path that comes back to the beginning in this phase keeps to the rules; it began with an rw edge. */
function accepts(phase: number, { adjacency, required }: PathRules): boolean {
  if (required !== 0 && (phase & HAS_ORDER) === 0) return false;
  if (adjacency === "free") return true;
  if (adjacency === "adjacent") return (phase & (LAST_RW | GOAL)) !== 0;
  return (phase & LAST_RW) === 0 && (adjacency === "nonadjacent" || (phase & GOAL) !== 0);
}
