import { createHash } from "node:crypto";
import type { Config } from "./config.js";
import type { MemberId } from "./raft/message.js";

/** A member of the cluster, as every member computes it from the same flags. */
export interface Member {
  readonly id: MemberId;
  /** Empty: it has not started yet. */
  readonly name: string;
  /** Where the others dial it, the best first. */
  readonly peerUrls: readonly string[];
}

/** Who we are and with whom. */
export interface Identity {
  readonly clusterId: number;
  readonly self: Member;
  /** All members, `self` too, in order of id. */
  readonly members: readonly Member[];
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

/** Throws when two members hash to one id, which a different token cures. */
export function identityOf(config: Config): Identity {
  const { initialClusterToken: token, initialCluster } = config;
  const members = initialCluster
    .map(({ name, peerUrl }) => ({ id: idFrom("member", token, name), name, peerUrls: [peerUrl] }))
    .toSorted((a, b) => a.id - b.id);
  if (new Set(members.map((member) => member.id)).size < members.length) {
    throw new Error("two members have the same id: choose another --initial-cluster-token");
  }
  const self = members.find((member) => member.name === config.name);
  if (self === undefined) throw new Error(`${config.name} is not in the initial cluster`);
  const listing = initialCluster.map(({ name, peerUrl }) => `${name}=${peerUrl}`).toSorted();
  return { clusterId: idFrom("cluster", token, ...listing), self, members };
}

/** Ids are shown to people as etcd does: hexadecimal. */
export function hexId(id: number): string {
  return id.toString(16);
}
