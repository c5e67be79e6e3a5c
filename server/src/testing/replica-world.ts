import { gauntletpeer, toSafeNumber } from "@gauntlet/proto";
import { configurationOf } from "../raft/configuration.js";
import type { Configuration, SnapshotMark } from "../raft/configuration.js";
import type { Entry, HardState } from "../raft/entry.js";
import type { Effect, Event } from "../raft/event.js";
import type { Message } from "../raft/message.js";
import type { LogRecord, ReplicaObserver } from "../replica/parts.js";
import type { Difference } from "../replica/integrity.js";
import type { Report } from "../replica/report.js";
import type { StagedState } from "../replica/state.js";
import { Replica } from "../replica/replica.js";
import { ManualClock } from "./manual-clock.js";

export const SELF = 11;
export const OPTIONS = {
  self: SELF,
  initial: configurationOf([SELF, 12, 13]),
  hardState: { term: 1, vote: null } as HardState,
  checkpoints: { checkpointBytes: 1 << 20, tail: { maxEntries: 3, maxBytes: 1 << 20 } },
  hashInterval: 2,
  tickIntervalMs: 20,
  requestTimeoutMs: 7000,
  maxProposalBytes: 100,
  maxProposalBatchBytes: 160,
  maxWaitingProposals: 5,
  maxWaitingReads: 3,
};

/** What a test answers to one call of the replica. */
export interface Pending<Value> {
  readonly done: (value: Value) => void;
  readonly fail: (error: Error) => void;
}

/** A world around one replica: the core is a script, everything that leaves is written down. */
export class ReplicaWorld {
  readonly clock = new ManualClock();
  readonly events: Event[] = [];
  readonly sent: Message[][] = [];
  readonly reports: Report[] = [];
  readonly fatal: Error[] = [];
  readonly elapsedMs: number[] = [];
  readonly configurations: Configuration[] = [];
  /** What else the observer is told, in order. */
  readonly told: string[] = [];
  readonly marked: Difference[] = [];
  removals = 0;
  readonly appends: (Pending<void> & { readonly record: LogRecord })[] = [];
  readonly compactions: number[] = [];
  /** Checkpoints that are being written. */
  readonly writes: (Pending<"written" | "no-space" | "replaced"> & { readonly at: SnapshotMark })[] = [];
  /** Snapshots on their way to peers. */
  readonly streams: (Pending<void> & {
    readonly message: Message;
    readonly chunks: AsyncIterable<Uint8Array>;
  })[] = [];
  /** States that are being taken in. */
  readonly stages: (Pending<StagedState> & { readonly chunks: AsyncIterable<Uint8Array> })[] = [];
  ticks = 0;
  /** What the state comes to at an index. */
  hashOf: (index: number) => number = (index) => index;
  peers: readonly { readonly member: number; readonly matchIndex: number }[] | null = null;
  lastIndex: number;
  commitIndex = 0;
  term = 1;
  configuration: Configuration = OPTIONS.initial;
  /** What the core answers to an event. */
  script: (event: Event) => readonly Effect[] = () => [];

  readonly replica: Replica<string>;

  constructor(lastIndex = 0, options: Partial<typeof OPTIONS> = {}, checkpoint: SnapshotMark | null = null) {
    this.lastIndex = lastIndex;
    this.replica = new Replica<string>(
      {
        core: {
          step: (event) => {
            this.events.push(event);
            return this.script(event);
          },
          status: () => ({
            role: "follower",
            term: this.term,
            leader: 2,
            commitIndex: this.commitIndex,
            appliedIndex: 0,
            lastIndex: this.lastIndex,
            configuration: this.configuration,
            peers: this.peers,
          }),
        },
        log: {
          append: (record) => new Promise((done, fail) => this.appends.push({ record, done, fail })),
          compact: async (firstKept) => void this.compactions.push(firstKept),
        },
        state: {
          applyCommand: (data) => {
            const { origin, request_id, put } = gauntletpeer.Command.decode(data);
            const result = Buffer.from(put ?? new Uint8Array()).toString();
            if (result === "poison") throw new Error("the state machine is broken");
            return { origin: toSafeNumber(origin), requestId: toSafeNumber(request_id), result };
          },
          applyConfiguration: () => undefined,
          stateHash: (index) => ({ index, revision: index, hash: this.hashOf(index) }),
          checkpoint,
          write: (at) => new Promise((done, fail) => this.writes.push({ at, done, fail })),
          image: (index) => this.image(index),
          stage: (chunks) => new Promise((done, fail) => this.stages.push({ chunks, done, fail })),
        },
        markCorrupt: async (difference) => void this.marked.push(difference),
        network: {
          send: (messages) => this.sent.push([...messages]),
          report: (report) => this.reports.push(report),
          stream: (message, chunks) =>
            new Promise((done, fail) => this.streams.push({ message, chunks, done, fail })),
        },
        clock: this.clock,
        random: { below: () => 1000 },
        observer: this.observer(),
      },
      { ...OPTIONS, ...options },
    );
  }

  /** What a snapshot carries; `fault`: how reading it ends. */
  fault: Error | null = null;

  /** Beside a few, of each image. */
  imageBytes = 0;

  private async *image(index: number): AsyncIterable<Uint8Array> {
    yield Buffer.from(`image ${index}`);
    if (this.imageBytes > 0) yield new Uint8Array(this.imageBytes);
    if (this.fault !== null) throw this.fault;
    yield Buffer.from("end");
  }

  private observer(): ReplicaObserver {
    const note = (text: string): void => void this.told.push(text);
    return {
      roleChanged: () => undefined,
      ticked: () => (this.ticks += 1),
      proposalApplied: (elapsedMs) => this.elapsedMs.push(elapsedMs),
      configurationApplied: (configuration) => this.configurations.push(configuration),
      removed: () => (this.removals += 1),
      checkpointed: (index) => note(`checkpoint ${index}`),
      snapshotSent: (to, index, error) => note(`sent ${index} to ${to}: ${error?.message ?? "ok"}`),
      snapshotReceived: (from, index, error) =>
        note(`received ${index} from ${from}: ${error?.message ?? "ok"}`),
      snapshotInstalled: (index) => note(`installed ${index}`),
      alarmsChanged: (alarms) => note(`alarms: ${alarms.join()}`),
      corrupt: ({ own, of }) => note(`corrupt at ${own.index} by ${of}`),
      recovered: () => note("recovered"),
      fatal: (error) => this.fatal.push(error),
    };
  }

  put(text: string): Promise<string> {
    return this.replica.propose({ put: Buffer.from(text) });
  }

  proposed(): Uint8Array[] {
    return this.events.flatMap((event) => (event.type === "propose" ? event.data : []));
  }

  eventTypes(): string[] {
    return this.events.map(({ type }) => type);
  }

  /** Ids under which proposals were handed over. */
  proposalIds(): number[] {
    return this.events.flatMap((event) => (event.type === "propose" ? [event.id] : []));
  }

  /** Commits what was proposed, from index `first` on, by way of a tick. */
  commit(first: number, data: readonly Uint8Array[]): void {
    this.effects({ type: "apply", entries: data.map((each, at) => normalEntry(first + at, each)) });
  }

  /** What the core asks for in a tick. */
  effects(...effects: readonly Effect[]): void {
    this.script = (event) => (event.type === "tick" ? effects : []);
    this.clock.advance(OPTIONS.tickIntervalMs);
    this.script = () => [];
  }

  /** From now on, the core asks for the snapshot that it is told of. */
  installs(sequence: number): void {
    this.script = (event) =>
      event.type === "receive" && event.message.type === "snapshot"
        ? [{ type: "persist", sequence, hardState: null, snapshot: event.message.snapshot, entries: [] }]
        : [];
  }
}

export function normalEntry(index: number, data: Uint8Array): Entry {
  return { index, term: 1, kind: "normal", version: 1, timestampMs: 0, data };
}

export function configurationEntry(index: number, configuration: Configuration, data: Uint8Array): Entry {
  return { index, term: 1, kind: "configuration", version: 1, timestampMs: 0, data, configuration };
}

export function foreignCommand(text: string): Uint8Array {
  const put = Buffer.from(text);
  return gauntletpeer.Command.encode({ origin: 99, request_id: 1001, put }).finish();
}

/** How a call fails; it may be awaited long after it was made. */
export async function failureOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "it did not fail";
}

/** Lets what was promised come about. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));
