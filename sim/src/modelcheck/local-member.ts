import { configurationOf, RaftCore } from "@gauntlet/server/inside";
import type {
  Configuration,
  ConfigurationChange,
  Effect,
  Entry,
  Event,
  HardState,
  MemberId,
  Message,
  RaftConfig,
} from "@gauntlet/server/inside";
import type { Bound } from "./bound.js";
import { ELECTION_TICKS } from "./graph-codec.js";
import { agreeOnPrefix, dataOf, show } from "./logs.js";

/** The ids of the members are far from all other numbers of a core, so that they are found and renamed. */
export const ID_BASE = 1_000_000;

export type Write = Extract<Effect, { type: "persist" }>;

/** One member as the search sees it: the real core, its disk, and what must not be forgotten about its past. */
export interface LocalMember {
  core: RaftCore;
  disk: { hardState: HardState; entries: readonly Entry[] };
  /** Begun, not durable. */
  writes: readonly Write[];
  past: {
    /** Bit t: it led term t. */
    ledTerms: number;
    /** What it had committed before crashes, as long as it has not committed that much again. */
    committed: readonly Entry[];
    /** What its disk had before it lost some of it, the longest such log, as long as it is not whole again. */
    lost: readonly Entry[];
  };
  /** Of what the bound limits, how much this member used up. */
  spent: Spent;
}

export interface Spent {
  readonly total: number;
  readonly entries: number;
  readonly heartbeats: number;
  readonly crashes: number;
  readonly losses: number;
  readonly changes: number;
}

/** What can happen to a member by itself, or by a message that reaches it. */
export type Action =
  | { readonly type: "receive"; readonly message: Message }
  | { readonly type: "campaign" }
  /** An election timeout passes without a word from the leader. */
  | { readonly type: "lapse" }
  | { readonly type: "heartbeat" }
  | { readonly type: "propose" }
  | { readonly type: "change"; readonly changes: readonly ConfigurationChange[] }
  /** The first `writes` of the writes under way become durable, and the core is told. */
  | { readonly type: "sync"; readonly writes: number }
  /** Of the writes under way the first `writes` reach the disk, and of the next one the first `torn` - 1 entries. */
  | { readonly type: "crash"; readonly writes: number; readonly torn: number }
  /** No write that is under way reaches the disk, and of what is there the first `kept` entries are left. */
  | { readonly type: "lose"; readonly kept: number };

export interface Outcome {
  /** Null: the member refused, and is as it was. */
  readonly member: LocalMember | null;
  readonly sent: readonly Message[];
  /** A promise broken by this member alone, in one sentence. */
  readonly violation: { readonly name: string; readonly what: string } | null;
}

const NOW = { monotonicMs: 0, wallMs: 0 };

/** All members' timers, drawn or not, stand still: see graph-codec.ts. */
class NoChance {
  below(): number {
    return 0;
  }
}

/** Starts members, and takes each through one action at a time. Any RaftCore will do, a broken one, too. */
export class LocalWorld {
  readonly bound: Bound;
  readonly configs: readonly RaftConfig[];
  readonly chance = new NoChance();
  private readonly ids: readonly MemberId[];
  private readonly Core: typeof RaftCore;

  constructor(bound: Bound, Core: typeof RaftCore = RaftCore) {
    this.bound = bound;
    this.Core = Core;
    this.ids = Array.from({ length: bound.members }, (_, at) => ID_BASE + 1 + at);
    const initial = configurationOf(this.ids.slice(0, bound.voters));
    const outside = configurationOf([]);
    this.configs = this.ids.map((self, at) => {
      return { ...CONFIG, preVote: bound.preVote, self, initial: at < bound.voters ? initial : outside };
    });
  }

  start(member: number): LocalMember {
    const disk = { hardState: { term: 0, vote: null }, entries: [] };
    return {
      core: this.boot(member, disk),
      disk,
      writes: [],
      past: { ledTerms: 0, committed: [], lost: [] },
      spent: { total: 0, entries: 0, heartbeats: 0, crashes: 0, losses: 0, changes: 0 },
    };
  }

  /** What this member may do by itself. */
  actionsOf(local: LocalMember): readonly Action[] {
    const { bound } = this;
    const status = local.core.status();
    const actions: Action[] = [];
    if (status.role === "leader") {
      if (bound.entries > 0) actions.push({ type: "propose" });
      if (bound.heartbeats > 0) actions.push({ type: "heartbeat" });
      if (bound.changes > 0) actions.push(...this.changesOf(status.configuration));
    } else if (status.term < bound.terms) actions.push({ type: "campaign" });
    if (bound.preVote && status.leader !== null) actions.push({ type: "lapse" });
    for (let writes = 1; writes <= local.writes.length; writes++) actions.push({ type: "sync", writes });
    if (bound.crashes > 0) actions.push(...crashes(local.writes));
    if (bound.losses > 0) {
      for (let kept = 0; kept < local.disk.entries.length; kept++) actions.push({ type: "lose", kept });
    }
    return actions;
  }

  /** Changes `local`, which the caller gives away. */
  apply(member: number, local: LocalMember, action: Action): Outcome {
    const run = new Run(local, this.bound.disks === "synchronous");
    const before = local.core.status();
    const logBefore = logOf(local.core);
    try {
      switch (action.type) {
        case "receive":
          // A transfer is an election, too.
          if (action.message.type === "timeout-now" && before.term >= this.bound.terms) run.refused = true;
          else run.step({ type: "receive", message: action.message });
          break;
        case "lapse":
          dataOf(local.core).timer.elapsedTicks = ELECTION_TICKS;
          break;
        case "campaign":
          run.step({ type: "campaign" });
          break;
        case "heartbeat":
          spend(local, "heartbeats");
          run.step({ type: "tick" });
          break;
        case "propose":
          spend(local, "entries");
          run.step({ type: "propose", id: 1, data: [Uint8Array.of(local.spent.entries)] });
          break;
        case "change":
          spend(local, "changes");
          run.step({ type: "change", id: 1, changes: action.changes, data: NO_DATA });
          break;
        case "sync":
          run.sync(action.writes);
          break;
        case "crash":
          this.crash(member, local, action);
          return { member: local, sent: [], violation: null };
        case "lose":
          this.lose(member, local, action.kept);
          return { member: local, sent: [], violation: null };
      }
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "InvariantViolation") throw error;
      return {
        member: local,
        sent: [],
        violation: { name: "the core's own assertion", what: error.message },
      };
    }
    if (run.refused) return { member: null, sent: [], violation: null };
    forgetSequences(local);
    const after = local.core.status();
    if (after.role === "leader")
      local.past = { ...local.past, ledTerms: local.past.ledTerms | (1 << after.term) };
    const violation = run.violation ?? judge(local, before, logBefore);
    return { member: local, sent: run.sent, violation };
  }

  private changesOf({ voters, learners }: Configuration): readonly Action[] {
    const { wishes } = this.bound;
    const newcomers = this.ids.filter((id) => !voters.includes(id) && !learners.includes(id));
    const changes: ConfigurationChange[][] = [];
    for (const member of newcomers) {
      if (wishes.includes("add")) changes.push([{ type: "add-voter", member }]);
      if (wishes.includes("learner")) changes.push([{ type: "add-learner", member, promote: true }]);
    }
    for (const member of voters) {
      if (wishes.includes("remove")) changes.push([{ type: "remove", member }]);
      if (!wishes.includes("replace")) continue;
      for (const other of newcomers) {
        changes.push([
          { type: "add-voter", member: other },
          { type: "remove", member },
        ]);
      }
    }
    return changes.map((wish) => ({ type: "change", changes: wish }));
  }

  private crash(member: number, local: LocalMember, action: Extract<Action, { type: "crash" }>): void {
    const committed = committedOf(local);
    for (const write of local.writes.slice(0, action.writes)) store(local, write, write.entries.length);
    const next = local.writes[action.writes];
    if (next !== undefined && action.torn > 0) store(local, next, action.torn - 1);
    local.writes = [];
    const lost = local.disk.hardState.lostTo === undefined ? [] : local.past.lost;
    local.past = { ...local.past, committed, lost };
    spend(local, "crashes");
    local.core = this.boot(member, local.disk);
  }

  private lose(member: number, local: LocalMember, kept: number): void {
    const committed = committedOf(local);
    const { hardState, entries } = local.disk;
    const { lost } = local.past;
    const lostTo = Math.max(entries.length, hardState.lostTo ?? 0);
    local.disk = { hardState: { ...hardState, lostTo }, entries: entries.slice(0, kept) };
    local.writes = [];
    local.past = { ...local.past, committed, lost: entries.length > lost.length ? entries : lost };
    spend(local, "losses");
    local.core = this.boot(member, local.disk);
  }

  private boot(member: number, disk: LocalMember["disk"]): RaftCore {
    const config = this.configs[member];
    if (config === undefined) throw new RangeError(`no member ${member}`);
    return new this.Core(config, { ...disk, snapshot: null }, this.chance);
  }
}

/** One action and all that follows from it at once. */
class Run {
  readonly sent: Message[] = [];
  violation: Outcome["violation"] = null;
  refused = false;
  private readonly local: LocalMember;
  private readonly synchronous: boolean;

  constructor(local: LocalMember, synchronous: boolean) {
    this.local = local;
    this.synchronous = synchronous;
  }

  step(event: Event): void {
    this.carryOut(this.local.core.step(event, NOW));
    if (this.synchronous && this.local.writes.length > 0) this.sync(this.local.writes.length);
  }

  sync(count: number): void {
    const { local } = this;
    const done = local.writes.slice(0, count);
    local.writes = local.writes.slice(count);
    for (const write of done) store(local, write, write.entries.length);
    this.judgeRecovery();
    const last = done.at(-1);
    if (last !== undefined) this.step({ type: "persisted", sequence: last.sequence });
  }

  private carryOut(effects: readonly Effect[]): void {
    let applied = 0;
    for (const effect of effects) {
      if (effect.type === "persist") this.local.writes = [...this.local.writes, effect];
      else if (effect.type === "send") this.send(effect.message);
      else if (effect.type === "apply") applied = effect.entries.at(-1)?.index ?? 0;
      else if (effect.type === "proposals-refused") this.refused = true;
    }
    if (applied > 0) this.step({ type: "applied", index: applied });
  }

  private send(message: Message): void {
    this.sent.push(message);
    // A synchronous write was done before anything that the same step sends after it.
    const { hardState, entries } = this.synchronous ? this.diskSoon() : this.local.disk;
    const forecast = (message.type === "vote-request" || message.type === "vote-response") && message.pre;
    const wantsVotes =
      message.type === "vote-request" || (message.type === "vote-response" && message.granted);
    if (wantsVotes && hardState.lostTo !== undefined)
      this.fail(
        "whole before it votes",
        `${message.type}, though entries up to ${hardState.lostTo} may be lost`,
      );
    if (!forecast && message.term > hardState.term)
      this.fail("durable before sent", `sends a message of term ${message.term}, which is not on its disk`);
    if (message.type === "vote-response" && message.granted && !message.pre) {
      if (message.term === hardState.term && hardState.vote !== message.to)
        this.fail("durable before sent", `grants a vote in term ${message.term} that is not on its disk`);
    }
    if (message.type === "append-accepted" && message.matchIndex > entries.length)
      this.fail(
        "durable before sent",
        `acknowledges entry ${message.matchIndex}, but its disk ends at ${entries.length}`,
      );
  }

  /** What it had before a loss and is committed, as far as it knew, is back when it says so. */
  private judgeRecovery(): void {
    const { disk, past } = this.local;
    if (past.lost.length === 0 || disk.hardState.lostTo !== undefined) return;
    this.local.past = { ...past, lost: [] };
    const had = past.committed.slice(0, past.lost.length);
    if (disk.entries.length < had.length || !agreeOnPrefix(had, disk.entries))
      this.fail(
        "whole before it votes",
        `would vote with ${show(disk.entries)}, though it once had ${show(had)}`,
      );
  }

  private diskSoon(): LocalMember["disk"] {
    const soon = { ...this.local, disk: { ...this.local.disk } };
    for (const write of this.local.writes) store(soon, write, write.entries.length);
    return soon.disk;
  }

  private fail(name: string, what: string): void {
    this.violation ??= { name, what };
  }
}

/** What one member must keep in every step of its life. */
function judge(
  local: LocalMember,
  before: ReturnType<RaftCore["status"]>,
  logBefore: readonly Entry[],
): Outcome["violation"] {
  const after = local.core.status();
  if (after.term < before.term)
    return { name: "term monotonic", what: `its term falls from ${before.term} to ${after.term}` };
  if (after.commitIndex < before.commitIndex)
    return { name: "commit monotonic", what: `its commit index falls to ${after.commitIndex}` };
  const log = logOf(local.core);
  const committedBefore = logBefore.slice(0, before.commitIndex);
  if (log.length < before.commitIndex || !agreeOnPrefix(committedBefore, log))
    return { name: "commit monotonic", what: `its log loses committed entries: ${show(committedBefore)}` };
  const led = before.role === "leader" && after.role === "leader" && before.term === after.term;
  if (led && (log.length < logBefore.length || !agreeOnPrefix(logBefore, log)))
    return { name: "leader appends only", what: `the leader of term ${after.term} changes its own log` };
  const { committed } = local.past;
  if (committed.length === 0) return null;
  if (!agreeOnPrefix(committed, log.slice(0, after.commitIndex)))
    return {
      name: "state machine safety",
      what: `it commits other entries than before its crash: ${show(log)}, before ${show(committed)}`,
    };
  if (after.commitIndex >= committed.length) local.past = { ...local.past, committed: [] };
  return null;
}

export function logOf(core: RaftCore): readonly Entry[] {
  return dataOf(core).member.log.entries;
}

/** All that this member ever committed. */
export function committedOf(local: LocalMember): readonly Entry[] {
  const now = logOf(local.core).slice(0, local.core.status().commitIndex);
  return now.length >= local.past.committed.length ? now : local.past.committed;
}

/** Sequences of writes only ever are compared: they begin anew at what is durable. */
function forgetSequences(local: LocalMember): void {
  const { outbox, log } = dataOf(local.core).member;
  const done = outbox.persistedSequence;
  outbox.persistedSequence = 0;
  outbox.nextSequence -= done;
  outbox.hardStateSequence = Math.max(0, outbox.hardStateSequence - done);
  const last = outbox.writing.at(-1);
  outbox.writing = last === undefined ? [] : [{ tick: 0, lastSequence: last.lastSequence - done }];
  outbox.held = withoutDoubles(outbox.held.map((item) => ({ ...item, until: item.until - done })));
  log.writes = log.writes.map((item) => ({ ...item, sequence: item.sequence - done }));
  local.writes = local.writes.map((write) => ({ ...write, sequence: write.sequence - done }));
}

function spend(local: LocalMember, what: Exclude<keyof Spent, "total">): void {
  const { spent } = local;
  local.spent = { ...spent, [what]: spent[what] + 1, total: spent.total + 1 };
}

/** The network doubles what leaves at will: that it waits here twice makes no difference. */
function withoutDoubles<Item>(items: readonly Item[]): Item[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

function store(local: Pick<LocalMember, "disk">, write: Write, count: number): void {
  const first = write.entries[0]?.index;
  const entries =
    first === undefined || count === 0
      ? local.disk.entries
      : [...local.disk.entries.slice(0, first - 1), ...write.entries.slice(0, count)];
  local.disk = { hardState: write.hardState ?? local.disk.hardState, entries };
}

function crashes(writes: readonly Write[]): readonly Action[] {
  const actions: Action[] = [{ type: "crash", writes: 0, torn: 0 }];
  for (const [at, write] of writes.entries()) {
    for (let torn = 1; torn <= write.entries.length; torn++) {
      if (torn > 1 || write.hardState !== null) actions.push({ type: "crash", writes: at, torn });
    }
    actions.push({ type: "crash", writes: at + 1, torn: 0 });
  }
  return actions;
}

const NO_DATA = new Uint8Array(0);

const CONFIG = {
  electionTicks: ELECTION_TICKS,
  heartbeatTicks: 1,
  // One entry an append: more messages, more orders.
  maxAppendBytes: 1,
  maxInflightAppends: 2,
  maxInflightBytes: 1 << 20,
  maxUncommittedBytes: 1 << 20,
  checkQuorum: false,
};
