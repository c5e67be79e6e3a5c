import type { Message, RaftCore } from "@gauntlet/server/inside";
import type { Bound } from "./bound.js";
import { GraphCodec } from "./graph-codec.js";
import { IntList, PairTable, RowTable } from "./int-table.js";
import { ID_BASE, LocalWorld } from "./local-member.js";
import { LocalStates } from "./local-states.js";
import { MessageSets } from "./message-sets.js";

/** A global state: one node a member. A node is a local state and the set of all messages ever sent from there. */
export type State = Int32Array;

/** Both on, but for tests that compare. */
export interface Reductions {
  readonly symmetry?: boolean;
  readonly forgetsStale?: boolean;
}

/**
 * The global states of a bound and what follows from each.
 *
 * The network keeps every message for ever: it may deliver it at once, late, often or never. So it loses,
 * reorders and doubles without limit, and needs no state but what was sent. Two consequences are used:
 * a state with more messages can do all that one with fewer can, and therefore a delivery that changes
 * nothing but adds an answer (a refusal, say) is taken at once, in `saturate`, in place of later or never.
 */
export class Space {
  readonly bound: Bound;
  readonly locals: LocalStates;
  readonly sets: MessageSets;
  readonly renamings: readonly (readonly number[])[];
  /** (local state, messages sent). */
  private readonly nodes = new RowTable(2);
  /** Of each node and each receiver, the set of messages to it. */
  private readonly channels = new IntList();
  private readonly durableTerms = new IntList();
  private readonly renamedNodes: IntList[];
  private readonly sums = new PairTable();
  /** What can arrive at a local state from a set of messages: inert answers, then active transitions. */
  private readonly arrivals = new PairTable();
  private readonly inert = new IntList();
  private readonly active: number[][] = [];
  private readonly pruned = new PairTable();
  private readonly forgetsStale: boolean;
  private readonly best: State;
  private readonly other: State;
  private readonly nodeRow = new Int32Array(2);

  constructor(
    bound: Bound,
    Core?: typeof RaftCore,
    { symmetry = true, forgetsStale = true }: Reductions = {},
  ) {
    this.forgetsStale = forgetsStale;
    this.best = new Int32Array(bound.members);
    this.other = new Int32Array(bound.members);
    this.bound = bound;
    const world = new LocalWorld(bound, Core);
    const codec = new GraphCodec(ID_BASE, bound.members, [...world.configs, world.chance]);
    // Those who vote from the beginning are alike, and so are the others.
    const all = permutations(bound.members).filter((names) =>
      names.every((name, member) => name < bound.voters === member < bound.voters),
    );
    // A leader that leaves invites the most complete of the others, and of equals the one with the lowest id.
    const leavers = bound.wishes.includes("remove") || bound.wishes.includes("replace");
    this.renamings = symmetry && !leavers ? all : all.slice(0, 1);
    this.sets = new MessageSets(codec, this.renamings);
    this.locals = new LocalStates(world, codec, this.sets, this.renamings);
    this.renamedNodes = this.renamings.map(() => new IntList());
  }

  get nodeCount(): number {
    return this.nodes.size;
  }

  /** Bytes of the tables that grow with the search, without the interned members and messages. */
  get bytes(): number {
    return (
      this.nodes.bytes +
      this.channels.bytes +
      this.sums.bytes +
      this.arrivals.bytes +
      this.inert.bytes +
      this.renamedNodes.reduce((sum, list) => sum + list.bytes, 0)
    );
  }

  start(): State {
    const state = new Int32Array(this.bound.members);
    for (let member = 0; member < state.length; member++) {
      state[member] = this.internNode(this.locals.start(member), 0);
    }
    return state;
  }

  localOf(node: number): number {
    return this.nodes.at(node, 0);
  }

  sentBy(node: number): number {
    return this.nodes.at(node, 1);
  }

  /** All that can happen in `state`. `next` is lent for the call; it is saturated, not canonical. */
  expand(state: State, found: (next: State, member: number, transition: number) => void): void {
    const next = new Int32Array(state.length);
    const take = (member: number, transition: number): void => {
      next.set(state);
      if (this.locals.violation(transition) === null) {
        const node = state[member] as number;
        const sent = this.sets.union(this.sentBy(node), this.locals.sent(transition));
        next[member] = this.internNode(this.locals.next(transition), sent);
        this.settle(next);
      }
      found(next, member, transition);
    };
    for (let member = 0; member < state.length; member++) {
      const local = this.localOf(state[member] as number);
      for (const transition of this.locals.own(local)) {
        if (this.isWithin(state, member, transition)) take(member, transition);
      }
      for (let from = 0; from < state.length; from++) {
        if (from === member) continue;
        for (const transition of this.active[this.arrivalsAt(state[from] as number, member, local)] ?? []) {
          take(member, transition);
        }
      }
    }
  }

  /** What a state is taken for: with all that happens without a choice, and without what does not matter any more. */
  settle(state: State): void {
    this.saturate(state);
    this.forgetStale(state);
  }

  /** Takes all deliveries that change no member, in place. */
  private saturate(state: State): void {
    for (let changed = true; changed; ) {
      changed = false;
      for (let member = 0; member < state.length; member++) {
        const node = state[member] as number;
        const local = this.localOf(node);
        let grown = node;
        for (let from = 0; from < state.length; from++) {
          if (from === member) continue;
          const arrivals = this.arrivalsAt(state[from] as number, member, local);
          grown = this.add(grown, this.inert.get(arrivals));
        }
        if (grown === node) continue;
        state[member] = grown;
        changed = true;
      }
    }
  }

  /**
   * Takes away messages that can do nothing any more, in place: answers of a term that is over for their receiver
   * for good, and requests, if in addition it is in the last term, so that its answer to them, which is sent
   * by now, will never be another. `staleIsInert` proves of every member's states that this is so.
   */
  private forgetStale(state: State): void {
    if (!this.forgetsStale) return;
    let terms = 0;
    for (let member = 0; member < state.length; member++) {
      terms = 16 * terms + this.durableTerms.get(state[member] as number);
    }
    for (let member = 0; member < state.length; member++) {
      const node = state[member] as number;
      let pruned = this.pruned.get(node, terms);
      if (pruned === -1) {
        const durable = Array.from(state, (other) => this.durableTerms.get(other));
        pruned = this.internNode(this.localOf(node), this.without(this.sentBy(node), durable));
        this.pruned.add(node, terms, pruned);
      }
      state[member] = pruned;
    }
  }

  /**
   * Whether `forgetStale` was right in all it took away: at every state of the receiver that the search knows, in a
   * term later than the message's, the message changes nothing; and where an answer is owed, it is the same in all.
   * Then the first step of a run without the reduction that is not in one with it cannot exist.
   */
  staleIsInert(): boolean {
    const { locals, sets, bound } = this;
    for (let member = 0; member < bound.members; member++) {
      const states = locals.of(member);
      for (let message = 0; message < sets.messageCount; message++) {
        if (sets.receiverOf(message) !== member) continue;
        const decoded = sets.message(message);
        const late = states.filter((local) =>
          isStale(decoded, locals.factsOf(local).durableTerm, bound.terms),
        );
        const taken = late.map((local) => ({ local, transition: locals.receive(local, message) }));
        const inert = taken.every(({ local, transition }) => {
          return locals.next(transition) === local && locals.violation(transition) === null;
        });
        const answers = new Set(taken.map(({ transition }) => locals.sent(transition)));
        if (!inert || answers.size > 1) return false;
      }
    }
    return true;
  }

  private without(sent: number, durable: readonly number[]): number {
    const live = this.sets.membersOf(sent).filter((message) => {
      const term = durable[this.sets.receiverOf(message)] ?? 0;
      return !isStale(this.sets.message(message), term, this.bound.terms);
    });
    return this.sets.ofIds(live);
  }

  /** The least of all that differ in the members' names only; lent until the next call. */
  canonical(state: State): State {
    const { length } = state;
    const { best, other } = this;
    best.set(state);
    for (let renaming = 1; renaming < this.renamings.length; renaming++) {
      const names = this.renamings[renaming] as readonly number[];
      for (let member = 0; member < length; member++) {
        other[names[member] as number] = this.renamedNode(state[member] as number, renaming);
      }
      if (isLess(other, best)) best.set(other);
    }
    return best;
  }

  private isWithin(state: State, member: number, transition: number): boolean {
    const before = this.locals.factsOf(this.localOf(state[member] as number)).spent;
    const after = this.locals.factsOf(this.locals.next(transition)).spent;
    if (before.total === after.total) return true;
    const spent = { ...after };
    for (let other = 0; other < state.length; other++) {
      if (other === member) continue;
      const theirs = this.locals.factsOf(this.localOf(state[other] as number)).spent;
      spent.entries += theirs.entries;
      spent.heartbeats += theirs.heartbeats;
      spent.crashes += theirs.crashes;
      spent.losses += theirs.losses;
      spent.changes += theirs.changes;
    }
    const { entries, heartbeats, crashes, losses, changes } = this.bound;
    return (
      spent.entries <= entries &&
      spent.heartbeats <= heartbeats &&
      spent.crashes <= crashes &&
      spent.losses <= losses &&
      spent.changes <= changes
    );
  }

  private arrivalsAt(from: number, member: number, local: number): number {
    const channel = this.channels.get(from * this.bound.members + member);
    const known = this.arrivals.get(channel, local);
    if (known !== -1) return known;
    let inert = 0;
    const active: number[] = [];
    for (const message of this.sets.membersOf(channel)) {
      const transition = this.locals.receive(local, message);
      const isInert = this.locals.next(transition) === local && this.locals.violation(transition) === null;
      if (isInert) inert = this.sets.union(inert, this.locals.sent(transition));
      else active.push(transition);
    }
    const added = this.active.push(active) - 1;
    this.inert.push(inert);
    this.arrivals.add(channel, local, added);
    return added;
  }

  private add(node: number, messages: number): number {
    if (messages === 0) return node;
    const known = this.sums.get(node, messages);
    if (known !== -1) return known;
    const sum = this.internNode(this.localOf(node), this.sets.union(this.sentBy(node), messages));
    this.sums.add(node, messages, sum);
    return sum;
  }

  private renamedNode(node: number, renaming: number): number {
    const memo = this.renamedNodes[renaming] as IntList;
    const known = memo.get(node);
    if (known !== -1) return known;
    const local = this.locals.renamed(this.localOf(node), renaming);
    const renamed = this.internNode(local, this.sets.renamed(this.sentBy(node), renaming));
    memo.set(node, renamed);
    return renamed;
  }

  private internNode(local: number, sent: number): number {
    this.nodeRow[0] = local;
    this.nodeRow[1] = sent;
    const before = this.nodes.size;
    const node = this.nodes.intern(this.nodeRow);
    if (node < before) return node;
    for (let member = 0; member < this.bound.members; member++)
      this.channels.push(this.sets.to(sent, member));
    for (const memo of this.renamedNodes) memo.push(-1);
    this.durableTerms.push(this.locals.factsOf(local).durableTerm);
    return node;
  }
}

function isStale(message: Message, durableTerm: number, lastTerm: number): boolean {
  if (message.term >= durableTerm) return false;
  return !ASKS.has(message.type) || durableTerm === lastTerm;
}

/** What an answer is owed to, even if its term is over. */
const ASKS: ReadonlySet<Message["type"]> = new Set(["append", "heartbeat", "vote-request", "snapshot"]);

function isLess(a: State, b: State): boolean {
  for (let at = 0; at < a.length; at++) {
    const [left, right] = [a[at] as number, b[at] as number];
    if (left !== right) return left < right;
  }
  return false;
}

/** The first one changes nothing. */
function permutations(count: number): readonly (readonly number[])[] {
  if (count === 0) return [[]];
  return permutations(count - 1)
    .flatMap((rest) => Array.from({ length: count }, (_, at) => rest.toSpliced(at, 0, count - 1)))
    .toSorted((a, b) => (a.join() < b.join() ? -1 : 1));
}
