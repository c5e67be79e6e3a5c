import { gauntletpeer } from "@gauntlet/proto";
import { beforeEach, describe, expect, test } from "vitest";
import { configurationOf } from "../raft/configuration.js";
import type { Entry } from "../raft/entry.js";
import {
  configurationEntry,
  failureOf,
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

describe("a change of the membership", () => {
  const wish = [{ type: "add-voter", member: 14 }] as const;
  const after = configurationOf([SELF, 12, 13, 14]);
  const joint = { ...after, outgoing: [SELF, 12, 13], autoLeave: true };

  function change(): { call: Promise<void>; id: number; data: Uint8Array } {
    const call = world.replica.changeMembership(wish);
    world.clock.runSoon();
    const event = world.events.at(-1);
    if (event?.type !== "change") throw new Error("the core was not asked");
    expect(event.changes).toEqual(wish);
    return { call, id: event.id, data: event.data };
  }

  test("is done when the entry that is not joint is applied", async () => {
    const order: string[] = [];
    const { call, data } = change();
    void call.then(() => order.push("done"));
    world.effects({ type: "apply", entries: [configurationEntry(1, joint, data)] });
    await turn();
    order.push("joint");
    world.effects({ type: "apply", entries: [configurationEntry(2, after, data)] });
    await call;
    expect(order).toEqual(["joint", "done"]);
    expect(world.configurations).toEqual([joint, after]);
  });

  test("of another member, or of the core itself, answers nobody", async () => {
    const { call, data } = change();
    const failure = failureOf(call);
    const own = gauntletpeer.Command.decode(data);
    const foreign = gauntletpeer.Command.encode({ origin: 99, request_id: own.request_id }).finish();
    const entries = [foreign, new Uint8Array(0)].map((each, at) => configurationEntry(at + 1, after, each));
    world.effects({ type: "apply", entries });
    world.clock.advance(OPTIONS.requestTimeoutMs + OPTIONS.tickIntervalMs);
    expect(await failure).toBe("etcdserver: request timed out");
    expect(world.fatal).toEqual([]);
  });

  test("that its leader lost is given up, but not one whose joint entry is applied", async () => {
    const noop = (index: number, term: number): Entry => ({
      ...normalEntry(index, new Uint8Array()),
      kind: "noop",
      term,
    });
    const lost = failureOf(change().call);
    world.effects({ type: "apply", entries: [noop(1, 2)] });
    expect(await lost).toBe("etcdserver: leader changed");
    world.effects({ type: "role-changed", role: "follower", term: 2, leader: 12 });
    const { call, data } = change();
    world.effects({
      type: "apply",
      entries: [{ ...configurationEntry(2, joint, data), term: 2 }, noop(3, 3)],
    });
    world.effects({ type: "apply", entries: [{ ...configurationEntry(4, after, data), term: 3 }] });
    await call;
  });

  test.each([
    ["no-leader", "etcdserver: no leader"],
    ["too-many-uncommitted", "etcdserver: too many requests"],
    ["no-space", "etcdserver: mvcc: database space exceeded"],
    ["change-under-way", "gauntlet: another change of the membership is under way"],
    ["term-not-committed", "etcdserver: unhealthy cluster"],
    ["learner-not-ready", "etcdserver: can only promote a learner member which is in sync with leader"],
    ["no-voters-left", "etcdserver: re-configuration failed due to not enough started members"],
  ] as const)("refused as %s fails with its own error", async (reason, text) => {
    const { call, id } = change();
    const failure = failureOf(call);
    const write = world.put("a");
    world.clock.runSoon();
    world.effects({ type: "proposals-refused", id, reason });
    expect(await failure).toBe(text);
    world.commit(1, world.proposed());
    expect(await write).toBe("a");
  });

  test("ends with the replica", async () => {
    const { call } = change();
    world.replica.stop();
    await expect(call).rejects.toThrow("etcdserver: server stopped");
    await expect(world.replica.changeMembership(wish)).rejects.toThrow("etcdserver: server stopped");
  });

  test("that leaves this member out is told once; one that lets it only listen is not", () => {
    const without = configurationOf([12, 13]);
    const listening = { ...without, learners: [SELF] };
    const leaving = { ...without, outgoing: [SELF, 12, 13], autoLeave: true };
    const none = new Uint8Array(0);
    world.effects({ type: "apply", entries: [configurationEntry(1, listening, none)] });
    world.effects({ type: "apply", entries: [configurationEntry(2, leaving, none)] });
    expect(world.removals).toBe(0);
    world.effects({ type: "apply", entries: [configurationEntry(3, without, none)] });
    world.effects({ type: "apply", entries: [configurationEntry(4, configurationOf([12]), none)] });
    expect(world.removals).toBe(1);
  });

  test("that leaves this member out ends all calls that wait for an entry, and refuses new ones; peers are still heard", async () => {
    const calls = [world.put("a"), change().call, world.replica.readBarrier()];
    const failures = calls.map(failureOf);
    world.replica.retire();
    const stopped = "etcdserver: server stopped";
    expect(await Promise.all(failures)).toEqual([stopped, stopped, stopped]);
    for (const call of [world.put("b"), world.replica.changeMembership(wish), world.replica.readBarrier()]) {
      expect(await failureOf(call)).toBe(stopped);
    }
    const asked = { type: "heartbeat", from: 12, to: SELF, term: 1, commit: 0, round: 1 } as const;
    world.replica.receive([asked]);
    expect(world.events.at(-1)).toEqual({ type: "receive", message: asked });
    world.clock.advance(OPTIONS.tickIntervalMs);
    expect(world.events.at(-1)).toEqual({ type: "tick" });
  });

  test("before this member joined does not count as its removal", () => {
    const world = new ReplicaWorld(0, { initial: configurationOf([]) });
    world.replica.start();
    world.effects({
      type: "apply",
      entries: [configurationEntry(1, configurationOf([12]), new Uint8Array(0))],
    });
    expect(world.removals).toBe(0);
  });
});
