import { expect, test } from "vitest";
import type { MemberId } from "./message.js";
import { learner, removal, voter } from "./testing/membership.js";
import { World } from "./testing/world.js";

const leaderOf = (world: World) => world.leaders().map(({ id }) => id);
const votersOf = (world: World, id: MemberId) => world.node(id).status.configuration.voters;

/** Members 1 to `size`, led by 1; up to six run. */
function cluster(size: number, config = {}): World {
  const world = new World(size, 1, config, new Map(), 6);
  world.elect(1);
  return world;
}

test("all members are replaced by others in one change, and the old ones are not needed any more", () => {
  const world = cluster(3);
  world.propose(1, 3);
  world.settle();
  world.change(1, [4, 5, 6].map(voter));
  world.run(2);
  expect(votersOf(world, 5)).toEqual([1, 2, 3, 4, 5, 6]);
  world.change(1, [1, 2, 3].map(removal));
  world.settle();
  // No tick has passed: the leader that left had another elected.
  const [leader] = leaderOf(world);
  expect([4, 5, 6]).toContain(leader);
  for (const id of [1, 2, 3]) world.crash(id);
  for (const id of [4, 5, 6]) world.propose(id);
  world.run(3);
  expect(votersOf(world, 4)).toEqual([4, 5, 6]);
  for (const id of [4, 5, 6]) expect(world.node(id).status.commitIndex).toBe(world.oracle.committed.length);
  expect(world.oracle.committed.filter(({ kind }) => kind === "normal")).toHaveLength(6);
});

test("a member whose configuration is old follows a leader, and votes for a candidate, that it does not know", () => {
  const world = cluster(3);
  world.partition([3]);
  for (const id of [4, 5]) {
    world.change(1, [voter(id)]);
    world.run(2, [1, 2, 4, 5]);
  }
  expect(votersOf(world, 3)).toEqual([1, 2, 3]);
  world.crash(1);
  world.crash(2);
  world.heal();
  // Of five, three are left: 4 and 5 need 3, to which they are strangers.
  world.run(20, [3, 4, 5]);
  const [leader = 0] = leaderOf(world);
  expect([4, 5]).toContain(leader);
  expect(world.node(3).status).toMatchObject({ leader, configuration: { voters: [1, 2, 3, 4, 5] } });
});

test.each([
  ["a leader that takes itself out", [removal(1)]],
  ["a leader that gives its place to another", [removal(1), voter(3)]],
  ["a leader that goes on as a learner", [learner(1)]],
])("%s and is cut off at once is not missed for ever: only it may be electable", (_, changes) => {
  for (let cutAfter = 0; cutAfter < 12; cutAfter++) {
    const world = cluster(2);
    world.change(1, changes);
    for (let step = 0; step < cutAfter; step++) {
      world.deliver(0);
      for (const id of world.ids) world.sync(id);
    }
    world.partition([1]);
    world.run(20);
    world.heal();
    world.run(40);
    const committed = world.oracle.committed.length;
    const [leader = 0, ...others] = leaderOf(world);
    expect([cutAfter, leader > 0, others]).toEqual([cutAfter, true, []]);
    world.propose(leader);
    world.run(2);
    expect(world.oracle.committed.length).toBe(committed + 1);
  }
});

test("a member that was removed while it was away disturbs nobody when it is back", () => {
  const world = cluster(3);
  world.partition([3]);
  world.change(1, [removal(3)]);
  world.run(30);
  world.heal();
  world.run(60);
  expect(leaderOf(world)).toEqual([1]);
  expect(world.node(1).status.term).toBe(1);
  expect(votersOf(world, 3)).toEqual([1, 2, 3]);
  expect(world.node(3).status.term).toBe(1);
});

test("a learner catches up from nothing and becomes a voter by itself", () => {
  const world = cluster(3, { maxPromotionLag: 3 });
  for (let round = 0; round < 20; round++) {
    world.propose(1, 2);
    world.run(1);
  }
  world.change(1, [learner(4, true)]);
  world.settle();
  expect(world.node(4).status).toMatchObject({ role: "follower", configuration: { learners: [4] } });
  world.run(3);
  for (const id of [1, 2, 3, 4]) expect(votersOf(world, id)).toEqual([1, 2, 3, 4]);
});

test("a voter is demoted, and comes back", () => {
  const world = cluster(3);
  world.change(1, [learner(3)]);
  world.run(2);
  world.crash(2);
  world.run(20);
  // Two voters are left, one of them is down: the learner makes no majority.
  expect(leaderOf(world)).toEqual([]);
  world.restart(2);
  world.run(20);
  const [leader = 0] = leaderOf(world);
  expect([1, 2]).toContain(leader);
  world.change(leader, [voter(3)]);
  world.run(2);
  expect(votersOf(world, 3)).toEqual([1, 2, 3]);
});

test("a proposal that is handed over and comes twice is in the log once", () => {
  const world = cluster(3);
  world.run(1);
  const before = world.oracle.committed.length;
  world.propose(2);
  world.deliver(0, true);
  world.deliver(0, true);
  world.run(3);
  expect(world.oracle.committed.length).toBe(before + 1);
});

test("a change that a follower is asked for is made by the leader", () => {
  const world = cluster(3);
  world.run(1);
  world.change(2, [voter(4)]);
  world.run(2);
  for (const id of [1, 2, 3, 4]) expect(votersOf(world, id)).toEqual([1, 2, 3, 4]);
});
