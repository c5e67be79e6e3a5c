import { beforeEach, describe, expect, test } from "vitest";
import { StateDamaged } from "../ports.js";
import { configurationOf } from "../raft/configuration.js";
import type { SnapshotMark } from "../raft/configuration.js";
import type { Effect } from "../raft/event.js";
import type { Message, MessageOf } from "../raft/message.js";
import type { Alarm } from "./report.js";
import { noSpace } from "../store/testing/memory-engine.js";
import { StateClosed, StateFailed } from "./state.js";
import type { StagedState } from "./state.js";
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

beforeEach(() => {
  world = new ReplicaWorld();
  world.replica.start();
});

const mark = (index: number, term = 1): SnapshotMark => ({ index, term, configuration: OPTIONS.initial });
const noBytes: AsyncIterable<Uint8Array> = (async function* () {})();

function offer(index: number, term = 1, from = 12): MessageOf<"snapshot"> {
  return { from, to: SELF, term, type: "snapshot", snapshot: mark(index, term) };
}

/** What was asked of a state that was taken in. */
function staged(at: SnapshotMark, generation = 7): StagedState & { readonly done: string[] } {
  const done: string[] = [];
  return {
    generation,
    mark: at,
    done,
    adopt: () => void done.push("adopted"),
    discard: async () => void done.push("discarded"),
  };
}

/** The core asks for the snapshot that it is told of. */
function installs(sequence: number): void {
  world.script = (event) =>
    event.type === "receive" && event.message.type === "snapshot"
      ? [{ type: "persist", sequence, hardState: null, snapshot: event.message.snapshot, entries: [] }]
      : [];
}

const types = (): string[] => world.events.map(({ type }) => type);

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
    expect(types()).not.toContain("checkpointed");
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
    expect(types()).not.toContain("checkpointed");
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

describe("a snapshot for a peer", () => {
  const toPeer = (index: number): Effect => {
    const message: Message = { from: SELF, to: 12, term: 1, type: "snapshot", snapshot: mark(index) };
    return { type: "send", message };
  };
  const sentEvents = () => world.events.filter(({ type }) => type === "snapshot-sent");

  async function chunksOf(at: number): Promise<string> {
    const parts: string[] = [];
    for await (const chunk of world.streams[at]?.chunks ?? noBytes) parts.push(Buffer.from(chunk).toString());
    return parts.join(" ");
  }

  test("goes with the state, and the core is told how it ended", async () => {
    world.effects(toPeer(5));
    expect(world.sent).toEqual([]);
    expect(world.streams.map(({ message }) => message.to)).toEqual([12]);
    expect(await chunksOf(0)).toBe("image 5 end");
    world.streams[0]?.done();
    await turn();
    world.effects(toPeer(6));
    world.streams[1]?.fail(new Error("refused"));
    await turn();
    world.clock.advance(1020);
    expect(sentEvents()).toEqual([
      { type: "snapshot-sent", to: 12, ok: true },
      { type: "snapshot-sent", to: 12, ok: false },
    ]);
    expect(world.told).toEqual(["sent 5 to 12: ok", "sent 6 to 12: refused"]);
  });

  test("that failed is repeated after a pause, which grows until one arrives", async () => {
    async function pauseMs(): Promise<number> {
      const told = sentEvents().length;
      world.effects(toPeer(5));
      world.streams.at(-1)?.fail(new Error("no space left"));
      await turn();
      const { tickIntervalMs } = OPTIONS;
      for (let waitedMs = 0; waitedMs < 100_000; waitedMs += tickIntervalMs) {
        if (sentEvents().length > told) return waitedMs;
        world.clock.advance(tickIntervalMs);
      }
      throw new Error("the core is not told");
    }
    const pauses: number[] = [];
    for (let at = 0; at < 7; at += 1) pauses.push(await pauseMs());
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    world.effects(toPeer(5));
    world.streams.at(-1)?.done();
    await turn();
    expect(sentEvents().at(-1)).toMatchObject({ ok: true });
    expect(await pauseMs()).toBe(1000);
  });

  test("that the core begins within the pause of an earlier one ends that pause unheard", async () => {
    world.effects(toPeer(5));
    world.streams[0]?.fail(new Error("refused"));
    await turn();
    world.effects(toPeer(6));
    world.clock.advance(5000);
    expect(sentEvents()).toEqual([]);
    world.streams[1]?.done();
    await turn();
    expect(sentEvents()).toEqual([{ type: "snapshot-sent", to: 12, ok: true }]);
  });

  test("takes the place of an earlier one to the same peer, which ends unheard", async () => {
    world.effects(toPeer(5));
    world.effects(toPeer(6));
    expect(await failureOf(chunksOf(0))).toBe("a later one takes its place");
    world.streams[0]?.fail(new Error("late"));
    await turn();
    expect(sentEvents()).toEqual([]);
    expect(await chunksOf(1)).toBe("image 6 end");
  });

  test("that nothing moves is given up", async () => {
    world.effects(toPeer(5));
    world.clock.advance(62_100);
    expect(sentEvents()).toEqual([{ type: "snapshot-sent", to: 12, ok: false }]);
    expect(await failureOf(chunksOf(0))).toContain("nothing moved");
    world.streams[0]?.done();
    await turn();
    expect(sentEvents()).toHaveLength(1);
  });

  test("that has left whole may take longer to be read back, by what its size excuses", async () => {
    world.imageBytes = 30_000_000;
    world.effects(toPeer(5));
    await chunksOf(0);
    world.clock.advance(88_000);
    expect(sentEvents()).toEqual([]);
    world.clock.advance(4_000);
    expect(sentEvents()).toEqual([{ type: "snapshot-sent", to: 12, ok: false }]);
    expect(world.told.at(-1)).toContain("nothing moved");
  });

  test("ends the replica when its own state cannot be read, but not when that was replaced", async () => {
    world.fault = new StateClosed("replaced");
    world.effects(toPeer(5));
    await failureOf(chunksOf(0));
    expect(world.fatal).toEqual([]);
    world.fault = new StateDamaged("a bit is wrong");
    world.effects(toPeer(5));
    await failureOf(chunksOf(1));
    expect(world.fatal.map(({ message }) => message)).toEqual(["the state on disk cannot be read"]);
  });

  test("ends with the replica", async () => {
    world.effects(toPeer(5));
    world.replica.stop();
    expect(await failureOf(chunksOf(0))).toBe("the sender stops");
  });
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
    expect(types()).not.toContain("receive");
    installs(1);
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
    expect(types()).toEqual(["receive"]);
    expect(whole.done).toEqual(["discarded"]);
  });

  test.each([
    ["of a deposed leader", { term: 5, commitIndex: 0 }],
    ["of what is committed here", { term: 1, commitIndex: 9 }],
  ])("%s is answered by the core, and not taken in", async (_what, status) => {
    Object.assign(world, status);
    await world.replica.receiveSnapshot(offer(9), noBytes);
    expect(types()).toEqual(["receive"]);
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
    expect(types()).toEqual([]);
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
      expect(types()).toEqual([]);
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
      expect(types()).toEqual([]);
    });

    test("by its sender itself, is refused until that has another", async () => {
      told(12, 4, ["CORRUPT"]);
      expect(await failureOf(world.replica.receiveSnapshot(offer(9), noBytes))).toBe(wrong);
      told(12, 4);
      const call = world.replica.receiveSnapshot(offer(9), noBytes);
      world.stages[0]?.done(staged(mark(9)));
      await call;
      expect(types()).toEqual(["receive"]);
    });

    test("only by a minority, is taken in", async () => {
      told(12, 99);
      for (const from of [13, 14]) told(from, 4);
      const call = world.replica.receiveSnapshot(offer(9), noBytes);
      world.stages[0]?.done(staged(mark(9)));
      await call;
      expect(types()).toEqual(["receive"]);
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
    expect(types()).toEqual([]);
    installs(1);
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
    installs(1);
    world.stages[0]?.done(staged(mark(9)));
    await call;
    world.appends[0]?.done();
    await turn();
    // It was durable in the state of before, a moment too early to know.
    world.writes[0]?.done("written");
    await turn();
    expect(types()).not.toContain("checkpointed");
    expect(world.compactions).toEqual([]);
    world.commit(10, [foreignCommand("b")]);
    world.clock.runSoon();
    expect(world.writes.map(({ at }) => at.index)).toEqual([1, 10]);
    // What came with the snapshot the core counts by itself.
    expect(world.events).not.toContainEqual({ type: "applied", index: 9 });
  });
});

describe("a member that lost entries", () => {
  const lost = { hardState: { term: 1, vote: null, lostTo: 5 } };
  const persist = (sequence: number, lostTo: number | null, ...indexes: readonly number[]): Effect => ({
    type: "persist",
    sequence,
    hardState: { term: 2, vote: null, ...(lostTo === null ? {} : { lostTo }) },
    snapshot: null,
    entries: indexes.map((index) => normalEntry(index, foreignCommand("a"))),
  });

  beforeEach(() => {
    world = new ReplicaWorld(0, lost);
    world.replica.start();
  });

  test("answers local reads when it has again what it may have held, and says when it votes again", async () => {
    world.lastIndex = 4;
    world.effects(persist(1, 5, 1, 2, 3, 4));
    world.commit(
      1,
      [1, 2, 3, 4].map(() => foreignCommand("a")),
    );
    expect(world.replica.isRecovering).toBe(true);
    expect(world.replica.localReadFault).toBe("NoLeader");
    world.lastIndex = 6;
    world.effects(persist(2, null, 5, 6));
    expect(world.replica.isRecovering).toBe(false);
    expect(world.replica.localReadFault).toBe("NoLeader");
    expect(world.told).toEqual([]);
    for (const append of world.appends) append.done();
    await turn();
    expect(world.told).toEqual(["recovered"]);
    world.commit(5, [foreignCommand("a")]);
    expect(world.replica.localReadFault).toBeNull();
  });

  test("need not wait for entries that were never committed", () => {
    world.lastIndex = 3;
    world.effects(persist(1, null, 1, 2, 3));
    world.commit(
      1,
      [1, 2, 3].map(() => foreignCommand("a")),
    );
    expect(world.replica.localReadFault).toBeNull();
  });
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
    expect(types()).toEqual([]);
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
    installs(1);
    world.stages[0]?.done(staged(mark(9)));
    await call;
    world.appends[0]?.done();
    await turn();
    for (const peer of [12, 13])
      world.replica.receiveReport(peer, { alarms: [], hashes: states(2, 99), hashFormat: 1 });
    expect(world.marked).toEqual([]);
  });
});
