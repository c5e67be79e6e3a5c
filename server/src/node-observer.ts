import type { Logger } from "pino";
import type { Metrics } from "./metrics.js";
import type { Configuration } from "./raft/configuration.js";
import type { MemberId } from "./raft/message.js";
import type { ReplicaPorts } from "./replica/open.js";

interface Hooks {
  readonly nameOf: (member: MemberId) => string;
  readonly ticked: () => void;
  readonly configurationApplied: (configuration: Configuration) => void;
  readonly removed: () => void;
  readonly fatal: (error: Error) => void;
}

/** Tells people what a replica goes through: in the log, and in the metrics. */
export function replicaObserver(logger: Logger, metrics: Metrics, hooks: Hooks): ReplicaPorts["observer"] {
  const { nameOf } = hooks;
  return {
    roleChanged: ({ role, term, leader }) => {
      if (role === "candidate") metrics.electionBegun();
      logger.info({ role, term, leader: leader === null ? null : nameOf(leader) }, "role changed");
    },
    ticked: () => {
      metrics.ticked();
      hooks.ticked();
    },
    proposalApplied: (elapsedMs) => metrics.committed(elapsedMs),
    configurationApplied: (configuration) => {
      hooks.configurationApplied(configuration);
      const { voters, outgoing, learners } = configuration;
      const named = (ids: readonly MemberId[]) => ids.map(nameOf);
      const members = { voters: named(voters), outgoing: named(outgoing), learners: named(learners) };
      logger.info(members, "configuration changed");
    },
    removed: hooks.removed,
    logSynced: (seconds) => metrics.synced(seconds),
    recovering: (reason, lostTo) =>
      logger.error(
        { reason, lostTo },
        lostTo === 0
          ? "damage on disk: begun anew from what is sound; nothing is lost"
          : "damage on disk: begun anew; what is lost comes from the other members",
      ),
    recovered: () => logger.warn("all that was lost is back: this member votes again"),
    checkpointed: (index, elapsedMs) => {
      metrics.checkpointed(elapsedMs);
      logger.info({ index, elapsedMs: Math.round(elapsedMs) }, "checkpoint written");
    },
    snapshotSent: (to, index, error) => {
      metrics.snapshot("sent", error);
      logger.info({ to: nameOf(to), index, error: error?.message }, "snapshot sent");
    },
    snapshotReceived: (from, index, error) => {
      metrics.snapshot("received", error);
      logger.info({ from: nameOf(from), index, error: error?.message }, "snapshot received");
    },
    snapshotInstalled: (index) => logger.info({ index }, "snapshot installed"),
    alarmsChanged: (alarms) => logger.warn({ alarms }, "alarms changed"),
    corrupt: (difference) =>
      logger.fatal(
        { ...difference },
        "this member's state differs from that of the others: it takes no more part; run `gauntlet-server rebuild --data-dir …`",
      ),
    fatal: hooks.fatal,
  };
}
