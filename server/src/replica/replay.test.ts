import { beforeEach, describe, expect, test } from "vitest";
import type { Effect } from "../raft/event.js";
import { ReplicaWorld, foreignCommand, normalEntry, turn } from "../testing/replica-world.js";

let world: ReplicaWorld;

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
