import type { Identity, Member } from "./identity.js";
import { configurationOf, isVoter, membersOf } from "./raft/configuration.js";
import type { Configuration } from "./raft/configuration.js";
import type { MemberId } from "./raft/message.js";
import type { MemberAttributes, MemberRegistry } from "./store/index.js";

export interface RosterMember extends MemberAttributes {
  readonly isLearner: boolean;
  /** It has told the cluster what it is called: it has run. */
  readonly isStarted: boolean;
}

/**
 * Who the members are, as of the entry applied last: the configuration says who, the registry what they are
 * called. What the node knew at its start fills the gaps until the log has told.
 */
export class Roster {
  readonly #start: ReadonlyMap<MemberId, MemberAttributes>;

  readonly #startRemoved: readonly MemberId[];

  #configuration: Configuration;

  readonly #registry: () => MemberRegistry;

  /** `registry`: the store's, as of now. */
  constructor(identity: Identity, registry: () => MemberRegistry) {
    this.#start = new Map(identity.members.map((member) => [member.id, member]));
    this.#startRemoved = identity.removed;
    this.#configuration = configurationOf(identity.founders);
    this.#registry = registry;
  }

  configurationApplied(configuration: Configuration): void {
    this.#configuration = configuration;
  }

  get configuration(): Configuration {
    return this.#configuration;
  }

  /** In order of id. */
  list(): readonly RosterMember[] {
    const configuration = this.#configuration;
    const ids = membersOf(configuration);
    const told = new Map(this.#registry().members.map((member) => [member.id, member]));
    // One that joins knows no configuration before it has the log.
    const present = ids.length > 0 ? ids : [...this.#start.keys()].toSorted((a, b) => a - b);
    return present.map((id) => {
      const attributes = told.get(id) ?? this.#start.get(id) ?? { name: "", peerUrls: [], clientUrls: [] };
      const isLearner = ids.length > 0 && !isVoter(configuration, id);
      return { ...attributes, id, isLearner, isStarted: (told.get(id)?.name ?? "") !== "" };
    });
  }

  find(id: MemberId): RosterMember | null {
    return this.list().find((member) => member.id === id) ?? null;
  }

  /** For people: its name, or its id. */
  nameOf(id: MemberId): string {
    // Asked for with each batch of a peer: not by way of the list.
    const told = this.#registry().members.find((member) => member.id === id);
    return (told ?? this.#start.get(id))?.name || id.toString(16);
  }

  get removed(): readonly MemberId[] {
    return [...new Set([...this.#startRemoved, ...this.#registry().removed])];
  }

  /**
   * All who may have to be dialled, each with every address that is known: while the log is replayed, what it says is
   * older than what was known at the start.
   */
  toDial(): readonly Member[] {
    const listed = new Map<MemberId, Member>(this.list().map((member) => [member.id, member]));
    const ids = new Set([...listed.keys(), ...this.#start.keys()]);
    return [...ids].map((id) => {
      const [one, other] = [listed.get(id), this.#start.get(id)];
      const peerUrls = [...new Set([...(one?.peerUrls ?? []), ...(other?.peerUrls ?? [])])];
      return { id, name: one?.name || (other?.name ?? ""), peerUrls };
    });
  }
}
