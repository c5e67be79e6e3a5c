import { createHash } from "node:crypto";
import type { Config } from "./config.js";
import type { MemberId } from "./raft/message.js";
import type { MemberAttributes } from "./store/index.js";

/** A member of the cluster, as it is dialled by the others. */
export type Member = Pick<MemberAttributes, "id" | "name" | "peerUrls">;

/** Who we are, and what is known of the others before the log tells more. */
export interface Identity {
  readonly clusterId: number;
  readonly self: Member;
  /** All that are known to be members, `self` too. */
  readonly members: readonly MemberAttributes[];
  /** Were members and are not any more. */
  readonly removed: readonly MemberId[];
  /** Decide where the log says nothing of who does: the cluster's first members, or nobody for one that joined later. */
  readonly founders: readonly MemberId[];
}

const ID_BITS = 52n;

/** A positive safe integer from a hash: ids need no coordination, and 52 bits do not collide among a few members. */
function idFrom(...parts: readonly string[]): number {
  const hash = createHash("sha256");
  // A separator that no part can contain keeps ("a", "bc") and ("ab", "c") apart.
  hash.update(parts.join("\0"));
  const bits = hash.digest().readBigUInt64BE() >> (64n - ID_BITS);
  return bits === 0n ? 1 : Number(bits);
}

/** Of a founder, from flags that are the same at all of them. Throws when two members hash to one id, which a different token cures. */
export function identityOf(config: Config): Identity {
  const { initialClusterToken: token, initialCluster } = config;
  const members = initialCluster
    .map(({ name, peerUrl }) => {
      return { id: idFrom("member", token, name), name, peerUrls: [peerUrl], clientUrls: [] };
    })
    .toSorted((a, b) => a.id - b.id);
  const founders = members.map(({ id }) => id);
  if (new Set(founders).size < members.length) {
    throw new Error("two members have the same id: choose another --initial-cluster-token");
  }
  const self = members.find((member) => member.name === config.name);
  if (self === undefined) throw new Error(`${config.name} is not in the initial cluster`);
  const listing = initialCluster.map(({ name, peerUrl }) => `${name}=${peerUrl}`).toSorted();
  return { clusterId: idFrom("cluster", token, ...listing), self, members, removed: [], founders };
}

/**
 * Of a member that is added to the cluster. `nonce` is drawn anew for each: a server that comes back to an address
 * without what its predecessor had promised must not pass for it.
 */
export function newMemberId(clusterId: number, peerUrls: readonly string[], nonce: string): MemberId {
  return idFrom("added", hexId(clusterId), nonce, ...peerUrls);
}

/** Ids are shown to people as etcd does: hexadecimal. */
export function hexId(id: number): string {
  return id.toString(16);
}
