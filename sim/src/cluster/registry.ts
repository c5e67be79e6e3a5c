import type { Configuration, MemberAttributes, MemberId } from "@gauntlet/server/inside";
import { isMemberOf } from "@gauntlet/server/inside";
import { nodeName } from "../node-names.js";
import type { Server } from "./boot.js";

/** What a member of the world is called, and where it would be reached. */
export function attributesOf(id: MemberId): MemberAttributes {
  const name = nodeName(id);
  return { id, name, peerUrls: [`http://${name}:2380`], clientUrls: [`http://${name}:2379`] };
}

/** What is known of one that has not started yet. */
export function addressOf(id: MemberId): MemberAttributes {
  return { ...attributesOf(id), name: "", clientUrls: [] };
}

/** As the cluster knows the member; null: it is none, nobody leads, or its log is not applied again yet. */
export function knownAs(
  id: MemberId,
  { replica, store }: Server,
  configuration: Configuration,
): MemberAttributes | null {
  if (!isMemberOf(configuration, id) || !replica.isReplayed || replica.view.leader === null) return null;
  const told = store.members.members.find((member) => member.id === id);
  return told ?? { id, name: "", peerUrls: [], clientUrls: [] };
}
