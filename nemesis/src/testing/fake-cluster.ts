import { unite } from "../effects/cut-ledger.js";
import type { ClockSetting, Cut, NodeName, NodeView, RoleName } from "../hosts.js";

const TICK_MS = 100;
const ELECTION_MS = 1_000;

export interface FakeNode {
  readonly name: NodeName;
  readonly index: number;
  state: "running" | "paused" | "exited";
  signal: string | null;
  pid: number;
  starts: number;
  role: RoleName;
  term: number;
  heardLeaderMs: number;
  rules: readonly Cut[];
  /** By peer. */
  dropped: Map<NodeName, number>;
  /** Peers whose rules match none of their packets, as with a wrong address. */
  leaks: readonly NodeName[];
  /** Whether the server, if it runs, answers what is asked about it. */
  answers: boolean;
  clock: ClockSetting;
}

/**
 * As much of a Raft cluster as faults can see: leaders send heartbeats, followers only answer, a node that hears
 * no leader asks for votes, an isolated leader goes on claiming until it hears of a higher term. Advances in
 * ticks of 100 ms of virtual time.
 */
export class FakeCluster {
  readonly nodes: readonly FakeNode[];
  #nowMs = 0;
  #nextPid = 100;

  constructor(size: number) {
    this.nodes = Array.from({ length: size }, (_, index) => ({
      name: `n${index + 1}`,
      index,
      state: "running",
      signal: null,
      pid: this.#nextPid++,
      starts: 1,
      role: index === 0 ? "leader" : "follower",
      term: 1,
      heardLeaderMs: 0,
      rules: [],
      dropped: new Map(),
      leaks: [],
      answers: true,
      clock: { wallOffsetMs: 0, monotonicRate: 1 },
    }));
  }

  node(name: NodeName): FakeNode {
    const node = this.nodes.find((each) => each.name === name);
    if (node === undefined) throw new Error(`no node ${name}`);
    return node;
  }

  advanceTo(nowMs: number): void {
    while (this.#nowMs + TICK_MS <= nowMs) {
      this.#nowMs += TICK_MS;
      this.#tick();
    }
  }

  view(node: FakeNode): NodeView {
    return node.state === "running" && node.answers
      ? { role: node.role, term: node.term }
      : { role: "unknown", term: null };
  }

  start(node: FakeNode): void {
    if (node.state !== "exited") return;
    node.state = "running";
    node.signal = null;
    node.pid = this.#nextPid++;
    node.starts += 1;
    node.role = "follower";
    node.heardLeaderMs = this.#nowMs;
  }

  #tick(): void {
    for (const node of this.nodes) {
      if (node.state !== "running") continue;
      if (node.role === "leader") this.#heartbeat(node);
      else if (this.#nowMs - node.heardLeaderMs > ELECTION_MS + 200 * node.index) this.#campaign(node);
    }
  }

  #heartbeat(leader: FakeNode): void {
    for (const peer of this.#peers(leader)) {
      if (!this.#send(leader, peer)) continue;
      if (peer.term <= leader.term) {
        peer.term = leader.term;
        peer.role = "follower";
        peer.heardLeaderMs = this.#nowMs;
      }
      if (this.#send(peer, leader) && peer.term > leader.term) {
        leader.role = "follower";
        leader.term = peer.term;
        leader.heardLeaderMs = this.#nowMs;
        return;
      }
    }
  }

  #campaign(node: FakeNode): void {
    node.role = "candidate";
    let votes = 1;
    let highest = node.term;
    for (const peer of this.#peers(node)) {
      if (!this.#send(node, peer)) continue;
      const grants = peer.role === "leader" ? peer.term < node.term : this.#nowMs - peer.heardLeaderMs > 500;
      if (this.#send(peer, node)) {
        highest = Math.max(highest, peer.term);
        if (grants) votes += 1;
      }
    }
    if (votes * 2 <= this.nodes.length) return;
    node.role = "leader";
    node.term = highest + 1;
  }

  #peers(node: FakeNode): FakeNode[] {
    return this.nodes.filter((peer) => peer !== node);
  }

  /** Whether a packet arrives and is read. A held process reads nothing, yet its kernel still drops and counts. */
  #send(from: FakeNode, to: FakeNode): boolean {
    if (from.state !== "running") return false;
    if (drops(from, to.name, "out")) {
      count(from, to.name);
      return false;
    }
    if (drops(to, from.name, "in")) {
      count(to, from.name);
      return false;
    }
    return to.state === "running";
  }
}

function count(node: FakeNode, peer: NodeName): void {
  node.dropped.set(peer, (node.dropped.get(peer) ?? 0) + 1);
}

function drops(node: FakeNode, peer: NodeName, direction: "in" | "out"): boolean {
  if (node.leaks.includes(peer)) return false;
  return unite(node.rules).some(
    (cut) => cut.peer === peer && (cut.direction === "both" || cut.direction === direction),
  );
}
