import { IntVector } from "./int-vector.js";

/** Kinds of edges, as bits; of two transactions, the lowest bit is the strongest reason. */
export const WW = 1;
export const WR = 2;
export const RW = 4;
export const PROCESS = 8;
/** Never in a graph, but in cycles that were found. */
export const REALTIME = 16;
/**
 * Out of an auxiliary node: continues the edge that led into it. Such a node is no transaction but stands for many
 * edges at once, "every reader of this version to each of these appenders", and keeps the graph linear in the
 * history.
 */
export const VIA = 32;
export const DATA = WW | WR | RW;

/** Room for the six kinds. */
const KIND_BITS = 8;
const MAX_NODES = 2 ** 31 / KIND_BITS;

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
  readonly #from: IntVector;
  /** Target × KIND_BITS + the number of the kind's bit. */
  readonly #to: IntVector;

  /** `edges`: about so many are expected. */
  constructor(transactions: number, edges: number) {
    this.#transactions = transactions;
    this.#nodes = transactions;
    this.#from = new IntVector(edges);
    this.#to = new IntVector(edges);
  }

  /** A node that is no transaction; edges out of it are VIA. */
  addAuxiliaryNode(): number {
    if (this.#nodes >= MAX_NODES) throw new RangeError(`a graph of more than ${MAX_NODES} nodes`);
    return this.#nodes++;
  }

  addEdge(from: number, to: number, kind: number): void {
    if (from === to) throw new Error(`node ${from} would depend on itself`);
    this.#from.push(from);
    this.#to.push(to * KIND_BITS + (31 - Math.clz32(kind)));
  }

  /** How many edges of each kind there are. */
  countKinds(): (kind: number) => number {
    const counts = new Int32Array(KIND_BITS);
    const to = this.#to.view();
    for (let edge = 0; edge < to.length; edge++) {
      const bit = (to[edge] as number) % KIND_BITS;
      counts[bit] = (counts[bit] as number) + 1;
    }
    return (kind) => counts[31 - Math.clz32(kind)] as number;
  }

  build(): Graph {
    const [from, to, nodes] = [this.#from.view(), this.#to.view(), this.#nodes];
    const offsets = new Int32Array(nodes + 1);
    for (let edge = 0; edge < from.length; edge++) {
      const node = from[edge] as number;
      offsets[node + 1] = (offsets[node + 1] as number) + 1;
    }
    for (let n = 0; n < nodes; n++) offsets[n + 1] = (offsets[n + 1] as number) + (offsets[n] as number);
    const next = offsets.slice(0, nodes);
    const targets = new Int32Array(from.length);
    const kinds = new Uint8Array(from.length);
    for (let edge = 0; edge < from.length; edge++) {
      const node = from[edge] as number;
      const slot = next[node] as number;
      next[node] = slot + 1;
      const packed = to[edge] as number;
      targets[slot] = Math.floor(packed / KIND_BITS);
      kinds[slot] = 1 << (packed % KIND_BITS);
    }
    return { nodes, transactions: this.#transactions, offsets, targets, kinds };
  }
}
