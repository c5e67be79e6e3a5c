import type { Configuration, Entry, RaftConfig } from "@gauntlet/server/inside";
import type { GraphCodec } from "./graph-codec.js";
import { IntList, PairTable } from "./int-table.js";
import { committedOf, logOf } from "./local-member.js";
import type { Action, LocalMember, LocalWorld, Spent } from "./local-member.js";
import { textOf } from "./logs.js";
import type { MessageSets } from "./message-sets.js";

/** What of a local state matters to the promises that several members make together. */
export interface Facts {
  /** From 0. */
  readonly owner: number;
  readonly leads: boolean;
  readonly term: number;
  /** No crash makes it fall below. */
  readonly durableTerm: number;
  /** Numbers of interned logs. */
  readonly log: number;
  readonly disk: number;
  /** What the disk had before a loss, until the member is whole again. */
  readonly lost: number;
  readonly committed: number;
  readonly commitIndex: number;
  /** In force. */
  readonly configuration: Configuration;
  /** The last one that it has committed. */
  readonly committedConfiguration: Configuration;
  readonly ledTerms: number;
  readonly spent: Spent;
}

/**
 * All states that any one member was ever seen in, and what each does next. The core takes each step once,
 * on a copy, however many global states have the local one in them.
 */
export class LocalStates {
  private readonly world: LocalWorld;
  private readonly codec: GraphCodec;
  private readonly sets: MessageSets;
  private readonly renamings: readonly (readonly number[])[];
  private readonly ids = new Map<string, number>();
  private readonly bytes: string[] = [];
  private readonly facts: Facts[] = [];
  private readonly renamedIds: number[][];
  private readonly received = new PairTable();
  private readonly ownActions: (readonly number[] | undefined)[] = [];
  private readonly nexts = new IntList();
  private readonly sents = new IntList();
  private readonly actions: (Action | null)[] = [];
  private readonly violations = new Map<number, { readonly name: string; readonly what: string }>();
  private readonly logIds = new Map<string, number>();
  readonly logs: (readonly Entry[])[] = [];

  constructor(
    world: LocalWorld,
    codec: GraphCodec,
    sets: MessageSets,
    renamings: readonly (readonly number[])[],
  ) {
    this.world = world;
    this.codec = codec;
    this.sets = sets;
    this.renamings = renamings;
    this.renamedIds = renamings.map(() => []);
  }

  get count(): number {
    return this.bytes.length;
  }

  /** Steps of the real core, so far. */
  get transitionCount(): number {
    return this.nexts.length;
  }

  start(member: number): number {
    return this.intern(this.world.start(member));
  }

  factsOf(state: number): Facts {
    return this.facts[state] as Facts;
  }

  /** A fresh copy of the member. */
  member(state: number): LocalMember {
    return this.codec.decode(this.bytes[state] ?? "") as LocalMember;
  }

  /** The transition that a message brings about. */
  receive(state: number, message: number): number {
    const known = this.received.get(state, message);
    if (known !== -1) return known;
    const transition = this.step(state, { type: "receive", message: this.sets.message(message) });
    this.received.add(state, message, transition);
    return transition;
  }

  /** The transitions that the member goes through by itself. */
  own(state: number): readonly number[] {
    return (this.ownActions[state] ??= this.world
      .actionsOf(this.member(state))
      .map((action) => this.step(state, action)));
  }

  next(transition: number): number {
    return this.nexts.get(transition);
  }

  /** All states of `owner`. */
  of(owner: number): readonly number[] {
    return [...this.facts.keys()].filter((state) => this.factsOf(state).owner === owner);
  }

  /** The set of messages that it sends. */
  sent(transition: number): number {
    return this.sents.get(transition);
  }

  violation(transition: number): { readonly name: string; readonly what: string } | null {
    return this.violations.get(transition) ?? null;
  }

  action(transition: number): Action {
    return this.actions[transition] as Action;
  }

  renamed(state: number, renaming: number): number {
    const memo = this.renamedIds[renaming] as number[];
    return (memo[state] ??= this.intern(this.member(state), this.renamings[renaming]));
  }

  private step(state: number, action: Action): number {
    const { owner } = this.factsOf(state);
    const outcome = this.world.apply(owner, this.member(state), action);
    const transition = this.nexts.length;
    const stays = outcome.violation !== null || outcome.member === null;
    this.nexts.push(stays ? state : this.intern(outcome.member));
    this.sents.push(this.sets.ofMessages(outcome.sent));
    this.actions.push(action);
    if (outcome.violation !== null) this.violations.set(transition, outcome.violation);
    return transition;
  }

  private intern(local: LocalMember, renaming = this.renamings[0] as readonly number[]): number {
    const bytes = this.codec.encode(local, renaming);
    const known = this.ids.get(bytes);
    if (known !== undefined) return known;
    const id = this.bytes.push(bytes) - 1;
    this.ids.set(bytes, id);
    this.facts.push(this.read(this.member(id)));
    return id;
  }

  private read(local: LocalMember): Facts {
    const { role, term, self, configuration, commitIndex } = local.core.status();
    return {
      owner: this.world.configs.findIndex((config) => config.self === self),
      leads: role === "leader",
      term,
      durableTerm: local.disk.hardState.term,
      log: this.internLog(logOf(local.core)),
      disk: this.internLog(local.disk.entries),
      lost: this.internLog(local.past.lost),
      committed: this.internLog(committedOf(local)),
      commitIndex,
      configuration,
      committedConfiguration: this.lastOf(committedOf(local)),
      ledTerms: local.past.ledTerms,
      spent: local.spent,
    };
  }

  private lastOf(entries: readonly Entry[]): Configuration {
    const last = entries.findLast((entry) => entry.kind === "configuration");
    return last?.configuration ?? (this.world.configs[0] as RaftConfig).initial;
  }

  private internLog(entries: readonly Entry[]): number {
    const text = entries.map(textOf).join(" ");
    let id = this.logIds.get(text);
    if (id === undefined) {
      id = this.logs.push([...entries]) - 1;
      this.logIds.set(text, id);
    }
    return id;
  }
}
