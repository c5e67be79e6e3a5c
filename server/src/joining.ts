import type { Config } from "./config.js";
import { hexId, identityOf } from "./identity.js";
import type { Identity, Member } from "./identity.js";
import { readMemberNote, writeMemberNote } from "./member-file.js";
import type { MemberNote } from "./member-file.js";
import { JoinError, askMembers, byPeerUrl, fetchMembers } from "./peer/members.js";
import type { Wanted } from "./peer/members.js";
import type { Disk } from "./ports.js";
import type { MemberId } from "./raft/message.js";
import type { MemberAttributes } from "./store/index.js";

/** Whose log is in a data directory. */
export interface LoggedIdentity {
  readonly clusterId: number;
  readonly memberId: MemberId;
}

export interface JoinTimeouts {
  /** For a member of the cluster that answers and knows this server. */
  readonly fetchMs: number;
  /** For a member without a log, to ask whether it has run before. */
  readonly askMs: number;
}

export const JOIN_TIMEOUTS: JoinTimeouts = { fetchMs: 10_000, askMs: 1000 };

/**
 * Who this server is: from its data directory where it has been a member before, from flags where it founds a cluster,
 * from the members that run where it joins theirs. `logged`: whose log the directory holds, null: there is none. What
 * was found is noted in the directory. Rejects with JoinError for flags and directories that do not go together.
 */
export async function findIdentity(
  config: Config,
  disk: Disk,
  logged: LoggedIdentity | null,
  timeouts: JoinTimeouts = JOIN_TIMEOUTS,
): Promise<Identity> {
  const note = await readMemberNote(disk);
  const isNew = config.initialClusterState === "new";
  const identity = isNew ? founder(config, note, logged) : await joiner(config, note, logged, timeouts);
  // A note alone is what a crash at the first start leaves, or what is left of a directory that was cleared. (Whom a
  // joiner without a note asks, tells it the same.)
  if (logged === null && (isNew || note !== null)) await refuseSecondLife(config, identity, timeouts.askMs);
  if (note === null) await writeMemberNote(disk, noteOf(config, identity));
  return identity;
}

/** What a later start has to know. */
export function noteOf(config: Config, identity: Identity): MemberNote {
  const { clusterId, self, founders, members, removed } = identity;
  return {
    format: 1,
    clusterId,
    memberId: self.id,
    name: config.name,
    token: config.initialClusterToken,
    founders: [...founders],
    members: members.map(({ id, name, peerUrls, clientUrls }) => {
      return { id, name, peerUrls: [...peerUrls], clientUrls: [...clientUrls] };
    }),
    removed: [...removed],
  };
}

function founder(config: Config, note: MemberNote | null, logged: LoggedIdentity | null): Identity {
  const identity = identityOf(config);
  const known = note ?? logged;
  if (known === null) return identity;
  const { clusterId, self } = identity;
  if (known.clusterId !== clusterId || known.memberId !== self.id) {
    throw new JoinError(
      `${config.dataDir} belongs to member ${hexId(known.memberId)} of cluster ${hexId(known.clusterId)}; the flags ` +
        `make this member ${hexId(self.id)} of cluster ${hexId(clusterId)}: compare --name, --initial-cluster and ` +
        "--initial-cluster-token, or, where the members have changed since, give --initial-cluster-state existing",
    );
  }
  return note === null ? identity : { ...identity, ...peersOf(config, note) };
}

/**
 * A member that has run before and comes without its log has forgotten for whom it voted and what it
 * acknowledged: as a new member it is welcome, under its old id it could undo both.
 */
async function refuseSecondLife(config: Config, { clusterId, self }: Identity, askMs: number): Promise<void> {
  const answers = await askMembers(otherUrls(config), askMs);
  for (const answer of answers.filter((each) => each.clusterId === clusterId)) {
    const known = answer.members.find(({ id }) => id === self.id);
    if (answer.removed.includes(self.id)) {
      throw new JoinError(
        `member ${config.name} was removed from the cluster: add it anew, with "etcdctl member add ${config.name} ` +
          `--peer-urls=${self.peerUrls.join(",")}", and start it with --initial-cluster-state existing`,
      );
    }
    if (known !== undefined && isStarted(known)) throw lostDirectory(config, self);
  }
}

function lostDirectory(config: Config, { id, peerUrls }: Pick<Member, "id" | "peerUrls">): JoinError {
  return new JoinError(
    `member ${hexId(id)} has run before, and ${config.dataDir} holds no log: what it promised is lost, so it cannot come ` +
      `back as itself. Restore the directory, or "etcdctl member remove ${hexId(id)}", "etcdctl member add ` +
      `${config.name} --peer-urls=${peerUrls.join(",")}", and start it with --initial-cluster-state existing`,
  );
}

async function joiner(
  config: Config,
  note: MemberNote | null,
  logged: LoggedIdentity | null,
  { fetchMs }: JoinTimeouts,
): Promise<Identity> {
  if (note !== null) return returning(config, note);
  const ownUrl = ownUrlOf(config);
  // Without its note a member knows its ids from its log alone, and has to ask who the others are.
  const wanted = logged === null ? byPeerUrl(ownUrl) : byId(logged.memberId);
  const { self, cluster } = await fetchMembers(otherUrls(config), wanted, fetchMs);
  if (logged === null && isStarted(self)) throw lostDirectory(config, self);
  if (logged !== null && logged.clusterId !== cluster.clusterId) {
    const clusters = `${hexId(logged.clusterId)}, the members that answer to ${hexId(cluster.clusterId)}`;
    throw new JoinError(`the log in ${config.dataDir} belongs to cluster ${clusters}`);
  }
  const { clusterId, members, removed } = cluster;
  const own = { id: self.id, name: config.name, peerUrls: [ownUrl] };
  return { clusterId, self: own, members, removed, founders: foundersOf(config, clusterId) };
}

/** Flags that make the cluster's id are those of its founding. */
function foundersOf(config: Config, clusterId: number): readonly MemberId[] {
  const founding = identityOf(config);
  return founding.clusterId === clusterId ? founding.founders : [];
}

function returning(config: Config, note: MemberNote): Identity {
  const { clusterId, memberId, founders } = note;
  if (note.name !== config.name || note.token !== config.initialClusterToken) {
    throw new JoinError(
      `${config.dataDir} belongs to member ${note.name} of a cluster with the token ${note.token}: ` +
        "compare --name and --initial-cluster-token",
    );
  }
  const self = { id: memberId, name: config.name, peerUrls: [ownUrlOf(config)] };
  return { clusterId, self, founders, ...peersOf(config, note) };
}

/** As the note has it; a member that the flags name too may also be found where they say. */
function peersOf(config: Config, note: MemberNote): Pick<Identity, "members" | "removed"> {
  const members = note.members.map((member): MemberAttributes => {
    const flagged = config.initialCluster.find(({ name }) => name === member.name)?.peerUrl;
    const peerUrls = new Set([...member.peerUrls, ...(flagged === undefined ? [] : [flagged])]);
    return { ...member, peerUrls: [...peerUrls] };
  });
  return { members, removed: note.removed };
}

function byId(memberId: MemberId): Wanted {
  return {
    is: ({ id }) => id === memberId,
    advice: `has no member ${hexId(memberId)}, to which the log in the data directory belongs: it was removed`,
  };
}

/** A founder is called by its name before it has run: what tells is where its clients reach it. */
function isStarted({ clientUrls }: MemberAttributes): boolean {
  return clientUrls.length > 0;
}

function ownUrlOf({ name, initialCluster }: Config): string {
  const own = initialCluster.find((member) => member.name === name);
  if (own === undefined) throw new Error(`${name} is not in the initial cluster`);
  return own.peerUrl;
}

function otherUrls({ name, initialCluster }: Config): readonly string[] {
  return initialCluster.filter((member) => member.name !== name).map(({ peerUrl }) => peerUrl);
}
