import { describeMembership, memberFacet, type Standing, standingOf } from "../effects/members.js";
import { messageOf, NotApplicable } from "../errors.js";
import type { MemberChange, Membership, NodeName } from "../hosts.js";
import { majoritySize, minoritySize } from "../targets.js";
import type { FaultContext, Observation, Unnamed } from "./fault.js";
import { forAll } from "./observe.js";

/** A change takes an election and some rounds at worst. */
export const MEMBER_WINDOW_MS = 3_000;

/** Its undo too, and then a machine starts empty, takes the state in and is promoted: on a busy one that is half a minute. */
export const MEMBER_PATIENCE = 3;

/** The one node that a change of members is about, and the members before it. */
export function memberOf(context: FaultContext): {
  readonly node: NodeName;
  readonly present: Membership;
} {
  const [node, ...more] = context.nodes;
  if (node === undefined || more.length > 0) {
    throw new NotApplicable(`one member at a time, this would be ${context.nodes.join(", ")}`);
  }
  if (context.membership === null) throw new NotApplicable("no leader told who the members are");
  return { node, present: context.membership };
}

export function mustBe(present: Membership, node: NodeName, wanted: Standing): void {
  const standing = standingOf(present, node);
  if (standing === wanted) return;
  const words = (what: Standing): string => (what === "none" ? "no member" : `a ${what}`);
  throw new NotApplicable(`${node} is ${words(standing)}, not ${words(wanted)}`);
}

/**
 * Refuses what would leave a cluster that cannot live: fewer voters than a majority of the first members, or as many
 * damaged ones among them as no majority can do without.
 */
export function mustLeaveQuorum(context: FaultContext, votersAfter: readonly NodeName[]): void {
  const least = majoritySize(context.hosts.nodes.length);
  if (votersAfter.length < least) {
    throw new NotApplicable(`${votersAfter.length} voters would be left; at least ${least} are needed`);
  }
  const damaged = votersAfter.filter((node) => context.damage.has(node));
  if (damaged.length > minoritySize(votersAfter.length)) {
    throw new NotApplicable(`of ${votersAfter.join(", ")} too many are damaged: ${damaged.join(", ")}`);
  }
}

/** The one voter that the fault strikes, whom the others can do without. */
export function dispensableVoter(context: FaultContext): NodeName {
  const { node, present } = memberOf(context);
  mustBe(present, node, "voter");
  mustLeaveQuorum(
    context,
    present.voters.filter((voter) => voter !== node),
  );
  return node;
}

type Wanted = ReadonlyMap<NodeName, readonly Standing[]>;

/** A change of members, and the change that takes it back. Each is shown by a committed configuration. */
export function changeMembers(
  { hosts, nodes, damage }: FaultContext,
  change: MemberChange,
  after: Wanted,
  back: { readonly wanted: Wanted; readonly next: (present: Membership) => MemberChange | null },
): Unnamed {
  const facet = memberFacet(hosts);
  if (facet.lacks?.includes(change.type) === true) {
    throw new NotApplicable(`these machines know no change of the kind "${change.type}"`);
  }
  const look = async (wanted: Wanted): Promise<Observation> => {
    try {
      const present = await facet.membership();
      const stands = [...wanted].every(([node, any]) => any.includes(standingOf(present, node)));
      return observed(present.settled && stands, describeMembership(present), present);
    } catch (error) {
      return observed(false, `nobody tells the members: ${messageOf(error)}`, null);
    }
  };
  const observed = (shown: boolean, detail: string, reading: Membership | null): Observation => ({
    shown,
    detail,
    evidence: Object.fromEntries(nodes.map((node) => [node, reading])),
  });
  const takeBack = async (): Promise<void> => {
    const present = await facet.membership();
    // A change that is on its way may yet be lost or take effect: only then is there something to take back.
    if (!present.settled) throw new Error(describeMembership(present));
    const next = back.next(present);
    if (next !== null) await facet.change(next);
  };
  return {
    act: () => {
      damage.membersChange();
      return forAll(nodes, () => facet.change(change));
    },
    prove: () => look(after),
    undo: takeBack,
    patience: MEMBER_PATIENCE,
    async healed() {
      const seen = await look(back.wanted);
      // A change of several steps may be lost after the first, when its call was answered long ago.
      if (!seen.shown) await takeBack().catch(() => undefined);
      return seen;
    },
  };
}
