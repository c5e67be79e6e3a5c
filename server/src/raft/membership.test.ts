import { expect, test } from "vitest";
import { configurationOf } from "./configuration.js";
import type { Configuration, ConfigurationChange } from "./configuration.js";
import { ENTRY_VERSION } from "./entry.js";
import type { ConfigurationEntry, Entry } from "./entry.js";
import type { Effect } from "./event.js";
import { logOf, only, sent, Solo } from "./testing/solo.js";

const voter = (member: number) => ({ type: "add-voter", member }) as const;
const learner = (member: number, promote = false) => ({ type: "add-learner", member, promote }) as const;
const removal = (member: number) => ({ type: "remove", member }) as const;
const bytes = (text: string) => new TextEncoder().encode(text);

function configured(
  index: number,
  term: number,
  part: Partial<Configuration>,
  data = "",
): ConfigurationEntry {
  const configuration = { ...configurationOf([1, 2, 3]), ...part };
  const slot = { index, term, version: ENTRY_VERSION, timestampMs: 0, data: bytes(data) };
  return { ...slot, kind: "configuration", configuration };
}

function change(solo: Solo, changes: readonly ConfigurationChange[], id = 70): readonly Effect[] {
  return solo.step({ type: "change", id, changes, data: bytes("asked") });
}

function accept(solo: Solo, from: number, matchIndex: number): readonly Effect[] {
  return solo.receive(from, solo.core.status().term, { type: "append-accepted", matchIndex });
}

/** All named hold the whole log, and so does the leader's disk. */
function acceptAll(solo: Solo, members: readonly number[]): readonly Effect[] {
  const effects = [...solo.sync()];
  const { lastIndex } = solo.core.status();
  for (const member of members) effects.push(...accept(solo, member, lastIndex));
  return effects;
}

function elect(solo: Solo, voters: readonly number[]): void {
  while (solo.core.status().role === "follower") solo.tick();
  const term = solo.core.status().term + 1;
  for (const from of voters) solo.receive(from, term, { type: "vote-response", pre: true, granted: true });
  solo.sync();
  if (solo.core.status().role !== "candidate") return;
  for (const from of voters) solo.receive(from, term, { type: "vote-response", pre: false, granted: true });
}

/** Of {1, 2, 3}, with its first entry committed. */
function leader(config = {}): Solo {
  const solo = new Solo(config);
  elect(solo, [2]);
  acceptAll(solo, [2, 3]);
  expect(solo.core.status()).toMatchObject({ role: "leader", commitIndex: 1 });
  return solo;
}

const refusals = (effects: readonly Effect[]) =>
  only(effects, "proposals-refused").map(({ id, reason }) => `${id} ${reason}`);

/** Kind and voters of the configurations in what is sent to `to`. */
const configurationsTo = (to: number, effects: readonly Effect[]) =>
  sent(effects)
    .flatMap((message) => (message.type === "append" && message.to === to ? message.entries : []))
    .filter((one): one is ConfigurationEntry => one.kind === "configuration");

test("a change is in force as soon as it is in the log: for whom it is sent to, and who commits it", () => {
  const solo = leader();
  change(solo, [voter(4)]);
  expect(solo.core.status().configuration.voters).toEqual([1, 2, 3, 4]);
  expect(solo.core.status().peers?.map(({ member, state }) => [member, state])).toEqual([
    [2, "replicate"],
    [3, "replicate"],
    [4, "probe"],
  ]);
  solo.sync();
  accept(solo, 2, 2);
  expect(solo.core.status().commitIndex).toBe(1);
  accept(solo, 4, 2);
  expect(solo.core.status().commitIndex).toBe(2);
});

test("a member that was removed is not sent anything any more, and its answers count for nothing", () => {
  const solo = leader();
  change(solo, [removal(3)]);
  solo.sync();
  expect(sent(accept(solo, 3, 2))).toEqual([]);
  expect(solo.core.status().commitIndex).toBe(1);
  accept(solo, 2, 2);
  expect(solo.core.status().commitIndex).toBe(2);
  expect(sent(solo.tick(2)).map(({ to }) => to)).toEqual([2, 2]);
});

test("several voters change by a joint configuration: both halves commit it, then the leader leaves it", () => {
  const solo = leader();
  change(solo, [voter(4), voter(5), removal(2), removal(3)]);
  expect(solo.core.status().configuration).toMatchObject({
    voters: [1, 4, 5],
    outgoing: [1, 2, 3],
    autoLeave: true,
  });
  solo.sync();
  accept(solo, 4, 2);
  accept(solo, 5, 2);
  expect(solo.core.status().commitIndex).toBe(1);
  const committing = accept(solo, 2, 2);
  expect(solo.core.status()).toMatchObject({ commitIndex: 2, lastIndex: 3 });
  expect(solo.core.status().configuration).toEqual(configurationOf([1, 4, 5]));
  expect(configurationsTo(4, committing)).toMatchObject([{ index: 3, data: bytes("asked") }]);
  expect(configurationsTo(2, committing)).toEqual([]);
  acceptAll(solo, [4, 5]);
  expect(solo.core.status().commitIndex).toBe(3);
});

test("a joint configuration is not left before it is committed, whatever else is", () => {
  const solo = leader();
  solo.propose(new Uint8Array(1));
  change(solo, [voter(4), voter(5), removal(2), removal(3)]);
  solo.sync();
  for (const from of [2, 4, 5]) accept(solo, from, 2);
  expect(solo.core.status()).toMatchObject({ commitIndex: 2, lastIndex: 3 });
  for (const from of [2, 4]) accept(solo, from, 3);
  expect(solo.core.status()).toMatchObject({ commitIndex: 3, lastIndex: 4 });
});

test("a later leader leaves the joint configuration as well, and repeats what came with it", () => {
  const joint = configured(2, 1, { voters: [1, 4, 5], outgoing: [1, 2, 3], autoLeave: true }, "theirs");
  const solo = new Solo({}, { hardState: { term: 1, vote: null }, entries: [...logOf([1]), joint] });
  elect(solo, [4, 5]);
  expect(solo.core.status().role).toBe("pre-candidate");
  elect(solo, [4, 3]);
  expect(solo.core.status().role).toBe("leader");
  solo.sync();
  accept(solo, 2, 3);
  const committing = accept(solo, 5, 3);
  expect(solo.core.status()).toMatchObject({ commitIndex: 3, lastIndex: 4 });
  expect(configurationsTo(5, committing)).toMatchObject([
    { index: 4, term: 2, data: bytes("theirs"), configuration: configurationOf([1, 4, 5]) },
  ]);
});

test("while a configuration is joint, its entry is not compacted: who leaves it needs what came with it", () => {
  const joint = configured(2, 1, { voters: [1, 4, 5], outgoing: [1, 2, 3], autoLeave: true });
  const log: readonly Entry[] = [...logOf([1]), joint, ...logOf([0, 0, 1, 1]).slice(2)];
  const solo = new Solo({}, { hardState: { term: 1, vote: null }, entries: log });
  solo.receive(2, 1, { type: "heartbeat", commit: 4, round: 0 });
  solo.step({ type: "applied", index: 4 });
  solo.step({ type: "checkpointed", index: 4, firstKept: 5 });
  expect(solo.core.status().firstIndex).toBe(2);
});

test("no change before an entry of the leader's own term is committed (Ongaro 2015)", () => {
  const solo = new Solo();
  elect(solo, [2]);
  expect(refusals(change(solo, [voter(4)]))).toEqual(["70 term-not-committed"]);
  acceptAll(solo, [2]);
  expect(refusals(change(solo, [voter(4)]))).toEqual([]);
});

test("one change at a time: the next waits until the one before is committed, and left if it was joint", () => {
  const solo = leader();
  change(solo, [voter(4)]);
  expect(refusals(change(solo, [voter(5)]))).toEqual(["70 change-under-way"]);
  acceptAll(solo, [2, 3]);
  expect(refusals(change(solo, [voter(5), removal(4)]))).toEqual([]);
  expect(refusals(change(solo, []))).toEqual(["70 change-under-way"]);
  acceptAll(solo, [2, 3, 5]);
  expect(solo.core.status().configuration).toEqual(configurationOf([1, 2, 3, 5]));
  expect(refusals(change(solo, []))).toEqual(["70 change-under-way"]);
  acceptAll(solo, [2, 3, 5]);
  expect(refusals(change(solo, []))).toEqual([]);
});

test("a change that changes nothing is an entry all the same, so that it is answered", () => {
  const solo = leader();
  expect(refusals(change(solo, [voter(2), removal(9)]))).toEqual([]);
  expect(solo.core.status()).toMatchObject({ lastIndex: 2, configuration: configurationOf([1, 2, 3]) });
});

test("the last voter cannot go", () => {
  const solo = leader();
  const all = [removal(1), removal(2), learner(3)];
  expect(refusals(change(solo, all))).toEqual(["70 no-voters-left"]);
  expect(solo.core.status().lastIndex).toBe(1);
});

test("a change counts against the limit of what is uncommitted", () => {
  const solo = leader({ maxUncommittedBytes: 100 });
  solo.propose(new Uint8Array(60));
  expect(refusals(change(solo, [learner(4)]))).toEqual(["70 too-many-uncommitted"]);
});

test("a learner becomes a voter only when it has nearly all of the log, and is there", () => {
  const solo = leader({ maxPromotionLag: 2 });
  change(solo, [learner(4)]);
  acceptAll(solo, [2, 3]);
  expect(refusals(change(solo, [voter(4)]))).toEqual(["70 learner-not-ready"]);
  acceptAll(solo, [4]);
  for (const _ of [1, 2, 3]) {
    solo.propose(new Uint8Array(1));
    acceptAll(solo, [2, 3]);
  }
  expect(refusals(change(solo, [voter(4)]))).toEqual(["70 learner-not-ready"]);
  accept(solo, 4, 3);
  for (let ticks = 0; ticks < 5; ticks++) {
    for (const from of [2, 3]) solo.receive(from, 1, { type: "heartbeat-response", round: 0 });
    solo.tick();
  }
  expect(refusals(change(solo, [voter(4)]))).toEqual(["70 learner-not-ready"]);
  solo.receive(4, 1, { type: "heartbeat-response", round: 0 });
  expect(refusals(change(solo, [voter(4)]))).toEqual([]);
  expect(solo.core.status().configuration).toEqual(configurationOf([1, 2, 3, 4]));
});

test("learners that are to be voters become so by themselves, one after another", () => {
  const solo = leader();
  change(solo, [learner(4, true), learner(5, true), learner(6)]);
  acceptAll(solo, [2, 3]);
  solo.tick();
  expect(solo.core.status().configuration.learners).toEqual([4, 5, 6]);
  acceptAll(solo, [4, 5, 6]);
  solo.tick();
  expect(solo.core.status().configuration).toMatchObject({ voters: [1, 2, 3, 4], promotable: [5] });
  solo.tick();
  expect(solo.core.status().configuration).toMatchObject({ voters: [1, 2, 3, 4], promotable: [5] });
  acceptAll(solo, [2, 3]);
  solo.tick();
  expect(solo.core.status().configuration).toMatchObject({
    voters: [1, 2, 3, 4, 5],
    learners: [6],
    promotable: [],
  });
});

test("acknowledgements and votes of learners do not count", () => {
  const solo = new Solo({ initial: { ...configurationOf([1, 2, 3]), learners: [4] } });
  elect(solo, [4]);
  expect(solo.core.status().role).toBe("pre-candidate");
  elect(solo, [2]);
  acceptAll(solo, [4]);
  expect(solo.core.status()).toMatchObject({ role: "leader", commitIndex: 0 });
});

test.each<[string, Configuration]>([
  ["learner", { ...configurationOf([2, 3]), learners: [1] }],
  ["member that was removed", configurationOf([2, 3])],
  ["member that knows of no voters yet", configurationOf([])],
])("a %s never campaigns, but forgets a leader that is silent, and votes when it is asked", (_, initial) => {
  const solo = new Solo({ initial });
  solo.receive(2, 1, { type: "heartbeat", commit: 0, round: 0 });
  solo.sync();
  expect(sent(solo.tick(30))).toEqual([]);
  expect(sent(solo.step({ type: "campaign" }))).toEqual([]);
  expect(sent(solo.receive(2, 1, { type: "timeout-now" }))).toEqual([]);
  expect(solo.core.status()).toMatchObject({ role: "follower", term: 1, leader: null });
  const request = { type: "vote-request", transfer: false, lastIndex: 0, lastTerm: 0 } as const;
  for (const pre of [true, false]) {
    const effects = [...solo.receive(9, 2, { ...request, pre }), ...solo.sync()];
    expect(sent(effects)).toMatchObject([{ to: 9, term: 2, type: "vote-response", pre, granted: true }]);
  }
});

test("one that is left out campaigns while that may not be committed: nobody else may be electable (figure 4.6)", () => {
  const entries = [...logOf([1]), configured(2, 1, { voters: [2, 3] })];
  const solo = new Solo({}, { hardState: { term: 1, vote: null }, entries });
  elect(solo, [2]);
  expect(solo.core.status().role).toBe("pre-candidate");
  elect(solo, [2, 3]);
  expect(solo.core.status()).toMatchObject({ role: "leader", term: 2 });
  acceptAll(solo, [2]);
  expect(solo.core.status()).toMatchObject({ role: "leader", commitIndex: 0 });
  expect(sent(accept(solo, 3, 3)).some(({ type }) => type === "timeout-now")).toBe(true);
  expect(solo.core.status()).toMatchObject({ role: "follower", commitIndex: 3 });
  expect(sent(solo.tick(30))).toEqual([]);
});

test("a new member follows a leader that it does not know, and campaigns once the log makes it a voter", () => {
  const solo = new Solo({ initial: configurationOf([]) });
  const entries = [...logOf([1]), configured(2, 1, { voters: [1, 8, 9] })];
  solo.receive(9, 1, { type: "append", prevIndex: 0, prevTerm: 0, commit: 0, entries });
  expect(sent(solo.sync())).toMatchObject([{ to: 9, type: "append-accepted", matchIndex: 2 }]);
  const asked = sent(solo.tick(10)).filter(({ type }) => type === "vote-request");
  expect(asked.slice(0, 2).map(({ to }) => to)).toEqual([8, 9]);
});

test("a new member keeps its log until it knows of a configuration that it could hand on", () => {
  const solo = new Solo({ initial: configurationOf([]) });
  const entries = [...logOf([1, 1]), configured(3, 1, { voters: [1, 8, 9] })];
  solo.receive(9, 1, { type: "append", prevIndex: 0, prevTerm: 0, commit: 3, entries });
  solo.sync();
  solo.step({ type: "applied", index: 3 });
  solo.step({ type: "checkpointed", index: 2, firstKept: 3 });
  expect(solo.core.status().firstIndex).toBe(1);
  solo.step({ type: "checkpointed", index: 3, firstKept: 4 });
  expect(solo.core.status().firstIndex).toBe(4);
});

test("a configuration that is cut off takes itself back", () => {
  const solo = new Solo();
  const first = configured(2, 1, { voters: [1, 2, 3, 4] });
  solo.receive(2, 1, {
    type: "append",
    prevIndex: 0,
    prevTerm: 0,
    commit: 0,
    entries: [...logOf([1]), first],
  });
  expect(solo.core.status().configuration.voters).toEqual([1, 2, 3, 4]);
  const other = configured(2, 2, { voters: [1, 2] });
  solo.receive(3, 2, { type: "append", prevIndex: 1, prevTerm: 1, commit: 0, entries: [other] });
  expect(solo.core.status().configuration.voters).toEqual([1, 2]);
  const plain = { ...other, term: 3, kind: "noop" } as const;
  solo.receive(2, 3, { type: "append", prevIndex: 1, prevTerm: 1, commit: 0, entries: [plain] });
  expect(solo.core.status().configuration.voters).toEqual([1, 2, 3]);
});

test("after a restart the last configuration of the log is in force, or that of the snapshot", () => {
  const hardState = { term: 1, vote: null };
  const mark = { index: 7, term: 1, configuration: configurationOf([1, 5, 6]) };
  expect(new Solo({}, { hardState, snapshot: mark, entries: [] }).core.status().configuration).toEqual(
    mark.configuration,
  );
  const entries = [configured(8, 1, { voters: [1, 5, 6, 7] })];
  expect(new Solo({}, { hardState, snapshot: mark, entries }).core.status().configuration.voters).toEqual([
    1, 5, 6, 7,
  ]);
});

test.each<[Partial<Configuration>, string]>([
  [{ voters: [1, 5, 6] }, "after"],
  [{ voters: [1, 2, 3, 5], outgoing: [1, 2] }, "after"],
  [{ voters: [] }, "there are no voters"],
])("a log whose configurations could decide apart stops the member: %o", (part, what) => {
  const entries = [...logOf([1]), configured(2, 1, part)];
  const append = { type: "append", prevIndex: 0, prevTerm: 0, commit: 0, entries } as const;
  expect(() => new Solo().receive(2, 1, append)).toThrow(what);
});

test("a leader that is removed does not count itself, goes on until that is committed, and hands over", () => {
  const solo = leader();
  change(solo, [removal(1)]);
  solo.sync();
  accept(solo, 2, 2);
  expect(solo.core.status()).toMatchObject({ role: "leader", commitIndex: 1 });
  solo.propose(new Uint8Array(1));
  accept(solo, 2, 3);
  const effects = accept(solo, 3, 2);
  expect(solo.core.status()).toMatchObject({ role: "follower", leader: null, commitIndex: 2 });
  expect(sent(effects).filter(({ type }) => type === "timeout-now")).toMatchObject([{ to: 2 }]);
  expect(sent(solo.tick(30))).toEqual([]);
});

test("a leader that becomes a learner steps down likewise, and one that is replaced when the joint one is left", () => {
  const demoted = leader();
  change(demoted, [learner(1)]);
  acceptAll(demoted, [2, 3]);
  expect(demoted.core.status()).toMatchObject({ role: "follower", configuration: { learners: [1] } });

  const replaced = leader();
  change(replaced, [removal(1), voter(4)]);
  acceptAll(replaced, [2, 3, 4]);
  expect(replaced.core.status()).toMatchObject({ role: "leader", commitIndex: 2 });
  const effects = acceptAll(replaced, [2, 3]);
  expect(replaced.core.status()).toMatchObject({ role: "follower", commitIndex: 3 });
  expect(sent(effects).some(({ type }) => type === "timeout-now")).toBe(true);
});

test("CheckQuorum asks for both halves", () => {
  const solo = leader();
  change(solo, [voter(4), voter(5), removal(2), removal(3)]);
  solo.sync();
  for (let ticks = 0; ticks < 4; ticks++) {
    for (const from of [4, 5]) solo.receive(from, 1, { type: "heartbeat-response", round: 0 });
    solo.tick();
  }
  expect(solo.core.status().role).toBe("leader");
  solo.tick();
  expect(solo.core.status().role).toBe("follower");
});

test("a read is confirmed by both halves, and by those who are left when others go", () => {
  const solo = leader();
  change(solo, [voter(4), voter(5), removal(2), removal(3)]);
  solo.sync();
  solo.step({ type: "read", id: 1 });
  const answer = (from: number) =>
    only(solo.receive(from, 1, { type: "heartbeat-response", round: 1 }), "read-ready");
  expect([...answer(4), ...answer(5)]).toEqual([]);
  expect(answer(2)).toMatchObject([{ id: 1, index: 1 }]);

  const pair = new Solo({ initial: configurationOf([1, 2]) });
  elect(pair, [2]);
  acceptAll(pair, [2]);
  expect(only(pair.step({ type: "read", id: 2 }), "read-ready")).toEqual([]);
  expect(only(change(pair, [removal(2)]), "read-ready")).toMatchObject([{ id: 2, index: 1 }]);
});

test("learners, and members that were removed, may ask for a read index", () => {
  const solo = leader();
  solo.receive(9, 1, { type: "read-request", id: 5 });
  const effects = solo.receive(2, 1, { type: "heartbeat-response", round: 1 });
  expect(sent(effects)).toMatchObject([{ to: 9, type: "read-response", id: 5, index: 1 }]);
});

test("a member that was removed and does not know it deposes nobody", () => {
  for (const solo of [leader(), new Solo()]) {
    if (solo.core.status().role === "follower") {
      solo.receive(2, 1, { type: "heartbeat", commit: 0, round: 0 });
      solo.sync();
    }
    const { term } = solo.core.status();
    for (const pre of [true, false]) {
      const request = { type: "vote-request", pre, transfer: false, lastIndex: 9, lastTerm: 9 } as const;
      expect(solo.receive(3, 7, request)).toEqual([]);
    }
    expect(solo.core.status().term).toBe(term);
  }
});

test("a follower hands a change to its leader; the leader's refusal comes back under its id", () => {
  const solo = new Solo();
  expect(refusals(change(solo, [voter(4)], 71))).toEqual(["71 no-leader"]);
  solo.receive(2, 1, { type: "heartbeat", commit: 0, round: 0 });
  solo.sync();
  expect(sent(change(solo, [voter(4)], 72))).toEqual([
    { from: 1, to: 2, term: 1, type: "propose-change", id: 72, changes: [voter(4)], data: bytes("asked") },
  ]);
  const refused = solo.receive(2, 1, { type: "proposals-refused", id: 72, reason: "change-under-way" });
  expect(refusals(refused)).toEqual(["72 change-under-way"]);
});

test("a leader takes a change that is handed over, refuses with its reason, and never takes it twice", () => {
  const solo = leader();
  const hand = (from: number, id: number, changes: readonly ConfigurationChange[]) =>
    sent(solo.receive(from, 1, { type: "propose-change", id, changes, data: bytes("theirs") })).filter(
      ({ type }) => type === "proposals-refused",
    );
  expect(hand(2, 5, [voter(4)])).toEqual([]);
  expect(hand(3, 5, [voter(5)])).toMatchObject([{ to: 3, id: 5, reason: "change-under-way" }]);
  acceptAll(solo, [2, 3]);
  // Both were answered: the one by its entry, the other for good.
  expect([...hand(2, 5, [voter(4)]), ...hand(3, 5, [voter(5)])]).toEqual([]);
  expect(solo.core.status().lastIndex).toBe(2);
  expect(hand(3, 6, [voter(5)])).toEqual([]);
  expect(solo.core.status().configuration.voters).toEqual([1, 2, 3, 4, 5]);
});
