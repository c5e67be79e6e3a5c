import { describeMembership, memberFacet, standingOf } from "../effects/members.js";
import { messageOf } from "../errors.js";
import { MEMBER_PATIENCE } from "../faults/member.js";
import type { Hosts, MemberChange, Membership, NodeName } from "../hosts.js";
import { type Clock, pause } from "./clock.js";
import type { Timing } from "./timing.js";

export interface MembersHeal {
  readonly healed: boolean;
  /** What the cluster said last of its members, or why nobody could be asked. */
  readonly detail: string;
}

/** Nobody where it is not known. */
export async function presentMembers(hosts: Hosts): Promise<readonly NodeName[]> {
  try {
    const membership = await hosts.members?.membership();
    return membership === undefined ? [] : [...membership.voters, ...membership.learners];
  } catch {
    return [];
  }
}

/** Changes the members back to the first ones, one change after another. */
export async function healMembers(context: {
  readonly hosts: Hosts;
  readonly clock: Clock;
  readonly timing: Timing;
}): Promise<MembersHeal> {
  const { hosts, clock, timing } = context;
  const facet = memberFacet(hosts);
  const deadlineMs = clock.nowMs() + timing.healLimitMs * MEMBER_PATIENCE;
  for (;;) {
    let detail: string;
    try {
      const present = await facet.membership();
      const change = nextChange(present, hosts.nodes);
      detail = describeMembership(present);
      if (change === null && present.settled) return { healed: true, detail };
      if (change !== null && present.settled) await facet.change(change);
    } catch (error) {
      detail = messageOf(error);
    }
    if (clock.nowMs() >= deadlineMs) return { healed: false, detail };
    await pause(clock, timing.healPollMs, new AbortController().signal);
  }
}

/** Towards these voters and nobody else; additions first, so that no step leaves fewer than it must. */
export function nextChange(present: Membership, wanted: readonly NodeName[]): MemberChange | null {
  const added = wanted.find((node) => standingOf(present, node) !== "voter");
  if (added !== undefined) return { type: "add", node: added, as: "voter" };
  const surplus = [...present.voters, ...present.learners].find((node) => !wanted.includes(node));
  return surplus === undefined ? null : { type: "remove", node: surplus };
}
