import { Metadata, status } from "@grpc/grpc-js";
import type { StatusObject } from "@grpc/grpc-js";
import { hexId } from "../identity.js";
import type { MemberId } from "../raft/message.js";

/**
 * Raised with every change of the peer messages that an older member would misread.
 * 2: a sender says where it is dialled; snapshots and reports.
 */
export const PROTOCOL_VERSION = 2;

/** The answer to a member that was removed; all others that are refused get FAILED_PRECONDITION. */
export const REMOVED = status.PERMISSION_DENIED;

const KEYS = {
  version: "gauntlet-protocol-version",
  clusterId: "gauntlet-cluster-id",
  from: "gauntlet-from",
  to: "gauntlet-to",
  clientUrl: "gauntlet-client-url",
  peerUrl: "gauntlet-peer-url",
} as const;

/** Where the sender is dialled: by its clients, and by the other members. */
export interface OwnUrls {
  readonly clientUrl: string;
  readonly peerUrl: string;
}

/** What a stream says of itself before its first message. */
export interface Introduction extends OwnUrls {
  readonly from: MemberId;
}

/** The part of an identity that does not change. */
export interface Ids {
  readonly clusterId: number;
  readonly self: { readonly id: MemberId };
}

export function introduce(identity: Ids, to: MemberId, { clientUrl, peerUrl }: OwnUrls): Metadata {
  const metadata = new Metadata();
  metadata.set(KEYS.version, String(PROTOCOL_VERSION));
  metadata.set(KEYS.clusterId, hexId(identity.clusterId));
  metadata.set(KEYS.from, hexId(identity.self.id));
  metadata.set(KEYS.to, hexId(to));
  metadata.set(KEYS.clientUrl, clientUrl);
  metadata.set(KEYS.peerUrl, peerUrl);
  return metadata;
}

export type Refusal = Pick<StatusObject, "code" | "details">;

/**
 * Checks a stream's introduction: two clusters that share an address must never mix. A member that is not known
 * here is taken in: it may have joined while this one was away. One that is known to be removed is not.
 */
export function checkIntroduction(
  metadata: Metadata,
  identity: Ids,
  isRemoved: (member: MemberId) => boolean,
): Introduction | Refusal {
  const text = (key: string) => String(metadata.get(key)[0] ?? "");
  const version = Number(text(KEYS.version));
  if (!(version >= PROTOCOL_VERSION)) {
    return refusal(`peer protocol ${version} is older than ${PROTOCOL_VERSION}: upgrade the sender`);
  }
  const clusterId = text(KEYS.clusterId);
  if (clusterId !== hexId(identity.clusterId)) {
    return refusal(
      `the sender is of cluster ${clusterId}, this member is of cluster ${hexId(identity.clusterId)}: ` +
        "compare --initial-cluster and --initial-cluster-token",
    );
  }
  const to = text(KEYS.to);
  if (to !== hexId(identity.self.id)) {
    return refusal(`the sender looks for member ${to}, this is member ${hexId(identity.self.id)}`);
  }
  const from = Number.parseInt(text(KEYS.from), 16);
  if (!Number.isSafeInteger(from) || from <= 0 || from === identity.self.id) {
    return refusal(`the sender says that it is member "${text(KEYS.from)}", which it cannot be`);
  }
  if (isRemoved(from)) {
    return { code: REMOVED, details: removedReason(from) };
  }
  return { from, clientUrl: text(KEYS.clientUrl), peerUrl: text(KEYS.peerUrl) };
}

export function removedReason(member: MemberId): string {
  return `member ${hexId(member)} was removed from the cluster`;
}

export function isRefusal(answer: Introduction | Refusal): answer is Refusal {
  return "code" in answer;
}

function refusal(details: string): Refusal {
  return { code: status.FAILED_PRECONDITION, details };
}
