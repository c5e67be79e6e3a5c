import { change } from "./configuration-change.js";
import { isJoint } from "./configuration.js";
import type { Configuration, ConfigurationChange } from "./configuration.js";
import type { RefusalReason } from "./event.js";
import { invariant } from "./invariant.js";
import type { Member } from "./member.js";
import type { Replication } from "./replication.js";

export type PlannedChange =
  | { readonly configuration: Configuration; readonly refusal: null }
  | { readonly configuration: null; readonly refusal: RefusalReason };

/**
 * The configuration that a leader may append now on the way to what is wished for, or why it may not.
 *
 * One change at a time, and none before an entry of the leader's own term is committed: an earlier leader may
 * have appended a change that this log lacks and that differs from the next one by two voters; only when
 * a quorum has this leader's entry can that one not win any more (Ongaro, raft-dev, 2015).
 */
export function planChange(
  member: Member,
  replication: Replication,
  changes: readonly ConfigurationChange[],
): PlannedChange {
  const { log, term, configuration, configurations } = member;
  if (log.termAt(log.commitIndex) !== term) return refused("term-not-committed");
  if (configurations.lastIndex > log.commitIndex || isJoint(configuration))
    return refused("change-under-way");
  const lags = changes.some((wish) => {
    return (
      wish.type === "add-voter" &&
      configuration.learners.includes(wish.member) &&
      !replication.isCaughtUp(wish.member)
    );
  });
  if (lags) return refused("learner-not-ready");
  const changed = change(configuration, changes);
  if (changed.error === null) return { configuration: changed.configuration, refusal: null };
  invariant(changed.error === "no-voters-left", () => `a configuration that decides is ${changed.error}`);
  return refused("no-voters-left");
}

/** The first learner that is to be a voter and can be one. */
export function readyToPromote({ configuration }: Member, replication: Replication): number | null {
  const ready = configuration.promotable.find((learner) => {
    return configuration.learners.includes(learner) && replication.isCaughtUp(learner);
  });
  return ready ?? null;
}

function refused(refusal: RefusalReason): PlannedChange {
  return { configuration: null, refusal };
}
