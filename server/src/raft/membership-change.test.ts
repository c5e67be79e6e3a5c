import { expect, test } from "vitest";
import { configurationOf } from "./configuration.js";
import type { ConfigurationChange } from "./configuration.js";
import type { Entry } from "./entry.js";
import {
  accept,
  acceptAll,
  bytes,
  change,
  configurationsTo,
  configured,
  elect,
  leaderOfThree,
  learner,
  refusals,
  removal,
  voter,
} from "./testing/membership.js";
import { logOf, sent, Solo } from "./testing/solo.js";
import { WORLD_CONFIG } from "./testing/world.js";

test("a change is in force as soon as it is in the log: for whom it is sent to, and who commits it", () => {
  const solo = leaderOfThree();
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
  const solo = leaderOfThree();
  change(solo, [removal(3)]);
  solo.sync();
  expect(sent(accept(solo, 3, 2))).toEqual([]);
  expect(solo.core.status().commitIndex).toBe(1);
  accept(solo, 2, 2);
  expect(solo.core.status().commitIndex).toBe(2);
  expect(sent(solo.tick(2)).map(({ to }) => to)).toEqual([2, 2]);
});

test("several voters change by a joint configuration: both halves commit it, then the leader leaves it", () => {
  const solo = leaderOfThree();
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
  const solo = leaderOfThree();
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
  const solo = leaderOfThree();
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
  const solo = leaderOfThree();
  expect(refusals(change(solo, [voter(2), removal(9)]))).toEqual([]);
  expect(solo.core.status()).toMatchObject({ lastIndex: 2, configuration: configurationOf([1, 2, 3]) });
});

test("the last voter cannot go", () => {
  const solo = leaderOfThree();
  const all = [removal(1), removal(2), learner(3)];
  expect(refusals(change(solo, all))).toEqual(["70 no-voters-left"]);
  expect(solo.core.status().lastIndex).toBe(1);
});

test("a change counts against the limit of what is uncommitted", () => {
  const solo = leaderOfThree({ maxUncommittedBytes: 100 });
  solo.propose(new Uint8Array(60));
  expect(refusals(change(solo, [learner(4)]))).toEqual(["70 too-many-uncommitted"]);
});

test("a learner becomes a voter only when it has nearly all of the log, and is there", () => {
  const solo = leaderOfThree({ maxPromotionLag: 2 });
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
  const solo = leaderOfThree();
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

test("a leader that is removed does not count itself, goes on until that is committed, and hands over", () => {
  const solo = leaderOfThree();
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

test("a leader that is removed hands over to one that answers, however much another has that does not any more", () => {
  const solo = leaderOfThree();
  change(solo, [removal(1)]);
  solo.sync();
  accept(solo, 2, 2);
  for (let tick = 0; tick < 2 * WORLD_CONFIG.heartbeatTicks + 1; tick++) {
    solo.tick();
    solo.receive(3, 1, { type: "heartbeat-response", round: 0 });
  }
  const effects = accept(solo, 3, 2);
  expect(sent(effects).filter(({ type }) => type === "timeout-now")).toMatchObject([{ to: 3 }]);
});

test("a leader that becomes a learner steps down likewise, and one that is replaced when the joint one is left", () => {
  const demoted = leaderOfThree();
  change(demoted, [learner(1)]);
  acceptAll(demoted, [2, 3]);
  expect(demoted.core.status()).toMatchObject({ role: "follower", configuration: { learners: [1] } });

  const replaced = leaderOfThree();
  change(replaced, [removal(1), voter(4)]);
  acceptAll(replaced, [2, 3, 4]);
  expect(replaced.core.status()).toMatchObject({ role: "leader", commitIndex: 2 });
  const effects = acceptAll(replaced, [2, 3]);
  expect(replaced.core.status()).toMatchObject({ role: "follower", commitIndex: 3 });
  expect(sent(effects).some(({ type }) => type === "timeout-now")).toBe(true);
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
  const solo = leaderOfThree();
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
