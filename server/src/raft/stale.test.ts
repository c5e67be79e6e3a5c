import { expect, test } from "vitest";
import { configurationOf } from "./configuration.js";
import type { Body, MemberId, Message } from "./message.js";
import { logOf, sent, Solo } from "./testing/solo.js";

const restored = (term: number, entries = 0) => {
  return { hardState: { term, vote: null }, entries: logOf(Array.from({ length: entries }, () => 1)) };
};
const APPEND: Body = { type: "append", prevIndex: 100, prevTerm: 1, commit: 0, entries: [] };
const VOTE: Body = { type: "vote-request", pre: false, transfer: false, lastIndex: 9, lastTerm: 4 };

/** What a member of term 5 tells one that spoke in term 4. */
function answersTo(body: Body): readonly Message[] {
  return sent(new Solo({}, restored(5)).receive(2, 4, body));
}

/** The same, as it reaches a member that is in term 5 by then. */
function answer(solo: Solo, by: MemberId, body: Body): void {
  for (const message of answersTo(body)) {
    solo.step({ type: "receive", message: { ...message, from: by, to: 1 } });
  }
}

test.each<Body>([
  APPEND,
  { type: "heartbeat", commit: 0, round: 7 },
  VOTE,
  { type: "vote-request", pre: true, transfer: false, lastIndex: 9, lastTerm: 4 },
  { type: "read-request", id: 1 },
  { type: "snapshot", snapshot: { index: 9, term: 4, configuration: configurationOf([1, 2]) } },
])("a stale $type is told the term, and nothing that could count in it", (body) => {
  expect(answersTo(body)).toEqual([{ from: 1, to: 2, term: 5, type: "heartbeat-response", round: 0 }]);
});

test.each<Body>([
  { type: "append-accepted", matchIndex: 1 },
  { type: "append-rejected", rejectedPrevIndex: 1, hintIndex: 0, hintTerm: 0, lost: false },
  { type: "heartbeat-response", round: 1 },
  { type: "vote-response", pre: false, granted: true },
  { type: "read-response", id: 1, index: 1 },
  { type: "propose", id: 1, data: [] },
  { type: "propose-change", id: 1, changes: [], data: new Uint8Array(0) },
  { type: "proposals-refused", id: 1, reason: "no-leader" },
  { type: "timeout-now" },
])("a stale $type is told nothing", (body) => {
  expect(answersTo(body)).toEqual([]);
});

test("an answer to an append of an earlier term does not move a leader of the later one", () => {
  const leader = new Solo({}, restored(4, 100));
  leader.elect();
  answer(leader, 2, APPEND);
  expect(leader.core.status()).toMatchObject({ role: "leader", term: 5 });
  expect(leader.core.status().peers).toMatchObject([{ nextIndex: 101 }, { nextIndex: 101 }]);
});

test("a refusal in an earlier term is none in a later campaign", () => {
  const solo = new Solo({}, restored(4));
  while (solo.core.status().role === "follower") solo.tick();
  solo.receive(2, 5, { type: "vote-response", pre: true, granted: true });
  solo.sync();
  for (const peer of [2, 3]) answer(solo, peer, VOTE);
  expect(solo.core.status()).toMatchObject({ role: "candidate", term: 5 });
});
