import { afterEach, expect, test } from "vitest";
import { configurationOf } from "../raft/configuration.js";
import { ReplicaUnusable } from "./durable.js";
import { DEFAULT_LIMITS } from "./open.js";
import { MembersWorld, NOBODY, THREE, has, put } from "../testing/members-world.js";
import { TestDisk } from "../wal/test-disk.js";

let world = new MembersWorld();

afterEach(() => {
  world.end();
  world = new MembersWorld();
});

test("three members elect, take a write and have it again when all were restarted", async () => {
  await world.openThree();
  expect(await world.ended(put(await world.leader(), "a"))).not.toBeInstanceOf(Error);
  for (const self of THREE.voters) await world.restart(self);
  await world.until("all have it", () => [...world.members.values()].every((member) => has(member, "a")));
});

test("what a member forwards after a restart is taken by a leader that knows it from before", async () => {
  await world.openThree();
  const leader = await world.leader();
  const [follower] = world.others(leader);
  for (let at = 0; at < 1100; at += 1) {
    put(follower, `key ${at}`).catch(() => undefined);
    // A turn each: batches of one.
    world.clock.runSoon();
  }
  await world.until("all are taken", () => has(leader, "key 1099"));
  for (const firstRequestId of [7, 2 ** 46, 2 ** 44]) {
    world.firstRequestId = firstRequestId;
    const again = await world.restart(follower.self);
    await world.until("it follows", () => again.replica.view.leader);
    expect(await world.ended(put(again, `life ${firstRequestId}`))).not.toBeInstanceOf(Error);
  }
  expect(leader.replica.view.role).toBe("leader");
});

test("a leader without room, whose disk fails as it tries again, ends: it would lead for ever and take no write", async () => {
  await world.openThree({ segmentBytes: 1 << 14 });
  const leader = await world.leader();
  let code = "ENOSPC";
  leader.disk.before = (operation, name) => {
    if (operation === "open" && name === "prepared.tmp") throw Object.assign(new Error(code), { code });
  };
  for (let at = 0; leader.replica.alarms.length === 0; at++) {
    expect(await world.ended(put(leader, `key ${at} ${"x".repeat(1000)}`))).not.toBeInstanceOf(Error);
  }
  expect(world.fatal).toEqual([]);
  code = "EIO";
  await world.until("it ends", () => world.fatal.length > 0);
  const why = world.fatal.splice(0).map(({ message }) => message);
  expect(why).toEqual(["the write-ahead log cannot be written"]);
});

test("a member whose log was taken away, and whose state was not, neither serves nor votes", async () => {
  await world.openThree();
  expect(await world.ended(put(await world.leader(), "a"))).not.toBeInstanceOf(Error);
  const { replica, states } = world.member(1);
  replica.stop();
  const disk = new TestDisk();
  for (let start = 1; start <= 2; start += 1) {
    const opened = world.open(1, THREE, {}, { disk, states });
    await expect(opened).rejects.toThrow(/there is a state, but no log/);
    await expect(opened).rejects.toThrow(ReplicaUnusable);
  }
});

test("a member joins, is handed the leadership, and the leader before it is removed", async () => {
  await world.openThree();
  const leader = await world.leader();
  await world.ended(put(leader, "before"));
  const fourth = await world.open(4, NOBODY);
  const { replica } = leader;
  const add = replica.changeMembership([{ type: "add-learner", member: 4, promote: false }]);
  expect(await world.ended(add)).toBeUndefined();
  expect(fourth.replica.status().role).toBe("follower");
  await world.until("it has caught up", () => has(fourth, "before"));
  const promote = replica.changeMembership([{ type: "add-voter", member: 4 }]);
  expect(await world.ended(promote)).toBeUndefined();
  expect(replica.status().configuration).toEqual(configurationOf([1, 2, 3, 4]));

  expect(await world.ended(replica.transferLeadership(4))).toBeUndefined();
  expect(fourth.replica.view.role).toBe("leader");
  const [follower] = world.others(leader, fourth);
  expect(await world.ended(put(fourth, "its own"))).not.toBeInstanceOf(Error);
  // Asked at a follower, which forwards it.
  const remove = follower.replica.changeMembership([{ type: "remove", member: leader.self }]);
  expect(await world.ended(remove)).toBeUndefined();
  expect(await world.ended(put(follower, "after"))).not.toBeInstanceOf(Error);
  expect(has(fourth, "after")).toBe(true);
  expect(has(leader, "after")).toBe(false);
});

test("a change asked before a new leader has committed anything is refused by name", async () => {
  await world.openThree();
  const { replica } = await world.leader();
  const removal = replica.changeMembership([{ type: "remove", member: 1 }]);
  expect(await world.ended(removal)).toMatchObject({ errorName: "Unhealthy" });
});

test("a leader that removes itself answers, is told, and refuses from then on", async () => {
  await world.openThree();
  const leader = await world.leader();
  await world.ended(put(leader, "before"));
  const removal = leader.replica.changeMembership([{ type: "remove", member: leader.self }]);
  expect(await world.ended(removal)).toBeUndefined();
  expect(leader.removals).toBe(1);
  await world.until("it leads no more", () => leader.replica.view.role !== "leader");
  expect(String(await world.ended(put(leader, "x")))).toContain("etcdserver: ");
  expect(String(await world.ended(leader.replica.readBarrier()))).toContain("etcdserver: ");
  const next = await world.until("another one leads", () =>
    world.others(leader).find(({ replica }) => replica.view.role === "leader"),
  );
  expect(await world.ended(put(next, "y"))).not.toBeInstanceOf(Error);
  expect(next.removals).toBe(0);
});

test("a forwarded write that the leader has no room for is refused, not left to time out", async () => {
  await world.openThree({ limits: { ...DEFAULT_LIMITS, maxUncommittedBytes: 1000 } });
  const leader = await world.leader();
  await world.ended(put(leader, "warm"));
  const [follower] = world.others(leader);
  world.delivers = ({ type }) => type !== "append-accepted";
  const stuck = Array.from({ length: 15 }, (_, at) => put(leader, `stuck${at}-${"x".repeat(50)}`));
  for (const call of stuck) call.catch(() => undefined);
  await world.until("the leader holds it", () => {
    const { lastIndex, commitIndex } = leader.replica.status();
    return lastIndex > commitIndex;
  });
  const before = world.clock.monotonicMs();
  const full = await world.ended(put(follower, `full-${"x".repeat(50)}`));
  expect(full).toMatchObject({ errorName: "RequestTooManyRequests" });
  expect(world.clock.monotonicMs() - before).toBeLessThan(1000);
});

test.each([
  ["with a lease a read at the leader asks nobody", 0.1],
  ["without a lease a read at the leader asks the others", null],
])("%s", async (_what, leaseClockUncertainty) => {
  await world.openThree({ leaseClockUncertainty });
  const leader = await world.leader();
  expect(await world.ended(put(leader, "a"))).not.toBeInstanceOf(Error);
  await world.ended(new Promise<void>((resolve) => world.clock.after(200, resolve)));
  const from = world.sent.length;
  let done = false;
  const read = leader.replica.readBarrier().then(() => (done = true));
  world.clock.runSoonOnce();
  await new Promise((resolve) => setImmediate(resolve));
  world.clock.runSoonOnce();
  const asked = world.sent.slice(from).filter(({ type }) => type === "heartbeat");
  expect(asked).toHaveLength(leaseClockUncertainty === null ? 2 : 0);
  expect(done).toBe(leaseClockUncertainty !== null);
  expect(await world.ended(read)).toBe(true);
});
