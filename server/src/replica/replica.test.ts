import { beforeEach, describe, expect, test } from "vitest";
import { ENTRY_OVERHEAD_BYTES } from "../raft/entry.js";
import type { Entry } from "../raft/entry.js";
import type { Effect } from "../raft/event.js";
import type { Message } from "../raft/message.js";
import {
  failureOf,
  foreignCommand,
  normalEntry,
  OPTIONS,
  ReplicaWorld,
  SELF,
  turn,
} from "../testing/replica-world.js";

let world: ReplicaWorld;

beforeEach(() => {
  world = new ReplicaWorld();
  world.replica.start();
});

describe("writes", () => {
  test("proposals of one turn are one step, and each call gets its own result", async () => {
    const first = world.put("a");
    const second = world.put("b");
    expect(world.events).toEqual([]);
    world.clock.runSoon();
    expect(world.events.map((event) => event.type)).toEqual(["propose"]);
    world.commit(1, world.proposed());
    expect(await Promise.all([first, second])).toEqual(["a", "b"]);
    expect(world.elapsedMs).toEqual([20, 20]);
    expect(world.replica.status().appliedIndex).toBe(2);
  });

  test("a turn's proposals are cut into groups of a bounded size", () => {
    for (const text of ["a", "b", "c"]) void world.put(text.repeat(60));
    world.clock.runSoon();
    const groups = world.events.map((event) => (event.type === "propose" ? event.data.length : 0));
    expect(groups).toEqual([1, 1, 1]);
  });

  test("an entry of another member answers nobody, even under the same request id", async () => {
    const call = world.put("mine");
    world.clock.runSoon();
    world.commit(1, [foreignCommand("theirs")]);
    world.commit(2, world.proposed());
    expect(await call).toBe("mine");
  });

  test("a refusal means that none of the step's proposals was taken", async () => {
    world.script = (event) =>
      event.type === "propose" ? [{ type: "proposals-refused", id: event.id, reason: "no-leader" }] : [];
    const call = world.put("a");
    world.clock.runSoon();
    await expect(call).rejects.toThrow("etcdserver: no leader");
  });

  test("a refusal that comes later is of exactly those that went with its id", async () => {
    const first = [world.put("a"), world.put("b")];
    world.clock.runSoon();
    const second = world.put("c");
    world.clock.runSoon();
    const [id, other] = world.proposalIds();
    if (id === undefined || other === undefined) throw new Error("not both were proposed");
    expect(other).not.toBe(id);
    const refused = first.map(failureOf);
    world.effects({ type: "proposals-refused", id, reason: "too-many-uncommitted" });
    expect(await Promise.all(refused)).toEqual(Array(2).fill("etcdserver: too many requests"));
    // A double of the refusal, and one of what an earlier life proposed, refuse nothing.
    world.effects({ type: "proposals-refused", id, reason: "no-leader" });
    world.effects({ type: "proposals-refused", id: other + 1000, reason: "no-leader" });
    world.commit(1, world.proposed().slice(2));
    expect(await second).toBe("c");
    expect(world.fatal).toEqual([]);
  });

  test("a call that is answered is not refused any more", async () => {
    const calls = [world.put("a"), world.put("b")];
    world.clock.runSoon();
    const [id] = world.proposalIds();
    world.commit(1, world.proposed().slice(0, 1));
    expect(await calls[0]).toBe("a");
    const failure = failureOf(calls[1] ?? Promise.resolve());
    world.effects({ type: "proposals-refused", id: id ?? 0, reason: "leader-changed" });
    expect(await failure).toBe("etcdserver: leader changed");
  });

  test("entries of a batch weigh no more than one message may", () => {
    for (const text of ["a", "b", "c", "d"]) void world.put(text.repeat(20));
    world.clock.runSoon();
    const weights = world.events.map((event) =>
      event.type === "propose"
        ? event.data.reduce((sum, data) => sum + data.length + ENTRY_OVERHEAD_BYTES, 0)
        : 0,
    );
    expect(weights).toHaveLength(2);
    for (const weight of weights) expect(weight).toBeLessThanOrEqual(OPTIONS.maxProposalBatchBytes);
  });

  test("a lost proposal times out, and its late commit is applied without harm", async () => {
    const call = world.put("a");
    const failure = failureOf(call);
    world.clock.runSoon();
    world.clock.advance(OPTIONS.requestTimeoutMs + OPTIONS.tickIntervalMs);
    expect(await failure).toBe("etcdserver: request timed out");
    world.commit(1, world.proposed());
    expect(world.fatal).toEqual([]);
    expect(world.proposed()).toHaveLength(1);
  });

  test("a proposal that a dead leader has lost is given up once its successor's first entry is applied", async () => {
    const lost = failureOf(world.put("lost"));
    world.clock.runSoon();
    const follow = { type: "role-changed", role: "follower", term: 2, leader: 3 } as const;
    world.script = (event) => (event.type === "tick" ? [follow] : []);
    world.clock.advance(OPTIONS.tickIntervalMs);
    const kept = world.put("kept");
    world.clock.runSoon();
    const noop: Entry = { ...normalEntry(1, new Uint8Array()), kind: "noop", term: 2 };
    world.script = (event) => (event.type === "tick" ? [{ type: "apply", entries: [noop] }] : []);
    world.clock.advance(OPTIONS.tickIntervalMs);
    expect(await lost).toBe("etcdserver: leader changed");
    const [, data] = world.proposed();
    if (data === undefined) throw new Error("the second proposal is missing");
    const entry = { ...normalEntry(2, data), term: 2 };
    world.script = (event) => (event.type === "tick" ? [{ type: "apply", entries: [entry] }] : []);
    world.clock.advance(OPTIONS.tickIntervalMs);
    expect(await kept).toBe("kept");
  });

  test("a command that is too large, or one too many, is refused before it is proposed", async () => {
    await expect(world.put("x".repeat(200))).rejects.toThrow("etcdserver: request is too large");
    const waiting = ["1", "2", "3", "4", "5"].map((text) => world.put(text));
    await expect(world.put("6")).rejects.toThrow("etcdserver: too many requests");
    world.clock.runSoon();
    expect(world.proposed()).toHaveLength(5);
    world.replica.stop();
    for (const call of waiting) await expect(call).rejects.toThrow("etcdserver: server stopped");
    await expect(world.put("7")).rejects.toThrow("etcdserver: server stopped");
  });
});

describe("reads", () => {
  test("reads of one turn share a question and wait until its index is applied", async () => {
    const order: string[] = [];
    world.script = (event) => (event.type === "read" ? [{ type: "read-ready", id: event.id, index: 2 }] : []);
    const reads = [1, 2].map(() => world.replica.readBarrier().then(() => order.push("read")));
    world.clock.runSoon();
    expect(world.events.map((event) => event.type)).toEqual(["read"]);
    world.commit(1, [foreignCommand("a")]);
    await turn();
    order.push("applied 1");
    world.commit(2, [foreignCommand("b")]);
    await Promise.all(reads);
    expect(order).toEqual(["applied 1", "read", "read"]);
  });

  test("a read never joins a question that was asked before it arrived", () => {
    void world.replica.readBarrier();
    world.clock.runSoon();
    void world.replica.readBarrier();
    world.clock.runSoon();
    const ids = world.events.map((event) => (event.type === "read" ? event.id : null));
    expect(new Set(ids).size).toBe(2);
  });

  test("one too many is refused, until others have ended, in whatever way", async () => {
    const tooMany = "etcdserver: too many requests";
    const ask = () => failureOf(world.replica.readBarrier());
    world.script = (event) => {
      if (event.type !== "read") return [];
      if (event.id === 1) return [{ type: "read-refused", id: 1, reason: "no-leader" }];
      return event.id === 2 ? [{ type: "read-ready", id: 2, index: 1 }] : [];
    };
    const refused = [ask(), ask(), ask()];
    expect(await ask()).toBe(tooMany);
    world.clock.runSoon();
    expect(await Promise.all(refused)).toEqual(refused.map(() => "etcdserver: no leader"));

    const confirmed = [ask(), ask()];
    world.clock.runSoon();
    const silent = [ask()];
    world.clock.runSoon();
    expect(await ask()).toBe(tooMany);
    world.commit(1, [foreignCommand("a")]);
    expect(await Promise.all(confirmed)).toEqual(confirmed.map(() => "it did not fail"));

    silent.push(ask(), ask());
    expect(await ask()).toBe(tooMany);
    world.clock.runSoon();
    world.clock.advance(OPTIONS.requestTimeoutMs + OPTIONS.tickIntervalMs);
    expect(await Promise.all(silent)).toEqual(silent.map(() => "etcdserver: request timed out"));
    void ask();
    expect(world.fatal).toEqual([]);
  });

  test("refusals and silence end a read", async () => {
    const silent = failureOf(world.replica.readBarrier());
    world.clock.runSoon();
    world.script = (event) =>
      event.type === "read" ? [{ type: "read-refused", id: event.id, reason: "leader-changed" }] : [];
    const refused = failureOf(world.replica.readBarrier());
    world.clock.runSoon();
    expect(await refused).toBe("etcdserver: leader changed");
    world.clock.advance(OPTIONS.requestTimeoutMs + OPTIONS.tickIntervalMs);
    expect(await silent).toBe("etcdserver: request timed out");
  });
});

describe("applying", () => {
  const apply = (first: number, count = 1): Effect => ({
    type: "apply",
    entries: Array.from({ length: count }, (_, at) => normalEntry(first + at, foreignCommand("a"))),
  });
  const types = () => world.events.map((event) => event.type);

  test("of a long log lets ticks and messages in between its parts, and reads wait for theirs", async () => {
    const order: string[] = [];
    world.script = (event) => {
      if (event.type === "read") return [{ type: "read-ready", id: event.id, index: 1200 }];
      if (event.type === "tick") return world.ticks === 1 ? [apply(1, 600)] : [];
      if (event.type === "applied") return event.index < 2400 ? [apply(event.index + 1, 600)] : [];
      return [];
    };
    void world.replica.readBarrier().then(() => order.push("read"));
    world.clock.runSoonOnce();
    world.clock.advance(OPTIONS.tickIntervalMs);
    expect(types()).toEqual(["read", "tick"]);
    world.clock.advance(OPTIONS.tickIntervalMs);
    world.clock.runSoonOnce();
    world.replica.receive([{ from: 12, to: SELF, term: 1, type: "heartbeat", commit: 0, round: 1 }]);
    await turn();
    expect(order).toEqual(["read"]);
    world.clock.runSoon();
    const expected = ["read", "tick", "applied", "tick", "applied", "receive", "applied", "applied"];
    expect(types()).toEqual(expected);
    expect(world.events.at(-1)).toEqual({ type: "applied", index: 2400 });
  });

  test("of few entries is reported once, with the next tick, as far as it came", () => {
    world.script = (event) => (event.type === "tick" && world.ticks === 1 ? [apply(1, 2)] : []);
    world.clock.advance(OPTIONS.tickIntervalMs);
    world.script = (event) => (event.type === "receive" ? [apply(3)] : []);
    world.replica.receive([{ from: 12, to: SELF, term: 1, type: "heartbeat", commit: 0, round: 1 }]);
    world.clock.runSoon();
    expect(types()).toEqual(["tick", "receive"]);
    world.clock.advance(2 * OPTIONS.tickIntervalMs);
    expect(types()).toEqual(["tick", "receive", "applied", "tick", "tick"]);
    expect(world.events[2]).toEqual({ type: "applied", index: 3 });
    expect(world.fatal).toEqual([]);
  });
});

describe("after a restart", () => {
  test("the log of the earlier life is replayed once all of it is applied", () => {
    const world = new ReplicaWorld(2);
    world.replica.start();
    expect(world.replica.isReplayed).toBe(false);
    world.commit(1, [foreignCommand("a")]);
    expect(world.replica.isReplayed).toBe(false);
    world.commit(2, [foreignCommand("b")]);
    expect(world.replica.isReplayed).toBe(true);
  });

  test("nothing waits for entries that a leader has replaced: they were not committed", () => {
    const world = new ReplicaWorld(9);
    world.replica.start();
    const hardState = { term: 2, vote: null };
    const entries = [{ ...normalEntry(3, foreignCommand("c")), term: 2 }];
    world.script = (event) =>
      event.type === "tick" ? [{ type: "persist", sequence: 1, hardState, snapshot: null, entries }] : [];
    world.clock.advance(OPTIONS.tickIntervalMs);
    world.commit(1, [foreignCommand("a")]);
    expect(world.replica.isReplayed).toBe(false);
    world.commit(2, [foreignCommand("b")]);
    expect(world.replica.isReplayed).toBe(true);
  });

  test("without a log there is nothing to replay", () => {
    expect(world.replica.isReplayed).toBe(true);
  });
});

describe("the log", () => {
  const persist = (sequence: number): Effect => ({
    type: "persist",
    sequence,
    hardState: { term: 1, vote: null },
    snapshot: null,
    entries: [],
  });
  const message: Message = { from: SELF, to: 12, term: 1, type: "heartbeat", commit: 0, round: 1 };

  test("is written while messages leave, and what one sync made durable is one event", async () => {
    let sequence = 0;
    world.script = (event) =>
      event.type === "tick" ? [persist((sequence += 1)), { type: "send", message }] : [];
    world.clock.advance(2 * OPTIONS.tickIntervalMs);
    expect(world.appends).toHaveLength(2);
    expect(world.sent).toEqual([[message], [message]]);
    expect(world.events.filter((event) => event.type === "persisted")).toEqual([]);
    for (const append of world.appends) append.done();
    await turn();
    const persisted = world.events.filter((event) => event.type === "persisted");
    expect(persisted.map((event) => event.sequence)).toEqual([2]);
  });

  test("that cannot be written ends everything, and nobody is answered", async () => {
    let answered = false;
    const call = world.put("a").finally(() => (answered = true));
    call.catch(() => undefined);
    world.script = (event) => (event.type === "propose" ? [persist(1)] : []);
    world.clock.runSoon();
    world.appends[0]?.fail(new Error("EIO"));
    await turn();
    expect(world.fatal.map((error) => error.message)).toEqual(["the write-ahead log cannot be written"]);
    const seen = world.events.length;
    world.clock.advance(10 * OPTIONS.requestTimeoutMs);
    world.replica.receive([message]);
    await turn();
    expect(world.events).toHaveLength(seen);
    expect(answered).toBe(false);
  });
});

describe("invariants", () => {
  test.each([
    ["a gap in what is applied", [normalEntry(2, foreignCommand("a"))]],
    ["a state machine that throws", [normalEntry(1, foreignCommand("poison"))]],
    ["an entry of an unknown kind", [{ ...normalEntry(1, foreignCommand("a")), kind: "shard" as "normal" }]],
    ["an entry of another format", [{ ...normalEntry(1, foreignCommand("a")), version: 9 }]],
  ])("%s stops the replica", (_what, entries) => {
    world.script = () => [{ type: "apply", entries }];
    world.clock.advance(OPTIONS.tickIntervalMs);
    expect(world.fatal.map((error) => error.message)).toEqual(["the replica broke an invariant on tick"]);
    world.clock.advance(1000);
    expect(world.ticks).toBe(1);
  });
});
