import { expect, test } from "vitest";
import { configurationOf } from "./configuration.js";
import type { Effect } from "./event.js";
import { logOf, only, sent, Solo } from "./testing/solo.js";
import { World } from "./testing/world.js";

const ONE = new Uint8Array(1);
const transfer = (solo: Solo, to: number) => solo.step({ type: "transfer", to });
const accept = (solo: Solo, from: number, matchIndex: number) =>
  solo.receive(from, solo.core.status().term, { type: "append-accepted", matchIndex });
const invited = (effects: readonly Effect[]) =>
  sent(effects).flatMap(({ type, to }) => (type === "timeout-now" ? [to] : []));

function leader(config = {}): Solo {
  const solo = new Solo(config);
  solo.elect();
  solo.sync();
  for (const peer of [2, 3]) accept(solo, peer, 1);
  return solo;
}

test("the target is asked to campaign as soon as it has the leader's whole log, once", () => {
  const solo = leader();
  solo.propose(ONE, ONE);
  solo.sync();
  accept(solo, 3, 3);
  expect(invited(transfer(solo, 2))).toEqual([]);
  expect(solo.core.status().transferee).toBe(2);
  expect(invited(accept(solo, 2, 2))).toEqual([]);
  expect(invited(accept(solo, 2, 3))).toEqual([2]);
  expect(invited(accept(solo, 2, 3))).toEqual([]);
  expect(invited(transfer(leader(), 3))).toEqual([3]);
});

test("a leader that hands over takes nothing new, from anybody, and goes on when that took too long", () => {
  const solo = leader();
  transfer(solo, 2);
  const change = { changes: [], data: ONE } as const;
  expect(only(solo.propose(ONE), "proposals-refused")).toMatchObject([{ id: 1, reason: "no-leader" }]);
  expect(only(solo.step({ type: "change", id: 8, ...change }), "proposals-refused")).toMatchObject([
    { id: 8, reason: "no-leader" },
  ]);
  for (const body of [
    { type: "propose", id: 5, data: [ONE] },
    { type: "propose-change", id: 6, ...change },
  ] as const) {
    expect(sent(solo.receive(3, 1, body))).toMatchObject([{ to: 3, id: body.id, reason: "no-leader" }]);
  }
  for (let ticks = 0; ticks < 5; ticks++) {
    expect(solo.core.status()).toMatchObject({ role: "leader", lastIndex: 1, transferee: 2 });
    for (const peer of [2, 3]) solo.receive(peer, 1, { type: "heartbeat-response", round: 0 });
    solo.tick();
  }
  expect(solo.core.status().transferee).toBe(null);
  expect(only(solo.propose(ONE), "proposals-refused")).toEqual([]);
});

test("a lease ends when somebody is asked to campaign, and does not come back when that fails", () => {
  const solo = leader({ lease: { electionTimeoutMs: 1000, clockUncertainty: 0 } });
  const hear = () => {
    const beat = sent(solo.tick()).find(({ type, to }) => type === "heartbeat" && to === 2);
    const round = beat?.type === "heartbeat" ? beat.round : 0;
    return solo.receive(2, 1, { type: "heartbeat-response", round });
  };
  const isServedAtOnce = (id: number) => only(solo.step({ type: "read", id }), "read-ready").length === 1;
  hear();
  expect(isServedAtOnce(1)).toBe(true);
  transfer(solo, 2);
  expect(isServedAtOnce(2)).toBe(false);
  for (let ticks = 0; ticks < 10; ticks++) hear();
  expect(solo.core.status()).toMatchObject({ role: "leader", transferee: null });
  expect(isServedAtOnce(3)).toBe(false);
});

test("a transfer is refused with its reason", () => {
  const solo = leader({ initial: { ...configurationOf([1, 2, 3]), learners: [4] } });
  const reason = (to: number, at = solo) => only(transfer(at, to), "transfer-refused");
  expect(reason(4)).toEqual([{ type: "transfer-refused", to: 4, reason: "not-a-voter" }]);
  expect(reason(9)).toMatchObject([{ reason: "not-a-voter" }]);
  expect([...reason(1), ...reason(2)]).toEqual([]);
  expect(reason(3)).toMatchObject([{ reason: "transfer-under-way" }]);
  expect(reason(2, new Solo())).toMatchObject([{ reason: "not-leader" }]);
});

test("a member that votes for the last time is no target", () => {
  const solo = leader();
  solo.step({
    type: "change",
    id: 1,
    changes: [
      { type: "remove", member: 2 },
      { type: "add-voter", member: 4 },
    ],
    data: ONE,
  });
  solo.sync();
  expect(only(transfer(solo, 2), "transfer-refused")).toMatchObject([{ reason: "not-a-voter" }]);
});

test("whoever is asked campaigns at once, in earnest, and says that its leader wished so", () => {
  const solo = new Solo({}, { hardState: { term: 3, vote: null }, entries: logOf([1, 3]) });
  solo.receive(2, 3, { type: "heartbeat", commit: 0, round: 0 });
  const effects = [...solo.receive(2, 3, { type: "timeout-now" }), ...solo.sync()];
  expect(only(effects, "persist")).toMatchObject([{ hardState: { term: 4, vote: 1 } }]);
  const request = { type: "vote-request", pre: false, transfer: true, lastIndex: 2, lastTerm: 3 } as const;
  expect(sent(effects)).toEqual([
    { from: 1, to: 2, term: 4, ...request },
    { from: 1, to: 3, term: 4, ...request },
  ]);
});

test("the wish of a leader of an earlier term is none, nor does one who is no leader get far with it", () => {
  const solo = new Solo();
  solo.receive(2, 3, { type: "heartbeat", commit: 0, round: 0 });
  solo.sync();
  expect(solo.receive(3, 2, { type: "timeout-now" })).toEqual([]);
  expect(() => solo.receive(3, 3, { type: "timeout-now" })).toThrow("two leaders in term 3: 2 and 3");
});

test("who hears a leader answers a campaign that the leader wished for", () => {
  const solo = new Solo();
  solo.receive(2, 1, { type: "heartbeat", commit: 0, round: 0 });
  solo.sync();
  const request = { type: "vote-request", pre: false, lastIndex: 0, lastTerm: 0 } as const;
  expect(solo.receive(3, 2, { ...request, transfer: false })).toEqual([]);
  const effects = [...solo.receive(3, 2, { ...request, transfer: true }), ...solo.sync()];
  expect(sent(effects)).toMatchObject([{ to: 3, term: 2, type: "vote-response", granted: true }]);
});

test("a leadership is handed over within one exchange of messages, without a gap", () => {
  const world = new World(3, 1);
  world.elect(1);
  world.propose(1, 3);
  world.transfer(1, 3);
  world.settle();
  expect(world.leaders().map(({ id, status }) => [id, status.term])).toEqual([[3, 2]]);
  expect(world.ids.map((id) => world.node(id).status.leader)).toEqual([3, 3, 3]);
  world.propose(1);
  world.settle();
  expect(world.oracle.committed.length).toBe(6);
});

test("a transfer to a member that is cut off fails, and the leader goes on", () => {
  const world = new World(3, 1);
  world.elect(1);
  world.partition([2]);
  world.propose(1);
  world.transfer(1, 2);
  world.run(8, [1, 3]);
  expect(world.leaders().map(({ id }) => id)).toEqual([1]);
  world.propose(1);
  world.settle();
  expect(world.oracle.committed.length).toBe(3);
});

test("a person may call an election: with PreVote it asks first", () => {
  const solo = new Solo();
  expect(sent(solo.step({ type: "campaign" }))).toMatchObject([
    { type: "vote-request", pre: true },
    { type: "vote-request", pre: true },
  ]);
  const plain = new Solo({ preVote: false });
  plain.step({ type: "campaign" });
  expect(plain.core.status()).toMatchObject({ role: "candidate", term: 1 });
  expect(leader().step({ type: "campaign" })).toEqual([]);
});
