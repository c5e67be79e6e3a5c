import { gauntletpeer, toSafeNumber } from "@gauntlet/proto";
import { configurationOf } from "../raft/configuration.js";
import type { Configuration } from "../raft/configuration.js";
import type { Entry } from "../raft/entry.js";
import type { Effect, Event } from "../raft/event.js";
import type { Message } from "../raft/message.js";
import { Replica } from "../replica.js";
import { ManualClock } from "./manual-clock.js";

export const SELF = 11;
export const OPTIONS = {
  self: SELF,
  initial: configurationOf([SELF, 12, 13]),
  tickIntervalMs: 20,
  requestTimeoutMs: 7000,
  maxProposalBytes: 100,
  maxProposalBatchBytes: 160,
  maxWaitingProposals: 5,
  maxWaitingReads: 3,
};

/** A world around one replica: the core is a script, everything that leaves is written down. */
export class ReplicaWorld {
  readonly clock = new ManualClock();
  readonly events: Event[] = [];
  readonly sent: Message[][] = [];
  readonly fatal: Error[] = [];
  readonly elapsedMs: number[] = [];
  readonly configurations: Configuration[] = [];
  removals = 0;
  readonly appends: { done: () => void; fail: (error: Error) => void }[] = [];
  ticks = 0;
  /** What the core answers to an event. */
  script: (event: Event) => readonly Effect[] = () => [];

  readonly replica: Replica<string>;

  constructor(lastIndex = 0, initial = OPTIONS.initial) {
    this.replica = new Replica<string>(
      {
        core: {
          step: (event) => {
            this.events.push(event);
            return this.script(event);
          },
          status: () => ({
            role: "follower",
            term: 1,
            leader: 2,
            commitIndex: 0,
            appliedIndex: 0,
            lastIndex,
            configuration: OPTIONS.initial,
          }),
        },
        log: {
          append: () => new Promise((done, fail) => this.appends.push({ done, fail })),
        },
        store: {
          applyCommand: (data) => {
            const { origin, request_id, put } = gauntletpeer.Command.decode(data);
            const result = Buffer.from(put ?? new Uint8Array()).toString();
            if (result === "poison") throw new Error("the state machine is broken");
            return { origin: toSafeNumber(origin), requestId: toSafeNumber(request_id), result };
          },
        },
        network: { send: (messages) => this.sent.push([...messages]) },
        clock: this.clock,
        random: { below: () => 1000 },
        observer: {
          roleChanged: () => undefined,
          ticked: () => (this.ticks += 1),
          proposalApplied: (elapsedMs) => this.elapsedMs.push(elapsedMs),
          configurationApplied: (configuration) => this.configurations.push(configuration),
          removed: () => (this.removals += 1),
          fatal: (error) => this.fatal.push(error),
        },
      },
      { ...OPTIONS, initial },
    );
  }

  put(text: string): Promise<string> {
    return this.replica.propose({ put: Buffer.from(text) });
  }

  proposed(): Uint8Array[] {
    return this.events.flatMap((event) => (event.type === "propose" ? event.data : []));
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
