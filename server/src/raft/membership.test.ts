import { expect, test } from "vitest";
import { configurationOf } from "./configuration.js";
import type { Configuration } from "./configuration.js";
import {
  accept,
  acceptAll,
  change,
  configured,
  elect,
  leaderOfThree,
  removal,
  voter,
} from "./testing/membership.js";
import { logOf, only, sent, Solo } from "./testing/solo.js";

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

test("CheckQuorum asks for both halves", () => {
  const solo = leaderOfThree();
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
  const solo = leaderOfThree();
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
  const solo = leaderOfThree();
  solo.receive(9, 1, { type: "read-request", id: 5 });
  const effects = solo.receive(2, 1, { type: "heartbeat-response", round: 1 });
  expect(sent(effects)).toMatchObject([{ to: 9, type: "read-response", id: 5, index: 1 }]);
});

test("a member that was removed and does not know it deposes nobody", () => {
  for (const solo of [leaderOfThree(), new Solo()]) {
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
