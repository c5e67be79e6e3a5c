import { assert } from "../errors.js";
import type { Hosts, MemberHosts, Membership, NodeName } from "../hosts.js";

export function memberFacet(hosts: Hosts): MemberHosts {
  assert(hosts.members !== undefined, "hosts with a capability of members have the facet `members`");
  return hosts.members;
}

export type Standing = "voter" | "learner" | "none";

export function standingOf({ voters, learners }: Membership, node: NodeName): Standing {
  if (voters.includes(node)) return "voter";
  return learners.includes(node) ? "learner" : "none";
}

export function describeMembership({ voters, learners, settled }: Membership): string {
  const also = learners.length === 0 ? "" : `, learners ${learners.join(", ")}`;
  return `voters ${voters.join(", ")}${also}${settled ? "" : ", a change under way"}`;
}
