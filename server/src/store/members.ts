import { gauntletpeer, toSafeNumber } from "@gauntlet/proto";
import { crc32 } from "../checksum.js";
import { membersOf, type Configuration } from "../raft/configuration.js";
import type { MemberId } from "../raft/message.js";

/** What a member is called and where it is reached. In a change, an empty field leaves what is known. */
export interface MemberAttributes {
  readonly id: MemberId;
  /** Empty: it has not started yet. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
}

/** All that the log says of members beside the configurations. Both lists ascend by id. */
export interface MemberRegistry {
  readonly members: readonly MemberAttributes[];
  /** Were members and are not any more. */
  readonly removed: readonly MemberId[];
}

export const NO_MEMBERS: MemberRegistry = { members: [], removed: [] };

/**
 * The registry after a normal entry that tells of members. A removed one stays removed, whatever is told of it: the
 * entry was under way when it was taken out.
 */
export function withAttributes(
  registry: MemberRegistry,
  changes: readonly MemberAttributes[],
): MemberRegistry {
  const known = changes.filter(({ id }) => !registry.removed.includes(id));
  return known.length === 0 ? registry : { ...registry, members: merged(registry.members, known) };
}

/**
 * The registry after a configuration entry, whose data names those who are added, and may name those who go: whoever
 * is known and not in the configuration is removed. A function of the log alone, so that one who joined later comes
 * to the same; hence the first configuration, which no entry holds, has no part in it.
 */
export function withConfiguration(
  registry: MemberRegistry,
  configuration: Configuration,
  changes: readonly MemberAttributes[],
): MemberRegistry {
  const present = new Set(membersOf(configuration));
  const known = merged(registry.members, changes);
  const gone = known.map(({ id }) => id).filter((id) => !present.has(id));
  const removed = new Set([...registry.removed, ...gone].filter((id) => !present.has(id)));
  return {
    members: known.filter(({ id }) => present.has(id)),
    removed: [...removed].toSorted((a, b) => a - b),
  };
}

function merged(
  members: readonly MemberAttributes[],
  changes: readonly MemberAttributes[],
): readonly MemberAttributes[] {
  const byId = new Map(members.map((member) => [member.id, member]));
  for (const { id, name, peerUrls, clientUrls } of changes) {
    const before = byId.get(id) ?? { name: "", peerUrls: [], clientUrls: [] };
    byId.set(id, {
      id,
      name: name === "" ? before.name : name,
      peerUrls: peerUrls.length === 0 ? before.peerUrls : peerUrls,
      clientUrls: clientUrls.length === 0 ? before.clientUrls : clientUrls,
    });
  }
  return [...byId.values()].toSorted((a, b) => a.id - b.id);
}

/** Equal for equal registries. */
export function registryHash({ members, removed }: MemberRegistry): number {
  return crc32(
    gauntletpeer.StateMeta.encode({ members: members.map(toProtoMember), removed: [...removed] }).finish(),
  );
}

export function toProtoMember({
  id,
  name,
  peerUrls,
  clientUrls,
}: MemberAttributes): gauntletpeer.MemberAttributes.$Properties {
  return { id, name, peer_urls: [...peerUrls], client_urls: [...clientUrls] };
}

/** Throws RangeError for a figure beyond 2^53. */
export function fromProtoMember(message: gauntletpeer.MemberAttributes.$Properties): MemberAttributes {
  return {
    id: toSafeNumber(message.id ?? 0),
    name: message.name ?? "",
    peerUrls: message.peer_urls ?? [],
    clientUrls: message.client_urls ?? [],
  };
}
