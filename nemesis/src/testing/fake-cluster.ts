import { unite } from "../effects/cut-ledger.js";
import { HEALTHY_DISK } from "../effects/disk.js";
import { TRUE_TIME } from "../effects/clock-ledger.js";
import type {
  ClockSetting,
  Cut,
  Damage,
  DiskCounts,
  DiskSetting,
  MemberChange,
  NodeName,
  NodeView,
  PacketCounts,
  PacketShape,
  RoleName,
  SettingsName,
} from "../hosts.js";

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export const NO_PACKETS: PacketCounts = { lost: 0, delayed: 0, reordered: 0, duplicated: 0, slowed: 0 };
export const NO_CALLS: DiskCounts = { slowSyncs: 0, stalledSyncs: 0, ioErrors: 0, spaceErrors: 0 };

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
  driftsSinceMs: number;
  /** By peer. */
  shapes: ReadonlyMap<NodeName, PacketShape>;
  packets: Map<NodeName, Mutable<PacketCounts>>;
  /** Connections to peers that were destroyed. */
  resets: number;
  disk: DiskSetting;
  calls: Mutable<DiskCounts>;
  damages: readonly Damage[];
  /** Whether its server ends when it finds damaged data at its start. */
  refusesDamage: boolean | "SIGSEGV";
  nextSettings: SettingsName;
  settings: SettingsName;
}

/**
 * As much of a Raft cluster as faults can see: leaders send heartbeats, followers only answer, a node that hears
 * no leader asks for votes, an isolated leader goes on claiming until it hears of a higher term. Advances in
 * ticks of 100 ms of virtual time.
 */
export class FakeCluster {
  /** Spares too. */
  readonly nodes: readonly FakeNode[];
  voters: readonly NodeName[];
  learners: readonly NodeName[] = [];
  #promotable: readonly NodeName[] = [];
  /** A change is in the leader's log and not committed. */
  isChanging = false;
  #nowMs = 0;
  /** Of every share, how much of a whole hit has gathered. */
  readonly #gathered = new Map<string, number>();
  #nextPid = 100;

  constructor(size: number, spares = 0) {
    this.nodes = Array.from({ length: size + spares }, (_, index) => ({
      name: `n${index + 1}`,
      index,
      state: index < size ? "running" : "exited",
      signal: null,
      pid: this.#nextPid++,
      starts: index < size ? 1 : 0,
      role: index === 0 ? "leader" : "follower",
      term: 1,
      heardLeaderMs: 0,
      rules: [],
      dropped: new Map(),
      leaks: [],
      answers: true,
      clock: TRUE_TIME,
      driftsSinceMs: 0,
      shapes: new Map(),
      packets: new Map(),
      resets: 0,
      disk: HEALTHY_DISK,
      calls: { ...NO_CALLS },
      damages: [],
      refusesDamage: false,
      nextSettings: "initial",
      settings: "initial",
    }));
    this.voters = this.nodes.slice(0, size).map(({ name }) => name);
  }

  get members(): readonly NodeName[] {
    return [...this.voters, ...this.learners];
  }

  /** The one that leads the highest term, if it runs. */
  leader(): FakeNode {
    const leaders = this.nodes.filter((node) => node.role === "leader" && node.state === "running");
    const leader = leaders.toSorted((a, b) => b.term - a.term)[0];
    if (leader === undefined) throw new Error("nobody leads");
    return leader;
  }

  change(change: MemberChange): void {
    this.leader();
    if (this.isChanging) throw new Error("another change is under way");
    const without = (list: readonly NodeName[]): readonly NodeName[] =>
      list.filter((name) => name !== change.node);
    [this.voters, this.learners] = [without(this.voters), without(this.learners)];
    this.isChanging = true;
    const join = (name: NodeName): void => {
      if (!this.members.includes(name)) this.start(this.node(name));
    };
    switch (change.type) {
      case "add":
        join(change.node);
        if (change.as === "voter") this.voters = [...this.voters, change.node];
        else this.learners = [...this.learners, change.node];
        if (change.as === "promotable") this.#promotable = [...this.#promotable, change.node];
        return;
      case "demote":
        this.node(change.node).role = "follower";
        this.learners = [...this.learners, change.node];
        return;
      case "replace":
        join(change.by);
        this.voters = [...this.voters, change.by];
        this.#leave(change.node);
        return;
      case "remove":
        this.#leave(change.node);
        return;
      default:
        return change satisfies never;
    }
  }

  transfer(to: FakeNode): void {
    const old = this.leader();
    old.role = "follower";
    Object.assign(to, { role: "leader", term: old.term + 1 });
  }

  /** Two servers that run have a connection each way, and dial anew at once. */
  reset(node: FakeNode, peers: readonly NodeName[]): number {
    const others = peers.filter((peer) => this.node(peer).state !== "exited");
    const destroyed = node.state === "exited" ? 0 : 2 * others.length;
    node.resets += destroyed;
    return destroyed;
  }

  #leave(name: NodeName): void {
    Object.assign(this.node(name), { state: "exited", signal: null, role: "follower" });
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
      ? { role: node.role, term: node.term, commitIndex: null }
      : { role: "unknown", term: null, commitIndex: null };
  }

  start(node: FakeNode): void {
    if (node.state !== "exited") return;
    node.state = "running";
    node.signal = null;
    node.pid = this.#nextPid++;
    node.starts += 1;
    node.role = "follower";
    node.heardLeaderMs = this.#nowMs;
    node.settings = node.nextSettings;
    if (node.refusesDamage === false || node.damages.length === 0) return;
    node.state = "exited";
    if (node.refusesDamage !== true) node.signal = node.refusesDamage;
  }

  #tick(): void {
    if (this.nodes.some((node) => node.role === "leader" && node.state === "running")) {
      this.isChanging = false;
      this.voters = [...this.voters, ...this.learners.filter((name) => this.#promotable.includes(name))];
      this.learners = this.learners.filter((name) => !this.#promotable.includes(name));
      this.#promotable = [];
    }
    for (const node of this.nodes) if (node.state === "running") this.#write(node);
    for (const node of this.nodes) {
      if (node.state !== "running") continue;
      if (node.role === "leader") this.#heartbeat(node);
      else if (
        this.voters.includes(node.name) &&
        this.#nowMs - node.heardLeaderMs > ELECTION_MS + 200 * node.index
      )
        this.#campaign(node);
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
    if (votes * 2 <= this.voters.length) return;
    node.role = "leader";
    node.term = highest + 1;
  }

  #peers(node: FakeNode): FakeNode[] {
    return this.nodes.filter((peer) => peer !== node && this.members.includes(peer.name));
  }

  /** Every server writes and syncs something in each tick, and ends when a write or a sync fails. */
  #write(node: FakeNode): void {
    const { disk, calls } = node;
    if (disk.full) {
      calls.spaceErrors += 1;
      return;
    }
    const isFailing =
      this.#hits(`${node.name} write`, disk.writeErrorShare) ||
      this.#hits(`${node.name} sync`, disk.syncErrorShare);
    if (isFailing) {
      calls.ioErrors += 1;
      Object.assign(node, { state: "exited", signal: null });
      return;
    }
    if (disk.stalled) calls.stalledSyncs += 1;
    else if (disk.syncDelayMs > 0) calls.slowSyncs += 1;
  }

  /** Without chance: a share of a tenth hits every tenth time. */
  #hits(what: string, share: number): boolean {
    const gathered = (this.#gathered.get(what) ?? 0) + share;
    this.#gathered.set(what, gathered >= 1 ? gathered - 1 : gathered);
    return gathered >= 1;
  }

  /** Whether the packet survives the shape of the sender's link. */
  #passes({ name, shapes, packets: counts }: FakeNode, to: NodeName): boolean {
    const [shape, packets] = [shapes.get(to), counts.get(to)];
    if (shape === undefined || packets === undefined) return true;
    const link = `${name} to ${to}`;
    if (this.#hits(`${link} lost`, shape.lossShare)) {
      packets.lost += 1;
      return false;
    }
    if (shape.delayMs > 0) packets.delayed += 1;
    if (shape.bytesPerSecond !== null) packets.slowed += 1;
    if (this.#hits(`${link} reordered`, shape.reorderShare)) packets.reordered += 1;
    if (this.#hits(`${link} duplicated`, shape.duplicateShare)) packets.duplicated += 1;
    return true;
  }

  /** Whether a packet arrives and is read. A held process reads nothing, yet its kernel still drops and counts. */
  #send(from: FakeNode, to: FakeNode): boolean {
    if (from.state !== "running") return false;
    if (drops(from, to.name, "out")) {
      count(from, to.name);
      return false;
    }
    if (!this.#passes(from, to.name)) return false;
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
