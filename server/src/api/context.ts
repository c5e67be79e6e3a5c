import type { etcdserverpb } from "@gauntlet/proto";
import type { Identity } from "../identity.js";
import type { MemberId } from "../raft/message.js";
import { isMemberOf } from "../replica/membership.js";
import type { Replica } from "../replica/replica.js";
import type { Roster } from "../roster.js";
import type { KvStore, Result, WriteResponse } from "../store/index.js";

/** What the services answer from. */
export interface ApiContext {
  readonly identity: Identity;
  readonly replica: Replica<Result<WriteResponse>>;
  readonly store: KvStore;
  readonly roster: Roster;
  /** Whether a member has answered for a while without a break; true of this one. */
  readonly isConnected: (member: MemberId) => boolean;
  /** Resolves when the cluster has removed this member. */
  readonly removed: Promise<void>;
  /** Of log and state on disk, in bytes. */
  readonly diskBytes: () => number;
  /** Told of an error that has no place in the error table. */
  readonly unexpected: (method: string, error: unknown) => void;
}

/** The header of an answer: of this member, at the time of the answer. */
export function header(context: ApiContext, revision: number): etcdserverpb.ResponseHeader.$Properties {
  return {
    cluster_id: context.identity.clusterId,
    member_id: context.identity.self.id,
    revision,
    raft_term: context.replica.view.term,
  };
}

/** Gets the log and decides nothing. */
export function isLearner({ roster, identity }: ApiContext): boolean {
  return roster.configuration.learners.includes(identity.self.id);
}

/**
 * False: what is applied is from before this member was one. It may be a learner without knowing it: one that has just joined
 * has a leader before it has the entry that made it a learner.
 */
export function knowsItsPart({ roster, identity }: ApiContext): boolean {
  return isMemberOf(roster.configuration, identity.self.id);
}
