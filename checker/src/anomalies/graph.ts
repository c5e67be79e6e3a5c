import { IntVector } from "./int-vector.js";

/** Kinds of edges, as bits; of two transactions, the lowest bit is the strongest reason. */
export const WW = 1;
export const WR = 2;
export const RW = 4;
export const PROCESS = 8;
export const REALTIME = 16;
/**
 * Out of an auxiliary node: continues the edge that led into it. Two kinds of nodes are no transactions but
 * stand for many edges at once: "every reader of this version to each of these appenders" and "every
 * transaction completed by now to each invoked later". They keep the graph linear in the history.
 */
export const VIA = 32;
export const DATA = WW | WR | RW;

/** A directed graph in compressed sparse rows. Nodes below `transactions` are transactions. */
export interface Graph {
  readonly nodes: number;
  readonly transactions: number;
  /** Edges out of node n: from offsets[n] to offsets[n + 1]. */
  readonly offsets: Int32Array;
  readonly targets: Int32Array;
  readonly kinds: Uint8Array;
}

export class GraphBuilder {
  readonly #transactions: number;
  #nodes: number;
  readonly #from = new IntVector(1 << 16);
  readonly #to = new IntVector(1 << 16);
  readonly #kind = new IntVector(1 << 16);

  constructor(transactions: number) {
    this.#transactions = transactions;
    this.#nodes = transactions;
  }

  /** A node that is no transaction; edges out of it are VIA. */
  addAuxiliaryNode(): number {
    return this.#nodes++;
  }

  addEdge(from: number, to: number, kind: number): void {
    if (from === to) throw new Error(`node ${from} would depend on itself`);
    this.#from.push(from);
    this.#to.push(to);
    this.#kind.push(kind);
  }

  /** How many edges of these kinds there are. */
  count(mask: number): number {
    let count = 0;
    for (const kind of this.#kind.view()) if ((kind & mask) !== 0) count++;
    return count;
  }

  build(): Graph {
    const [from, to, kind] = [this.#from.view(), this.#to.view(), this.#kind.view()];
    const offsets = new Int32Array(this.#nodes + 1);
    for (const node of from) offsets[node + 1] = (offsets[node + 1] as number) + 1;
    for (let n = 0; n < this.#nodes; n++)
      offsets[n + 1] = (offsets[n + 1] as number) + (offsets[n] as number);
    const next = offsets.slice(0, this.#nodes);
    const targets = new Int32Array(from.length);
    const kinds = new Uint8Array(from.length);
    for (let edge = 0; edge < from.length; edge++) {
      const node = from[edge] as number;
      const slot = next[node] as number;
      next[node] = slot + 1;
      targets[slot] = to[edge] as number;
      kinds[slot] = kind[edge] as number;
    }
    return { nodes: this.#nodes, transactions: this.#transactions, offsets, targets, kinds };
  }
}
