import { configurationOf, isVoter } from "../configuration.js";
import type { Configuration, ConfigurationChange, SnapshotMark } from "../configuration.js";
import type { RaftConfig } from "../config.js";
import { RaftCore } from "../core.js";
import type { Entry, HardState } from "../entry.js";
import type { Effect, Event } from "../event.js";
import type { MemberId, Message } from "../message.js";
import type { RaftStatus } from "../status.js";
import { Clocks } from "./clocks.js";
import { LogImage } from "./log-image.js";
import { applied, emptyMachine, encodeProposal } from "./machine.js";
import type { Machine } from "./machine.js";
import { run, store } from "./node.js";
import type { Node, Write } from "./node.js";
import { Oracle } from "./oracle.js";
import type { Observed } from "./oracle.js";
import { seededRandom } from "./prng.js";

export interface RestoredNode {
  readonly hardState: HardState;
  readonly snapshot?: SnapshotMark;
  readonly entries: readonly Entry[];
}

/** A cluster of cores with a network, disks and clocks that do what a test tells them; every step is judged. */
export class World {
  readonly #seed: number;
  readonly #config: Omit<RaftConfig, "self" | "initial">;
  readonly #first: Configuration;
  readonly #nodes = new Map<MemberId, Node>();
  readonly #cuts = new Set<string>();
  readonly #clocks: Clocks;
  readonly oracle = new Oracle(() => [...this.#nodes.values()]);
  /** On their way, oldest first. */
  readonly network: Message[] = [];
  /** The state machines that come with snapshots. */
  readonly #attached = new WeakMap<Message, Machine>();
  #steps = 0;
  #nextProposal = 1;
  #nextMessage = 1;
  #nextRead = 1;
  readonly counts = {
    leaseReads: 0,
    stallStepDowns: 0,
    checkpoints: 0,
    compactions: 0,
    campaignsOnDemand: 0,
  };

  /** Members 1 to `size` are the first voters; those up to `pool` run, and may be made members. */
  constructor(
    size: number,
    seed: number,
    config: Partial<RaftConfig> = {},
    restored: ReadonlyMap<MemberId, RestoredNode> = new Map(),
    pool = size,
  ) {
    this.#seed = seed;
    this.#config = { ...WORLD_CONFIG, ...config };
    this.#clocks = new Clocks(seed, this.#config.lease?.clockUncertainty ?? 0, TICK_MS);
    this.#first = configurationOf(Array.from({ length: size }, (_, at) => at + 1));
    for (let id = 1; id <= pool; id++) {
      const { hardState, snapshot = null, entries } = restored.get(id) ?? NOTHING;
      const empty = emptyMachine(this.#initialOf(id));
      const machine = snapshot === null ? empty : { ...empty, mark: snapshot };
      this.#nodes.set(id, this.#boot(id, 0, { hardState, log: new LogImage(snapshot, entries), machine }));
    }
  }

  get ids(): readonly MemberId[] {
    return [...this.#nodes.keys()];
  }

  node(id: MemberId): Observed & { readonly writes: readonly unknown[] } {
    return this.#node(id);
  }

  leaders(): readonly Observed[] {
    return [...this.#nodes.values()].filter(({ alive, status }) => alive && status.role === "leader");
  }

  // ---- what can happen

  /** Of those who run, the one whose next tick is due first. */
  get nextToTick(): MemberId | undefined {
    return this.#clocks.first(this.ids.filter((id) => this.#node(id).alive));
  }

  tick(id: MemberId): void {
    const node = this.#node(id);
    if (!node.alive) return;
    this.#clocks.tick(id);
    node.ticks += 1;
    const before = node.status;
    this.#step(id, { type: "tick" });
    this.#judgeStall(node, before);
  }

  propose(id: MemberId, count = 1): readonly number[] {
    if (!this.#node(id).alive) return [];
    const proposals = Array.from({ length: count }, () => this.#nextProposal++);
    this.#step(id, { type: "propose", id: this.#asks(proposals), data: proposals.map(encodeProposal) });
    return proposals;
  }

  /** The number of the proposal that stands for the change. */
  change(id: MemberId, changes: readonly ConfigurationChange[]): number {
    const proposal = this.#nextProposal++;
    if (!this.#node(id).alive) return proposal;
    const data = encodeProposal(proposal);
    this.#step(id, { type: "change", id: this.#asks([proposal]), changes, data });
    return proposal;
  }

  transfer(id: MemberId, to: MemberId): void {
    this.#step(id, { type: "transfer", to });
  }

  campaign(id: MemberId): void {
    const { term } = this.#node(id).status;
    this.#step(id, { type: "campaign" });
    if (this.#node(id).status.role !== "follower" && this.#node(id).status.term >= term)
      this.counts.campaignsOnDemand += 1;
  }

  read(id: MemberId): void {
    const node = this.#node(id);
    if (!node.alive) return;
    const read = this.#nextRead++;
    this.oracle.readBegins(node, read);
    const effects = this.#step(id, { type: "read", id: read });
    const alone = node.status.configuration.voters.length === 1;
    if (!alone && effects.some((effect) => effect.type === "read-ready")) this.counts.leaseReads += 1;
  }

  /** The state machine as it is now begins to be written out, unless it does not know the members yet. */
  beginCheckpoint(id: MemberId): void {
    const node = this.#node(id);
    const { index, configuration } = node.machine.mark;
    if (node.alive && index > 0 && configuration.voters.length > 0) node.checkpoint = node.machine;
  }

  /** It is durable; of the entries in it, the last `kept` stay in the log. */
  endCheckpoint(id: MemberId, kept: number): void {
    const node = this.#node(id);
    const machine = node.checkpoint;
    if (machine === null) return;
    node.checkpoint = null;
    const { index } = machine.mark;
    // A snapshot may have taken its place meanwhile.
    if (index > node.disk.log.baseIndex) {
      node.disk.log.compact(machine.mark);
      node.disk.machine = machine;
    }
    const { firstIndex } = node.status;
    this.#step(id, { type: "checkpointed", index, firstKept: Math.max(1, index + 1 - kept) });
    this.counts.checkpoints += 1;
    if (node.status.firstIndex > firstIndex) this.counts.compactions += 1;
  }

  /** Hands over the message at `at` of the network; one to a dead member or across a cut is lost. A copy comes after all others. */
  deliver(at: number, keepCopy = false): void {
    const message = this.network[at];
    if (message === undefined) return;
    this.network.splice(at, 1);
    if (keepCopy) this.network.push(message);
    const arrives = !this.#cuts.has(`${message.from}>${message.to}`) && this.#node(message.to).alive;
    this.#tellOfSnapshot(message, arrives);
    if (!arrives) return;
    const effects = this.#step(message.to, { type: "receive", message }, this.#attached.get(message));
    if (
      message.type === "propose" &&
      effects.some((effect) => effect.type === "send" && effect.message.type === "propose")
    ) {
      throw new Error(`member ${message.to} passes a forwarded proposal on`);
    }
  }

  lose(at: number): void {
    const [message] = this.network.splice(at, 1);
    if (message !== undefined) this.#tellOfSnapshot(message, false);
  }

  /** The first `count` writes become durable, with one notice for all. */
  sync(id: MemberId, count = Number.POSITIVE_INFINITY): void {
    const node = this.#node(id);
    const done = node.writes.splice(0, count);
    for (const write of done) {
      this.#store(node, write, write.effect.entries.length);
      if (write.machine !== null) run(node, write.machine);
    }
    const last = done.at(-1);
    if (last !== undefined) this.#step(id, { type: "persisted", sequence: last.effect.sequence });
  }

  /** Loses the memory; of the writes under way, the first `kept` and `torn` entries of the next reach the disk. */
  crash(id: MemberId, kept = 0, torn = 0): void {
    const node = this.#node(id);
    if (!node.alive) return;
    for (const write of node.writes.slice(0, kept)) this.#store(node, write, write.effect.entries.length);
    const next = node.writes[kept];
    if (next !== undefined && torn > 0) this.#store(node, next, torn - 1);
    node.alive = false;
    node.writes = [];
    node.checkpoint = null;
    this.oracle.died(node);
  }

  /**
   * The disk of a member that is down loses the end of its log, all but `kept` entries, or everything, its state machine,
   * too: null. It does not lose its term and vote, and knows up to where its log went.
   */
  loseEntries(id: MemberId, kept: number | null): void {
    const node = this.#node(id);
    const { disk } = node;
    const before = disk.log.copy();
    if (node.alive || before.lastIndex === 0) return;
    const { snapshot, entries } = before;
    disk.log = kept === null ? new LogImage(null, []) : new LogImage(snapshot, entries.slice(0, kept));
    if (kept === null) disk.machine = emptyMachine(node.initial);
    disk.hardState = {
      ...disk.hardState,
      lostTo: Math.max(before.lastIndex, disk.hardState.lostTo ?? 0),
    };
    node.lost = [...node.lost, before];
    this.oracle.loses(node, before);
  }

  restart(id: MemberId): void {
    const node = this.#node(id);
    if (node.alive) return;
    this.#clocks.restart(id);
    this.#nodes.set(id, this.#boot(id, node.life + 1, node.disk, node.lost));
  }

  /** Cuts all links between a member of `side` and one outside. */
  partition(side: readonly MemberId[]): void {
    for (const from of this.ids) {
      for (const to of this.ids) if (side.includes(from) !== side.includes(to)) this.cut(from, to);
    }
  }

  cut(from: MemberId, to: MemberId): void {
    this.#cuts.add(`${from}>${to}`);
  }

  heal(): void {
    this.#cuts.clear();
  }

  /** Delivers and syncs all there is until nothing moves; the disk of `stuck` does nothing. */
  settle(stuck: MemberId | null = null): void {
    const isBusy = ({ id, alive, writes }: Node) => alive && writes.length > 0 && id !== stuck;
    for (let turns = 0; ; turns++) {
      const busy = this.ids.filter((id) => isBusy(this.#node(id)));
      if (this.network.length === 0 && busy.length === 0) return;
      if (turns > 10_000)
        throw new Error(`the members talk for ever: ${JSON.stringify(this.network.slice(0, 5))}`);
      this.deliver(0);
      for (const id of busy) this.sync(id);
    }
  }

  /** Ticks all, or those named, one after another, each time until nothing moves. */
  run(ticks: number, ids: readonly MemberId[] = this.ids, stuck: MemberId | null = null): void {
    for (let tick = 0; tick < ticks; tick++) {
      for (const id of ids) {
        this.tick(id);
        this.settle(stuck);
      }
    }
  }

  /** Ticks one member until it asks for votes, then lets things settle. */
  elect(id: MemberId): void {
    for (let tick = 0; tick < 3 * this.#config.electionTicks; tick++) {
      if (this.#node(id).status.role === "leader") return;
      this.tick(id);
      this.settle();
    }
    throw new Error(`member ${id} was not elected`);
  }

  // ---- inside

  #node(id: MemberId): Node {
    const node = this.#nodes.get(id);
    if (node === undefined) throw new Error(`no member ${id}`);
    return node;
  }

  #initialOf(id: MemberId): Configuration {
    return isVoter(this.#first, id) ? this.#first : configurationOf([]);
  }

  /** Its sender hears what became of it, if it is still there; of a copy that comes later it hears nothing. */
  #tellOfSnapshot(message: Message, ok: boolean): void {
    const node = this.#node(message.from);
    if (message.type !== "snapshot" || node.snapshots.get(message.to) !== message) return;
    node.snapshots.delete(message.to);
    this.#step(message.from, { type: "snapshot-sent", to: message.to, ok });
  }

  #store(node: Node, write: Write, count: number): void {
    const wasRecovering = node.disk.hardState.lostTo !== undefined;
    store(node, write, count);
    if (!wasRecovering || node.disk.hardState.lostTo !== undefined) return;
    this.oracle.recovered(node);
    node.lost = [];
  }

  #boot(id: MemberId, life: number, disk: Observed["disk"], lost: readonly LogImage[] = []): Node {
    const random = seededRandom(this.#seed + 7919 * id + 104_729 * life);
    const { snapshot, entries } = disk.log;
    const initial = this.#initialOf(id);
    const core = new RaftCore(
      { ...this.#config, self: id, initial },
      { hardState: disk.hardState, snapshot, entries },
      random,
    );
    const { machine } = disk;
    return {
      id,
      life,
      disk,
      core,
      initial,
      machine,
      memory: disk.log.copy(),
      alive: true,
      appliedIndex: machine.mark.index,
      status: core.status(),
      ticks: 0,
      writes: [],
      checkpoint: null,
      lost,
      snapshots: new Map(),
    };
  }

  #asks(proposals: readonly number[]): number {
    const id = this.#nextMessage++;
    this.oracle.asks(id, proposals);
    return id;
  }

  #step(id: MemberId, event: Event, machine?: Machine): readonly Effect[] {
    const node = this.#node(id);
    if (!node.alive) return [];
    this.#steps += 1;
    this.#clocks.pass(STEP_MS);
    const before = node.status;
    const now = { monotonicMs: this.#clocks.monotonicMs(id), wallMs: this.#steps };
    const effects = node.core.step(event, now);
    for (const effect of effects) if (effect.type === "persist") this.#begin(node, effect, machine);
    node.status = node.core.status();
    this.oracle.changed(node, before, node.status);
    for (const effect of effects) this.#carryOut(node, effect);
    return effects;
  }

  #begin(node: Node, effect: Write["effect"], machine: Machine | undefined): void {
    const mark = effect.snapshot;
    if (mark !== null) {
      this.oracle.installs(node, mark, machine);
      node.memory.restore(mark);
    }
    this.oracle.persist(node, effect);
    node.memory.replaceFrom(effect.entries);
    node.writes.push({ effect, machine: mark === null ? null : (machine ?? null), tick: node.ticks });
  }

  #carryOut(node: Node, effect: Effect): void {
    switch (effect.type) {
      case "send":
        this.oracle.send(node, effect.message);
        if (effect.message.type === "snapshot") {
          // One at a time: the driver drops what it is given meanwhile.
          if (node.snapshots.has(effect.message.to)) return;
          node.snapshots.set(effect.message.to, effect.message);
          this.#attached.set(effect.message, node.disk.machine);
        }
        this.network.push(effect.message);
        return;
      case "apply":
        this.oracle.apply(node, effect.entries);
        run(node, effect.entries.reduce(applied, node.machine));
        this.#step(node.id, { type: "applied", index: node.appliedIndex });
        return;
      case "read-ready":
        return this.oracle.readEnds(node, effect.id, effect.index);
      case "read-refused":
        return this.oracle.readEnds(node, effect.id, null);
      case "proposals-refused":
        return this.oracle.refused(node, effect.id);
      case "persist":
      case "role-changed":
      case "transfer-refused":
        return;
    }
  }

  /** Who cannot write does not lead, and does not stand for election. */
  #judgeStall(node: Node, before: RaftStatus): void {
    const ticks = node.ticks - (node.writes[0]?.tick ?? node.ticks);
    if (ticks <= (this.#config.diskStallTicks ?? this.#config.electionTicks)) return;
    const { role } = node.status;
    if (role === "leader" || (role !== "follower" && before.role === "follower")) {
      throw new Error(`member ${node.id} is ${role}, but its disk stands still since ${ticks} ticks`);
    }
    if (before.role === "leader") this.counts.stallStepDowns += 1;
  }
}

export const WORLD_CONFIG = {
  electionTicks: 5,
  heartbeatTicks: 1,
  maxAppendBytes: 120,
  maxInflightAppends: 4,
  maxInflightBytes: 10_000,
  maxUncommittedBytes: 2000,
};

/** A tick of a true clock. */
export const TICK_MS = 10;

/** What a step takes. */
const STEP_MS = 0.02;

const NOTHING: RestoredNode = { hardState: { term: 0, vote: null }, entries: [] };
