import { isJoint } from "./configuration.js";
import type { Configuration, ConfigurationChange } from "./configuration.js";
import type { MemberId } from "./message.js";

/** Why a change cannot be made of the configuration as it is. */
export type ChangeError =
  | "already-joint"
  | "not-joint"
  /** There is nobody yet who could decide about leaving the old half. */
  | "no-voters"
  | "no-voters-left"
  /** More than one voter differs: only a joint configuration leads there safely. */
  | "needs-joint";

export type Changed =
  | { readonly configuration: Configuration; readonly error: null }
  | { readonly configuration: null; readonly error: ChangeError };

/**
 * In one step. At most one voter may differ, so that any majority before and any after share a member
 * (dissertation 4.1); learners do not matter to that.
 */
export function changeSimply(configuration: Configuration, changes: readonly ConfigurationChange[]): Changed {
  if (isJoint(configuration)) return failed("already-joint");
  const next = withChanges(configuration, changes);
  if (next.voters.length === 0) return failed("no-voters-left");
  if (votersThatDiffer(configuration.voters, next.voters) > 1) return failed("needs-joint");
  return changed(next);
}

/** From here on both the voters of now and those to come decide, each by a majority (dissertation 4.3). */
export function enterJoint(
  configuration: Configuration,
  changes: readonly ConfigurationChange[],
  autoLeave: boolean,
): Changed {
  if (isJoint(configuration)) return failed("already-joint");
  if (configuration.voters.length === 0) return failed("no-voters");
  const next = withChanges({ ...configuration, outgoing: configuration.voters }, changes);
  if (next.voters.length === 0) return failed("no-voters-left");
  return changed({ ...next, autoLeave });
}

/** The new half alone. Only when the joint configuration is committed: the old half had its last say on that. */
export function leaveJoint(configuration: Configuration): Changed {
  if (!isJoint(configuration)) return failed("not-joint");
  return changed({
    ...configuration,
    outgoing: [],
    learners: ascending([...configuration.learners, ...configuration.learnersNext]),
    learnersNext: [],
    autoLeave: false,
  });
}

/** The next configuration on the way to what the changes wish for: they are made at once where that is safe. */
export function change(configuration: Configuration, changes: readonly ConfigurationChange[]): Changed {
  const simple = changeSimply(configuration, changes);
  return simple.error === "needs-joint" ? enterJoint(configuration, changes, true) : simple;
}

/** What a configuration must be wherever it is in force; null: it is. */
export function flawOf(configuration: Configuration): string | null {
  const { voters, outgoing, learners, learnersNext, promotable, autoLeave } = configuration;
  const lists = [voters, outgoing, learners, learnersNext, promotable];
  if (lists.some((list) => list.some((member, at) => at > 0 && member <= (list[at - 1] ?? 0)))) {
    return "a list does not ascend";
  }
  if (voters.length === 0) return "there are no voters";
  const isElsewhere = (member: MemberId) => voters.includes(member) || outgoing.includes(member);
  if (learners.some(isElsewhere)) return "a learner votes";
  if (learnersNext.some((member) => !outgoing.includes(member) || voters.includes(member))) {
    return "a learner-to-be is not among those who vote for the last time";
  }
  if (promotable.some((member) => !learners.includes(member) && !learnersNext.includes(member))) {
    return "one to be promoted does not learn";
  }
  if (autoLeave && outgoing.length === 0) return "nothing joint is there to leave";
  return null;
}

/** Whether any majority that decides under the one shares a member with any that decides under the other. */
export function mayFollow(before: Configuration, after: Configuration): boolean {
  if (isJoint(before)) return !isJoint(after) && same(before.voters, after.voters);
  if (isJoint(after)) return same(before.voters, after.outgoing);
  return votersThatDiffer(before.voters, after.voters) <= 1;
}

function withChanges(configuration: Configuration, changes: readonly ConfigurationChange[]): Configuration {
  const { outgoing } = configuration;
  const voters = new Set(configuration.voters);
  const learners = new Set(configuration.learners);
  const learnersNext = new Set(configuration.learnersNext);
  const promotable = new Set(configuration.promotable);
  for (const wish of changes) {
    const { member } = wish;
    for (const list of [voters, learners, learnersNext, promotable]) list.delete(member);
    if (wish.type === "add-voter") voters.add(member);
    if (wish.type !== "add-learner") continue;
    // Who still decides in the old half learns only when that is left.
    (outgoing.includes(member) ? learnersNext : learners).add(member);
    if (wish.promote) promotable.add(member);
  }
  return {
    voters: ascending(voters),
    outgoing,
    learners: ascending(learners),
    learnersNext: ascending(learnersNext),
    promotable: ascending(promotable),
    autoLeave: configuration.autoLeave,
  };
}

/** Members of one list alone. */
function votersThatDiffer(before: readonly MemberId[], after: readonly MemberId[]): number {
  const gone = before.filter((member) => !after.includes(member));
  const come = after.filter((member) => !before.includes(member));
  return gone.length + come.length;
}

function same(a: readonly MemberId[], b: readonly MemberId[]): boolean {
  return votersThatDiffer(a, b) === 0;
}

function ascending(members: Iterable<MemberId>): readonly MemberId[] {
  return [...members].toSorted((a, b) => a - b);
}

function changed(configuration: Configuration): Changed {
  return { configuration, error: null };
}

function failed(error: ChangeError): Changed {
  return { configuration: null, error };
}
