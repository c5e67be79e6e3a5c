import { reachedByQuorum } from "../raft/quorum.js";
import type { Configuration } from "../raft/configuration.js";
import type { MemberId } from "../raft/message.js";
import type { Alarm } from "./report.js";

/** What of this member's can be full. */
export type Place = "log" | "state" | "snapshot";

/** What is wrong with this member, and what the others say is wrong with them. */
export class Alarms {
  readonly #self: MemberId;

  readonly #full = new Set<Place>();

  #isCorrupt = false;

  readonly #peers = new Map<MemberId, readonly Alarm[]>();

  constructor(self: MemberId) {
    this.#self = self;
  }

  get own(): readonly Alarm[] {
    const alarms: Alarm[] = [];
    if (this.#full.size > 0) alarms.push("NOSPACE");
    if (this.#isCorrupt) alarms.push("CORRUPT");
    return alarms;
  }

  /** Of all members that are known to have one. */
  get all(): readonly { readonly member: MemberId; readonly alarm: Alarm }[] {
    const alarms = new Map(this.#peers).set(this.#self, this.own);
    return [...alarms].flatMap(([member, list]) => list.map((alarm) => ({ member, alarm })));
  }

  /** True: the own alarms have changed. */
  setFull(place: Place, full: boolean): boolean {
    const before = this.#full.size > 0;
    if (full) this.#full.add(place);
    else this.#full.delete(place);
    return before !== this.#full.size > 0;
  }

  setCorrupt(): void {
    this.#isCorrupt = true;
  }

  isCorrupt(member: MemberId): boolean {
    return member === this.#self ? this.#isCorrupt : this.#peers.get(member)?.includes("CORRUPT") === true;
  }

  received(from: MemberId, alarms: readonly Alarm[]): void {
    this.#peers.set(from, alarms);
  }

  /** As far as is known. */
  hasRoom(member: MemberId): boolean {
    if (member === this.#self) return this.#full.size === 0;
    return this.#peers.get(member)?.includes("NOSPACE") !== true;
  }

  /** No room for a write here, or at so many voters that no quorum could take it. */
  refusesWrites(configuration: Configuration): boolean {
    return !this.hasRoom(this.#self) || !this.quorumHasRoom(configuration);
  }

  quorumHasRoom(configuration: Configuration): boolean {
    return reachedByQuorum(configuration, (voter) => Number(this.hasRoom(voter))) > 0;
  }
}
