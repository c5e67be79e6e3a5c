import { etcdserverpb as pb } from "@gauntlet/proto";
import { configurationOf } from "../raft/configuration.js";
import type { Configuration } from "../raft/configuration.js";
import type { Random } from "../ports.js";
import type { Message } from "../raft/message.js";
import { seededRandom } from "../raft/testing/prng.js";
import { DEFAULT_CHECKPOINTS, DEFAULT_LIMITS, openReplica } from "../replica/open.js";
import type { OpenedReplica, ReplicaSettings } from "../replica/open.js";
import { tickPlan } from "../replica/tick-plan.js";
import type { Report } from "../replica/report.js";
import { MemoryStates } from "../store/testing/memory-engine.js";
import { CrashPoint, isPowerCut } from "./crash-point.js";
import { ManualClock } from "./manual-clock.js";
import { TestDisk } from "../wal/test-disk.js";

export const THREE = configurationOf([1, 2, 3]);
export const NOBODY = configurationOf([]);
const STEP_MS = 5;

/** What a process runs on, and outlives it. */
interface Machine {
  readonly disk: TestDisk;
  readonly states: MemoryStates;
  readonly point: CrashPoint;
}

export interface Member extends OpenedReplica, Machine {
  readonly self: number;
  readonly told: string[];
  removals: number;
}

/** Members on disks in memory, one clock, and a network that a test may look into. */
export class MembersWorld {
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
    machine: Partial<Machine> = {},
  ): Promise<Member> {
    const { disk = new TestDisk(), states = new MemoryStates(), point = new CrashPoint() } = machine;
    const member = { self, disk, states, point, removals: 0, told: [] as string[] };
    point.watch(disk);
    const { firstRequestId } = this;
    const random = seededRandom(self);
    const ports = {
      disk,
      clock: this.clock,
      random: { below: (bound: number) => (bound < 2 ** 40 ? random.below(bound) : firstRequestId - 1) },
      states: point.states(states),
      network: {
        send: (messages: readonly Message[]) => {
          if (!point.crashed) this.clock.soon(() => this.deliver(messages));
        },
        report: (report: Report) => {
          if (!point.crashed) this.clock.soon(() => this.tell(self, report));
        },
        stream: (message: Message, chunks: AsyncIterable<Uint8Array>) => this.stream(message, chunks),
      },
      observer: {
        roleChanged: () => undefined,
        ticked: () => undefined,
        proposalApplied: () => undefined,
        configurationApplied: () => undefined,
        removed: () => (member.removals += 1),
        checkpointed: (index: number) => member.told.push(`checkpoint ${index}`),
        snapshotSent: () => undefined,
        snapshotReceived: () => undefined,
        snapshotInstalled: (index: number) => member.told.push(`installed ${index}`),
        alarmsChanged: () => undefined,
        corrupt: () => member.told.push("corrupt"),
        recovered: () => member.told.push("recovered"),
        recovering: (reason: string, lostTo: number) => member.told.push(`recovering ${lostTo}: ${reason}`),
        logSynced: () => undefined,
        fatal: (error: Error) => {
          if (!point.crashed || !isPowerCut(error)) this.fatal.push(error);
        },
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
      checkpoints: DEFAULT_CHECKPOINTS,
      hashInterval: 16,
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
  async restart(self: number, settings: Partial<ReplicaSettings> = {}): Promise<Member> {
    const { replica, disk, states } = this.member(self);
    replica.stop();
    return this.open(self, THREE, settings, { disk: disk.killProcess(), states });
  }

  /** The machine loses its power. What its disk has then, and what it opens. */
  cutPower(self: number, random: Random): Pick<Machine, "disk" | "states"> {
    const { replica, disk, states, point } = this.member(self);
    point.crashed = true;
    replica.stop();
    this.members.delete(self);
    return { disk: disk.cutPower(random), states };
  }

  member(self: number): Member {
    const member = this.members.get(self);
    if (member === undefined) throw new Error(`member ${self} is not there`);
    return member;
  }

  /** Time passes until `get` gives something. */
  async until<Value>(what: string, get: () => Value | null | undefined | false): Promise<Value> {
    for (let waitedMs = 0; waitedMs < 20_000; waitedMs += STEP_MS) {
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

  /** Whose machine has power. */
  private at(self: number): Member | undefined {
    const member = this.members.get(self);
    return member?.point.crashed === true ? undefined : member;
  }

  private tell(from: number, report: Report): void {
    for (const { self, replica, point } of this.members.values()) {
      if (self !== from && !point.crashed) replica.receiveReport(from, report);
    }
  }

  private async stream(message: Message, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    this.sent.push(message);
    const member = this.at(message.to);
    if (member === undefined || !this.delivers(message)) throw new Error("not connected");
    await member.replica.receiveSnapshot(message, chunks);
  }

  private deliver(messages: readonly Message[]): void {
    for (const message of messages) {
      this.sent.push(message);
      if (this.delivers(message)) this.at(message.to)?.replica.receive([message]);
    }
  }
}

export function put({ replica }: Member, key: string): Promise<unknown> {
  const request = { key: Buffer.from(key), value: Buffer.from("v") };
  return replica.propose({ put: pb.PutRequest.encode(request).finish() });
}

export function has({ store }: Member, key: string): boolean {
  const result = store.range(new pb.RangeRequest({ key: Buffer.from(key) }));
  return result.type === "ok" && result.response.kvs?.length === 1;
}
