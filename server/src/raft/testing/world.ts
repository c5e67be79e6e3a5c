import { configurationOf } from "../configuration.js";
import type { RaftConfig } from "../config.js";
import { RaftCore } from "../core.js";
import type { Entry, HardState } from "../entry.js";
import type { Effect, Event } from "../event.js";
import type { MemberId, Message } from "../message.js";
import type { RaftStatus } from "../status.js";
import { encodeProposal, Oracle } from "./oracle.js";
import type { Observed } from "./oracle.js";
import { seededRandom } from "./prng.js";

type Write = Extract<Effect, { type: "persist" }>;

interface Node extends Observed {
  life: number;
  memory: Entry[];
  alive: boolean;
  status: RaftStatus;
  core: RaftCore;
  /** Begun, not durable. */
  writes: Write[];
}

/** A cluster of cores with a network and disks that do what a test tells them; every step is judged. */
export class World {
  readonly #seed: number;
  readonly #config: Omit<RaftConfig, "self" | "initial">;
  readonly #nodes = new Map<MemberId, Node>();
  readonly #cuts = new Set<string>();
  readonly oracle = new Oracle(() => [...this.#nodes.values()]);
  /** On their way, oldest first. */
  readonly network: Message[] = [];
  #steps = 0;
  #nextProposal = 1;
  #nextMessage = 1;
  #nextRead = 1;

  constructor(
    size: number,
    seed: number,
    config: Partial<RaftConfig> = {},
    restored: ReadonlyMap<MemberId, { hardState: HardState; entries: readonly Entry[] }> = new Map(),
  ) {
    this.#seed = seed;
    this.#config = { ...WORLD_CONFIG, ...config };
    const voters = Array.from({ length: size }, (_, at) => at + 1);
    for (const id of voters) {
      const { hardState, entries } = restored.get(id) ?? { hardState: { term: 0, vote: null }, entries: [] };
      const disk = { hardState, entries: [...entries] };
      this.#nodes.set(id, this.#boot(id, 0, voters, disk));
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

  tick(id: MemberId): void {
    this.#step(id, { type: "tick" });
  }

  propose(id: MemberId, count = 1): readonly number[] {
    if (!this.#node(id).alive) return [];
    const proposals = Array.from({ length: count }, () => this.#nextProposal++);
    const effects = this.#step(id, {
      type: "propose",
      id: this.#nextMessage++,
      data: proposals.map(encodeProposal),
    });
    if (effects.some(({ type }) => type === "proposals-refused")) this.oracle.refused(proposals);
    return proposals;
  }

  read(id: MemberId): void {
    const node = this.#node(id);
    if (!node.alive) return;
    const read = this.#nextRead++;
    this.oracle.readBegins(node, read);
    this.#step(id, { type: "read", id: read });
  }

  transfer(id: MemberId, to: MemberId): void {
    this.#step(id, { type: "transfer", to });
  }

  /** Hands over the message at `at` of the network; one to a dead member or across a cut is lost. */
  deliver(at: number, keepCopy = false): void {
    const message = this.network[at];
    if (message === undefined) return;
    if (!keepCopy) this.network.splice(at, 1);
    if (this.#cuts.has(`${message.from}>${message.to}`)) return;
    const effects = this.#step(message.to, { type: "receive", message });
    if (
      message.type === "propose" &&
      effects.some((effect) => effect.type === "send" && effect.message.type === "propose")
    ) {
      throw new Error(`member ${message.to} passes a forwarded proposal on`);
    }
  }

  lose(at: number): void {
    this.network.splice(at, 1);
  }

  /** The first `count` writes become durable, with one notice for all. */
  sync(id: MemberId, count = Number.POSITIVE_INFINITY): void {
    const node = this.#node(id);
    const done = node.writes.splice(0, count);
    for (const write of done) store(node, write, write.entries.length);
    const last = done.at(-1);
    if (last !== undefined) this.#step(id, { type: "persisted", sequence: last.sequence });
  }

  /** Loses the memory; of the writes under way, the first `kept` and `torn` entries of the next reach the disk. */
  crash(id: MemberId, kept = 0, torn = 0): void {
    const node = this.#node(id);
    if (!node.alive) return;
    for (const write of node.writes.slice(0, kept)) store(node, write, write.entries.length);
    const next = node.writes[kept];
    if (next !== undefined && torn > 0) store(node, next, torn - 1);
    node.alive = false;
    node.writes = [];
    this.oracle.died(node);
  }

  restart(id: MemberId): void {
    const node = this.#node(id);
    if (node.alive) return;
    this.#nodes.set(id, this.#boot(id, node.life + 1, this.ids, node.disk));
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

  /** Delivers and syncs all there is until nothing moves. */
  settle(): void {
    for (let turns = 0; ; turns++) {
      const busy = this.ids.filter((id) => this.#node(id).alive && this.#node(id).writes.length > 0);
      if (this.network.length === 0 && busy.length === 0) return;
      if (turns > 10_000)
        throw new Error(`the members talk for ever: ${JSON.stringify(this.network.slice(0, 5))}`);
      this.deliver(0);
      for (const id of busy) this.sync(id);
    }
  }

  /** Ticks all, or those named, one after another, each time until nothing moves. */
  run(ticks: number, ids: readonly MemberId[] = this.ids): void {
    for (let tick = 0; tick < ticks; tick++) {
      for (const id of ids) {
        this.tick(id);
        this.settle();
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

  #boot(id: MemberId, life: number, voters: readonly MemberId[], disk: Observed["disk"]): Node {
    const random = seededRandom(this.#seed + 7919 * id + 104_729 * life);
    const restored = { hardState: disk.hardState, snapshot: null, entries: [...disk.entries] };
    const core = new RaftCore(
      { ...this.#config, self: id, initial: configurationOf(voters) },
      restored,
      random,
    );
    const memory = [...disk.entries];
    return { id, life, disk, memory, alive: true, appliedIndex: 0, status: core.status(), core, writes: [] };
  }

  #step(id: MemberId, event: Event): readonly Effect[] {
    const node = this.#node(id);
    if (!node.alive) return [];
    this.#steps += 1;
    const before = node.status;
    const effects = node.core.step(event, { monotonicMs: this.#steps, wallMs: this.#steps });
    node.status = node.core.status();
    for (const effect of effects) {
      if (effect.type !== "persist") continue;
      this.oracle.persist(node, effect);
      node.memory.splice((effect.entries[0]?.index ?? node.memory.length + 1) - 1);
      node.memory.push(...effect.entries);
      node.writes.push(effect);
    }
    this.oracle.changed(node, before, node.status);
    for (const effect of effects) this.#carryOut(node, effect);
    return effects;
  }

  #carryOut(node: Node, effect: Effect): void {
    switch (effect.type) {
      case "send":
        this.oracle.send(node, effect.message);
        this.network.push(effect.message);
        return;
      case "apply":
        this.oracle.apply(node, effect.entries);
        this.#step(node.id, { type: "applied", index: node.appliedIndex });
        return;
      case "read-ready":
        return this.oracle.readEnds(node, effect.id, effect.index);
      case "read-refused":
        return this.oracle.readEnds(node, effect.id, null);
      case "persist":
      case "proposals-refused":
      case "transfer-refused":
      case "role-changed":
        return;
    }
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

function store(node: Node, { hardState, entries }: Write, count: number): void {
  if (hardState !== null) node.disk.hardState = hardState;
  const first = entries[0]?.index;
  if (first === undefined || count === 0) return;
  node.disk.entries.splice(first - 1);
  node.disk.entries.push(...entries.slice(0, count));
}
