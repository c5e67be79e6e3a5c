import type { Effect, Entry, Event, MemberId, Message } from "@gauntlet/server/inside";
import { Invariants, type StepView } from "../invariants.js";
import type { Voters } from "../quorums.js";
import type { Violation } from "../violation.js";

const VOTERS: Voters = { voters: [1, 2, 3], outgoing: [] };
const TICK: Event = { type: "tick" };

export function entry(index: number, term: number, data = `${index}/${term}`): Entry {
  return { index, term, kind: "normal", version: 1, timestampMs: 0, data: Buffer.from(data) };
}

export function configuration(index: number, term: number, voters: Partial<Voters>): Entry {
  const configured = { voters: [], outgoing: [], learners: [], ...voters };
  return { ...entry(index, term), kind: "configuration", configuration: configured } as unknown as Entry;
}

/** Three members as fabricated: each test says what a broken one would do. */
export class Story {
  readonly invariants = new Invariants({
    members: [1, 2, 3, 4, 5].map((id) => ({ id, name: `n${id}` })),
    initial: VOTERS,
  });
  readonly #views = new Map<MemberId, StepView>();
  readonly #sequences = new Map<MemberId, number>();

  start(
    id: MemberId,
    term = 0,
    vote: MemberId | null = null,
    entries: readonly Entry[] = [],
    lostTo: number | null = null,
  ): void {
    this.#views.set(id, { role: "follower", term, commitIndex: 0 });
    this.#sequences.set(id, 0);
    const hardState = { term, vote, ...(lostTo !== null && { lostTo }) };
    this.invariants.started(id, { hardState, entries });
  }

  step(id: MemberId, change: Partial<StepView>, effects: readonly Effect[] = [], event: Event = TICK): void {
    const view = { ...this.view(id), ...change };
    this.#views.set(id, view);
    this.invariants.stepped(id, event, effects, view);
  }

  view(id: MemberId): StepView {
    return this.#views.get(id) ?? { role: "follower", term: 0, commitIndex: 0 };
  }

  persist(
    id: MemberId,
    entries: readonly Entry[],
    state: { readonly term: number; readonly vote: MemberId | null } | null = null,
    change: Partial<StepView> = {},
  ): void {
    const sequence = (this.#sequences.get(id) ?? 0) + 1;
    this.#sequences.set(id, sequence);
    this.step(id, change, [{ type: "persist", sequence, hardState: state, snapshot: null, entries }]);
  }

  synced(id: MemberId, change: Partial<StepView> = {}): void {
    this.step(id, change, [], { type: "persisted", sequence: this.#sequences.get(id) ?? 0 });
  }

  /** Durable at once. */
  write(
    id: MemberId,
    entries: readonly Entry[],
    state: { readonly term: number; readonly vote: MemberId | null } | null = null,
    change: Partial<StepView> = {},
  ): void {
    this.persist(id, entries, state, change);
    this.synced(id);
  }

  /** A member follows `leader` in this term, and holds these entries durably. */
  follow(id: MemberId, term: number, entries: readonly Entry[], vote: MemberId | null = null): void {
    this.write(id, entries, { term, vote }, { term, role: "follower" });
  }

  lead(id: MemberId, term: number, entries: readonly Entry[]): void {
    this.write(id, [], { term, vote: id }, { term, role: "candidate" });
    this.write(id, entries, null, { role: "leader" });
  }

  send(id: MemberId, message: Partial<Message> & { readonly type: Message["type"] }): void {
    const whole = { from: id, to: 2, term: this.view(id).term, ...message } as unknown as Message;
    this.step(id, {}, [{ type: "send", message: whole }]);
  }

  apply(id: MemberId, entries: readonly Entry[]): void {
    this.step(id, {}, [{ type: "apply", entries }]);
  }

  /** n1 leads term 1 with two entries, which are on all disks; the first two members have them committed. */
  commonPast(): readonly [Entry, Entry] {
    const entries = [entry(1, 1), entry(2, 1)] as const;
    this.lead(1, 1, entries);
    for (const id of [2, 3]) this.follow(id, 1, entries, 1);
    this.step(1, { commitIndex: 2 });
    this.step(2, { commitIndex: 2 });
    return entries;
  }

  get violation(): Violation | null {
    return this.invariants.violation;
  }
}

/** Five members that have begun, of which three vote. */
export function begun(): Story {
  const story = new Story();
  for (const id of [1, 2, 3, 4, 5]) story.start(id);
  return story;
}
