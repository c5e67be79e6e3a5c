import { beforeEach, describe, expect, test } from "vitest";
import { mark, noBytes, offer, staged } from "../testing/replica-snapshots.js";
import { ReplicaWorld, SELF, failureOf, foreignCommand, turn } from "../testing/replica-world.js";

let world: ReplicaWorld;

beforeEach(() => {
  world = new ReplicaWorld();
  world.replica.start();
});

describe("reports", () => {
  const states = (index: number, hash: number) => [{ index, revision: index, hash }];

  test("tell alarms and states once a second", () => {
    world.commit(
      1,
      [1, 2, 3, 4, 5].map(() => foreignCommand("a")),
    );
    world.clock.advance(3000);
    expect(world.reports).toHaveLength(4);
    expect(world.reports.at(-1)).toEqual({
      alarms: [],
      hashes: [
        { index: 2, revision: 2, hash: 2 },
        { index: 4, revision: 4, hash: 4 },
      ],
      hashFormat: 1,
    });
  });

  test("of full disks at a majority stop writes, until there is room", async () => {
    world.replica.receiveReport(12, { alarms: ["NOSPACE"], hashes: [], hashFormat: 1 });
    expect(world.eventTypes()).toEqual([]);
    world.replica.receiveReport(13, { alarms: ["NOSPACE"], hashes: [], hashFormat: 1 });
    expect(world.events).toEqual([{ type: "space", full: true }]);
    expect(await failureOf(world.put("a"))).toContain("database space exceeded");
    expect(world.replica.alarms.map(({ member }) => member)).toEqual([12, 13]);
    world.replica.receiveReport(13, { alarms: [], hashes: [], hashFormat: 1 });
    expect(world.events.at(-1)).toEqual({ type: "space", full: false });
  });

  test("of a log without room stop writes at once, and are told at once", () => {
    world.replica.logFull(true);
    expect(world.events).toEqual([{ type: "space", full: true }]);
    expect(world.reports).toEqual([{ alarms: ["NOSPACE"], hashes: [], hashFormat: 1 }]);
    world.replica.logFull(false);
    expect(world.events.at(-1)).toEqual({ type: "space", full: false });
  });

  test("of another state at a majority end this member's part in everything", async () => {
    const write = failureOf(world.put("a"));
    const read = failureOf(world.replica.readBarrier());
    world.commit(
      1,
      [1, 2].map(() => foreignCommand("a")),
    );
    world.replica.receiveReport(12, { alarms: [], hashes: states(2, 99), hashFormat: 1 });
    expect(world.marked).toEqual([]);
    world.replica.receiveReport(13, { alarms: [], hashes: states(2, 99), hashFormat: 1 });
    const difference = { own: states(2, 2)[0], other: states(2, 99)[0], of: "a majority" };
    expect(world.marked).toEqual([difference]);
    expect(world.told).toEqual(["alarms: CORRUPT", "corrupt at 2 by a majority"]);
    const corrupt = "etcdserver: corrupt cluster";
    expect([await write, await read]).toEqual([corrupt, corrupt]);
    expect(await failureOf(world.put("b"))).toBe(corrupt);
    expect(await failureOf(world.replica.receiveSnapshot(offer(9), noBytes))).toBe(corrupt);
    expect(world.replica.localReadFault).toBe("Corrupt");
    const seen = world.events.length;
    world.replica.receive([{ from: 12, to: SELF, term: 1, type: "heartbeat", commit: 0, round: 1 }]);
    world.clock.advance(2000);
    expect(world.events).toHaveLength(seen);
    expect(world.reports.at(-1)).toEqual({ alarms: ["CORRUPT"], hashes: [], hashFormat: 1 });
    world.replica.stop();
    const told = world.reports.length;
    world.clock.advance(5000);
    expect(world.reports).toHaveLength(told);
  });

  test("of a minority, or of other entries, say nothing of this member", () => {
    world.commit(
      1,
      [1, 2].map(() => foreignCommand("a")),
    );
    world.replica.receiveReport(12, { alarms: [], hashes: states(2, 99), hashFormat: 1 });
    world.replica.receiveReport(13, { alarms: [], hashes: states(2, 2), hashFormat: 1 });
    world.replica.receiveReport(14, { alarms: [], hashes: states(2, 99), hashFormat: 1 });
    world.replica.receiveReport(13, { alarms: [], hashes: states(4, 99), hashFormat: 1 });
    expect(world.told).toEqual([]);
  });

  test("where no majority can agree count by the leader's", () => {
    world.commit(
      1,
      [1, 2].map(() => foreignCommand("a")),
    );
    world.replica.receiveReport(12, { alarms: [], hashes: states(2, 98), hashFormat: 1 });
    world.effects({ type: "role-changed", role: "follower", term: 1, leader: 12 });
    expect(world.marked).toEqual([]);
    world.replica.receiveReport(13, { alarms: [], hashes: states(2, 99), hashFormat: 1 });
    expect(world.told).toContain("corrupt at 2 by the leader");
  });

  test("of hashes of another kind say nothing of this member", () => {
    world.commit(
      1,
      [1, 2].map(() => foreignCommand("a")),
    );
    for (const peer of [12, 13]) {
      world.replica.receiveReport(peer, { alarms: [], hashes: states(2, 99), hashFormat: 2 });
    }
    expect(world.marked).toEqual([]);
    // What they said before is not held against anybody either.
    for (const peer of [12, 13]) {
      world.replica.receiveReport(peer, { alarms: [], hashes: states(2, 99), hashFormat: 1 });
    }
    expect(world.marked).toHaveLength(1);
  });

  test("of before a snapshot say nothing of the state that came with it", async () => {
    world.commit(
      1,
      [1, 2].map(() => foreignCommand("a")),
    );
    const call = world.replica.receiveSnapshot(offer(9), noBytes);
    world.installs(1);
    world.stages[0]?.done(staged(mark(9)));
    await call;
    world.appends[0]?.done();
    await turn();
    for (const peer of [12, 13])
      world.replica.receiveReport(peer, { alarms: [], hashes: states(2, 99), hashFormat: 1 });
    expect(world.marked).toEqual([]);
  });
});
