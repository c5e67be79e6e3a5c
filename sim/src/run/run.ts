import type { HistoryEvent } from "@gauntlet/histories";
import { expand, type Hosts, readSchedule, type Schedule } from "@gauntlet/nemesis";
import { configurationOf } from "@gauntlet/server/inside";
import { WORKLOADS, type Workload } from "@gauntlet/workloads";
import type { StateSeen } from "../check/ending.js";
import { Invariants } from "../check/invariants.js";
import { Cluster } from "../cluster/cluster.js";
import { SimHosts } from "../cluster/hosts.js";
import { nodeNames } from "../node-names.js";
import type { Failure, SimResult } from "../result.js";
import type { Scenario } from "../scenario.js";
import type { Traced, TraceListener } from "../trace.js";
import { broken } from "./failures.js";
import { Judge } from "./judge.js";
import type { RunParts } from "./parts.js";
import { Phases } from "./phases.js";
import { Recorder } from "./recorder.js";
import { runHash } from "./run-hash.js";
import { Watch } from "./watch.js";

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

/**
 * One scenario from the first boot to the last check. The first failure ends it.
 * @throws ScheduleError for a schedule that is none, RangeError for a workload that nobody knows
 */
export async function runScenario(scenario: Scenario, options: RunOptions = {}): Promise<RunOutcome> {
  return new Run(scenario, options).complete();
}

class Run implements RunParts {
  readonly scenario: Scenario;
  readonly workload: Workload;
  readonly schedule: Schedule;
  readonly nodes: readonly string[];
  readonly cluster: Cluster;
  readonly hosts: Hosts;
  readonly invariants: Invariants;
  readonly recorder: Recorder;
  readonly states: StateSeen[] = [];
  private readonly judge: Judge;
  private readonly phases: Phases;
  private readonly trace: Traced[] = [];
  private readonly halted: Promise<Failure>;
  private resolveHalted: (failure: Failure) => void = () => undefined;
  private isHalted = false;

  constructor(scenario: Scenario, { listener = null, keepTrace = false }: RunOptions) {
    const workload = WORKLOADS[scenario.load.workload];
    if (workload === undefined) throw new RangeError(`no workload ${scenario.load.workload}`);
    this.scenario = scenario;
    this.workload = workload;
    this.nodes = nodeNames(scenario.nodes);
    this.schedule = readSchedule(scenario.schedule, nodeNames(scenario.nodes + scenario.spareNodes));
    // Now rather than in the middle of the run: whether it fits.
    expand(this.schedule, scenario.load.durationMs);
    this.halted = new Promise((resolve) => {
      this.resolveHalted = resolve;
    });
    this.judge = new Judge(this);
    const keep: TraceListener = (atMs, event) => {
      this.trace.push({ atMs, event });
      listener?.(atMs, event);
    };
    this.cluster = new Cluster(scenario, {
      observer: new Watch(this, this.judge, (failure) => this.halt(failure)),
      listener: keepTrace ? keep : listener,
    });
    const { machines, firstMembers, loop } = this.cluster;
    this.invariants = new Invariants({
      members: machines.map(({ id, name }) => ({ id, name })),
      initial: configurationOf(firstMembers.map(({ id }) => id)),
    });
    this.hosts = new SimHosts(this.cluster);
    this.recorder = new Recorder(loop);
    this.phases = new Phases(this, this.judge);
  }

  async complete(): Promise<RunOutcome> {
    const { loop, trace } = this.cluster;
    let failure: Failure | null;
    try {
      failure = await loop.run(Promise.race([this.phases.all(), this.halted]));
      failure ??= await this.judge.verdict();
      trace.event({ type: "phase", phase: "done" });
    } catch (error) {
      failure = broken(loop, "run", error);
    }
    const { faultsByName } = this.phases;
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
        faults: Object.values(faultsByName).reduce((sum, count) => sum + count, 0),
        faultsByName,
        storage: this.cluster.storageCounts(),
      },
      history: this.recorder.history,
      trace: this.trace,
    };
  }

  /** Ends the phases with the first failure, wherever they are. */
  private halt(failure: Failure): void {
    if (this.isHalted) return;
    this.isHalted = true;
    this.cluster.loop.settle();
    this.resolveHalted(failure);
  }
}
