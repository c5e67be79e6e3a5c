import { Metadata, status } from "@grpc/grpc-js";
import type { StatusObject } from "@grpc/grpc-js";
import { hexId } from "../identity.js";
import type { Identity } from "../identity.js";
import type { MemberId } from "../raft/message.js";

/** Raised with every change of the peer messages that an older member would misread. */
export const PROTOCOL_VERSION = 1;

const KEYS = {
  version: "gauntlet-protocol-version",
  clusterId: "gauntlet-cluster-id",
  from: "gauntlet-from",
  to: "gauntlet-to",
  clientUrl: "gauntlet-client-url",
} as const;

/** What a stream says of itself before its first message. */
export interface Introduction {
  readonly from: MemberId;
  /** Where the sender's clients dial it. */
  readonly clientUrl: string;
}

export function introduce(identity: Identity, to: MemberId, clientUrl: string): Metadata {
  const metadata = new Metadata();
  metadata.set(KEYS.version, String(PROTOCOL_VERSION));
  metadata.set(KEYS.clusterId, hexId(identity.clusterId));
  metadata.set(KEYS.from, hexId(identity.self.id));
  metadata.set(KEYS.to, hexId(to));
  metadata.set(KEYS.clientUrl, clientUrl);
  return metadata;
}

export type Refusal = Pick<StatusObject, "code" | "details">;

/** Checks a stream's introduction: two clusters that share an address must never mix. */
export function checkIntroduction(metadata: Metadata, identity: Identity): Introduction | Refusal {
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
  if (from === identity.self.id || !identity.members.some((member) => member.id === from)) {
    return refusal(`member ${text(KEYS.from)} is not known here`);
  }
  return { from, clientUrl: text(KEYS.clientUrl) };
}

export function isRefusal(answer: Introduction | Refusal): answer is Refusal {
  return "code" in answer;
}

function refusal(details: string): Refusal {
  return { code: status.FAILED_PRECONDITION, details };
}
