import { type DamageLedger, isOverDamage } from "../effects/damage-ledger.js";
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

/** Changes the members back to the first ones, one change after another, but for those whose damaged disks ended their servers. */
export async function healMembers(context: {
  readonly hosts: Hosts;
  readonly clock: Clock;
  readonly timing: Timing;
  readonly damage: DamageLedger;
}): Promise<MembersHeal> {
  const { hosts, clock, timing, damage } = context;
  const facet = memberFacet(hosts);
  const deadlineMs = clock.nowMs() + timing.healLimitMs * MEMBER_PATIENCE;
  for (;;) {
    let detail: string;
    try {
      const present = await facet.membership();
      const change = nextChange(present, hosts.nodes, await spentNodes(hosts, damage));
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

/** They could not take part again; a cluster of one that took one in would wait for its vote for ever. */
async function spentNodes(hosts: Hosts, damage: DamageLedger): Promise<readonly NodeName[]> {
  const spent: NodeName[] = [];
  for (const node of damage.nodes) if (isOverDamage(await hosts.process(node))) spent.push(node);
  return spent;
}

/**
 * Towards these voters and nobody else; additions first, so that no step leaves fewer than it must. `spent`: stay as they
 * are, in or out.
 */
export function nextChange(
  present: Membership,
  wanted: readonly NodeName[],
  spent: readonly NodeName[],
): MemberChange | null {
  const added = wanted.find((node) => standingOf(present, node) !== "voter" && !spent.includes(node));
  if (added !== undefined) return { type: "add", node: added, as: "voter" };
  const surplus = [...present.voters, ...present.learners].find((node) => !wanted.includes(node));
  return surplus === undefined ? null : { type: "remove", node: surplus };
}
