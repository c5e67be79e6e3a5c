import type { Effect, Event, MemberId, StateMeta } from "@gauntlet/server/inside";
import { stateText } from "../check/ending.js";
import type { ClusterObserver, Ending, RestoredView, StateOrigin, StepView } from "../cluster/observer.js";
import { stackOf } from "../errors.js";
import { nodeName } from "../node-names.js";
import type { Failure } from "../result.js";
import { stalled } from "./failures.js";
import type { Judge } from "./judge.js";
import type { RunParts } from "./parts.js";

/** So many steps of the cores in so short a time are nodes that answer each other for ever, more each time. */
const STORM = { steps: 65_536, withinMs: 100 } as const;

/** Hands on to the invariants what the servers do, and halts the run at the first thing that is wrong. */
export class Watch implements ClusterObserver {
  private readonly parts: RunParts;
  private readonly judge: Judge;
  private readonly halt: (failure: Failure) => void;
  private steps = 0;
  private stepsSinceMs = 0;

  /** The parts may be incomplete yet: the cluster is made with its observer. */
  constructor(parts: RunParts, judge: Judge, halt: (failure: Failure) => void) {
    this.parts = parts;
    this.judge = judge;
    this.halt = halt;
  }

  started(member: MemberId, restored: RestoredView): void {
    this.parts.invariants.started(member, restored);
    this.look();
  }

  stepped(member: MemberId, event: Event, effects: readonly Effect[], view: StepView): void {
    const { invariants } = this.parts;
    invariants.stepped(member, event, effects, view);
    if (invariants.violation !== null || invariants.problem !== null) this.look();
    if (++this.steps % STORM.steps === 0) this.lookForStorm();
  }

  stopped(member: MemberId, { kind, reason }: Ending): void {
    this.parts.invariants.stopped(member);
    if (kind !== "invariant" && kind !== "refused") return;
    this.haltStopped(member, kind, `ended itself: ${reason}`);
  }

  damaged(member: MemberId): void {
    this.parts.invariants.damaged(member);
  }

  state(member: MemberId, what: StateOrigin, meta: StateMeta): void {
    const { states } = this.parts;
    states.push({ node: nodeName(member), what, index: meta.index, text: stateText(meta) });
  }

  /** No fault of this world makes states differ: either they do, by a bug, or it is said of equal ones. */
  corrupt(member: MemberId, reason: string): void {
    this.haltStopped(member, "corrupt", `found that its state is not that of the others: ${reason}`);
  }

  unexpected(member: MemberId, error: unknown): void {
    this.haltStopped(member, "internal-error", `answered a call with an internal error: ${stackOf(error)}`);
  }

  private haltStopped(member: MemberId, name: string, how: string): void {
    const what = `${nodeName(member)} ${how}`;
    this.halt({ kind: "stopped", name, what, atMs: this.parts.cluster.loop.nowMs });
  }

  private look(): void {
    const failure = this.judge.observed();
    if (failure !== null) this.halt(failure);
  }

  private lookForStorm(): void {
    const { loop } = this.parts.cluster;
    if (loop.nowMs - this.stepsSinceMs < STORM.withinMs) {
      const what = `the nodes took ${STORM.steps} steps within ${STORM.withinMs} ms: they answer each other for ever`;
      this.halt(stalled(loop, "message-storm", what));
    }
    this.stepsSinceMs = loop.nowMs;
  }
}
