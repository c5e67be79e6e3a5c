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
 * Two copies of the graph: node n where the last edge was no rw, and node n + nodes where it was. From the
 * second there is no rw edge. Its closed walks are those of the graph without two rw edges in a row.
 */
export function layered(graph: Graph, mask: number): Graph {
  const { nodes } = graph;
  const offsets = new Int32Array(2 * nodes + 1);
  const targets: number[] = [];
  for (let layer = 0; layer < 2; layer++) {
    for (let node = 0; node < nodes; node++) {
      for (let edge = graph.offsets[node] as number; edge < (graph.offsets[node + 1] as number); edge++) {
        const kind = graph.kinds[edge] as number;
        if ((kind & mask) === 0 || (kind === RW && layer === 1)) continue;
        const after = kind === RW || (kind === VIA && layer === 1) ? 1 : 0;
        targets.push((graph.targets[edge] as number) + after * nodes);
      }
      offsets[layer * nodes + node + 1] = targets.length;
    }
  }
  const kinds = new Uint8Array(targets.length).fill(RW);
  return { nodes: 2 * nodes, transactions: 2 * nodes, offsets, targets: Int32Array.from(targets), kinds };
}
