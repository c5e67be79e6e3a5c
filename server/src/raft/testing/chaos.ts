import type { ConfigurationChange } from "../configuration.js";
import type { RaftConfig } from "../config.js";
import type { MemberId } from "../message.js";
import { isQuorum } from "./overlap.js";
import { seededRandom } from "./prng.js";
import { votes } from "./recovery.js";
import { TICK_MS, World } from "./world.js";

/** One thing that a schedule does to the cluster; `run` lets it work, and misbehave, for some steps. */
export type Action =
  | {
      readonly do: "run";
      readonly steps: number;
      readonly lossPercent: number;
      readonly doublePercent: number;
      readonly order: "mostly" | "none";
    }
  | { readonly do: "crash"; readonly member: number; readonly kept: number; readonly torn: number }
  /** It goes down, its disk keeps so many entries, null: nothing; `back`: it is started again at once. */
  | { readonly do: "lose"; readonly member: number; readonly kept: number | null; readonly back: boolean }
  | { readonly do: MemberAction; readonly member: number }
  | { readonly do: "transfer"; readonly to: number }
  | { readonly do: "change"; readonly by: number; readonly wishes: readonly ConfigurationChange[] }
  | { readonly do: "partition"; readonly side: readonly number[] }
  | { readonly do: "cut"; readonly from: number; readonly to: number }
  | { readonly do: "heal" | "revive" };

type MemberAction =
  | "restart"
  | "stick-disk"
  | "stop-clock"
  | "isolate-leader"
  | "campaign"
  | "stick-leaders-disk";

/** Members 1 to POOL run; the first few of them make the cluster at the beginning. */
export const POOL = 6;

/** Carries out a schedule. All chance comes from the seed, so a failure is repeated by its counterexample. */
export class Chaos {
  readonly world: World;
  readonly #random;
  readonly #stuckDisks = new Set<MemberId>();
  readonly #stoppedClocks = new Set<MemberId>();
  readonly counts = { doubled: 0 };

  constructor(size: number, seed: number, fixed: Partial<RaftConfig> = {}) {
    this.#random = seededRandom(seed);
    this.world = new World(size, seed, { ...this.#drawnConfig(), ...fixed }, new Map(), POOL);
  }

  take(action: Action): void {
    const { world } = this;
    switch (action.do) {
      case "run":
        for (let step = 0; step < action.steps; step++) this.#one(action);
        return;
      case "crash":
        return world.crash(action.member, action.kept, action.torn);
      case "lose":
        this.#lose(action.member, action.kept);
        if (action.back) world.restart(action.member);
        return;
      case "transfer":
        for (const { id } of world.leaders()) world.transfer(id, action.to);
        return;
      case "change":
        return this.#change(action.by, action.wishes);
      case "partition":
        return world.partition(action.side);
      case "cut":
        return world.cut(action.from, action.to);
      case "heal":
        this.#stuckDisks.clear();
        this.#stoppedClocks.clear();
        return world.heal();
      case "revive":
        for (const id of world.ids) world.restart(id);
        return;
      case "restart":
      case "stick-disk":
      case "stick-leaders-disk":
      case "stop-clock":
      case "isolate-leader":
      case "campaign":
        return this.#takeAt(action.do, action.member);
    }
  }

  #takeAt(what: MemberAction, member: MemberId): void {
    const { world } = this;
    switch (what) {
      case "restart":
        this.#stuckDisks.delete(member);
        return world.restart(member);
      case "stick-disk":
        this.#stuckDisks.add(member);
        return;
      case "stick-leaders-disk":
        for (const { id } of world.leaders()) this.#stuckDisks.add(id);
        return;
      case "stop-clock":
        this.#stoppedClocks.add(member);
        return;
      case "campaign":
        return world.campaign(member);
      case "isolate-leader":
        // Half of them do not notice: only such a leader is still there when the next one commits.
        for (const { id } of world.leaders()) if (member > POOL / 2) this.#stoppedClocks.add(id);
        return world.partition(world.leaders().map(({ id }) => id));
    }
  }

  /** As long as the others can do without those who lost something, whoever makes up the cluster. */
  #lose(member: MemberId, kept: number | null): void {
    const { world } = this;
    const sound = world.ids.filter((id) => id !== member && votes(world.node(id)));
    const spared = world.ids.every((id) => {
      const { configuration } = world.node(id).status;
      return configuration.voters.length === 0 || isQuorum(configuration, sound);
    });
    if (!spared) return;
    world.crash(member);
    world.loseEntries(member, kept);
  }

  /** Mostly of the leader, sometimes of anybody: forwarded, or refused. */
  #change(by: MemberId, wishes: readonly ConfigurationChange[]): void {
    const leader = this.world.leaders()[0]?.id;
    this.world.change(leader === undefined || by === 1 ? by : leader, wishes);
  }

  #one({ lossPercent, doublePercent, order }: Extract<Action, { do: "run" }>): void {
    const { world } = this;
    const id = this.#pick(this.#busy());
    const dice = this.#random.below(100);
    if (dice < 14) {
      if (!this.#stoppedClocks.has(id)) world.tick(id);
    } else if (dice < 29) {
      if (!this.#stuckDisks.has(id)) world.sync(id, 1 + this.#random.below(3));
    } else if (dice < 34) world.propose(id, 1 + this.#random.below(3));
    else if (dice < 37) world.read(this.#reader(id));
    else if (dice < 39) {
      if (this.#random.below(2) === 0) world.beginCheckpoint(id);
      else world.endCheckpoint(id, this.#random.below(4));
    } else if (world.network.length > 0) {
      const late = order === "none" || this.#random.below(5) === 0;
      const at = late ? this.#random.below(world.network.length) : 0;
      if (this.#random.below(100) < lossPercent) return world.lose(at);
      const doubled = this.#random.below(100) < doublePercent;
      if (doubled) this.counts.doubled += 1;
      world.deliver(at, doubled);
    }
  }

  /** Often the leader of the lowest term: if any is deposed and does not know it, it is that one. */
  #reader(id: MemberId): MemberId {
    const [first, ...others] = this.world.leaders();
    if (first === undefined || this.#random.below(2) === 0) return id;
    return others.reduce((low, one) => (one.status.term < low.status.term ? one : low), first).id;
  }

  /** Members mostly; sometimes one of those who are none. */
  #busy(): readonly MemberId[] {
    const { world } = this;
    const leader = world.leaders()[0];
    if (leader === undefined || this.#random.below(4) === 0) return world.ids;
    return [leader.id, ...(leader.status.peers ?? []).map(({ member }) => member)];
  }

  /** Narrow windows, short logs, short timeouts, leases: each run its own mix. */
  #drawnConfig(): Partial<RaftConfig> {
    const electionTicks = this.#pick([3, 5, 5, 5, 8]);
    const lease = { electionTimeoutMs: electionTicks * TICK_MS, clockUncertainty: 0.2 };
    const isLeased = this.#random.below(2) === 0;
    const preVote = this.#random.below(5) > 0;
    return {
      electionTicks,
      heartbeatTicks: this.#pick([1, 1, 2]),
      diskStallTicks: this.#pick([1, 5, 5, 5, 5, 20]),
      preVote,
      // Without both, a member that was removed deposes leaders for ever.
      checkQuorum: isLeased || !preVote || this.#random.below(5) > 0,
      maxAppendBytes: this.#pick([1, 40, 120, 400]),
      maxInflightAppends: this.#pick([1, 2, 4]),
      maxInflightBytes: this.#pick([1, 60, 200, 10_000]),
      maxPromotionLag: this.#pick([0, 3, 1000]),
      ...(isLeased ? { lease } : {}),
    };
  }

  #pick<Item>(items: readonly Item[]): Item {
    const item = items[this.#random.below(items.length)];
    if (item === undefined) throw new Error("nothing to choose from");
    return item;
  }
}
