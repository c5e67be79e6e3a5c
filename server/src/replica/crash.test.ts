import { afterEach, expect, test } from "vitest";
import { seededRandom } from "../raft/testing/prng.js";
import { placeOf } from "./open.js";
import { rebuildReplica } from "./durable.js";
import { CrashPoint } from "../testing/crash-point.js";
import { MembersWorld, THREE, has, put } from "../testing/members-world.js";
import type { Member } from "../testing/members-world.js";
import type { MemoryStates } from "../store/testing/memory-engine.js";
import type { TestDisk } from "../wal/test-disk.js";
import { segmentsOf } from "../wal/test-log.js";

/** A checkpoint every few writes, hardly anything kept behind it, and segments of a few writes. */
const SMALL = {
  checkpoints: { checkpointBytes: 700, tail: { maxEntries: 3, maxBytes: 1 << 20 } },
  segmentBytes: 1000,
};

let world = new MembersWorld();

afterEach(() => {
  world.end();
  world = new MembersWorld();
});

/** All who are there, but one, take so many writes; those that were acknowledged. */
async function writes(by: Member, prefix: string, count: number): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const key = `${prefix} ${at}`;
    if (!((await world.ended(put(by, key))) instanceof Error)) acknowledged.push(key);
  }
  return acknowledged;
}

async function agree(keys: readonly string[]): Promise<void> {
  await world.until("all have all", () =>
    [...world.members.values()].every((member) => keys.every((key) => has(member, key))),
  );
  const leader = await world.leader();
  expect(await world.ended(put(leader, "the last one"))).not.toBeInstanceOf(Error);
  await world.until("all have the last one", () =>
    [...world.members.values()].every((member) => has(member, "the last one")),
  );
  expect(new Set([...world.members.values()].map(({ store }) => store.hash())).size).toBe(1);
}

/** Restarts a machine whose power went, with what it has, and again after each cut on the way. */
async function openAgain(
  self: number,
  machine: { disk: TestDisk; states: MemoryStates },
  seed: number,
  cuts: readonly number[],
): Promise<Member> {
  const random = seededRandom(seed);
  let { disk } = machine;
  for (const after of cuts) {
    const point = new CrashPoint(after);
    try {
      await world.open(self, THREE, SMALL, { ...machine, disk, point });
      world.cutPower(self, random);
    } catch (error) {
      if (!point.crashed) throw error;
    }
    disk = disk.cutPower(random);
  }
  return world.open(self, THREE, SMALL, { ...machine, disk });
}

/** Runs `life` with a cut after 0, 1, 2 … things asked of a machine's disk and states, until it ends without one. */
async function atEveryMoment(
  life: (after: number) => Promise<{ readonly crashed: boolean }>,
): Promise<number> {
  for (let after = 0; ; after += 1) {
    world = new MembersWorld();
    const { crashed } = await life(after);
    world.end();
    if (!crashed) return after;
  }
}

function recoveries(member: Member): string[] {
  return member.told.filter((each) => each.startsWith("recovering"));
}

test("a power cut at any moment of checkpoints and of compaction loses nothing", async () => {
  const moments = await atEveryMoment(async (after) => {
    await world.openThree(SMALL);
    const leader = await world.leader();
    const [victim] = world.others(leader);
    const keys = await writes(leader, "warm", 3);
    victim.point.arm(after);
    keys.push(...(await writes(leader, "key", 14)));
    const { crashed } = victim.point;
    const segments = (await segmentsOf(victim.disk.copy()))[0] ?? "";
    expect(crashed || segments > "0000000000000001.wal").toBe(true);
    const machine = world.cutPower(victim.self, seededRandom(after));
    const again = await openAgain(victim.self, machine, after, []);
    await agree(keys);
    expect(recoveries(again)).toEqual([]);
    return { crashed };
  });
  expect(moments).toBeGreaterThan(30);
});

test("a power cut at any moment while a snapshot is taken in and installed loses nothing", async () => {
  const moments = await atEveryMoment(async (after) => {
    await world.openThree(SMALL);
    const leader = await world.leader();
    const [victim] = world.others(leader);
    world.delivers = ({ from, to }) => from !== victim.self && to !== victim.self;
    const keys = await writes(leader, "key", 30);
    await world.until("the log is cut", () => leader.told.length > 0);
    victim.point.arm(after);
    world.delivers = () => true;
    await world.until("it is there or cut off", () => victim.point.crashed || has(victim, "key 29"));
    keys.push(...(await writes(leader, "more", 3)));
    const { crashed } = victim.point;
    const installed = victim.told.some((each) => each.startsWith("installed"));
    expect(crashed || installed).toBe(true);
    const machine = world.cutPower(victim.self, seededRandom(after));
    keys.push(...(await writes(leader, "later", 2)));
    const again = await openAgain(victim.self, machine, after, []);
    await agree(keys);
    expect(recoveries(again)).toEqual([]);
    return { crashed };
  });
  expect(moments).toBeGreaterThan(15);
});

/** A machine that ran for a while and was stopped in good order, and what was acknowledged by then. */
async function stoppedMember(
  count: number,
): Promise<{ self: number; keys: string[]; disk: TestDisk; states: MemoryStates }> {
  await world.openThree(SMALL);
  const leader = await world.leader();
  const [victim] = world.others(leader);
  const keys = await writes(leader, "key", count);
  await world.until("it has them", () => keys.every((key) => has(victim, key)));
  victim.replica.stop();
  await victim.close();
  world.members.delete(victim.self);
  return { self: victim.self, keys, disk: victim.disk.killProcess(), states: victim.states };
}

/** One bit of the last segment, in the middle of what is written there. */
function flipBit(disk: TestDisk, names: readonly string[]): void {
  const name = names.findLast((each) => each.endsWith(".wal")) ?? "";
  const bytes = disk.contents(name);
  const end = bytes.findLastIndex((byte) => byte !== 0);
  const at = Math.floor(end / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  disk.plant(name, bytes);
}

test.each(["log", "state", "both"] as const)(
  "a power cut at any moment of the recovery from damage to the %s loses nothing",
  async (what) => {
    const moments = await atEveryMoment(async (after) => {
      const { self, keys, disk, states } = await stoppedMember(14);
      const generation = (await states.list()).at(-1) ?? 0;
      if (what !== "state") flipBit(disk, await disk.list());
      if (what !== "log") states.damage(generation);
      keys.push(...(await writes(await world.leader(), "meanwhile", 3)));
      const point = new CrashPoint(after);
      const isWhole = ({ replica }: Member) => !replica.isRecovering && replica.isReplayed;
      let again: Member | null = null;
      try {
        const opened = await world.open(self, THREE, SMALL, { disk, states, point });
        again = opened;
        expect(recoveries(again)).toHaveLength(1);
        expect(again.replica.isRecovering).toBe(true);
        expect(again.replica.localReadFault).toBe("NoLeader");
        await world.until("it is whole or cut off", () => point.crashed || isWhole(opened));
      } catch (error) {
        if (!point.crashed) throw error;
      }
      const { crashed } = point;
      if (!crashed) point.arm(Number.POSITIVE_INFINITY);
      else {
        if (again !== null) world.cutPower(self, seededRandom(after));
        again = await openAgain(self, { disk: disk.cutPower(seededRandom(after)), states }, after, [
          after % 7,
        ]);
      }
      await agree(keys);
      await world.until("it is whole", () => again !== null && isWhole(again));
      return { crashed };
    });
    expect(moments).toBeGreaterThan(10);
  },
);

test("a power cut at any moment of a rebuild loses nothing, and it can be repeated", async () => {
  const moments = await atEveryMoment(async (after) => {
    const { self, keys, disk, states } = await stoppedMember(14);
    disk.plant("corrupt", Buffer.from("{}"));
    await expect(world.open(self, THREE, SMALL, { disk, states })).rejects.toThrow("gauntlet-server rebuild");
    const settings = { self, clusterId: 9, initial: THREE, segmentBytes: SMALL.segmentBytes };
    const place = (on: TestDisk, point: CrashPoint) => {
      point.watch(on);
      return placeOf({ disk: on, states: point.states(states), clock: world.clock }, settings);
    };
    const point = new CrashPoint(after);
    let left = disk;
    try {
      expect(await rebuildReplica(place(disk, point))).toBeGreaterThan(14);
    } catch (error) {
      if (!point.crashed) throw error;
      left = disk.cutPower(seededRandom(after));
      if ((await left.list()).includes("corrupt")) await rebuildReplica(place(left, new CrashPoint()));
    }
    const again = await world.open(self, THREE, SMALL, { disk: left, states });
    expect(again.replica.isRecovering).toBe(true);
    await agree(keys);
    await world.until("it is whole", () => !again.replica.isRecovering);
    return { crashed: point.crashed };
  });
  expect(moments).toBeGreaterThan(10);
});
