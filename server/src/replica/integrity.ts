import { tally } from "../raft/quorum.js";
import type { Configuration } from "../raft/configuration.js";
import type { MemberId } from "../raft/message.js";
import type { StateHash } from "./report.js";

/** States that should be equal and are not. */
export interface Difference {
  readonly own: StateHash;
  readonly other: StateHash;
  /** Whose state the other one is. */
  readonly of: "a majority" | "the leader";
}

/** Hashes that a member remembers, and tells. */
const REMEMBERED = 64;

/**
 * Compares the state with that of the others at equal indexes. A member is wrong when a majority of the voters agrees on
 * another state, whether it has a vote itself or not; where no majority can agree any more, when the leader's is another.
 */
export class Integrity {
  readonly #self: MemberId;

  #own: readonly StateHash[] = [];

  readonly #peers = new Map<MemberId, ReadonlyMap<number, StateHash>>();

  constructor(self: MemberId) {
    this.#self = self;
  }

  /** The newest of this member's, ascending. */
  get hashes(): readonly StateHash[] {
    return this.#own;
  }

  note(hash: StateHash): void {
    this.#own = [...this.#own.slice(1 - REMEMBERED), hash];
  }

  /** The state is another one. */
  forgetOwn(): void {
    this.#own = [];
  }

  received(from: MemberId, hashes: readonly StateHash[]): void {
    this.#peers.set(from, new Map(hashes.map((hash) => [hash.index, hash])));
  }

  /** Null: nothing shows that this member is wrong. */
  judge(configuration: Configuration, leader: MemberId | null): Difference | null {
    for (const own of this.#own) {
      if (this.#isUndisputed(own)) continue;
      const difference = this.#judgeAt(own, configuration, leader);
      if (difference !== null) return difference;
    }
    return null;
  }

  /** A majority of the voters, as far as they are known, agrees on another state than the member's. */
  isOutvoted(member: MemberId, configuration: Configuration): boolean {
    const told = member === this.#self ? this.#own : (this.#peers.get(member)?.values() ?? []);
    for (const hash of told) {
      const majority = this.#votesAt(hash.index, configuration).agreed;
      if (majority !== null && !isSame(majority, hash)) return true;
    }
    return false;
  }

  /** Almost always: nobody is known to have another. */
  #isUndisputed(own: StateHash): boolean {
    for (const hashes of this.#peers.values()) {
      const other = hashes.get(own.index);
      if (other !== undefined && !isSame(other, own)) return false;
    }
    return true;
  }

  #judgeAt(own: StateHash, configuration: Configuration, leader: MemberId | null): Difference | null {
    const { known, agreed, canAgree } = this.#votesAt(own.index, configuration);
    if (agreed !== null && !isSame(agreed, own)) return { own, other: agreed, of: "a majority" };
    const leaders = leader === null ? undefined : known.get(leader);
    if (canAgree || leaders === undefined || isSame(leaders, own)) return null;
    return { own, other: leaders, of: "the leader" };
  }

  /** `agreed`: what a majority has; null: none is known to agree, but where `canAgree` it may yet. */
  #votesAt(index: number, configuration: Configuration): Votes {
    const known = new Map<MemberId, StateHash>();
    for (const member of new Set([...configuration.voters, ...configuration.outgoing])) {
      const hash =
        member === this.#self
          ? this.#own.find((own) => own.index === index)
          : this.#peers.get(member)?.get(index);
      if (hash !== undefined) known.set(member, hash);
    }
    let canAgree = false;
    for (const candidate of known.values()) {
      const votes = new Map([...known].map(([member, hash]) => [member, isSame(hash, candidate)]));
      const result = tally(configuration, votes);
      if (result === "won") return { known, agreed: candidate, canAgree: true };
      if (result !== "lost") canAgree = true;
    }
    return { known, agreed: null, canAgree };
  }
}

interface Votes {
  readonly known: ReadonlyMap<MemberId, StateHash>;
  readonly agreed: StateHash | null;
  readonly canAgree: boolean;
}

function isSame(a: StateHash, b: StateHash): boolean {
  return a.hash === b.hash && a.revision === b.revision;
}
