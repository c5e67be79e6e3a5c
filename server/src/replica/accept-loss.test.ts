import { afterEach, expect, test } from "vitest";
import { configurationOf } from "../raft/configuration.js";
import { MembersWorld, has, put, type Member } from "../testing/members-world.js";
import { acceptLoss } from "./accept-loss.js";
import { openDurable, rebuildReplica, type Place } from "./durable.js";
import { placeOf } from "./open.js";

const FIVE = configurationOf([1, 2, 3, 4, 5]);

let world = new MembersWorld();

afterEach(() => {
  world.end();
  world = new MembersWorld();
});

async function openFive(): Promise<void> {
  for (const self of FIVE.voters) await world.open(self, FIVE);
}

/** All processes end; what their machines hold, for the next ones. */
function stopAll(): Map<number, Pick<Member, "disk" | "states">> {
  const machines = [...world.members.values()].map(({ self, replica, disk, states }) => {
    replica.stop();
    return [self, { disk: disk.killProcess(), states }] as const;
  });
  world.members.clear();
  return new Map(machines);
}

function place(self: number, machine: Pick<Member, "disk" | "states">): Place {
  return placeOf(
    { ...machine, clock: world.clock },
    { self, clusterId: 9, initial: FIVE, segmentBytes: 1 << 20 },
  );
}

/** `ahead` and three others have writes that the fifth member has not; those three lose everything. */
async function threeOfFiveLost() {
  await openFive();
  const ahead = (await world.leader()).self;
  const write = async (key: string) =>
    expect(await world.ended(put(world.member(ahead), key))).not.toBeInstanceOf(Error);
  await write("all have it");
  const [behind = 0, ...lost] = FIVE.voters.filter((self) => self !== ahead);
  await world.until("so they do", () =>
    [...world.members.values()].every((member) => has(member, "all have it")),
  );
  world.delivers = ({ to }) => to !== behind;
  for (let at = 0; at < 5; at++) await write(`acknowledged ${at}`);
  const machines = stopAll();
  world.delivers = () => true;
  const machineOf = (self: number) => {
    const machine = machines.get(self);
    if (machine === undefined) throw new Error(`member ${self} has no machine`);
    return machine;
  };
  for (const self of lost) await rebuildReplica(place(self, machineOf(self)));
  const openAll = async () => {
    for (const self of FIVE.voters) await world.open(self, FIVE, {}, machineOf(self));
  };
  return { ahead, behind, lost, machineOf, openAll };
}

test("a majority that lost its log waits for ever; one that accepts the loss ends that, and all that a whole member has is kept", async () => {
  const { ahead, lost, machineOf, openAll } = await threeOfFiveLost();
  await openAll();
  await expect(world.leader()).rejects.toThrow("it did not come to be");
  expect(lost.every((self) => world.member(self).replica.isRecovering)).toBe(true);
  const machines = stopAll();
  const [accepting = 0] = lost;
  const accepted = await acceptLoss(place(accepting, machines.get(accepting) ?? machineOf(accepting)));
  expect(accepted).toMatchObject({ lastIndex: 0, configuration: FIVE });
  expect(accepted?.lostTo).toBeGreaterThan(5);
  for (const self of FIVE.voters) await world.open(self, FIVE, {}, machines.get(self) ?? {});
  // Only it has them: nobody else may lead.
  expect((await world.leader()).self).toBe(ahead);
  expect(await world.ended(put(world.member(ahead), "later"))).not.toBeInstanceOf(Error);
  await world.until("all have everything, and vote again", () =>
    [...world.members.values()].every(
      (member) =>
        !member.replica.isRecovering &&
        ["all have it", "later", ...[0, 1, 2, 3, 4].map((at) => `acknowledged ${at}`)].every((key) =>
          has(member, key),
        ),
    ),
  );
}, 60_000);

test("a member that lost nothing is left as it is, and the loss is accepted once", async () => {
  const { ahead, lost, machineOf } = await threeOfFiveLost();
  const whole = machineOf(ahead);
  const before = [...(await whole.disk.list())].toSorted();
  expect(await acceptLoss(place(ahead, whole))).toBeNull();
  expect([...(await whole.disk.list())].toSorted()).toEqual(before);
  const [accepting = 0] = lost;
  const { disk, states } = machineOf(accepting);
  expect(await acceptLoss(place(accepting, { disk, states }))).not.toBeNull();
  expect(await acceptLoss(place(accepting, { disk: disk.killProcess(), states }))).toBeNull();
});

test("who accepts its loss takes no part in the term in which others may count on what it lost", async () => {
  const { lost, machineOf } = await threeOfFiveLost();
  const [accepting = 0] = lost;
  const hardState = async () => {
    const hooks = { recovering: () => undefined, failed: () => undefined };
    const { log, state } = await openDurable(place(accepting, machineOf(accepting)), hooks);
    await Promise.all([log.wal.close(), state.close()]);
    return log.hardState;
  };
  const { term } = await hardState();
  await acceptLoss(place(accepting, machineOf(accepting)));
  expect(await hardState()).toEqual({ term: term + 1, vote: null });
});
