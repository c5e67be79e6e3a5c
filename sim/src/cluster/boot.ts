import type {
  Configuration,
  Effect,
  Event,
  Instant,
  MemberId,
  OpenedReplica,
  RaftCore,
  ReplicaPorts,
  ReplicaStatus,
  Role,
} from "@gauntlet/server/inside";
import { DEFAULT_CHECKPOINTS, DEFAULT_LIMITS, openReplica, tickPlan } from "@gauntlet/server/inside";
import type { ServerSettings } from "../scenario.js";
import type { RestoredView, StepView } from "./observer.js";

export type Server = OpenedReplica;
export type WriteResult = Awaited<ReturnType<Server["replica"]["propose"]>>;

export interface ServerIdentity {
  readonly clusterId: number;
  readonly self: MemberId;
  /** In force before any entry; without voters for a server that joins a running cluster. */
  readonly initial: Configuration;
}

/** Told of the core from its birth on. */
export interface CoreObserver {
  restored(view: RestoredView): void;
  /** After each step that did not throw, before its effects are carried out. */
  stepped(event: Event, effects: readonly Effect[], view: StepView): void;
}

/** The server's own default: config.ts. */
const MAX_PROPOSAL_BYTES = 1.5 * 1024 * 1024;

/** Where a core keeps what a StepView shows: ordinary properties, by its own contract. */
interface CoreState {
  readonly role: Role;
  readonly member: {
    readonly term: number;
    readonly log: { readonly commitIndex: number; termAt(index: number): number | null };
  };
}

/** The core, and each step told of. Builds nothing for it. */
class WatchedCore implements StepView {
  private readonly core: RaftCore;
  private readonly state: CoreState;
  private readonly observer: CoreObserver;

  constructor(core: RaftCore, observer: CoreObserver) {
    this.core = core;
    this.state = core as unknown as CoreState;
    this.observer = observer;
  }

  get role(): Role {
    return this.state.role;
  }

  get term(): number {
    return this.state.member.term;
  }

  get commitIndex(): number {
    return this.state.member.log.commitIndex;
  }

  get commitTerm(): number {
    const { log } = this.state.member;
    return log.termAt(log.commitIndex) ?? 0;
  }

  step(event: Event, now: Instant): readonly Effect[] {
    const effects = this.core.step(event, now);
    this.observer.stepped(event, effects, this);
    return effects;
  }

  status(): ReplicaStatus {
    return this.core.status();
  }
}

/**
 * A server on the world's ports, made by the very code that makes one in a process, and not started yet.
 * Rejects as openReplica does. The one place that knows how.
 */
export function bootServer(
  ports: Omit<ReplicaPorts, "watchCore">,
  identity: ServerIdentity,
  settings: ServerSettings,
  observer: CoreObserver,
): Promise<Server> {
  const { maxAppendBytes, maxInflightAppends, maxInflightBytes } = settings;
  return openReplica(
    {
      ...ports,
      watchCore: (core, restored) => {
        observer.restored(restored);
        return new WatchedCore(core, observer);
      },
    },
    {
      ...identity,
      ticks: tickPlan(settings),
      requestTimeoutMs: settings.requestTimeoutMs,
      segmentBytes: settings.segmentBytes,
      maxProposalBytes: MAX_PROPOSAL_BYTES,
      leaseClockUncertainty: settings.leaseClockUncertainty,
      limits: { ...DEFAULT_LIMITS, maxAppendBytes, maxInflightAppends, maxInflightBytes },
      checkpoints: {
        checkpointBytes: settings.checkpointBytes,
        tail: { ...DEFAULT_CHECKPOINTS.tail, maxEntries: settings.tailEntries },
      },
      hashInterval: settings.hashInterval,
    },
  );
}
