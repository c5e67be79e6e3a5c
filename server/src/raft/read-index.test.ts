import { expect, test } from "vitest";
import { configurationOf } from "./configuration.js";
import { only, sent, Solo } from "./testing/solo.js";
import { World, WORLD_CONFIG } from "./testing/world.js";

const answer = (solo: Solo, from: number, round: number) => {
  return solo.receive(from, 1, { type: "heartbeat-response", round });
};
const rounds = (effects: Parameters<typeof sent>[0]) => {
  return sent(effects).flatMap((message) => (message.type === "heartbeat" ? [message.round] : []));
};

/** A leader in term 1 of three members; its no-op is committed if asked. */
function leader(committed = true): Solo {
  const solo = new Solo();
  solo.elect();
  solo.sync();
  if (committed) solo.receive(2, 1, { type: "append-accepted", matchIndex: 1 });
  return solo;
}

test("a read waits for the first commit of the term, then for a round of its own", () => {
  const solo = leader(false);
  expect(solo.step({ type: "read", id: 1 })).toEqual([]);
  const committed = solo.receive(2, 1, { type: "append-accepted", matchIndex: 1 });
  expect(rounds(committed)).toEqual([1, 1]);
  expect(only(answer(solo, 3, 1), "read-ready")).toEqual([{ type: "read-ready", id: 1, index: 1 }]);
});

test("reads of a leader whose majority answers but cannot write are refused after an election timeout", () => {
  const solo = leader(false);
  solo.step({ type: "read", id: 1 });
  solo.receive(3, 1, { type: "read-request", id: 77 });
  const alive = () => [...solo.tick(), ...answer(solo, 2, 0), ...answer(solo, 3, 0)];
  const early = Array.from({ length: WORLD_CONFIG.electionTicks - 1 }).flatMap(alive);
  expect(only(early, "read-refused")).toEqual([]);
  const late = alive();
  expect(only(late, "read-refused")).toEqual([{ type: "read-refused", id: 1, reason: "leader-changed" }]);
  expect(sent(late)).toContainEqual({ from: 1, to: 3, term: 1, type: "read-response", id: 77, index: null });
  solo.step({ type: "read", id: 2 });
  const again = Array.from({ length: WORLD_CONFIG.electionTicks - 1 }).flatMap(alive);
  expect(only(again, "read-refused")).toEqual([]);
  expect(only(alive(), "read-refused")).toMatchObject([{ id: 2 }]);
  expect(solo.core.status().role).toBe("leader");
});

test("a round confirms the reads that waited when it began, not those that came later", () => {
  const solo = leader();
  expect(rounds(solo.step({ type: "read", id: 1 }))).toEqual([1, 1]);
  expect(rounds(solo.step({ type: "read", id: 2 }))).toEqual([]);
  solo.step({ type: "read", id: 3 });
  const first = answer(solo, 2, 1);
  expect(only(first, "read-ready").map(({ id }) => id)).toEqual([1]);
  expect(rounds(first)).toEqual([2, 2]);
  expect(only(answer(solo, 3, 1), "read-ready")).toEqual([]);
  expect(only(answer(solo, 3, 2), "read-ready").map(({ id }) => id)).toEqual([2, 3]);
});

test("answers of an earlier term, and round 0, confirm nothing", () => {
  const solo = leader();
  solo.step({ type: "read", id: 1 });
  solo.receive(2, 0, { type: "heartbeat-response", round: 1 });
  expect(only(answer(solo, 2, 0), "read-ready")).toEqual([]);
});

test("one member's answers, however many, are no majority of five", () => {
  const solo = new Solo({ initial: configurationOf([1, 2, 3, 4, 5]) });
  while (solo.core.status().role === "follower") solo.tick();
  for (const pre of [true, false]) {
    for (const from of [2, 3]) solo.receive(from, 1, { type: "vote-response", pre, granted: true });
    solo.sync();
  }
  for (const from of [2, 3]) solo.receive(from, 1, { type: "vote-response", pre: false, granted: true });
  solo.sync();
  for (const from of [2, 3]) solo.receive(from, 1, { type: "append-accepted", matchIndex: 1 });
  expect(solo.core.status().commitIndex).toBe(1);
  solo.step({ type: "read", id: 1 });
  expect(only([...answer(solo, 2, 1), ...answer(solo, 2, 1)], "read-ready")).toEqual([]);
  expect(only(answer(solo, 4, 1), "read-ready")).toHaveLength(1);
});

test("a lost round is made up for by the regular heartbeats", () => {
  const solo = leader();
  solo.step({ type: "read", id: 1 });
  expect(rounds(solo.tick())).toEqual([1, 1]);
});

test("the index is the commit index when the round began: a later one may not be confirmed", () => {
  const solo = leader();
  solo.step({ type: "read", id: 1 });
  solo.propose(new Uint8Array(1));
  solo.sync();
  solo.receive(2, 1, { type: "append-accepted", matchIndex: 2 });
  expect(solo.core.status().commitIndex).toBe(2);
  expect(only(answer(solo, 2, 1), "read-ready")).toMatchObject([{ index: 1 }]);
});

test("a leader that steps down refuses all its reads, near and far", () => {
  const solo = leader();
  solo.step({ type: "read", id: 1 });
  solo.receive(3, 1, { type: "read-request", id: 77 });
  const effects = [...solo.receive(2, 5, { type: "heartbeat", commit: 0, round: 0 }), ...solo.sync()];
  expect(only(effects, "read-refused")).toEqual([{ type: "read-refused", id: 1, reason: "leader-changed" }]);
  expect(sent(effects)).toContainEqual({
    from: 1,
    to: 3,
    term: 1,
    type: "read-response",
    id: 77,
    index: null,
  });
});

test("one member alone needs no round, but its commit", () => {
  const solo = new Solo({ initial: configurationOf([1]) });
  while (solo.core.status().role === "follower") solo.tick();
  solo.sync();
  expect(solo.step({ type: "read", id: 1 })).toEqual([]);
  expect(only(solo.sync(), "read-ready")).toEqual([{ type: "read-ready", id: 1, index: 1 }]);
  expect(only(solo.step({ type: "read", id: 2 }), "read-ready")).toHaveLength(1);
});

test("a leader that is cut off and does not notice answers no read", () => {
  const world = new World(3, 1);
  world.elect(1);
  world.partition([1]);
  world.run(20, [2, 3]);
  expect(world.leaders()).toHaveLength(2);
  expect(world.node(1).status.role).toBe("leader");
  world.read(1);
  world.settle();
  expect(world.oracle.counts.readsReady).toBe(0);
  world.heal();
  world.run(3);
  expect(world.oracle.counts.readsRefused).toBe(1);
});
