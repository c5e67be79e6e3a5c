import { expect, test } from "vitest";
import {
  bytes,
  change,
  leaderOfThree,
  learner,
  refusals,
  removal,
  voter,
  acceptAll,
} from "./testing/membership.js";
import { logOf, Solo } from "./testing/solo.js";

const full = (solo: Solo, isFull = true) => solo.step({ type: "space", full: isFull });
const data = bytes("asked");

test("a leader whose disk is full refuses proposals and changes, its own and those of others, until it has room", () => {
  const solo = leaderOfThree();
  expect(full(solo)).toEqual([]);
  expect(refusals(solo.propose(data))).toEqual(["1 no-space"]);
  expect(refusals(change(solo, [learner(4)]))).toEqual(["70 no-space"]);
  const forwarded = [
    ...solo.receive(2, 1, { type: "propose", id: 5, data: [data] }),
    ...solo.receive(2, 1, { type: "propose-change", id: 6, changes: [removal(3)], data }),
  ];
  expect(forwarded).toMatchObject([
    { message: { type: "proposals-refused", to: 2, id: 5, reason: "no-space" } },
    { message: { type: "proposals-refused", to: 2, id: 6, reason: "no-space" } },
  ]);
  expect(solo.core.status().lastIndex).toBe(1);
  full(solo, false);
  expect(refusals(solo.propose(data))).toEqual([]);
  expect(solo.core.status().lastIndex).toBe(2);
});

test("a full disk keeps nobody from leading, nor a leader from leaving a joint configuration", () => {
  const solo = leaderOfThree();
  change(solo, [voter(4), voter(5)]);
  full(solo);
  acceptAll(solo, [2, 3, 4, 5]);
  expect(solo.core.status().configuration).toMatchObject({ voters: [1, 2, 3, 4, 5], outgoing: [] });
  const other = new Solo({}, { hardState: { term: 1, vote: null }, entries: logOf([1]) });
  full(other);
  other.elect();
  expect(other.core.status()).toMatchObject({ role: "leader", lastIndex: 2 });
  expect(refusals(other.propose(data))).toEqual(["1 no-space"]);
});

test("a follower whose disk is full hands proposals over: the leader's disk decides", () => {
  const solo = new Solo();
  solo.receive(2, 1, { type: "heartbeat", commit: 0, round: 0 });
  solo.sync();
  full(solo);
  expect(solo.propose(data)).toMatchObject([{ message: { type: "propose", to: 2 } }]);
});
