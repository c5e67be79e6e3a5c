import { beforeEach, describe, expect, test } from "vitest";
import type { Effect } from "../raft/event.js";
import { failureOf, OPTIONS, ReplicaWorld, SELF, turn } from "../testing/replica-world.js";

let world: ReplicaWorld;

beforeEach(() => {
  world = new ReplicaWorld();
  world.replica.start();
});

describe("a transfer of the leadership", () => {
  const roleChanged = (term: number, leader: number | null): Effect => {
    return { type: "role-changed", role: "follower", term, leader };
  };

  function transfer(to: number): Promise<void> {
    const call = world.replica.transferLeadership(to);
    world.clock.runSoon();
    expect(world.events.at(-1)).toEqual({ type: "transfer", to });
    return call;
  }

  test("is done when the other one is seen to lead, and not before", async () => {
    const order: string[] = [];
    const call = transfer(12).then(() => order.push("done"));
    world.effects(roleChanged(1, 12));
    world.effects(roleChanged(2, null));
    await turn();
    order.push("nobody leads");
    world.effects(roleChanged(2, 12));
    await call;
    expect(order).toEqual(["nobody leads", "done"]);
  });

  test("that ends with somebody else, or with nothing, fails", async () => {
    const other = failureOf(transfer(12));
    world.effects(roleChanged(2, 13));
    expect(await other).toBe("etcdserver: leader changed");
    const silent = failureOf(transfer(12));
    world.clock.advance(OPTIONS.requestTimeoutMs + OPTIONS.tickIntervalMs);
    expect(await silent).toBe("etcdserver: request timed out, leader transfer took too long");
  });

  test.each([
    ["not-leader", "etcdserver: not leader"],
    ["not-a-voter", "etcdserver: bad leader transferee"],
    ["transfer-under-way", "gauntlet: another transfer of the leadership is under way"],
  ] as const)(
    "refused as %s fails with its own error, and the one before it goes on",
    async (reason, text) => {
      const first = transfer(12);
      world.script = (event) =>
        event.type === "transfer" ? [{ type: "transfer-refused", to: 12, reason }] : [];
      expect(await failureOf(transfer(12))).toBe(text);
      world.effects(roleChanged(2, 12));
      await first;
    },
  );

  test("ends with the replica", async () => {
    const call = failureOf(transfer(12));
    const queued = failureOf(world.replica.transferLeadership(13));
    world.replica.stop();
    expect(await call).toBe("etcdserver: server stopped");
    expect(await queued).toBe("etcdserver: server stopped");
    const seen = world.events.length;
    world.clock.runSoon();
    expect(world.events).toHaveLength(seen);
  });

  test("to the leader itself is done at once", async () => {
    world.effects({ type: "role-changed", role: "leader", term: 2, leader: SELF });
    const call = world.replica.transferLeadership(SELF);
    world.clock.runSoon();
    await call;
    expect(world.events.filter((event) => event.type === "transfer")).toEqual([]);
  });

  test("to a member that leads by the time it is asked is done, too", async () => {
    const call = world.replica.transferLeadership(SELF);
    world.effects({ type: "role-changed", role: "leader", term: 2, leader: SELF });
    world.clock.runSoon();
    world.clock.advance(OPTIONS.requestTimeoutMs + OPTIONS.tickIntervalMs);
    await expect(call).resolves.toBeUndefined();
  });
});
