import type { MemberId } from "./message.js";

/**
 * Who decides, and who only listens. `outgoing` is empty but for a joint configuration: then every decision
 * needs a majority of `voters` and one of `outgoing` (dissertation 4.3). Each list ascends.
 */
export interface Configuration {
  readonly voters: readonly MemberId[];
  readonly outgoing: readonly MemberId[];
  /** Get the log, decide nothing. */
  readonly learners: readonly MemberId[];
  /** Outgoing voters that become learners when the joint configuration is left. */
  readonly learnersNext: readonly MemberId[];
  /** Of `learners` and `learnersNext`: the leader makes them voters by itself once they learn and have caught up. */
  readonly promotable: readonly MemberId[];
  /** The leader leaves the joint configuration as soon as it is committed. */
  readonly autoLeave: boolean;
}

/** One wish. On a member that is what was wished for already, it changes nothing. */
export type ConfigurationChange =
  /** A new member or a learner becomes a voter. */
  | { readonly type: "add-voter"; readonly member: MemberId }
  /** A new member or a voter becomes a learner; `promote`: a voter later, when it has caught up. */
  | { readonly type: "add-learner"; readonly member: MemberId; readonly promote: boolean }
  | { readonly type: "remove"; readonly member: MemberId };

export function configurationOf(voters: readonly MemberId[]): Configuration {
  return {
    voters: voters.toSorted((a, b) => a - b),
    outgoing: [],
    learners: [],
    learnersNext: [],
    promotable: [],
    autoLeave: false,
  };
}

export function isJoint(configuration: Configuration): boolean {
  return configuration.outgoing.length > 0;
}

/** Has a say, in either half: may campaign, and its votes and acknowledgements count. */
export function isVoter({ voters, outgoing }: Configuration, member: MemberId): boolean {
  return voters.includes(member) || outgoing.includes(member);
}

export function sameConfiguration(a: Configuration, b: Configuration): boolean {
  const lists = (one: Configuration) => [
    one.voters,
    one.outgoing,
    one.learners,
    one.learnersNext,
    one.promotable,
  ];
  return a.autoLeave === b.autoLeave && JSON.stringify(lists(a)) === JSON.stringify(lists(b));
}

/** All who get the log, ascending. */
export function membersOf({ voters, outgoing, learners }: Configuration): readonly MemberId[] {
  return [...new Set([...voters, ...outgoing, ...learners])].toSorted((a, b) => a - b);
}

/** The state machine as of an entry, as the log names it: what a log can begin after. */
export interface SnapshotMark {
  readonly index: number;
  readonly term: number;
  /** In force after that entry. */
  readonly configuration: Configuration;
}
