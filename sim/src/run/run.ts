import type { HistoryEvent } from "@gauntlet/histories";
import {
  expand,
  type HealReport,
  type Hosts,
  NemesisRunner,
  readSchedule,
  type Schedule,
} from "@gauntlet/nemesis";
import { configurationOf } from "@gauntlet/server/inside";
import { type Operation, WORKLOADS, type Workload } from "@gauntlet/workloads";
import { checkEnding } from "../check/ending.js";
import { Invariants } from "../check/invariants.js";
import { Cluster } from "../cluster/cluster.js";
import { SimHosts } from "../cluster/hosts.js";
import type { ClusterObserver, Ending } from "../cluster/observer.js";
import type { Failure, SimResult } from "../result.js";
import type { Scenario } from "../scenario.js";
import type { Traced, TraceListener } from "../trace.js";
import { nodeNames } from "./draw.js";
import { type Demand, type HealedWorld, demandOf, demandProgress } from "./healing.js";
import { bringAbout, lastingText } from "./lasting.js";
import { nemesisClock } from "./nemesis-clock.js";
import { Pacer } from "./pacer.js";
import { Recorder } from "./recorder.js";
import { runHash } from "./run-hash.js";
import { textOf, textOfFault, textOfOperation, textOfOutcome } from "./texts.js";
import { Workers } from "./workers.js";

export interface RunOptions {
  /** Told of everything as it happens. */
  readonly listener?: TraceListener | null;
  /** Whether the trace is to be part of what comes back. */
  readonly keepTrace?: boolean;
}

export interface RunOutcome extends SimResult {
  /** What the clients saw, in the format of a recorded run. */
  readonly history: readonly HistoryEvent[];
  /** Empty unless it was asked for. */
  readonly trace: readonly Traced[];
}

/** Of the machine that runs the check, not of the world. What takes longer is undecided, and no run is valid then. */
const CHECK_LIMIT_MS = 60_000;
/** A client waits a little longer than the server does. */
const DEADLINE_MARGIN_MS = 500;
/** Longer than a supervisor waits and a log is read. */
const SETTLE_LIMIT_MS = 10_000;
const DRAIN_MARGIN_MS = 1_000;
const MAX_LAG_MS = 1_000;
/** A server looks at its timeouts once a tick; no tick is longer. */
const TICK_MARGIN_MS = 100;
/** So many steps of the cores in so short a time are nodes that answer each other for ever, more each time. */
const STORM = { steps: 65_536, withinMs: 100 } as const;

/**
 * One scenario from the first boot to the last check. The first failure ends it.
 * @throws ScheduleError for a schedule that is none, RangeError for a workload that nobody knows
 */
export async function runScenario(scenario: Scenario, options: RunOptions = {}): Promise<RunOutcome> {
  return new Run(scenario, options).complete();
}

class Run {
  private readonly scenario: Scenario;
  private readonly workload: Workload;
  private readonly schedule: Schedule;
  private readonly nodes: readonly string[];
  private readonly cluster: Cluster;
  private readonly hosts: Hosts;
  private readonly invariants: Invariants;
  private readonly recorder: Recorder;
  private readonly trace: Traced[] = [];
  private readonly faultsByName: Record<string, number> = {};
  private readonly halted: Promise<Failure>;
  private halt: (failure: Failure) => void = () => undefined;
  private isHalted = false;
  private originMs = 0;
  private steps = 0;
  private stepsSinceMs = 0;

  constructor(scenario: Scenario, { listener = null, keepTrace = false }: RunOptions) {
    const workload = WORKLOADS[scenario.load.workload];
    if (workload === undefined) throw new RangeError(`no workload ${scenario.load.workload}`);
    this.scenario = scenario;
    this.workload = workload;
    this.nodes = nodeNames(scenario.nodes);
    this.schedule = readSchedule(scenario.schedule, nodeNames(scenario.nodes + scenario.spareNodes));
    // Now rather than in the middle of the run: whether it fits.
    expand(this.schedule, scenario.load.durationMs);
    const keep: TraceListener = (atMs, event) => {
      this.trace.push({ atMs, event });
      listener?.(atMs, event);
    };
    this.cluster = new Cluster(scenario, {
      observer: this.observer(),
      listener: keepTrace ? keep : listener,
    });
    const { machines, firstMembers, loop } = this.cluster;
    this.invariants = new Invariants({
      members: machines.map(({ id, name }) => ({ id, name })),
      initial: configurationOf(firstMembers.map(({ id }) => id)),
    });
    this.hosts = new SimHosts(this.cluster);
    this.recorder = new Recorder(() => loop.nowMs - this.originMs);
    this.halted = new Promise((resolve) => {
      this.halt = (failure) => {
        if (this.isHalted) return;
        this.isHalted = true;
        loop.settle();
        resolve(failure);
      };
    });
  }

  async complete(): Promise<RunOutcome> {
    const { loop, trace } = this.cluster;
    let failure: Failure | null;
    try {
      failure = await loop.run(Promise.race([this.phases(), this.halted]));
      failure ??= await this.judge();
      trace.event({ type: "phase", phase: "done" });
    } catch (error) {
      failure = this.broken("run", error);
    }
    return {
      seed: this.scenario.seed,
      failure,
      traceHash: runHash(trace.hash(), this.recorder.history),
      simulatedMs: loop.nowMs,
      counts: {
        ...this.recorder.counts,
        elections: this.invariants.elections,
        committed: this.invariants.committed.length,
        messages: trace.counts.messages,
        plannedFaults: this.scenario.schedule.faults.length,
        faults: Object.values(this.faultsByName).reduce((sum, count) => sum + count, 0),
        faultsByName: this.faultsByName,
      },
      history: this.recorder.history,
      trace: this.trace,
    };
  }

  // ---- the phases

  private async phases(): Promise<Failure | null> {
    this.cluster.start();
    const { healing } = this.scenario;
    const bounds = { boundMs: healing.boundMs, stretchMs: this.stretchMs };
    const all: Demand = { core: this.nodes, either: [] };
    const startFailure = await demandProgress(this.healedWorld(), all, bounds);
    if (startFailure !== null) return startFailure;

    this.originMs = this.cluster.loop.nowMs;
    const { workers, generator } = this.hire();
    const nemesis = await this.nemesis();
    this.phase("load");
    const loadFailure = await this.load(workers, nemesis);
    if (loadFailure !== null) return loadFailure;

    this.phase("healing");
    const demand = await this.heal(await nemesis.healAll());
    if ("kind" in demand) return demand;
    const progress = await demandProgress(this.healedWorld(), demand, bounds);
    if (progress !== null) return this.orWorse(progress);

    this.phase("final reads");
    return this.finalReads(workers, generator.finalOperations(), demand);
  }

  private async load(workers: Workers, nemesis: NemesisRunner): Promise<Failure | null> {
    const { rate, durationMs, maxOperations } = this.scenario.load;
    const draw = this.cluster.streams.stream("pacing");
    const pacer = new Pacer({ ratePerSecond: rate, maxLagMs: MAX_LAG_MS, draw });
    const [, executed] = await Promise.all([
      workers.run(pacer, durationMs, maxOperations),
      nemesis.run(new AbortController().signal),
    ]);
    for (const { outcome, fault } of executed) {
      if (outcome.type === "proved") this.faultsByName[fault] = (this.faultsByName[fault] ?? 0) + 1;
    }
    const isIdle = await workers.drain(this.deadlineMs + DRAIN_MARGIN_MS);
    if (!isIdle) return this.broken("calls", `${workers.busyCount} calls did not end within their deadline`);
    if (workers.problem !== null) return this.broken("client", workers.problem);
    if (this.recorder.counts.ok === 0) return this.broken("vacuous", "no operation succeeded");
    return null;
  }

  /** Brings about what lasts, and says what may be demanded all the same. */
  private async heal(report: HealReport): Promise<Demand | Failure> {
    await this.settled();
    const unable = this.cluster.firstMembers.filter((machine) => isUnable(machine.lastEnding, machine.state));
    const names = unable.map(({ name }) => name);
    const left = report.nodes.filter(({ node, healed }) => !healed && !names.includes(node));
    if (left.length > 0) {
      return this.broken("heal", left.map(({ node, detail }) => `${node}: ${detail}`).join("; "));
    }
    if (report.members?.healed === false) {
      const what = `the first members are not the members again: ${report.members.detail}`;
      return this.orWorse(this.stalled("members", what));
    }
    const { lasting } = this.scenario.healing;
    const demand = demandOf(this.nodes, lasting, names);
    if (demand !== null) {
      if (lasting.type !== "none") {
        this.cluster.trace.event({ type: "fault", what: lastingText(lasting) });
        await bringAbout(lasting, this.hosts, this.nodes);
      }
      return demand;
    }
    // With so many disks damaged, no more may be broken.
    const least = demandOf(this.nodes, { type: "none" }, names);
    return least ?? this.broken("budget", `the disks of ${names.join(", ")} are damaged: no quorum is left`);
  }

  /** A server that ended by itself comes back, or finds that it cannot: only then it is known whom to count on. */
  private async settled(): Promise<void> {
    const { loop, firstMembers } = this.cluster;
    const untilMs = loop.nowMs + SETTLE_LIMIT_MS;
    while (loop.nowMs < untilMs && firstMembers.some(({ isSettled }) => !isSettled)) await loop.sleep(50);
  }

  private async finalReads(
    workers: Workers,
    operations: readonly Operation[],
    { core }: Demand,
  ): Promise<Failure | null> {
    const { loop } = this.cluster;
    const { boundMs } = this.scenario.healing;
    const isOfCore = (worker: number): boolean => core.includes(this.nodes[worker % this.nodes.length] ?? "");
    const untilMs = loop.nowMs + boundMs;
    const unread = await workers.runFinal(operations, untilMs, isOfCore);
    if (workers.problem !== null) return this.broken("client", workers.problem);
    if (unread.length > 0) {
      const keys = unread.map(({ key }) => key).join(", ");
      return this.orWorse(this.stalled("final-reads", `${keys} could not be read within ${boundMs} ms`));
    }
    const isBehind = (): readonly string[] =>
      core.filter((node) => this.appliedIndex(node) < this.invariants.committed.length);
    while (isBehind().length > 0) {
      if (loop.nowMs >= untilMs) {
        const what = `${isBehind().join(", ")} did not apply all ${this.invariants.committed.length} entries within ${boundMs} ms`;
        return this.orWorse(this.stalled("convergence", what));
      }
      await loop.sleep(50);
    }
    return this.answersAll();
  }

  /** A server answers every call within its own timeout, be it that it knows nothing: clients have long given up. */
  private async answersAll(): Promise<Failure | null> {
    const { machines, loop } = this.cluster;
    const isOpen = (): boolean => machines.some(({ unansweredCount }) => unansweredCount > 0);
    const untilMs = loop.nowMs + this.slowestMs(this.longestTimeoutMs + TICK_MARGIN_MS);
    while (isOpen() && loop.nowMs < untilMs) await loop.sleep(50);
    if (!isOpen()) return null;
    const open = machines.filter(({ unansweredCount }) => unansweredCount > 0);
    const who = open.map(({ name, unansweredCount }) => `${name} (${unansweredCount})`).join(", ");
    return this.orWorse(this.stalled("answers", `calls are open for longer than any timeout at ${who}`));
  }

  // ---- judgement

  private async judge(): Promise<Failure | null> {
    this.invariants.ended();
    return this.observed() ?? this.ending() ?? (await this.checkHistory());
  }

  /** A safety violation in the history is worse than a cluster that hangs. */
  private async orWorse(failure: Failure): Promise<Failure> {
    const worse = await this.checkHistory();
    return worse?.kind === "check" ? worse : failure;
  }

  private ending(): Failure | null {
    const replicas = this.cluster.machines.flatMap(({ name, server }) => {
      if (server === null) return [];
      return [{ node: name, appliedIndex: this.appliedIndex(name), store: server.store }];
    });
    const found = checkEnding(this.invariants.committed, replicas, this.recorder.history);
    return found === null ? null : { ...found, atMs: this.cluster.loop.nowMs };
  }

  private async checkHistory(): Promise<Failure | null> {
    const { history } = this.recorder;
    const results = await this.workload.check(history, { timeLimitMs: CHECK_LIMIT_MS });
    const invalid = results.find(({ verdict }) => verdict === "invalid");
    const atMs = this.cluster.loop.nowMs;
    if (invalid !== undefined) return { kind: "check", name: invalid.name, what: invalid.reason, atMs };
    const open = results.find(({ verdict }) => verdict !== "valid");
    return open === undefined ? null : this.broken(open.name, open.reason);
  }

  // ---- the world's ends

  private observer(): ClusterObserver {
    return {
      started: (member, restored) => {
        this.invariants.started(member, restored);
        this.look();
      },
      stepped: (member, event, effects, view) => {
        this.invariants.stepped(member, event, effects, view);
        if (this.invariants.violation !== null || this.invariants.problem !== null) this.look();
        if (++this.steps % STORM.steps === 0) this.lookForStorm();
      },
      stopped: (member, ending) => {
        this.invariants.stopped(member);
        if (ending.kind !== "invariant" && ending.kind !== "refused") return;
        const what = `${this.cluster.nameOf(member)} ended itself: ${ending.reason}`;
        this.halt({ kind: "stopped", name: ending.kind, what, atMs: this.cluster.loop.nowMs });
      },
      damaged: (member) => this.invariants.damaged(member),
      unexpected: (member, error) => {
        const what = `${this.cluster.nameOf(member)} answered a call with an internal error: ${textOf(error)}`;
        this.halt({ kind: "stopped", name: "internal-error", what, atMs: this.cluster.loop.nowMs });
      },
    };
  }

  private lookForStorm(): void {
    const { nowMs } = this.cluster.loop;
    if (nowMs - this.stepsSinceMs < STORM.withinMs) {
      const what = `the nodes took ${STORM.steps} steps within ${STORM.withinMs} ms: they answer each other for ever`;
      this.halt(this.stalled("message-storm", what));
    }
    this.stepsSinceMs = nowMs;
  }

  private look(): void {
    const failure = this.observed();
    if (failure !== null) this.halt(failure);
  }

  private observed(): Failure | null {
    const { violation, problem } = this.invariants;
    if (violation !== null) return { kind: "invariant", ...violation, atMs: this.cluster.loop.nowMs };
    return problem === null ? null : this.broken("observer", problem);
  }

  private hire() {
    const { cluster, nodes, workload, recorder, scenario } = this;
    const { concurrency } = scenario.load;
    const { loop, trace } = cluster;
    const generator = workload.start(
      { concurrency, nodes: nodes.length },
      cluster.streams.stream("workload"),
    );
    const idOf = (node: string): number => cluster.machine(node).id;
    const clients = Array.from({ length: concurrency }, (_, worker) =>
      cluster.client(nodes[worker % nodes.length] as string, this.deadlineMs),
    );
    const workers = new Workers({
      loop,
      clients,
      nodes,
      workload,
      generator,
      recorder,
      onInvoke: (process, node, operation) =>
        trace.invoked(process, idOf(node), trace.listener === null ? "" : textOfOperation(operation)),
      onComplete: (process, node, operation, outcome) =>
        trace.completed(
          process,
          idOf(node),
          outcome.type,
          trace.listener === null ? "" : textOfOutcome(operation, outcome),
        ),
    });
    return { workers, generator };
  }

  private async nemesis(): Promise<NemesisRunner> {
    const { hosts, schedule, scenario, cluster } = this;
    const capabilities = await hosts.probe();
    return new NemesisRunner({
      hosts,
      schedule,
      seed: scenario.seed,
      timeLimitMs: scenario.load.durationMs,
      clock: nemesisClock(cluster.loop, this.originMs),
      capabilities,
      onEvent: (event) => {
        this.recorder.fault(event);
        cluster.trace.event({ type: "fault", what: textOfFault(event) });
      },
    });
  }

  private healedWorld(): HealedWorld {
    const { cluster } = this;
    return {
      loop: cluster.loop,
      connect: (node) => cluster.client(node, this.deadlineMs),
      leadership: (names) => {
        const views = names.flatMap((name) => {
          const server = cluster.machine(name).server;
          return server === null ? [] : [{ name, ...server.replica.view }];
        });
        const term = Math.max(0, ...views.map((view) => view.term));
        const leader = views.find((view) => view.role === "leader" && view.term === term);
        return { term, leader: leader?.name ?? null };
      },
    };
  }

  private appliedIndex(node: string): number {
    return this.invariants.appliedIndex(this.cluster.machine(node).id);
  }

  private phase(phase: "load" | "healing" | "final reads"): void {
    this.cluster.trace.event({ type: "phase", phase });
  }

  private get deadlineMs(): number {
    return this.longestTimeoutMs + DEADLINE_MARGIN_MS;
  }

  /** An election timeout is at most twice the configured one. */
  private get stretchMs(): number {
    const { server, upgraded } = this.scenario;
    return this.slowestMs(3 * Math.max(server.electionTimeoutMs, upgraded?.electionTimeoutMs ?? 0));
  }

  private get longestTimeoutMs(): number {
    const { server, upgraded } = this.scenario;
    return Math.max(server.requestTimeoutMs, upgraded?.requestTimeoutMs ?? 0);
  }

  /** So long by a clock that is as slow as any without faults. */
  private slowestMs(ms: number): number {
    return ms / (1 - this.scenario.clockDrift);
  }

  private stalled(name: string, what: string): Failure {
    return { kind: "liveness", name, what, atMs: this.cluster.loop.nowMs };
  }

  private broken(name: string, problem: unknown): Failure {
    return { kind: "simulator", name, what: textOf(problem), atMs: this.cluster.loop.nowMs };
  }
}

/** Its disk is damaged, and it says so instead of serving what it has: by right. */
function isUnable(ending: Ending | null, state: string): boolean {
  return state === "exited" && ending?.kind === "damaged";
}
