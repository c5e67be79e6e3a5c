import { Metadata, status } from "@grpc/grpc-js";
import type { sendUnaryData } from "@grpc/grpc-js";
import { peerService, toSafeNumber } from "@gauntlet/proto";
import type { gauntletpeer } from "@gauntlet/proto";
import { hexId } from "../identity.js";
import type { MemberId } from "../raft/message.js";
import { fromProtoMember, toProtoMember } from "../store/index.js";
import type { MemberAttributes } from "../store/index.js";
import { peerClient } from "./client.js";
import { CONNECTION_OPTIONS } from "./options.js";

/** Who is in a cluster, as one member of it knows. */
export interface MembersAnswer {
  readonly clusterId: number;
  readonly members: readonly MemberAttributes[];
  /** Were members and are not any more. */
  readonly removed: readonly MemberId[];
}

/** Says what the asker has to do. */
export class JoinError extends Error {}

/** The handler of Peer.Members. */
export function answerMembers(members: () => MembersAnswer | null) {
  return (_call: unknown, answer: sendUnaryData<gauntletpeer.MembersResponse.$Properties>): void => {
    const known = members();
    if (known === null) {
      answer({ code: status.UNAVAILABLE, details: "the member has not read its log yet" }, null);
      return;
    }
    const all = known.members.map(toProtoMember);
    answer(null, { cluster_id: known.clusterId, members: all, removed: [...known.removed] });
  };
}

/** Asks all at once; what does not answer in time is left out. */
export async function askMembers(
  urls: readonly string[],
  timeoutMs: number,
): Promise<readonly MembersAnswer[]> {
  const answers = await Promise.all(urls.map((url) => ask(url, timeoutMs)));
  return answers.filter((answer) => answer !== null);
}

/** How a member that asks finds itself among the others. */
export interface Wanted {
  readonly is: (member: MemberAttributes) => boolean;
  /** What to do where it is not there. */
  readonly advice: string;
}

export function byPeerUrl(ownUrl: string): Wanted {
  return {
    is: (member) => member.peerUrls.some((url) => sameUrl(url, ownUrl)),
    advice: `has no member at ${ownUrl}: add it first, with "etcdctl member add <name> --peer-urls=${ownUrl}"`,
  };
}

/**
 * For a server that knows nothing but addresses: asks the members at `urls` until one of them knows it, for at most
 * `timeoutMs`. The answer holds all that any of them knows. Rejects with JoinError.
 */
export async function fetchMembers(
  urls: readonly string[],
  wanted: Wanted,
  timeoutMs: number,
): Promise<{ readonly self: MemberAttributes; readonly cluster: MembersAnswer }> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const cluster = combine(await askMembers(urls, Math.min(ASK_TIMEOUT_MS, timeoutMs)));
    const self = cluster?.members.find(wanted.is);
    if (cluster && self) return { self, cluster };
    if (performance.now() >= deadlineMs) throw new JoinError(problemOf(cluster, urls, wanted));
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}

const ASK_TIMEOUT_MS = 2000;
const ASK_AGAIN_MS = 250;

function problemOf(cluster: MembersAnswer | null, urls: readonly string[], wanted: Wanted): string {
  if (cluster !== null) return `the cluster ${hexId(cluster.clusterId)} ${wanted.advice}`;
  return `none of the cluster's members answers at ${urls.join(", ")}: --initial-cluster must name those that run`;
}

/** Throws JoinError where they are not of one cluster. Who was removed in any answer is no member. */
function combine(answers: readonly MembersAnswer[]): MembersAnswer | null {
  const [first] = answers;
  if (first === undefined) return null;
  const other = answers.find((answer) => answer.clusterId !== first.clusterId);
  if (other !== undefined) {
    const ids = `${hexId(first.clusterId)} and ${hexId(other.clusterId)}`;
    throw new JoinError(`--initial-cluster names members of two clusters, ${ids}`);
  }
  const removed = new Set(answers.flatMap((answer) => answer.removed));
  const members = new Map<MemberId, MemberAttributes>();
  for (const member of answers.flatMap((answer) => answer.members)) {
    const known = members.get(member.id);
    // Who has started in any answer has started.
    if (!removed.has(member.id) && (known === undefined || known.name === "")) members.set(member.id, member);
  }
  return { clusterId: first.clusterId, members: [...members.values()], removed: [...removed] };
}

/** "http://a:80" and "http://a:80/" are one address. */
export function sameUrl(one: string, other: string): boolean {
  return one.replace(/\/$/, "") === other.replace(/\/$/, "");
}

function ask(url: string, timeoutMs: number): Promise<MembersAnswer | null> {
  const client = peerClient(url, CONNECTION_OPTIONS);
  const { path, requestSerialize, responseDeserialize } = peerService.members;
  return new Promise((resolve) => {
    const deadline = Date.now() + timeoutMs;
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      {},
      new Metadata(),
      { deadline },
      (error, response) => {
        client.close();
        resolve(error !== null || response === undefined ? null : fromWire(response));
      },
    );
  });
}

function fromWire(response: gauntletpeer.MembersResponse.$Properties): MembersAnswer {
  const { cluster_id, members, removed } = response;
  return {
    clusterId: toSafeNumber(cluster_id ?? 0),
    members: (members ?? []).map(fromProtoMember),
    removed: (removed ?? []).map((id) => toSafeNumber(id)),
  };
}
