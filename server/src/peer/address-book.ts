import type { Member } from "../identity.js";
import type { MemberId } from "../raft/message.js";

/** Who may introduce themselves without being known: as many as a cluster may have members, several times over. */
const MAX_INTRODUCED = 64;

/**
 * Where the other members are dialled, and who is none any more. What the members have agreed on comes first; what
 * one says of itself when it dials here is tried after that, for a member that was away so long that all
 * addresses it knows are old.
 */
export class AddressBook {
  readonly #self: MemberId;

  #agreed: ReadonlyMap<MemberId, Member>;

  #removed: ReadonlySet<MemberId> = new Set();

  readonly #introduced = new Map<MemberId, string>();

  constructor(self: MemberId, members: readonly Member[]) {
    this.#self = self;
    this.#agreed = byId(members);
  }

  /** `removed`: were members, and will never be again. */
  agree(members: readonly Member[], removed: readonly MemberId[]): void {
    this.#agreed = byId(members);
    this.#removed = new Set(removed);
    for (const id of removed) this.#introduced.delete(id);
  }

  /** Returns whether that is news. */
  introduce(id: MemberId, url: string): boolean {
    if (url === "" || this.#introduced.get(id) === url) return false;
    const isKnown = this.#agreed.has(id) || this.#introduced.has(id);
    if (!isKnown && this.#introduced.size >= MAX_INTRODUCED) return false;
    this.#introduced.set(id, url);
    return true;
  }

  isRemoved(id: MemberId): boolean {
    return this.#removed.has(id);
  }

  nameOf(id: MemberId): string {
    return this.#agreed.get(id)?.name ?? "";
  }

  /** The others that can be dialled; their URLs in the order in which to try them. */
  others(): readonly Member[] {
    const ids = new Set([...this.#agreed.keys(), ...this.#introduced.keys()]);
    const known = [...ids].map((id): Member => {
      const agreed = this.#agreed.get(id);
      const introduced = this.#introduced.get(id);
      const peerUrls = new Set([
        ...(agreed?.peerUrls ?? []),
        ...(introduced === undefined ? [] : [introduced]),
      ]);
      return { id, name: agreed?.name ?? "", peerUrls: [...peerUrls] };
    });
    return known.filter(({ id, peerUrls }) => {
      return id !== this.#self && !this.#removed.has(id) && peerUrls.length > 0;
    });
  }
}

function byId(members: readonly Member[]): ReadonlyMap<MemberId, Member> {
  return new Map(members.map((member) => [member.id, member]));
}
