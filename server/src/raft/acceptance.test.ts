import { expect, test } from "vitest";
import type { Body } from "./message.js";
import { entry, logOf, only, sent, Solo } from "./testing/solo.js";

const holding = (term: number, terms: readonly number[]) => {
  return new Solo({}, { hardState: { term, vote: null }, entries: logOf(terms) });
};
const append = (prevIndex: number, prevTerm: number, terms: readonly number[], commit = 0): Body => {
  return {
    type: "append",
    prevIndex,
    prevTerm,
    commit,
    entries: terms.map((term, at) => entry(prevIndex + 1 + at, term)),
  };
};
const heartbeat = (commit: number): Body => ({ type: "heartbeat", commit, round: 7 });

test("entries are acknowledged when they are on disk, and not by a heartbeat before", () => {
  const solo = holding(1, []);
  const taken = solo.receive(2, 1, append(0, 0, [1, 1]));
  expect(only(taken, "persist")[0]?.entries).toHaveLength(2);
  expect(sent(taken)).toEqual([]);
  expect(sent(solo.receive(2, 1, heartbeat(0)))).toMatchObject([{ type: "heartbeat-response", round: 7 }]);
  expect(sent(solo.sync())).toMatchObject([{ type: "append-accepted", matchIndex: 2 }]);
});

test("one notice for several writes gives one acknowledgement", () => {
  const solo = holding(1, []);
  solo.receive(2, 1, append(0, 0, [1]));
  solo.receive(2, 1, append(1, 1, [1]));
  expect(sent(solo.sync(1))).toMatchObject([{ matchIndex: 1 }]);
  solo.receive(2, 1, append(2, 1, [1]));
  expect(sent(solo.sync(3))).toMatchObject([{ matchIndex: 3 }]);
  expect(sent(solo.receive(2, 1, append(0, 0, [1])))).toMatchObject([{ matchIndex: 3 }]);
});

test("what tells of commits alone is answered only where it could tell the leader something", () => {
  const solo = holding(1, []);
  solo.receive(2, 1, append(0, 0, [1, 1]));
  expect(sent(solo.sync())).toMatchObject([{ matchIndex: 2 }]);
  expect(sent(solo.receive(2, 1, append(2, 1, [], 1)))).toEqual([]);
  expect(solo.core.status().commitIndex).toBe(1);
  // Nothing new: the leader asks, because it has not heard the answer.
  expect(sent(solo.receive(2, 1, append(2, 1, [], 1)))).toMatchObject([{ matchIndex: 2 }]);
  expect(sent(solo.receive(2, 1, append(2, 1, [], 2)))).toEqual([]);
  const restarted = holding(1, [1, 1]);
  expect(sent(restarted.receive(2, 1, append(2, 1, [], 2)))).toMatchObject([{ matchIndex: 2 }]);
  expect(restarted.core.status().commitIndex).toBe(2);
});

test("an entry replaced while its write was under way is not acknowledged by that write", () => {
  const solo = holding(1, []);
  solo.receive(2, 1, append(0, 0, [1, 1]));
  const replaced = solo.receive(3, 2, append(1, 1, [2]));
  expect(sent(replaced)).toEqual([]);
  expect(sent(solo.sync(1))).toEqual([]);
  expect(solo.core.status().durableIndex).toBe(1);
  expect(sent(solo.sync(2)).at(-1)).toMatchObject({ type: "append-accepted", to: 3, term: 2, matchIndex: 2 });
});

test("what the old leader was owed is not paid to it in a new term", () => {
  const solo = holding(1, []);
  solo.receive(2, 1, append(0, 0, [1, 1]));
  solo.receive(3, 2, heartbeat(0));
  expect(sent(solo.sync()).map(({ type, to }) => `${type} ${to}`)).toEqual(["heartbeat-response 3"]);
});

test("a late append does not cut off what longer ones brought", () => {
  const solo = holding(1, [1, 1, 1, 1]);
  solo.receive(2, 1, append(0, 0, [1, 1, 1, 1]));
  expect(only(solo.receive(2, 1, append(0, 0, [1])), "persist")).toEqual([]);
  expect(solo.core.status().lastIndex).toBe(4);
});

test("a conflict replaces the whole tail", () => {
  const solo = holding(2, [1, 1, 2, 2, 2]);
  const [persist] = only(solo.receive(2, 3, append(2, 1, [3])), "persist");
  expect(persist?.entries.map(({ index, term }) => `${index}/${term}`)).toEqual(["3/3"]);
  expect(solo.core.status().lastIndex).toBe(3);
});

test("the commit index stops at the verified prefix: the tail may be another leader's", () => {
  const solo = holding(2, [1, 1, 2, 2, 2]);
  solo.receive(2, 3, append(1, 1, [1], 4));
  expect(solo.core.status()).toMatchObject({ commitIndex: 2, lastIndex: 5 });
});

test("a restarted member learns from a heartbeat what it had acknowledged and is committed", () => {
  const solo = holding(1, [1, 1, 1]);
  const effects = solo.receive(2, 1, heartbeat(3));
  expect(only(effects, "apply")[0]?.entries).toHaveLength(3);
});

test("a heartbeat for entries that this member has lost stops it", () => {
  expect(() => holding(1, [1]).receive(2, 1, heartbeat(3))).toThrow(
    "were acknowledged, but the log ends at 1",
  );
});

test.each([
  // Too short: it ends within a term that the append may share.
  [[1, 1], 5, 3, { hintIndex: 2, hintTerm: 1 }],
  // All of its own term 2 is later than the leader's previous term: skipped at once.
  [[1, 1, 2, 2, 2], 5, 1, { hintIndex: 2, hintTerm: 1 }],
  // Its term 2 is earlier than the leader's term 3 at that place: they may agree up to the end of it.
  [[1, 1, 2, 2, 2], 4, 3, { hintIndex: 4, hintTerm: 2 }],
  [[2, 2], 2, 1, { hintIndex: 0, hintTerm: 0 }],
])("a rejection by %o of (%i, %i) hints where the logs may agree", (terms, prevIndex, prevTerm, hint) => {
  const effects = holding(3, terms).receive(2, 3, append(prevIndex, prevTerm, [3]));
  expect(sent(effects)).toMatchObject([{ type: "append-rejected", rejectedPrevIndex: prevIndex, ...hint }]);
});

test("a leader that contradicts what is committed, or itself, stops the member", () => {
  const committed = () => {
    const solo = holding(1, [1, 1]);
    solo.receive(2, 1, append(2, 1, [], 2));
    return solo;
  };
  expect(() => committed().receive(3, 2, append(1, 1, [2]))).toThrow("replace a committed one");
  expect(() => committed().receive(3, 2, append(2, 2, []))).toThrow("lacks the committed entry 2");
  const changed = holding(2, [1, 1]);
  changed.receive(2, 2, append(0, 0, [1, 1]));
  expect(() => changed.receive(2, 2, append(1, 1, [2]))).toThrow("changed entry 2 of its own log");
});

test("an old leader is told the term by which to step down, and nothing that could confirm a read", () => {
  const solo = holding(5, []);
  expect(sent(solo.receive(2, 4, heartbeat(0)))).toMatchObject([
    { type: "heartbeat-response", round: 0, term: 5 },
  ]);
  expect(sent(solo.receive(2, 4, append(0, 0, [4])))).toMatchObject([
    { type: "heartbeat-response", round: 0, term: 5 },
  ]);
  expect(solo.core.status().lastIndex).toBe(0);
});
