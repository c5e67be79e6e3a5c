import { type Graph, RW, VIA } from "./graph.js";

/** A part of a graph with nodes numbered anew. */
export interface LocalGraph extends Graph {
  /** By node: its number in the whole graph. */
  readonly original: Int32Array;
}

/** The graph of these nodes (ascending) and the edges among them. Transactions keep the lower numbers. */
export function subgraph(graph: Graph, nodes: readonly number[]): LocalGraph {
  const original = Int32Array.from(nodes);
  const local = new Map<number, number>();
  nodes.forEach((node, i) => local.set(node, i));
  const offsets = new Int32Array(nodes.length + 1);
  const targets: number[] = [];
  const kinds: number[] = [];
  nodes.forEach((node, i) => {
    for (let edge = graph.offsets[node] as number; edge < (graph.offsets[node + 1] as number); edge++) {
      const target = local.get(graph.targets[edge] as number);
      if (target === undefined) continue;
      targets.push(target);
      kinds.push(graph.kinds[edge] as number);
    }
    offsets[i + 1] = targets.length;
  });
  return {
    nodes: nodes.length,
    transactions: nodes.filter((node) => node < graph.transactions).length,
    offsets,
    targets: Int32Array.from(targets),
    kinds: Uint8Array.from(kinds),
    original,
  };
}

/**
 * Two copies of the graph, with paths of few rw edges: node n where none counts yet, and node n + nodes where one
 * does, out of which there is no rw edge. `once`: one counts for ever, so that paths have one at most;
 * `nonadjacent`: it counts until the next edge of another kind, so that no two follow one another. In that
 * case closed walks are those of the graph without two rw edges in a row.
 */
export function doubled(graph: Graph, mask: number, rule: "once" | "nonadjacent"): Graph {
  const { nodes } = graph;
  const offsets = new Int32Array(2 * nodes + 1);
  const targets = new Int32Array(2 * graph.targets.length);
  const kinds = new Uint8Array(2 * graph.targets.length);
  let count = 0;
  for (let copy = 0; copy < 2; copy++) {
    for (let node = 0; node < nodes; node++) {
      for (let edge = graph.offsets[node] as number; edge < (graph.offsets[node + 1] as number); edge++) {
        const kind = graph.kinds[edge] as number;
        if ((kind & mask) === 0 || (kind === RW && copy === 1)) continue;
        const stays = kind === VIA || rule === "once";
        const after = kind === RW ? 1 : stays ? copy : 0;
        targets[count] = (graph.targets[edge] as number) + after * nodes;
        kinds[count++] = kind;
      }
      offsets[copy * nodes + node + 1] = count;
    }
  }
  return { nodes: 2 * nodes, transactions: graph.transactions, offsets, targets, kinds };
}
