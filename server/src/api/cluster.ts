import { randomUUID } from "node:crypto";
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import { toSafeNumber } from "@gauntlet/proto";
import type { Int64, etcdserverpb as pb } from "@gauntlet/proto";
import { isDialUrl } from "../config.js";
import { EtcdError } from "../errors.js";
import type { ErrorName } from "../errors.js";
import { newMemberId } from "../identity.js";
import type { ConfigurationChange } from "../raft/configuration.js";
import type { MemberId } from "../raft/message.js";
import type { RosterMember } from "../roster.js";
import type { MemberAttributes } from "../store/index.js";
import { header } from "./context.js";
import type { ApiContext } from "./context.js";
import { faultOfAdding, faultOfPromoting, faultOfRemoving, faultOfUpdating } from "./membership-rules.js";
import type { Circumstances } from "./membership-rules.js";
import { unary } from "./unary.js";

type Answer = pb.MemberListResponse.$Properties;

/** etcdserverpb.Cluster. */
export function clusterHandlers(context: ApiContext): UntypedServiceImplementation {
  const changes = new MembershipChanges(context);
  return {
    memberList: unary<pb.MemberListRequest, Answer>(context, "MemberList", async (request) => {
      if (request.linearizable) await context.replica.readBarrier();
      return answer(context);
    }),
    memberAdd: unary<pb.MemberAddRequest, pb.MemberAddResponse.$Properties>(
      context,
      "MemberAdd",
      async ({ peerURLs, isLearner }) => {
        const id = await changes.add(peerURLs, isLearner);
        const member = context.roster.find(id);
        return { ...answer(context), member: member === null ? null : toWire(member) };
      },
    ),
    memberRemove: unary<pb.MemberRemoveRequest, Answer>(context, "MemberRemove", async ({ ID }) => {
      const id = memberId(ID);
      await changes.remove(id);
      // A member that is removed does not always see the entry that says so.
      return answer(context, (member) => member.id !== id);
    }),
    memberUpdate: unary<pb.MemberUpdateRequest, Answer>(context, "MemberUpdate", async ({ ID, peerURLs }) => {
      await changes.update(memberId(ID), peerURLs);
      return answer(context);
    }),
    memberPromote: unary<pb.MemberPromoteRequest, Answer>(context, "MemberPromote", async ({ ID }) => {
      await changes.promote(memberId(ID));
      return answer(context);
    }),
  };
}

/** Checks and makes changes of members, one after another. */
class MembershipChanges {
  readonly #context: ApiContext;

  #last: Promise<unknown> = Promise.resolve();

  constructor(context: ApiContext) {
    this.#context = context;
  }

  add(peerUrls: readonly string[], isLearner: boolean): Promise<MemberId> {
    refuse(faultOfUrls(peerUrls));
    return this.#inTurn(async (circumstances) => {
      refuse(faultOfAdding(circumstances, peerUrls, isLearner));
      const id = this.#newId(peerUrls);
      await this.#change(changeToAdd(circumstances, id, isLearner), {
        id,
        name: "",
        peerUrls,
        clientUrls: [],
      });
      return id;
    });
  }

  remove(id: MemberId): Promise<void> {
    return this.#inTurn(async (circumstances) => {
      refuse(faultOfRemoving(circumstances, id));
      const attributes = this.#find(id);
      await this.#yieldLeadership(circumstances, id);
      const change = this.#change({ type: "remove", member: id }, attributes);
      // Nobody sends the log to one that is removed: it hears from the others that they have agreed.
      const isSelf = id === circumstances.self;
      await (isSelf ? Promise.race([change, this.#context.removed]) : change);
    });
  }

  update(id: MemberId, peerUrls: readonly string[]): Promise<void> {
    refuse(faultOfUrls(peerUrls));
    return this.#inTurn(async (circumstances) => {
      refuse(faultOfUpdating(circumstances, id, peerUrls));
      const { name } = this.#find(id);
      // What is empty stays as it is.
      await this.#context.replica.updateMember({ id, name, peerUrls, clientUrls: [] });
    });
  }

  promote(id: MemberId): Promise<void> {
    return this.#inTurn(async (circumstances) => {
      refuse(faultOfPromoting(circumstances, id));
      await this.#change({ type: "add-voter", member: id }, this.#find(id));
    });
  }

  /** With all applied that was committed when its turn came: what is checked is not what was true long ago. */
  #inTurn<Result>(change: (circumstances: Circumstances) => Promise<Result>): Promise<Result> {
    const { replica, roster, identity, isConnected } = this.#context;
    const result = this.#last.then(async () => {
      await replica.readBarrier();
      return change({ self: identity.self.id, members: roster.list(), isConnected });
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  #change(change: ConfigurationChange, { id, name, peerUrls, clientUrls }: MemberAttributes): Promise<void> {
    return this.#context.replica.changeMembership([change], [{ id, name, peerUrls, clientUrls }]);
  }

  #find(id: MemberId): RosterMember {
    const member = this.#context.roster.find(id);
    if (member === null) throw new EtcdError("MemberNotFound");
    return member;
  }

  #newId(peerUrls: readonly string[]): MemberId {
    const { identity, roster } = this.#context;
    for (;;) {
      const id = newMemberId(identity.clusterId, peerUrls, randomUUID());
      if (roster.find(id) === null && !roster.removed.includes(id)) return id;
    }
  }

  /** A leader that is to go hands over first: a change of leader that was asked for costs no election timeout. */
  async #yieldLeadership({ members, isConnected }: Circumstances, leaving: MemberId): Promise<void> {
    const { replica, identity } = this.#context;
    const { role, peers } = replica.status();
    if (leaving !== identity.self.id || role !== "leader") return;
    const matchOf = (id: MemberId) => peers?.find(({ member }) => member === id)?.matchIndex ?? 0;
    const [heir] = members
      .filter(({ id, isLearner }) => id !== leaving && !isLearner && isConnected(id))
      .toSorted((a, b) => matchOf(b.id) - matchOf(a.id));
    if (heir === undefined) return;
    try {
      await replica.transferLeadership(heir.id);
    } catch (error) {
      // Then the others elect one when it is gone.
      if (!(error instanceof EtcdError)) throw error;
    }
  }
}

/**
 * The second voter is needed for every decision from the moment in which the change is in the log, this one included, and
 * it could not join before that was committed: it learns first, and votes by itself when it has caught up.
 */
function changeToAdd({ members }: Circumstances, member: MemberId, isLearner: boolean): ConfigurationChange {
  const isSecond = members.filter((each) => !each.isLearner).length === 1;
  if (isLearner || isSecond) return { type: "add-learner", member, promote: !isLearner };
  return { type: "add-voter", member };
}

/** etcd leaves the revision of membership answers 0. */
function answer(context: ApiContext, isShown: (member: RosterMember) => boolean = () => true): Answer {
  return { header: header(context, 0), members: context.roster.list().filter(isShown).map(toWire) };
}

function toWire({ id, name, peerUrls, clientUrls, isLearner }: RosterMember): pb.Member.$Properties {
  return { ID: id, name, peerURLs: [...peerUrls], clientURLs: [...clientUrls], isLearner };
}

/** Ids of etcd may exceed ours, which is then an id that nobody has. */
function memberId(id: Int64): MemberId {
  try {
    return toSafeNumber(id);
  } catch {
    throw new EtcdError("MemberNotFound");
  }
}

function faultOfUrls(peerUrls: readonly string[]): ErrorName | null {
  return peerUrls.length > 0 && peerUrls.every(isDialUrl) ? null : "MemberBadURLs";
}

function refuse(error: ErrorName | null): void {
  if (error !== null) throw new EtcdError(error);
}
