import { readFileSync } from "node:fs";
import type { Effect, Entry, Event, MemberId, Message } from "@gauntlet/server/inside";
import { beforeEach, describe, expect, test } from "vitest";
import { Invariants, type StepView } from "./invariants.js";
import type { Voters } from "./quorums.js";
import { INVARIANTS, type Violation } from "./violation.js";

const VOTERS: Voters = { voters: [1, 2, 3], outgoing: [] };
const TICK: Event = { type: "tick" };

function entry(index: number, term: number, data = `${index}/${term}`): Entry {
  return { index, term, kind: "normal", version: 1, timestampMs: 0, data: Buffer.from(data) };
}

function configuration(index: number, term: number, voters: Partial<Voters>): Entry {
  const configured = { voters: [], outgoing: [], learners: [], ...voters };
  return { ...entry(index, term), kind: "configuration", configuration: configured } as unknown as Entry;
}

/** Three members as fabricated: each test says what a broken one would do. */
class Story {
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

let story: Story;
beforeEach(() => {
  story = new Story();
  for (const id of [1, 2, 3, 4, 5]) story.start(id);
});

test("a past without fault breaks nothing", () => {
  const [first, second] = story.commonPast();
  story.send(2, { type: "append-accepted", to: 1, matchIndex: 2 });
  story.send(1, { type: "heartbeat", commit: 2, round: 1 });
  story.apply(1, [first]);
  story.apply(1, [second]);
  story.step(2, {}, [], { type: "read", id: 7 });
  story.step(2, {}, [{ type: "read-ready", id: 7, index: 2 }]);
  story.lead(2, 2, [entry(3, 2)]);
  story.send(3, { type: "vote-response", to: 2, term: 1, pre: false, granted: false });
  story.start(3, 1, 1, [first, second]);
  story.invariants.ended();
  expect(story.violation).toBeNull();
  expect(story.invariants.elections).toBe(2);
  expect(story.invariants.committed.map(({ entry: each }) => each)).toEqual([first, second]);
});

describe("elections", () => {
  test("two leaders in a term", () => {
    story.lead(1, 1, [entry(1, 1)]);
    story.lead(2, 1, []);
    expect(story.violation).toMatchObject({
      name: "election-safety",
      what: expect.stringMatching(/n2 \(life 1, term 1\) leads term 1, which n1 led/),
    });
  });

  test("a leader of an earlier life leads the same term again", () => {
    story.lead(1, 1, []);
    story.start(1, 1, 1);
    story.lead(1, 1, []);
    expect(story.violation?.name).toBe("election-safety");
  });

  test("one that does not lead speaks as a leader", () => {
    story.follow(1, 1, []);
    story.send(1, { type: "heartbeat", commit: 0, round: 1 });
    expect(story.violation).toMatchObject({
      name: "election-safety",
      what: expect.stringMatching(/speaks as the leader of term 1/),
    });
  });

  test("a second vote in a term, after a restart that lost the first", () => {
    story.follow(3, 1, [], 1);
    story.send(3, { type: "vote-response", to: 1, pre: false, granted: true });
    story.start(3, 1, 1);
    expect(story.violation).toBeNull();
    story.write(3, [], { term: 1, vote: 2 });
    story.send(3, { type: "vote-response", to: 2, pre: false, granted: true });
    expect(story.violation).toMatchObject({
      name: "one-vote-a-term",
      what: expect.stringMatching(/votes for n2 in term 1, and voted for n1/),
    });
  });

  test("a candidate's request is a vote for itself", () => {
    story.follow(3, 1, [], 1);
    story.send(3, { type: "vote-response", to: 1, pre: false, granted: true });
    story.send(3, { type: "vote-request", pre: false, lastIndex: 0, lastTerm: 0 });
    expect(story.violation?.name).toBe("one-vote-a-term");
  });

  test("a vote leaves before it is on disk", () => {
    story.write(3, [], { term: 1, vote: null }, { term: 1 });
    story.persist(3, [], { term: 1, vote: 1 });
    story.send(3, { type: "vote-response", to: 1, pre: false, granted: true });
    expect(story.violation).toMatchObject({
      name: "term-durable-before-it-leaves",
      what: expect.stringMatching(/votes for n1 in term 1, but its disk has term 1 and vote null/),
    });
  });

  test("a term leaves before it is on disk; the term of a pre-vote may", () => {
    story.send(3, { type: "vote-request", term: 1, pre: true, lastIndex: 0, lastTerm: 0 });
    story.send(3, { type: "vote-response", term: 1, pre: true, granted: true });
    expect(story.violation).toBeNull();
    story.persist(3, [], { term: 1, vote: null }, { term: 1 });
    story.send(3, { type: "append-rejected", rejectedPrevIndex: 1, hintIndex: 0, hintTerm: 0, lost: false });
    expect(story.violation).toMatchObject({
      name: "term-durable-before-it-leaves",
      what: expect.stringMatching(/term 0 is on its disk/),
    });
  });

  test("a term that goes back", () => {
    story.follow(3, 2, []);
    story.step(3, { term: 1 });
    expect(story.violation?.name).toBe("term-monotonic");
  });

  test("a leader without a committed entry", () => {
    story.commonPast();
    story.start(5);
    story.lead(5, 2, [entry(1, 2)]);
    expect(story.violation).toMatchObject({
      name: "leader-completeness",
      what: expect.stringMatching(
        /n5 .* leads without the committed entry 2 of term 1; it has a log up to 1/,
      ),
    });
  });

  test("a leader of an old term that wins late need not have what a newer one committed", () => {
    const entries = story.commonPast();
    story.follow(3, 2, [], 3);
    story.lead(2, 3, [entry(3, 3)]);
    story.follow(1, 3, [entry(3, 3)], 2);
    story.step(2, { commitIndex: 3 });
    story.step(3, { role: "leader" });
    expect(story.violation).toBeNull();
    story.start(5);
    expect(story.violation).toBeNull();
    story.lead(5, 4, entries);
    expect(story.violation).toMatchObject({
      name: "leader-completeness",
      what: expect.stringMatching(/n5 .* leads without the committed entry 3 of term 3/),
    });
  });

  test("an entry commits in an old term although the leader of a newer one lacks it", () => {
    story.lead(1, 1, [entry(1, 1)]);
    story.follow(2, 1, [entry(1, 1)], 1);
    story.lead(3, 2, [entry(1, 2)]);
    story.step(1, { commitIndex: 1 });
    expect(story.violation).toMatchObject({
      name: "leader-completeness",
      what: expect.stringMatching(/n3 \(life 1, term 2\)/),
    });
  });
});

describe("logs", () => {
  test("one index and term, two contents", () => {
    story.lead(1, 1, [entry(1, 1, "a")]);
    story.follow(2, 1, [entry(1, 1, "b")]);
    expect(story.violation).toMatchObject({
      name: "log-matching",
      what: expect.stringMatching(/entry 1 of term 1 is .* at n2, .* at n1/),
    });
  });

  test("one entry after two different pasts", () => {
    story.lead(1, 1, [entry(1, 1)]);
    story.lead(2, 2, [entry(1, 2), entry(2, 2)]);
    story.follow(3, 1, [entry(1, 1)]);
    story.follow(3, 2, [entry(2, 2)]);
    expect(story.violation).toMatchObject({
      name: "log-matching",
      what: expect.stringMatching(/entry 2 of term 2 stands after term 1 at n3, after term 2 at n2/),
    });
  });

  test.each([
    ["a gap", [entry(1, 1), entry(3, 1)]],
    ["a gap at the end", [entry(2, 1)]],
  ])("%s", (_, entries) => {
    story.lead(1, 1, entries);
    expect(story.violation?.name).toBe("log-matching");
  });

  test("terms that fall along a log", () => {
    story.lead(1, 2, [entry(1, 2), entry(2, 1)]);
    expect(story.violation).toMatchObject({
      name: "log-matching",
      what: expect.stringMatching(/after an entry of the later term/),
    });
  });

  test("a leader replaces its own entries", () => {
    story.lead(1, 1, [entry(1, 1), entry(2, 1)]);
    story.write(1, [entry(2, 1)]);
    expect(story.violation).toMatchObject({
      name: "leader-append-only",
      what: expect.stringMatching(/replaces its log from 2 on while it leads/),
    });
  });

  test("an entry comes into being at a follower", () => {
    story.follow(2, 1, [entry(1, 1)]);
    expect(story.violation).toMatchObject({
      name: "leader-append-only",
      what: expect.stringMatching(/does not lead that term/),
    });
  });

  test("a committed entry is replaced", () => {
    story.commonPast();
    story.lead(3, 2, [entry(3, 2)]);
    story.follow(2, 2, [entry(2, 1), entry(3, 2)]);
    expect(story.violation).toMatchObject({
      name: "state-machine-safety",
      what: expect.stringMatching(/replaces its log from 2 on, but has committed up to 2/),
    });
  });

  test("a proposal that was refused is in a log all the same", () => {
    const data = Buffer.from("refused");
    story.step(2, {}, [{ type: "proposals-refused", id: 9, reason: "no-leader" }], {
      type: "propose",
      id: 9,
      data: [data],
    });
    story.lead(1, 1, [entry(1, 1, "refused")]);
    expect(story.violation?.name).toBe("refused-is-not-in-a-log");
  });

  test("a proposal is refused later than its entry was made", () => {
    story.step(2, {}, [], { type: "propose", id: 9, data: [Buffer.from("1/1")] });
    story.commonPast();
    story.step(2, {}, [{ type: "proposals-refused", id: 9, reason: "no-leader" }]);
    story.invariants.ended();
    expect(story.violation?.name).toBe("refused-is-not-in-a-log");
  });

  test("one entry holds another configuration elsewhere", () => {
    story.commonPast();
    story.write(1, [configuration(3, 1, { voters: [1, 2, 3, 4] })]);
    story.write(2, [configuration(3, 1, { voters: [1, 2, 3] })]);
    expect(story.violation?.name).toBe("log-matching");
  });

  test("a proposal is taken twice", () => {
    story.lead(1, 1, [entry(1, 1, "a"), entry(2, 1, "b")]);
    expect(story.violation).toBeNull();
    story.lead(2, 2, [entry(1, 2, "c"), entry(2, 2, "a")]);
    expect(story.violation).toMatchObject({
      name: "proposal-enters-once",
      what: expect.stringMatching(/n2 .* makes entry 2 of term 2 of a proposal that is entry 1 of term 1/),
    });
  });
});

describe("commits", () => {
  test("a commit index that goes back", () => {
    story.commonPast();
    story.step(2, { commitIndex: 1 });
    expect(story.violation?.name).toBe("commit-monotonic");
  });

  test("two values for one index", () => {
    story.commonPast();
    story.start(4);
    story.lead(5, 2, [entry(1, 2)]);
    expect(story.violation?.name).toBe("leader-completeness");
  });

  test("two values for one index, at a follower", () => {
    story.lead(5, 1, [entry(1, 1), entry(2, 1)]);
    story.follow(4, 1, [entry(1, 1), entry(2, 1)]);
    story.step(5, { role: "follower" });
    story.lead(1, 2, [entry(1, 2)]);
    for (const id of [2, 3]) story.follow(id, 2, [entry(1, 2)]);
    story.step(1, { commitIndex: 1 });
    expect(story.violation).toBeNull();
    story.step(4, { commitIndex: 2 });
    expect(story.violation).toMatchObject({
      name: "state-machine-safety",
      what: expect.stringMatching(/n4 .* commits entry 1 of term 1, elsewhere the one of term 2/),
    });
  });

  test("past the log's end", () => {
    story.lead(1, 1, [entry(1, 1)]);
    story.step(1, { commitIndex: 2 });
    expect(story.violation).toMatchObject({
      name: "state-machine-safety",
      what: expect.stringMatching(/its log ends at 1/),
    });
  });

  test("a leader counts an entry of an earlier term", () => {
    story.lead(1, 1, [entry(1, 1)]);
    story.follow(2, 1, [entry(1, 1)]);
    story.write(1, [entry(2, 2)], { term: 2, vote: 1 }, { term: 2, role: "leader" });
    story.step(1, { commitIndex: 1 });
    expect(story.violation).toMatchObject({
      name: "commit-of-current-term",
      what: expect.stringMatching(/commits entry 1, which is of term 1/),
    });
  });

  test("what only a minority has on disk", () => {
    story.lead(1, 1, [entry(1, 1)]);
    story.persist(2, [entry(1, 1)], { term: 1, vote: 1 }, { term: 1 });
    story.step(1, { commitIndex: 1 });
    expect(story.violation).toMatchObject({
      name: "committed-is-durable-on-a-quorum",
      what: expect.stringMatching(/on the disks of n1 only \(configuration \{1 2 3\}\)/),
    });
  });

  test("what only machines outside the configuration have", () => {
    story.lead(1, 1, [entry(1, 1)]);
    for (const id of [4, 5]) story.follow(id, 1, [entry(1, 1)]);
    story.step(1, { commitIndex: 1 });
    expect(story.violation).toMatchObject({
      name: "committed-is-durable-on-a-quorum",
      what: expect.stringMatching(/n1, n4, n5 only/),
    });
  });

  test("what a harmed disk lost before counts, if its member owns up to it", () => {
    const [first, second] = story.commonPast();
    story.write(1, [entry(3, 1)]);
    story.follow(2, 1, [entry(3, 1)], 1);
    story.invariants.damaged(2);
    story.start(2, 1, 1, [first], 3);
    story.step(1, { commitIndex: 3 });
    expect(story.violation).toBeNull();
    story.write(1, [entry(4, 1)]);
    story.follow(3, 1, [], 1);
    story.write(2, [second], null);
    story.step(1, { commitIndex: 4 });
    expect(story.violation?.name).toBe("committed-is-durable-on-a-quorum");
  });
});

describe("a member whose disk was harmed", () => {
  const state = { term: 1, vote: 1 } as const;

  function harmed(entries: (past: readonly Entry[]) => readonly Entry[], lostTo: number | null = 2): void {
    const past = story.commonPast();
    story.invariants.damaged(2);
    story.start(2, state.term, state.vote, entries(past), lostTo);
  }

  test("comes back with less and says nothing, or less than it lost", () => {
    for (const lostTo of [null, 1]) {
      story = new Story();
      for (const id of [1, 2, 3]) story.start(id);
      harmed(([first]) => [first as Entry], lostTo);
      expect(story.violation).toMatchObject({
        name: "losses-are-owned-up-to",
        what: expect.stringMatching(
          /without entry 2 of term 1, .* its disk was harmed, and it (does not|says that it lost entries up to 1)/,
        ),
      });
    }
  });

  test("comes back with all, and need say nothing", () => {
    harmed((past) => past, null);
    story.send(2, { type: "vote-response", to: 1, term: 1, pre: false, granted: true });
    expect(story.violation).toBeNull();
  });

  test("loses its vote", () => {
    story.commonPast();
    story.invariants.damaged(2);
    story.start(2, 1, null, [], 2);
    expect(story.violation?.name).toBe("durable-survives-restart");
  });

  test.each([
    ["a vote", { type: "vote-response", to: 3, term: 1, pre: false, granted: true }],
    ["a pre-vote", { type: "vote-response", to: 3, term: 2, pre: true, granted: true }],
    [
      "itself as a candidate",
      { type: "vote-request", to: 3, term: 2, pre: true, lastIndex: 1, lastTerm: 1, transfer: false },
    ],
  ] as const)("gives %s", (_, message) => {
    harmed(() => []);
    story.send(2, { type: "vote-response", to: 3, term: 1, pre: false, granted: false });
    expect(story.violation).toBeNull();
    story.send(2, message);
    expect(story.violation?.name).toBe("losses-are-owned-up-to");
  });

  test("forgets its losses at another restart", () => {
    harmed(() => []);
    story.start(2, state.term, state.vote, []);
    expect(story.violation?.name).toBe("durable-survives-restart");
  });

  test("says that it is whole before it is", () => {
    harmed(([first]) => [first as Entry]);
    story.write(2, [], state);
    expect(story.violation).toMatchObject({
      name: "losses-are-owned-up-to",
      what: expect.stringMatching(/has not got entry 2 of term 1 back/),
    });
  });

  test("is whole again and votes", () => {
    harmed(([first]) => [first as Entry]);
    expect(story.invariants.isRecovering(2)).toBe(true);
    story.write(2, [entry(2, 1)]);
    story.write(2, [], state);
    expect(story.invariants.isRecovering(2)).toBe(false);
    story.send(2, { type: "vote-response", to: 1, term: 1, pre: false, granted: true });
    expect([story.violation, story.invariants.recoveries]).toEqual([null, 1]);
  });
});

describe("state machines", () => {
  test("an entry that is not committed is applied", () => {
    story.lead(1, 1, [entry(1, 1)]);
    story.apply(1, [entry(1, 1)]);
    expect(story.violation).toMatchObject({
      name: "state-machine-safety",
      what: expect.stringMatching(/applies entry 1 of term 1, but committed is up to 0/),
    });
  });

  test("an entry is applied twice", () => {
    const [first] = story.commonPast();
    story.apply(1, [first]);
    story.apply(1, [first]);
    expect(story.violation).toMatchObject({
      name: "applied-in-order",
      what: expect.stringMatching(/applies entry 1 after 1/),
    });
  });

  test("an entry is left out", () => {
    const [, second] = story.commonPast();
    story.apply(1, [second]);
    expect(story.violation?.name).toBe("applied-in-order");
  });

  test("a new life applies from the beginning", () => {
    const [first, second] = story.commonPast();
    story.apply(1, [first, second]);
    story.start(1, 1, 1, [first, second]);
    story.step(1, { commitIndex: 2 });
    story.apply(1, [first, second]);
    expect(story.violation).toBeNull();
  });

  test("an entry is applied before its disk has it", () => {
    const [first, second] = story.commonPast();
    story.persist(3, [entry(3, 1)]);
    expect(story.violation?.name).toBe("leader-append-only");
    story = new Story();
    for (const id of [1, 2, 3]) story.start(id);
    story.lead(1, 1, [first, second]);
    story.follow(2, 1, [first, second]);
    story.persist(3, [first, second], { term: 1, vote: 1 }, { term: 1 });
    story.step(1, { commitIndex: 2 });
    story.step(3, { commitIndex: 2 });
    story.apply(3, [first]);
    expect(story.violation?.name).toBe("applied-is-durable");
  });
});

describe("disks", () => {
  test("an acknowledgement leaves before the entry is durable", () => {
    story.lead(1, 1, [entry(1, 1)]);
    story.write(2, [], { term: 1, vote: 1 }, { term: 1 });
    story.persist(2, [entry(1, 1)]);
    story.send(2, { type: "append-accepted", to: 1, matchIndex: 1 });
    expect(story.violation).toMatchObject({
      name: "acknowledged-is-durable",
      what: expect.stringMatching(/acknowledges entries up to 1 to n1, but its disk has its log up to 0/),
    });
  });

  test("what is on disk was replaced in memory since (ABA)", () => {
    story.lead(1, 1, [entry(1, 1)]);
    story.follow(2, 1, [entry(1, 1)]);
    story.lead(3, 2, [entry(1, 2)]);
    story.write(2, [], { term: 2, vote: 3 }, { term: 2 });
    story.persist(2, [entry(1, 2)]);
    story.send(2, { type: "append-accepted", to: 3, matchIndex: 1 });
    expect(story.violation?.name).toBe("acknowledged-is-durable");
  });

  test("a tail of its own is acknowledged as the leader's", () => {
    story.lead(1, 1, [entry(1, 1)]);
    story.follow(2, 1, [entry(1, 1)]);
    story.lead(3, 2, [entry(1, 2)]);
    story.write(2, [], { term: 2, vote: 3 }, { term: 2 });
    story.send(2, { type: "append-accepted", to: 3, matchIndex: 1 });
    expect(story.violation).toMatchObject({
      name: "acknowledged-is-durable",
      what: expect.stringMatching(/acknowledges entry 1 of term 1 to n3, which has one of term 2/),
    });
  });

  test.each([
    ["the last entry", [entry(1, 1)], 1, 1],
    ["the whole log", [], 1, 1],
    ["the vote", [entry(1, 1), entry(2, 1)], 1, null],
    ["the term", [entry(1, 1), entry(2, 1)], 0, null],
  ] as const)("a restart loses %s", (_, entries, term, vote) => {
    story.commonPast();
    story.start(2, term, vote, entries);
    expect(story.violation?.name).toBe("durable-survives-restart");
  });

  test("a restart may lose what was not reported as durable, and keep it", () => {
    for (const kept of [[], [entry(1, 1)]]) {
      story = new Story();
      for (const id of [1, 2]) story.start(id);
      story.lead(1, 1, [entry(1, 1)]);
      story.persist(2, [entry(1, 1)], { term: 1, vote: 1 }, { term: 1 });
      story.start(2, kept.length, kept.length === 0 ? null : 1, kept);
      expect(story.violation).toBeNull();
    }
  });

  test("a restart brings up an entry that nobody wrote", () => {
    story.commonPast();
    story.start(2, 1, 1, [entry(1, 1), entry(2, 1), entry(3, 1)]);
    expect(story.violation).toMatchObject({
      name: "durable-survives-restart",
      what: expect.stringMatching(/entry 3 of term 1, which nobody ever wrote/),
    });
  });
});

describe("reads", () => {
  test("a read that misses what was committed when it began", () => {
    story.commonPast();
    story.step(3, {}, [], { type: "read", id: 1 });
    story.step(3, {}, [{ type: "read-ready", id: 1, index: 1 }]);
    expect(story.violation).toMatchObject({
      name: "read-sees-what-was-committed",
      what: expect.stringMatching(/the index 1; 2 was committed when it began/),
    });
  });

  test("a read of what is not committed", () => {
    story.step(3, {}, [], { type: "read", id: 1 });
    story.step(3, {}, [{ type: "read-ready", id: 1, index: 1 }]);
    expect(story.violation?.name).toBe("read-sees-what-was-committed");
  });

  test("an answer to a read that was answered", () => {
    story.step(3, {}, [], { type: "read", id: 1 });
    story.step(3, {}, [{ type: "read-refused", id: 1, reason: "no-leader" }]);
    story.step(3, {}, [{ type: "read-ready", id: 1, index: 0 }]);
    expect(story.violation).toMatchObject({
      name: "read-sees-what-was-committed",
      what: expect.stringMatching(/which is not open/),
    });
  });
});

describe("configurations", () => {
  test("joint consensus breaks nothing, and its quorums count", () => {
    story.commonPast();
    const joint = configuration(3, 1, { voters: [3, 4, 5], outgoing: [1, 2, 3] });
    story.write(1, [joint]);
    story.follow(2, 1, [joint]);
    story.follow(4, 1, [entry(1, 1), entry(2, 1), joint]);
    story.follow(5, 1, [entry(1, 1), entry(2, 1), joint]);
    story.step(1, { commitIndex: 3 });
    story.write(1, [configuration(4, 1, { voters: [3, 4, 5] })]);
    expect(story.violation).toBeNull();
    story.follow(4, 1, [configuration(4, 1, { voters: [3, 4, 5] })]);
    story.step(1, { commitIndex: 4 });
    expect(story.violation).toMatchObject({
      name: "committed-is-durable-on-a-quorum",
      what: expect.stringMatching(/on the disks of n1, n4 only \(configuration \{3 4 5\}\)/),
    });
  });

  test("a majority of one half of a joint configuration", () => {
    story.commonPast();
    const joint = configuration(3, 1, { voters: [3, 4, 5], outgoing: [1, 2, 3] });
    story.write(1, [joint]);
    story.follow(2, 1, [joint]);
    story.step(1, { commitIndex: 3 });
    expect(story.violation).toMatchObject({
      name: "committed-is-durable-on-a-quorum",
      what: expect.stringMatching(/\{3 4 5\} leaving \{1 2 3\}/),
    });
  });

  test("from one configuration to another whose quorums need not meet", () => {
    story.commonPast();
    story.write(1, [configuration(3, 1, { voters: [1, 4, 5] })]);
    expect(story.violation).toMatchObject({
      name: "configurations-overlap",
      what: expect.stringMatching(/quorums that do not meet/),
    });
  });

  test("a leader goes on though its removal is committed", () => {
    const removal = configuration(3, 1, { voters: [2, 3] });
    story.commonPast();
    story.write(1, [removal]);
    for (const id of [2, 3]) story.write(id, [removal]);
    story.send(1, { type: "heartbeat", commit: 2, round: 1 });
    const heartbeat = { type: "heartbeat", from: 1, to: 2, term: 1, commit: 3, round: 2 } as const;
    // The last word of its leadership.
    story.step(1, { commitIndex: 3, role: "follower" }, [{ type: "send", message: heartbeat }]);
    expect(story.violation).toBeNull();
    story.step(1, { role: "leader" });
    story.send(1, { ...heartbeat, round: 3 });
    expect(story.violation?.name).toBe("removed-leader-steps-down");
  });

  test("a change while the one before is not committed", () => {
    story.commonPast();
    story.write(1, [configuration(3, 1, { voters: [1, 2, 3, 4] })]);
    story.write(1, [configuration(4, 1, { voters: [1, 2, 3, 4, 5] })]);
    expect(story.violation).toMatchObject({
      name: "configurations-overlap",
      what: expect.stringMatching(/while \{1 2 3 4\} \(entry 3\) is not committed/),
    });
  });

  test("a change before an entry of the leader's term is committed (Ongaro 2015)", () => {
    story.commonPast();
    story.lead(2, 2, [entry(3, 2), configuration(4, 2, { voters: [1, 2, 3, 4] })]);
    expect(story.violation).toMatchObject({
      name: "configurations-overlap",
      what: expect.stringMatching(/before it has committed an entry of its term/),
    });
  });

  test("a configuration that was replaced is out of force", () => {
    story.commonPast();
    story.write(1, [configuration(3, 1, { voters: [1, 2, 3, 4] })]);
    story.lead(2, 2, [entry(3, 2)]);
    story.follow(1, 2, [entry(3, 2)]);
    story.step(2, { commitIndex: 3 });
    story.write(2, [configuration(4, 2, { voters: [1, 2, 3, 5] })]);
    expect(story.violation).toBeNull();
  });
});

test("the first violation stays", () => {
  story.commonPast();
  story.step(2, { commitIndex: 1 });
  const { violation } = story.invariants;
  story.lead(3, 1, []);
  story.invariants.ended();
  expect(story.invariants.violation).toBe(violation);
});

test("every invariant is broken by one of the stories above", () => {
  const source = readFileSync(new URL(import.meta.url), "utf8");
  for (const name of Object.keys(INVARIANTS)) expect(source).toContain(`"${name}"`);
});
