import { expect, test } from "vitest";
import { configurationOf } from "./configuration.js";
import type { SnapshotMark } from "./configuration.js";
import type { HardState } from "./entry.js";
import type { Body } from "./message.js";
import { entry, logOf, only, sent, Solo } from "./testing/solo.js";
import { World } from "./testing/world.js";

const mark = (index: number, term: number): SnapshotMark => {
  return { index, term, configuration: configurationOf([1, 2, 3]) };
};
const append = (prevIndex: number, prevTerm: number, terms: readonly number[], commit = 0): Body => {
  const entries = terms.map((term, at) => entry(prevIndex + 1 + at, term));
  return { type: "append", prevIndex, prevTerm, commit, entries };
};
const heartbeat = (commit: number): Body => ({ type: "heartbeat", commit, round: 7 });
const asksForVote = (pre: boolean, transfer = false): Body => {
  return { type: "vote-request", pre, transfer, lastIndex: 99, lastTerm: 99 };
};

/** Member 1 in term 5, with entries of `terms` left of ten. */
function recovering(terms: readonly number[], hardState: Partial<HardState> = {}): Solo {
  return new Solo(
    {},
    { hardState: { term: 5, vote: null, lostTo: 10, ...hardState }, entries: logOf(terms) },
  );
}
const hardStates = (effects: Parameters<typeof only>[0]) =>
  only(effects, "persist").flatMap(({ hardState }) => (hardState === null ? [] : [hardState]));

// ---- no vote

test.each([
  ["a vote", asksForVote(false), 6],
  ["a vote for a transfer", asksForVote(false, true), 6],
  ["a forecast", asksForVote(true), 6],
  ["once more the vote of before", asksForVote(false), 5],
] as const)("a recovering member refuses %s, however long the other's log is", (_, request, term) => {
  const solo = recovering([1], { vote: 2 });
  const answers = sent([...solo.receive(2, term, request), ...solo.sync()]);
  expect(answers).toMatchObject([{ type: "vote-response", granted: false }]);
});

test("it never campaigns: not when it hears nobody, not on demand, not when its leader wishes it", () => {
  const solo = recovering([1, 1]);
  solo.receive(2, 5, heartbeat(0));
  const events = [
    solo.receive(2, 5, { type: "timeout-now" }),
    solo.step({ type: "campaign" }),
    solo.tick(100),
    solo.sync(0),
  ];
  expect(sent(events.flat())).toEqual([]);
  expect(solo.core.status()).toMatchObject({ role: "follower", term: 5, lostTo: 10 });
});

test("a leader's wish that it cannot follow does not make it forget the leader", () => {
  const solo = recovering([1]);
  solo.receive(2, 5, heartbeat(0));
  solo.receive(2, 5, { type: "timeout-now" });
  expect(solo.core.status().leader).toBe(2);
});

test("a later term, too, is entered as a recovering member", () => {
  const solo = recovering([1]);
  expect(hardStates(solo.receive(2, 8, heartbeat(0)))).toEqual([{ term: 8, vote: null, lostTo: 10 }]);
});

// ---- what was acknowledged and is not there

test("what a leader believes it has, it takes back, and commits what is left of it", () => {
  const solo = recovering([1, 1, 5]);
  const answers = sent(solo.receive(2, 5, heartbeat(9)));
  expect(answers).toMatchObject([
    { type: "heartbeat-response", round: 7 },
    { type: "append-rejected", rejectedPrevIndex: 9, hintIndex: 3, hintTerm: 5, lost: true },
  ]);
  expect(solo.core.status()).toMatchObject({ commitIndex: 3, lostTo: 10 });
  // The next one, which left before the leader heard of it, makes nothing fall.
  expect(sent(solo.receive(2, 5, heartbeat(2)))).toMatchObject([{ type: "heartbeat-response" }]);
  expect(solo.core.status().commitIndex).toBe(3);
});

test("a member that has lost nothing stops where a leader believes so", () => {
  const solo = new Solo({}, { hardState: { term: 5, vote: null }, entries: logOf([1, 1, 5]) });
  expect(() => solo.receive(2, 5, heartbeat(9))).toThrow("entries up to 9 were acknowledged");
});

test("its rejections say that they take back; those of others do not", () => {
  const lost = (solo: Solo) => sent(solo.receive(2, 5, append(7, 5, [])));
  const hint = { type: "append-rejected", rejectedPrevIndex: 7, hintIndex: 2, hintTerm: 1 };
  expect(lost(recovering([1, 1]))).toMatchObject([{ ...hint, lost: true }]);
  const whole = new Solo({}, { hardState: { term: 5, vote: null }, entries: logOf([1, 1]) });
  expect(lost(whole)).toMatchObject([{ ...hint, lost: false }]);
});

test("a member without any log, and with a snapshot alone, begins from there", () => {
  const nothing = recovering([]);
  expect(sent(nothing.receive(2, 5, heartbeat(10)))[1]).toMatchObject({
    hintIndex: 0,
    hintTerm: 0,
    lost: true,
  });
  const solo = new Solo(
    {},
    { hardState: { term: 5, vote: 1, lostTo: 10 }, snapshot: mark(6, 4), entries: [] },
  );
  expect(solo.core.status()).toMatchObject({ commitIndex: 6, lostTo: 10 });
  expect(sent(solo.receive(2, 5, heartbeat(10)))[1]).toMatchObject({ hintIndex: 6, hintTerm: 4, lost: true });
});

// ---- whole again

test("it acknowledges as any other, and is whole when all that it lost is back and on its disk", () => {
  const solo = recovering([1, 1, 5]);
  solo.receive(2, 5, append(3, 5, [5, 5, 5]));
  expect(sent(solo.sync())).toMatchObject([{ type: "append-accepted", matchIndex: 6 }]);
  expect(solo.core.status().lostTo).toBe(10);
  solo.receive(2, 5, append(6, 5, [5, 5, 5, 5]));
  expect(solo.core.status().lostTo).toBe(10);
  const whole = solo.sync();
  expect(hardStates(whole)).toEqual([{ term: 5, vote: null }]);
  expect(sent(whole)).toMatchObject([{ type: "append-accepted", matchIndex: 10 }]);
  expect(solo.core.status().lostTo).toBe(null);
  // Nothing that may rest on it leaves before the disk has it.
  expect(sent(solo.receive(2, 5, heartbeat(10)))).toEqual([]);
  expect(sent(solo.sync())).toMatchObject([{ type: "heartbeat-response" }]);
});

test("entries of the term in which it lost some prove nothing, be they committed", () => {
  const solo = recovering([1]);
  solo.receive(2, 5, append(1, 1, [5, 5], 3));
  solo.sync();
  expect(solo.core.status()).toMatchObject({ commitIndex: 3, durableIndex: 3, lostTo: 10 });
});

test("an entry of a later term does, once it is on its disk, however short the log is", () => {
  const solo = recovering([1]);
  solo.receive(3, 7, append(1, 1, [6]));
  expect(solo.core.status().lostTo).toBe(10);
  solo.sync();
  expect(solo.core.status().lostTo).toBe(null);
});

test("that a later leader is there does not, nor does what it has of the terms before", () => {
  const solo = recovering([1, 1]);
  solo.receive(3, 7, append(2, 1, [5, 5], 4));
  solo.sync();
  expect(solo.core.status()).toMatchObject({ term: 7, commitIndex: 4, lostTo: 10 });
});

test("a tail of its own that nobody compared is not what it lost", () => {
  const solo = recovering(Array.from({ length: 12 }, () => 5));
  solo.receive(2, 5, append(4, 5, []));
  expect(solo.core.status().lostTo).toBe(10);
  solo.receive(2, 5, append(10, 5, []));
  expect(solo.core.status().lostTo).toBe(null);
});

test("a snapshot that reaches so far makes it whole when it is on its disk; a shorter one does not", () => {
  const solo = recovering([]);
  solo.receive(2, 5, { type: "snapshot", snapshot: mark(9, 5) });
  solo.sync();
  expect(solo.core.status()).toMatchObject({ firstIndex: 10, lostTo: 10 });
  solo.receive(2, 5, { type: "snapshot", snapshot: mark(12, 5) });
  expect(solo.core.status().lostTo).toBe(10);
  solo.sync();
  expect(solo.core.status()).toMatchObject({ firstIndex: 13, lostTo: null });
});

test("it votes again when that is durable, and not before", () => {
  const solo = recovering([1, 1]);
  solo.receive(2, 6, append(2, 1, [6]));
  solo.sync();
  solo.tick(20);
  const asked = solo.receive(3, 8, asksForVote(false));
  expect(sent(asked)).toEqual([]);
  expect(hardStates(asked).at(-1)).toEqual({ term: 8, vote: 3 });
  expect(sent(solo.sync()).at(-1)).toMatchObject({ type: "vote-response", to: 3, granted: true });
});

// ---- in a cluster

/** Of five led by 1, `members` lose their last `count` entries, which are committed by them; then they are back. */
function losing(members: readonly number[], count: number | null, size = 5): World {
  const world = new World(size, 1);
  world.elect(1);
  world.propose(1, 6);
  world.run(2, [1]);
  for (const id of members) {
    const { lastIndex } = world.node(id).status;
    world.crash(id);
    world.loseEntries(id, count === null ? null : lastIndex - count);
    world.restart(id);
  }
  return world;
}
const lostTo = (world: World) => world.ids.map((id) => world.node(id).status.lostTo);

test.each([[2], [4], [null]])(
  "members that lost %s entries get them back from the leader of the term",
  (count) => {
    const world = losing([2, 3], count);
    expect(lostTo(world)).toEqual([null, 7, 7, null, null]);
    world.run(3, [1]);
    expect(lostTo(world)).toEqual([null, null, null, null, null]);
    expect(world.node(1).status.term).toBe(1);
    for (const id of world.ids) expect(world.node(id).status.commitIndex).toBe(7);
    expect(world.oracle.counts).toMatchObject({ losses: 2, recoveries: 2 });
  },
);

test("a leader that lost entries comes back as a follower, and others are elected without it", () => {
  const world = losing([1], 3, 3);
  world.run(30, [2, 3]);
  const [leader] = world.leaders();
  expect([2, 3]).toContain(leader?.id);
  expect(lostTo(world)).toEqual([null, null, null]);
  expect(world.node(1).status.commitIndex).toBe(world.oracle.committed.length);
});

test("nobody is elected where that needs a member which may lack what was committed", () => {
  // 1 and 2 committed by themselves; 2 lost it, 1 is down, 3 never had it.
  const world = new World(3, 1);
  world.elect(1);
  world.partition([3]);
  world.propose(1, 3);
  world.run(2, [1, 2]);
  expect(world.oracle.committed).toHaveLength(4);
  world.crash(2);
  world.loseEntries(2, 1);
  world.restart(2);
  world.crash(1);
  world.heal();
  world.run(200, [2, 3]);
  expect(world.leaders()).toEqual([]);
  expect(lostTo(world)).toEqual([null, 4, null]);
  world.restart(1);
  world.run(40);
  expect(world.leaders()).toHaveLength(1);
  expect(lostTo(world)).toEqual([null, null, null]);
});

test("an acknowledgement of before the loss commits what only the leader still has: nobody else is elected", () => {
  const world = new World(3, 1);
  world.elect(1);
  world.crash(3);
  world.propose(1);
  world.sync(1);
  world.deliver(0);
  world.deliver(0);
  world.sync(2);
  const late = world.network.find(({ type, from }) => type === "append-accepted" && from === 2);
  expect(late).toMatchObject({ matchIndex: 2 });
  world.crash(2);
  world.loseEntries(2, 1);
  world.restart(2);
  while (world.network.length > 0 && world.oracle.committed.length < 2) world.deliver(0);
  expect(world.oracle.committed).toHaveLength(2);
  world.crash(1);
  world.restart(3);
  world.run(100, [2, 3]);
  expect(world.leaders()).toEqual([]);
  world.restart(1);
  world.run(40);
  expect(world.leaders()).toHaveLength(1);
  expect(lostTo(world)).toEqual([null, null, null]);
});

test("a crash, and a second loss, while it recovers makes it forget nothing", () => {
  const world = losing([3], 5);
  world.partition([3]);
  world.crash(3);
  world.restart(3);
  expect(world.node(3).status.lostTo).toBe(7);
  world.crash(3);
  world.loseEntries(3, null);
  world.restart(3);
  expect(world.node(3).status.lostTo).toBe(7);
  world.heal();
  world.run(5, [1]);
  expect(world.node(3).status).toMatchObject({ lostTo: null, commitIndex: 7 });
});

test("a transfer to a member that recovers comes to nothing, and the leader goes on", () => {
  const world = losing([2], 3);
  world.transfer(1, 2);
  world.settle();
  expect(world.leaders().map(({ id }) => id)).toEqual([1]);
  world.run(12, [1]);
  expect(world.node(1).status).toMatchObject({ role: "leader", transferee: null });
});
