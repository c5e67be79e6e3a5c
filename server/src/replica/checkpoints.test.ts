import { beforeEach, describe, expect, test } from "vitest";
import { configurationOf } from "../raft/configuration.js";
import type { Effect } from "../raft/event.js";
import { mark } from "../testing/replica-snapshots.js";
import {
  OPTIONS,
  ReplicaWorld,
  SELF,
  failureOf,
  foreignCommand,
  normalEntry,
  turn,
} from "../testing/replica-world.js";

let world: ReplicaWorld;

describe("a checkpoint", () => {
  const small = { checkpoints: { checkpointBytes: 1, tail: { maxEntries: 3, maxBytes: 1 << 20 } } };

  beforeEach(() => {
    world = new ReplicaWorld(0, small);
    world.replica.start();
  });

  const applies = (from: number, count: number): Effect => ({
    type: "apply",
    entries: Array.from({ length: count }, (_, at) => normalEntry(from + at, foreignCommand("a"))),
  });

  test("is durable before the core and the log hear of it, and keeps the tail", async () => {
    world.effects(applies(1, 10));
    world.clock.runSoon();
    expect(world.writes.map(({ at }) => at)).toEqual([mark(10)]);
    expect(world.eventTypes()).not.toContain("checkpointed");
    expect(world.compactions).toEqual([]);
    world.writes[0]?.done("written");
    await turn();
    expect(world.events.slice(-2)).toEqual([
      { type: "applied", index: 10 },
      { type: "checkpointed", index: 10, firstKept: 8 },
    ]);
    expect(world.compactions).toEqual([11]);
    expect(world.told).toEqual(["checkpoint 10"]);
  });

  test("is one at a time; what came meanwhile goes with the next", async () => {
    world.effects(applies(1, 2));
    world.clock.runSoon();
    world.effects(applies(3, 2));
    world.clock.runSoon();
    expect(world.writes).toHaveLength(1);
    world.writes[0]?.done("written");
    await turn();
    world.effects(applies(5, 1));
    world.clock.runSoon();
    expect(world.writes.map(({ at }) => at.index)).toEqual([2, 5]);
  });

  test("keeps what a peer lacks that moves, but not for one that stands still or lags too far", async () => {
    const checkpoint = async (from: number, ...matched: readonly number[]): Promise<unknown> => {
      world.peers = matched.map((matchIndex, at) => ({ member: 12 + at, matchIndex }));
      world.effects(applies(from, 20));
      world.clock.runSoon();
      world.writes.at(-1)?.done("written");
      await turn();
      return world.events.at(-1);
    };
    await checkpoint(1, 2, 10);
    expect(await checkpoint(21, 30, 10)).toMatchObject({ index: 40, firstKept: 31 });
    expect(await checkpoint(41, 31, 10)).toMatchObject({ index: 60, firstKept: 58 });
  });

  test("that finds no room stops writes, not reads, and is tried again until it does", async () => {
    world.effects(applies(1, 2));
    world.clock.runSoon();
    world.writes[0]?.done("no-space");
    await turn();
    expect(world.events.at(-1)).toEqual({ type: "space", full: true });
    expect(await failureOf(world.put("x"))).toBe("etcdserver: mvcc: database space exceeded");
    expect(await failureOf(world.replica.changeMembership([]))).toBe(
      "etcdserver: mvcc: database space exceeded",
    );
    expect(world.replica.localReadFault).toBeNull();
    expect(world.replica.alarms).toEqual([{ member: SELF, alarm: "NOSPACE" }]);
    world.effects(applies(3, 2));
    world.clock.runSoon();
    expect(world.writes).toHaveLength(1);
    world.clock.advance(1000);
    expect(world.writes.map(({ at }) => at.index)).toEqual([2, 4]);
    world.writes[1]?.done("written");
    await turn();
    expect(world.events).toContainEqual({ type: "space", full: false });
    expect(world.replica.alarms).toEqual([]);
    expect(world.told).toEqual(["alarms: NOSPACE", "alarms: ", "checkpoint 4"]);
  });

  test("that the disk fails ends the replica; one that a snapshot overtook ends without a word", async () => {
    world.effects(applies(1, 2));
    world.clock.runSoon();
    world.writes[0]?.done("replaced");
    await turn();
    expect(world.eventTypes()).not.toContain("checkpointed");
    world.effects(applies(3, 2));
    world.clock.runSoon();
    world.writes[1]?.fail(new Error("EIO"));
    await turn();
    expect(world.fatal.map(({ message }) => message)).toEqual(["a checkpoint cannot be written"]);
  });

  test("is not written by a member that does not know yet who decides", () => {
    world = new ReplicaWorld(0, { ...small, initial: configurationOf([]) });
    world.replica.start();
    world.effects(applies(1, 2));
    world.clock.runSoon();
    expect(world.writes).toEqual([]);
  });

  test("is where a restart begins: what comes next is applied, and what is before is not", () => {
    world = new ReplicaWorld(12, {}, mark(10));
    world.replica.start();
    expect(world.configurations).toEqual([OPTIONS.initial]);
    expect(world.replica.status().appliedIndex).toBe(10);
    expect(world.replica.isReplayed).toBe(false);
    world.effects(applies(11, 2));
    expect(world.replica.isReplayed).toBe(true);
    world.effects(applies(11, 1));
    expect(world.fatal).toHaveLength(1);
  });
});
