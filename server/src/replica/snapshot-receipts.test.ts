import { beforeEach, describe, expect, test } from "vitest";
import { configurationOf } from "../raft/configuration.js";
import { noSpace } from "../store/testing/memory-engine.js";
import { mark, noBytes, offer, staged } from "../testing/replica-snapshots.js";
import {
  OPTIONS,
  ReplicaWorld,
  SELF,
  failureOf,
  foreignCommand,
  normalEntry,
  turn,
} from "../testing/replica-world.js";
import type { Alarm } from "./report.js";
import { StateFailed } from "./state.js";

let world: ReplicaWorld;

beforeEach(() => {
  world = new ReplicaWorld();
  world.replica.start();
});

describe("a snapshot from a peer", () => {
  test("takes the place of the state when the log has it, before anything that follows is applied", async () => {
    const at = mark(9, 3);
    const whole = staged(at);
    const order: string[] = [];
    const read = world.replica.readBarrier().then(() => order.push("read"));
    const write = failureOf(world.put("mine"));
    world.script = (event) => (event.type === "read" ? [{ type: "read-ready", id: event.id, index: 8 }] : []);
    world.clock.runSoon();
    const call = world.replica.receiveSnapshot({ ...offer(9, 3) }, noBytes);
    expect(world.eventTypes()).not.toContain("receive");
    world.installs(1);
    world.stages[0]?.done(whole);
    await call;
    expect(world.appends.map(({ record }) => record.snapshot)).toEqual([{ mark: at, generation: 7 }]);
    expect(whole.done).toEqual([]);
    expect(world.replica.status().appliedIndex).toBe(0);
    world.script = (event) =>
      event.type === "persisted"
        ? [{ type: "apply", entries: [{ ...normalEntry(10, foreignCommand("b")), term: 3 }] }]
        : [];
    world.appends[0]?.done();
    await turn();
    await read;
    expect(whole.done).toEqual(["adopted"]);
    expect(world.replica.status().appliedIndex).toBe(10);
    expect(order).toEqual(["read"]);
    // Of an earlier term: what became of it is not known.
    expect(await write).toBe("etcdserver: leader changed");
    expect(world.told).toEqual(["received 9 from 12: ok", "installed 9"]);
    expect(world.fatal).toEqual([]);
    // The core counts what came with the snapshot as applied by itself.
    world.clock.advance(OPTIONS.tickIntervalMs);
    expect(world.events.filter(({ type }) => type === "applied")).toEqual([{ type: "applied", index: 10 }]);
  });

  test("that the core has no use for is thrown away", async () => {
    const whole = staged(mark(9));
    const call = world.replica.receiveSnapshot(offer(9), noBytes);
    world.stages[0]?.done(whole);
    await call;
    expect(world.eventTypes()).toEqual(["receive"]);
    expect(whole.done).toEqual(["discarded"]);
  });

  test.each([
    ["of a deposed leader", { term: 5, commitIndex: 0 }],
    ["of what is committed here", { term: 1, commitIndex: 9 }],
  ])("%s is answered by the core, and not taken in", async (_what, status) => {
    Object.assign(world, status);
    await world.replica.receiveSnapshot(offer(9), noBytes);
    expect(world.eventTypes()).toEqual(["receive"]);
    expect(world.stages).toEqual([]);
  });

  test.each([
    ["of another entry", mark(8)],
    ["of another term", { ...mark(9), term: 2 }],
    ["in another configuration", { ...mark(9), configuration: configurationOf([11]) }],
  ])("whose state is %s than announced is refused", async (_what, other) => {
    const whole = staged(other);
    const call = failureOf(world.replica.receiveSnapshot(offer(9), noBytes));
    world.stages[0]?.done(whole);
    expect(await call).toContain("announced was 9");
    expect(whole.done).toEqual(["discarded"]);
    expect(world.eventTypes()).toEqual([]);
  });

  test("gives way to another one of the same leader, or of a later one, but not of an earlier", async () => {
    const first = failureOf(world.replica.receiveSnapshot(offer(9, 2), noBytes));
    expect(await failureOf(world.replica.receiveSnapshot(offer(9, 1), noBytes))).toContain(
      "a later leader's",
    );
    const second = world.replica.receiveSnapshot(offer(12, 2), noBytes);
    const [early, late] = [staged(mark(9, 2), 7), staged(mark(12, 2), 8)];
    world.stages[1]?.done(late);
    world.stages[0]?.done(early);
    expect(await first).toBe("it was given up");
    await second;
    expect(early.done).toEqual(["discarded"]);
    expect(world.events.map((event) => (event.type === "receive" ? event.message : null))).toEqual([
      offer(12, 2),
    ]);
  });

  test("that comes after the end of the replica is thrown away", async () => {
    const whole = staged(mark(9));
    const call = failureOf(world.replica.receiveSnapshot(offer(9), noBytes));
    world.replica.stop();
    world.stages[0]?.done(whole);
    expect(await call).toBe("it was given up");
    expect(whole.done).toEqual(["discarded"]);
    expect(await failureOf(world.replica.receiveSnapshot(offer(9), noBytes))).toBe(
      "etcdserver: server stopped",
    );
  });

  test("that is not whole is refused; a disk that fails meanwhile ends the replica", async () => {
    const torn = failureOf(world.replica.receiveSnapshot(offer(9), noBytes));
    world.stages[0]?.fail(new Error("chunk 3 is missing"));
    expect(await torn).toBe("chunk 3 is missing");
    expect(world.fatal).toEqual([]);
    const failed = failureOf(world.replica.receiveSnapshot(offer(9), noBytes));
    world.stages[1]?.fail(new StateFailed("EIO"));
    await failed;
    expect(world.fatal.map(({ message }) => message)).toEqual(["a snapshot cannot be taken in"]);
  });

  describe("that is known to be wrong", () => {
    const told = (from: number, hash: number, alarms: readonly Alarm[] = []): void =>
      world.replica.receiveReport(from, { alarms, hashes: [{ index: 4, revision: 4, hash }], hashFormat: 1 });
    const wrong = "the state of member 12 is not that of the others";

    beforeEach(() => {
      world.configuration = configurationOf([SELF, 12, 13, 14, 15]);
    });

    test("since a majority has another, is refused before any of it is taken in", async () => {
      told(12, 99);
      for (const from of [13, 14, 15]) told(from, 4);
      expect(await failureOf(world.replica.receiveSnapshot(offer(9), noBytes))).toBe(wrong);
      expect(world.stages).toEqual([]);
      expect(world.eventTypes()).toEqual([]);
    });

    test("only once all of it is here, is thrown away", async () => {
      for (const from of [13, 14]) told(from, 4);
      told(12, 99);
      const whole = staged(mark(9));
      const call = failureOf(world.replica.receiveSnapshot(offer(9), noBytes));
      told(15, 4);
      world.stages[0]?.done(whole);
      expect(await call).toBe(wrong);
      expect(whole.done).toEqual(["discarded"]);
      expect(world.eventTypes()).toEqual([]);
    });

    test("by its sender itself, is refused until that has another", async () => {
      told(12, 4, ["CORRUPT"]);
      expect(await failureOf(world.replica.receiveSnapshot(offer(9), noBytes))).toBe(wrong);
      told(12, 4);
      const call = world.replica.receiveSnapshot(offer(9), noBytes);
      world.stages[0]?.done(staged(mark(9)));
      await call;
      expect(world.eventTypes()).toEqual(["receive"]);
    });

    test("only by a minority, is taken in", async () => {
      told(12, 99);
      for (const from of [13, 14]) told(from, 4);
      const call = world.replica.receiveSnapshot(offer(9), noBytes);
      world.stages[0]?.done(staged(mark(9)));
      await call;
      expect(world.eventTypes()).toEqual(["receive"]);
    });
  });

  describe("that finds no room", () => {
    const noRoom = async (at: number): Promise<void> => {
      const call = failureOf(world.replica.receiveSnapshot(offer(9), noBytes));
      world.stages[at]?.fail(noSpace());
      expect(await call).toContain("ENOSPC");
    };
    const alarms = () => world.replica.alarms.map(({ alarm }) => alarm);

    test("raises an alarm until one was staged, whatever else the next ones fail for", async () => {
      await noRoom(0);
      expect(alarms()).toEqual(["NOSPACE"]);
      expect(world.reports.at(-1)?.alarms).toEqual(["NOSPACE"]);
      const torn = failureOf(world.replica.receiveSnapshot(offer(9), noBytes));
      world.stages[1]?.fail(new Error("chunk 3 is missing"));
      await torn;
      world.clock.advance(10_000);
      expect(alarms()).toEqual(["NOSPACE"]);
      const call = world.replica.receiveSnapshot(offer(9), noBytes);
      world.stages[2]?.done(staged(mark(9)));
      await call;
      expect(alarms()).toEqual([]);
      expect(world.fatal).toEqual([]);
    });

    test("raises an alarm until what was in it is committed without it", async () => {
      await noRoom(0);
      world.commitIndex = 8;
      world.clock.advance(OPTIONS.tickIntervalMs);
      expect(alarms()).toEqual(["NOSPACE"]);
      world.commitIndex = 9;
      world.clock.advance(OPTIONS.tickIntervalMs);
      expect(alarms()).toEqual([]);
    });

    test("raises none when a later one has taken its place", async () => {
      const first = failureOf(world.replica.receiveSnapshot(offer(9), noBytes));
      const second = world.replica.receiveSnapshot(offer(12), noBytes);
      world.stages[0]?.fail(noSpace());
      await first;
      expect(alarms()).toEqual([]);
      world.stages[1]?.done(staged(mark(12)));
      await second;
    });
  });

  test("without its state is no message for the core, and a core that asks for one that did not come ends it", async () => {
    world.replica.receive([offer(9)]);
    expect(world.eventTypes()).toEqual([]);
    world.installs(1);
    world.script = (event) =>
      event.type === "tick"
        ? [{ type: "persist", sequence: 1, hardState: null, snapshot: mark(9), entries: [] }]
        : [];
    world.clock.advance(OPTIONS.tickIntervalMs);
    expect(String(world.fatal[0]?.cause)).toContain("a snapshot of entry 9 is asked for, which did not come");
    expect(world.appends).toEqual([]);
  });

  test("stops a checkpoint of the state that it takes the place of", async () => {
    world = new ReplicaWorld(0, { checkpoints: { checkpointBytes: 1, tail: OPTIONS.checkpoints.tail } });
    world.replica.start();
    world.commit(1, [foreignCommand("a")]);
    world.clock.runSoon();
    const call = world.replica.receiveSnapshot(offer(9), noBytes);
    world.installs(1);
    world.stages[0]?.done(staged(mark(9)));
    await call;
    world.appends[0]?.done();
    await turn();
    // It was durable in the state of before, a moment too early to know.
    world.writes[0]?.done("written");
    await turn();
    expect(world.eventTypes()).not.toContain("checkpointed");
    expect(world.compactions).toEqual([]);
    world.commit(10, [foreignCommand("b")]);
    world.clock.runSoon();
    expect(world.writes.map(({ at }) => at.index)).toEqual([1, 10]);
    // What came with the snapshot the core counts by itself.
    expect(world.events).not.toContainEqual({ type: "applied", index: 9 });
  });
});
