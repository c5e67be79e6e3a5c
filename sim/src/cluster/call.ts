import type { Outcome } from "@gauntlet/workloads";
import type { Loop, Task } from "../world/loop.js";
import type { Life } from "../world/life.js";
import type { Stream } from "../world/random.js";
import type { NetworkProfile } from "../scenario.js";
import type { Server } from "./boot.js";
import type { Deadlines } from "./deadlines.js";
import type { Machine } from "./machine.js";
import type { CallKind } from "./outcomes.js";
import { connectionLost, deadlineExceeded, neverSent, refused } from "./outcomes.js";

/** What all calls of one client share. */
export interface CallContext {
  readonly loop: Loop;
  readonly machine: Machine;
  readonly random: Stream;
  readonly profile: NetworkProfile;
  readonly deadlines: Deadlines;
  readonly unexpected: (error: unknown) => void;
}

/** Sends a call on its way; `resolve` is called once, within the deadline. */
export function startCall<Value>(
  context: CallContext,
  kind: CallKind,
  serve: (server: Server) => Promise<Outcome<Value>>,
  resolve: (outcome: Outcome<Value>) => void,
): void {
  new Call(context, kind, serve, resolve).begin();
}

/**
 * One call of a client: the way to the node, the server's own path, and the way back. It is a task twice: when the
 * request arrives and when the answer does.
 */
export class Call<Value = unknown> implements Task {
  readonly deadlineUs: number;
  private readonly context: CallContext;
  private readonly kind: CallKind;
  private readonly serve: (server: Server) => Promise<Outcome<Value>>;
  private readonly resolve: (outcome: Outcome<Value>) => void;
  /** The life that the connection leads to; null: nobody listened. */
  private readonly life: Life | null;
  private outcome: Outcome<Value> | null = null;
  private isOver = false;

  constructor(
    context: CallContext,
    kind: CallKind,
    serve: (server: Server) => Promise<Outcome<Value>>,
    resolve: (outcome: Outcome<Value>) => void,
  ) {
    this.context = context;
    this.kind = kind;
    this.serve = serve;
    this.resolve = resolve;
    this.life = context.machine.listening;
    this.deadlineUs = context.loop.nowUs + context.deadlines.timeoutUs;
    if (this.life === null) this.outcome = neverSent;
  }

  begin(): void {
    this.travel();
    this.context.deadlines.add(this);
  }

  run(): void {
    if (this.outcome !== null) return this.finish(this.outcome);
    const { machine } = this.context;
    const { life } = this;
    if (life === null || machine.listening !== life) return this.answer(connectionLost(this.kind));
    if (life.state === "paused") return life.hold(this);
    const { server } = machine;
    if (server === null) return this.answer(connectionLost(this.kind));
    machine.open(this as Call);
    this.context.loop.settle();
    this.serve(server).then(this.served, this.failed);
  }

  /** The life that worked on it is over. Whether it took effect, nobody can say. */
  connectionLost(): void {
    this.answer(connectionLost(this.kind));
  }

  /** The client waits no longer; the server goes on with it. */
  expire(): void {
    if (!this.isOver) this.finish(deadlineExceeded(this.kind));
  }

  get over(): boolean {
    return this.isOver;
  }

  private readonly served = (outcome: Outcome<Value>): void => {
    if (this.outcome !== null) return;
    this.context.machine.close(this as Call);
    this.answer(outcome);
  };

  private readonly failed = (error: unknown): void => {
    if (this.outcome !== null) return;
    this.context.machine.close(this as Call);
    const outcome = refused(error, this.kind);
    if (outcome.type !== "ok" && outcome.error.code === "unknown") this.context.unexpected(error);
    this.answer(outcome);
  };

  private answer(outcome: Outcome<Value>): void {
    this.outcome = outcome;
    this.travel();
  }

  private travel(): void {
    const { loop, random, profile } = this.context;
    loop.schedule(this, random.between(profile.minDelayMs, profile.maxDelayMs));
  }

  private finish(outcome: Outcome<Value>): void {
    if (this.isOver) return;
    this.isOver = true;
    this.context.loop.settle();
    this.resolve(outcome);
  }
}
