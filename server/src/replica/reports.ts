import type { Configuration } from "../raft/configuration.js";
import type { MemberId } from "../raft/message.js";
import { Alarms } from "./alarms.js";
import type { Place } from "./alarms.js";
import { Integrity } from "./integrity.js";
import type { Difference } from "./integrity.js";
import { isMemberOf } from "./membership.js";
import type { ReplicaParts } from "./parts.js";
import type { Alarm, Report } from "./report.js";
import { HASH_FORMAT } from "../store/index.js";

interface Hooks {
  /** In force. */
  readonly configuration: () => Configuration;
  readonly leader: () => MemberId | null;
  /** Writes are to be refused for want of room, or not any more. */
  readonly space: (full: boolean) => void;
  /** This member leads and has no room, and that one has. */
  readonly handOver: (to: MemberId) => void;
  readonly corrupt: (difference: Difference) => void;
}

type Parts = Pick<ReplicaParts<unknown>, "state" | "network" | "observer">;

const INTERVAL_MS = 1000;

/** What members tell one another of themselves, and what follows from it: refusing writes, or taking no more part. */
export class Reports {
  readonly #parts: Parts;

  readonly #self: MemberId;

  readonly #hashInterval: number;

  readonly #hooks: Hooks;

  readonly #alarms: Alarms;

  readonly #integrity: Integrity;

  #refusesWrites = false;

  #isCorrupt = false;

  #dueMs = 0;

  #handOvers = 0;

  constructor(
    parts: Parts,
    options: { readonly self: MemberId; readonly hashInterval: number },
    hooks: Hooks,
  ) {
    this.#parts = parts;
    this.#self = options.self;
    this.#hashInterval = options.hashInterval;
    this.#hooks = hooks;
    this.#alarms = new Alarms(options.self);
    this.#integrity = new Integrity(options.self);
  }

  /** Of the present members. */
  get alarms(): readonly { readonly member: MemberId; readonly alarm: Alarm }[] {
    const configuration = this.#hooks.configuration();
    return this.#alarms.all.filter(({ member }) => isMemberOf(configuration, member));
  }

  /** A write would not find room, here or at a quorum. */
  get refusesWrites(): boolean {
    return this.#refusesWrites;
  }

  applied(index: number): void {
    if (index % this.#hashInterval === 0) this.#integrity.note(this.#parts.state.stateHash(index));
  }

  /** The state is another one: what the one before came to says nothing about it. */
  stateReplaced(): void {
    this.#integrity.forgetOwn();
  }

  /** By its own word, or by that of a majority, its state is wrong: nobody should begin with it. */
  isDisputed(member: MemberId): boolean {
    return this.#alarms.isCorrupt(member) || this.#integrity.isOutvoted(member, this.#hooks.configuration());
  }

  setFull(place: Place, full: boolean): void {
    if (!this.#alarms.setFull(place, full)) return;
    this.#parts.observer.alarmsChanged(this.#alarms.own);
    this.#consider();
    this.#send();
  }

  received(from: MemberId, { alarms, hashes, hashFormat }: Report): void {
    this.#alarms.received(from, alarms);
    // A member of a later version may compute another hash of an equal state.
    this.#integrity.received(from, hashFormat === HASH_FORMAT ? hashes : []);
    this.#consider();
  }

  tick(nowMs: number): void {
    if (nowMs < this.#dueMs) return;
    this.#dueMs = nowMs + INTERVAL_MS;
    this.#consider();
    this.#send();
    this.#handOver();
  }

  /** Else one full disk would stop the writes of all. Whom it asked may be gone: it asks another each time. */
  #handOver(): void {
    const configuration = this.#hooks.configuration();
    if (this.#hooks.leader() !== this.#self || this.#alarms.hasRoom(this.#self)) return;
    if (this.#isCorrupt || !this.#alarms.quorumHasRoom(configuration)) return;
    const heirs = configuration.voters.filter(
      (voter) => this.#alarms.hasRoom(voter) && !this.isDisputed(voter),
    );
    const heir = heirs[this.#handOvers % heirs.length];
    this.#handOvers += 1;
    if (heir !== undefined) this.#hooks.handOver(heir);
  }

  #send(): void {
    // A state that is known to be wrong is not held against others.
    const hashes = this.#isCorrupt ? [] : this.#integrity.hashes;
    this.#parts.network.report({ alarms: this.#alarms.own, hashes, hashFormat: HASH_FORMAT });
  }

  #consider(): void {
    if (this.#isCorrupt) return;
    const configuration = this.#hooks.configuration();
    const refuses = this.#alarms.refusesWrites(configuration);
    if (refuses !== this.#refusesWrites) {
      this.#refusesWrites = refuses;
      this.#hooks.space(refuses);
    }
    const difference = this.#integrity.judge(configuration, this.#hooks.leader());
    if (difference === null) return;
    this.#isCorrupt = true;
    this.#alarms.setCorrupt();
    this.#parts.observer.alarmsChanged(this.#alarms.own);
    this.#hooks.corrupt(difference);
  }
}
