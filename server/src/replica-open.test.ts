import { etcdserverpb as pb } from "@gauntlet/proto";
import { afterEach, expect, test } from "vitest";
import { configurationOf } from "./raft/configuration.js";
import type { Configuration } from "./raft/configuration.js";
import type { Message } from "./raft/message.js";
import { seededRandom } from "./raft/testing/prng.js";
import { DEFAULT_LIMITS, openReplica } from "./replica-open.js";
import type { OpenedReplica, ReplicaSettings } from "./replica-open.js";
import { tickPlan } from "./replica-tick-plan.js";
import { ManualClock } from "./testing/manual-clock.js";
import { TestDisk } from "./wal/test-disk.js";

const THREE = configurationOf([1, 2, 3]);
const NOBODY = configurationOf([]);
const STEP_MS = 5;

interface Member extends OpenedReplica {
  readonly self: number;
  readonly disk: TestDisk;
  removals: number;
}

/** Members on disks in memory, one clock, and a network that a test may look into. */
class World {
  readonly clock = new ManualClock();
  readonly members = new Map<number, Member>();
  readonly fatal: Error[] = [];
  readonly sent: Message[] = [];
  delivers: (message: Message) => boolean = () => true;
  /** Where the request ids of the next member that is opened begin. */
  firstRequestId = 2 ** 45;

  async open(
    self: number,
    initial: Configuration,
    settings: Partial<ReplicaSettings> = {},
    disk = new TestDisk(),
  ): Promise<Member> {
    const member = { self, disk, removals: 0 };
    const { firstRequestId } = this;
    const random = seededRandom(self);
    const ports = {
      disk,
      clock: this.clock,
      random: { below: (bound: number) => (bound < 2 ** 40 ? random.below(bound) : firstRequestId - 1) },
      network: { send: (messages: readonly Message[]) => this.clock.soon(() => this.deliver(messages)) },
      observer: {
        roleChanged: () => undefined,
        ticked: () => undefined,
        proposalApplied: () => undefined,
        configurationApplied: () => undefined,
        removed: () => (member.removals += 1),
        logSynced: () => undefined,
        fatal: (error: Error) => this.fatal.push(error),
      },
    };
    const opened = await openReplica(ports, {
      self,
      clusterId: 9,
      initial,
      ticks: tickPlan({ heartbeatIntervalMs: 50, electionTimeoutMs: 500 }),
      requestTimeoutMs: 3000,
      segmentBytes: 1 << 20,
      maxProposalBytes: 1 << 20,
      leaseClockUncertainty: null,
      limits: DEFAULT_LIMITS,
      ...settings,
    });
    const complete = Object.assign(member, opened);
    this.members.set(self, complete);
    opened.replica.start();
    return complete;
  }

  async openThree(settings: Partial<ReplicaSettings> = {}): Promise<void> {
    for (const self of THREE.voters) await this.open(self, THREE, settings);
  }

  end(): void {
    for (const { replica } of this.members.values()) replica.stop();
    for (const error of this.fatal) throw error;
  }

  /** The process ends, its machine goes on, and a new process opens what is there. */
  async restart(self: number): Promise<Member> {
    const { replica, disk } = this.member(self);
    replica.stop();
    return this.open(self, THREE, {}, disk.killProcess());
  }

  member(self: number): Member {
    const member = this.members.get(self);
    if (member === undefined) throw new Error(`member ${self} is not there`);
    return member;
  }

  /** Time passes until `get` gives something. */
  async until<Value>(what: string, get: () => Value | null | undefined | false): Promise<Value> {
    for (let waitedMs = 0; waitedMs < 10_000; waitedMs += STEP_MS) {
      const value = get();
      if (value !== null && value !== undefined && value !== false) return value;
      await this.pass();
    }
    throw new Error(`it did not come to be that ${what}`);
  }

  /** Time passes until the call ends. */
  async ended<Value>(call: Promise<Value>): Promise<Value | Error> {
    let outcome: { value: Value | Error } | null = null;
    call.then(
      (value) => (outcome = { value }),
      (error: Error) => (outcome = { value: error }),
    );
    return (await this.until<{ value: Value | Error }>("the call ended", () => outcome)).value;
  }

  others(...but: readonly Member[]): [Member, ...Member[]] {
    const [first, ...rest] = [...this.members.values()].filter((member) => !but.includes(member));
    if (first === undefined) throw new Error("there is no other member");
    return [first, ...rest];
  }

  leader(): Promise<Member> {
    return this.until("a member leads", () =>
      [...this.members.values()].find(({ replica }) => replica.view.role === "leader"),
    );
  }

  /** The disks' promises settle between two steps of the clock. */
  private async pass(): Promise<void> {
    this.clock.advance(STEP_MS);
    this.clock.runSoon();
    await new Promise((resolve) => setImmediate(resolve));
    this.clock.runSoon();
  }

  private deliver(messages: readonly Message[]): void {
    for (const message of messages) {
      this.sent.push(message);
      if (this.delivers(message)) this.members.get(message.to)?.replica.receive([message]);
    }
  }
}

function put({ replica }: Member, key: string): Promise<unknown> {
  const request = { key: Buffer.from(key), value: Buffer.from("v") };
  return replica.propose({ put: pb.PutRequest.encode(request).finish() });
}

function has({ store }: Member, key: string): boolean {
  const result = store.range(new pb.RangeRequest({ key: Buffer.from(key) }));
  return result.type === "ok" && result.response.kvs?.length === 1;
}

let world = new World();

afterEach(() => {
  world.end();
  world = new World();
});

test("three members elect, take a write and have it again when all were restarted", async () => {
  await world.openThree();
  expect(await world.ended(put(await world.leader(), "a"))).not.toBeInstanceOf(Error);
  for (const self of THREE.voters) await world.restart(self);
  await world.until("all have it", () => [...world.members.values()].every((member) => has(member, "a")));
});

test("what a member forwards after a restart is taken by a leader that knows it from before", async () => {
  await world.openThree();
  const leader = await world.leader();
  const [follower] = world.others(leader);
  for (let at = 0; at < 1100; at += 1) {
    put(follower, `key ${at}`).catch(() => undefined);
    // A turn each: batches of one.
    world.clock.runSoon();
  }
  await world.until("all are taken", () => has(leader, "key 1099"));
  for (const firstRequestId of [7, 2 ** 46, 2 ** 44]) {
    world.firstRequestId = firstRequestId;
    const again = await world.restart(follower.self);
    await world.until("it follows", () => again.replica.view.leader);
    expect(await world.ended(put(again, `life ${firstRequestId}`))).not.toBeInstanceOf(Error);
  }
  expect(leader.replica.view.role).toBe("leader");
});

test("a member joins, is handed the leadership, and the leader before it is removed", async () => {
  await world.openThree();
  const leader = await world.leader();
  await world.ended(put(leader, "before"));
  const fourth = await world.open(4, NOBODY);
  const { replica } = leader;
  const add = replica.changeMembership([{ type: "add-learner", member: 4, promote: false }]);
  expect(await world.ended(add)).toBeUndefined();
  expect(fourth.replica.status().role).toBe("follower");
  await world.until("it has caught up", () => has(fourth, "before"));
  const promote = replica.changeMembership([{ type: "add-voter", member: 4 }]);
  expect(await world.ended(promote)).toBeUndefined();
  expect(replica.status().configuration).toEqual(configurationOf([1, 2, 3, 4]));

  expect(await world.ended(replica.transferLeadership(4))).toBeUndefined();
  expect(fourth.replica.view.role).toBe("leader");
  const [follower] = world.others(leader, fourth);
  expect(await world.ended(put(fourth, "its own"))).not.toBeInstanceOf(Error);
  // Asked at a follower, which forwards it.
  const remove = follower.replica.changeMembership([{ type: "remove", member: leader.self }]);
  expect(await world.ended(remove)).toBeUndefined();
  expect(await world.ended(put(follower, "after"))).not.toBeInstanceOf(Error);
  expect(has(fourth, "after")).toBe(true);
  expect(has(leader, "after")).toBe(false);
});

test("a change asked before a new leader has committed anything is refused by name", async () => {
  await world.openThree();
  const { replica } = await world.leader();
  const removal = replica.changeMembership([{ type: "remove", member: 1 }]);
  expect(await world.ended(removal)).toMatchObject({ errorName: "Unhealthy" });
});

test("a leader that removes itself answers, is told, and refuses from then on", async () => {
  await world.openThree();
  const leader = await world.leader();
  await world.ended(put(leader, "before"));
  const removal = leader.replica.changeMembership([{ type: "remove", member: leader.self }]);
  expect(await world.ended(removal)).toBeUndefined();
  expect(leader.removals).toBe(1);
  await world.until("it leads no more", () => leader.replica.view.role !== "leader");
  expect(String(await world.ended(put(leader, "x")))).toContain("etcdserver: ");
  expect(String(await world.ended(leader.replica.readBarrier()))).toContain("etcdserver: ");
  const next = await world.until("another one leads", () =>
    world.others(leader).find(({ replica }) => replica.view.role === "leader"),
  );
  expect(await world.ended(put(next, "y"))).not.toBeInstanceOf(Error);
  expect(next.removals).toBe(0);
});

test("a forwarded write that the leader has no room for is refused, not left to time out", async () => {
  await world.openThree({ limits: { ...DEFAULT_LIMITS, maxUncommittedBytes: 1000 } });
  const leader = await world.leader();
  await world.ended(put(leader, "warm"));
  const [follower] = world.others(leader);
  world.delivers = ({ type }) => type !== "append-accepted";
  const stuck = Array.from({ length: 15 }, (_, at) => put(leader, `stuck${at}-${"x".repeat(50)}`));
  for (const call of stuck) call.catch(() => undefined);
  await world.until("the leader holds it", () => {
    const { lastIndex, commitIndex } = leader.replica.status();
    return lastIndex > commitIndex;
  });
  const before = world.clock.monotonicMs();
  const full = await world.ended(put(follower, `full-${"x".repeat(50)}`));
  expect(full).toMatchObject({ errorName: "RequestTooManyRequests" });
  expect(world.clock.monotonicMs() - before).toBeLessThan(1000);
});

test.each([
  ["with a lease a read at the leader asks nobody", 0.1],
  ["without a lease a read at the leader asks the others", null],
])("%s", async (_what, leaseClockUncertainty) => {
  await world.openThree({ leaseClockUncertainty });
  const leader = await world.leader();
  expect(await world.ended(put(leader, "a"))).not.toBeInstanceOf(Error);
  await world.ended(new Promise<void>((resolve) => world.clock.after(200, resolve)));
  const from = world.sent.length;
  let done = false;
  const read = leader.replica.readBarrier().then(() => (done = true));
  world.clock.runSoonOnce();
  await new Promise((resolve) => setImmediate(resolve));
  world.clock.runSoonOnce();
  const asked = world.sent.slice(from).filter(({ type }) => type === "heartbeat");
  expect(asked).toHaveLength(leaseClockUncertainty === null ? 2 : 0);
  expect(done).toBe(leaseClockUncertainty !== null);
  expect(await world.ended(read)).toBe(true);
});
