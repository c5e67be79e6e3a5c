import { setMaxListeners } from "node:events";
import type { NodeSample } from "@gauntlet/histories";
import { FAULTS, type Schedule } from "@gauntlet/nemesis";
import type { Generator } from "@gauntlet/workloads";
import type { Progress } from "../cli/terminal.js";
import { messageOf, RigError } from "../errors.js";
import { secondsOf } from "../text.js";
import type { RunClock } from "./clock.js";
import type { Cluster, Connection, StartCluster } from "./cluster.js";
import type { Bounds, RunConfig } from "./config.js";
import { Journal } from "./disturbances.js";
import { type Facts, noFacts, VIOLATION_SEEN } from "./facts.js";
import { ViolationSeen } from "./live.js";
import { awaitFailure, monitor } from "./monitor.js";
import { Nemesis } from "./nemesis.js";
import { Pacer } from "./pacer.js";
import { drawFrom } from "./random.js";
import type { Recorder } from "./recorder.js";
import { Sampling } from "./samples.js";
import { awaitService } from "./service.js";
import { together } from "./together.js";
import { Workers } from "./workers.js";

export interface RunContext {
  readonly runId: string;
  /** Where the nodes' logs go. */
  readonly logsDirectory: string;
  readonly startCluster: StartCluster;
  readonly clock: RunClock;
  readonly recorder: Recorder;
  readonly progress: Progress;
  readonly bounds: Bounds;
  /** Told of each round: what the nodes showed of themselves. */
  readonly onSamples?: (samples: readonly NodeSample[]) => void;
  /** Beside the main phase: throws ViolationSeen when there is no need to go on. */
  readonly watch?: (signal: AbortSignal) => Promise<void>;
  /** Told of each phase as it begins. */
  readonly onPhase?: (phase: string) => void;
  /** Told once, when the cluster is up: for test.json. */
  readonly onPrepared: (facts: Facts) => Promise<void>;
}

/** A write that only asks whether the cluster takes writes. */
const PROBE_DEADLINE_MS = 2_000;
const SPARES = 1;
const STREAM = { workload: 1, pacing: 2 } as const;

/**
 * One run, from nothing to nothing left running: prepare, main, heal, final reads, stop.
 * Never throws: what went wrong is in the facts, and the cluster is stopped in every case. When the
 * signal aborts, the phase ends early and the rest is skipped but for the stopping.
 */
export async function execute(config: RunConfig, context: RunContext, signal: AbortSignal): Promise<Facts> {
  setMaxListeners(0, signal);
  const run = new Run(config, context, signal);
  try {
    await run.throughAllPhases();
  } catch (error) {
    if (signal.aborted) run.facts.interruptedIn = run.phase;
    if (error instanceof ViolationSeen) run.facts.interruptedIn = `${run.phase}: ${VIOLATION_SEEN}`;
    else if (error !== signal.reason) run.facts.errors.push(`${run.phase}: ${messageOf(error)}`);
  }
  await run.stop();
  return run.facts;
}

class Run {
  readonly facts = noFacts();

  phase = "prepare";

  readonly #config: RunConfig;

  readonly #context: RunContext;

  readonly #signal: AbortSignal;

  #cluster: Cluster | null = null;

  #nemesis: Nemesis | null = null;

  #journal: Journal | null = null;

  #sampling: Sampling | null = null;

  #workers: Workers | null = null;

  #connections: readonly Connection[] = [];

  constructor(config: RunConfig, context: RunContext, signal: AbortSignal) {
    this.#config = config;
    this.#context = context;
    this.#signal = signal;
  }

  async throughAllPhases(): Promise<void> {
    const cluster = await this.#prepare();
    const { workload, concurrency, seed, keySkew } = this.#config;
    const generator = workload.start(
      { concurrency, nodes: cluster.hosts.nodes.length, keySkew },
      drawFrom(seed, STREAM.workload),
    );
    const workers = this.#hire(cluster, generator);
    await this.#main(cluster, workers);
    await this.#heal(cluster);
    await this.#finalReads(cluster, workers, generator);
    await this.#agreement(cluster);
    this.facts.finished = true;
  }

  /** Whatever happened: the facts are completed and nothing is left running. */
  async stop(): Promise<void> {
    this.#context.progress.status("");
    await this.#letGo();
    const cluster = this.#cluster;
    if (cluster === null) return;
    await this.#sampling?.end();
    const unsampled = this.#sampling?.failure ?? null;
    const { errors } = this.facts;
    const untold = cluster.failures().filter((failure) => !errors.some((error) => error.includes(failure)));
    errors.push(...untold, ...(unsampled === null ? [] : [unsampled]));
    try {
      // Whether a violation was found, the check says, and by then the machines are gone.
      if (this.facts.began) this.facts.savedData = await cluster.saveData();
      this.#context.progress.line("stop: removing the nodes");
      await cluster.stop();
    } catch (error) {
      this.facts.errors.push(`stop: ${messageOf(error)}`);
    }
  }

  async #letGo(): Promise<void> {
    this.facts.faults = this.#nemesis?.executed() ?? [];
    this.facts.executedSchedule = this.#nemesis?.executedSchedule() ?? null;
    this.facts.disturbances = this.#journal?.disturbances() ?? [];
    for (const connection of this.#connections) connection.close();
    try {
      // Every call ends within its deadline; only then is the history complete.
      await this.#workers?.drain();
    } catch (error) {
      this.facts.errors.push(`recording: ${messageOf(error)}`);
    }
  }

  /** Ends with a leader and a write accepted at every node; without them there is nothing to test. */
  async #prepare(): Promise<Cluster> {
    const { runId, logsDirectory, startCluster, progress, bounds, onPrepared } = this.#context;
    const { nodes, schedule } = this.#config;
    const spares = sparesFor(schedule);
    this.#enter("prepare", `starting ${nodes} nodes`);
    const log = (line: string): void => progress.line(line);
    const cluster = await startCluster({ runId, nodes, spares, logsDirectory, signal: this.#signal, log });
    this.#cluster = cluster;
    const service = await this.#awaitService(cluster, bounds.startMs, this.#signal);
    const late = service.writes.filter(({ afterMs }) => afterMs === null);
    if (service.leaderAfterMs === null || late.length > 0) {
      const why = late.map(({ node, lastError }) => `${node}: ${lastError ?? "no answer"}`).join(", ");
      throw new RigError(
        `no writes were taken within ${secondsOf(bounds.startMs)} (${why === "" ? "no leader" : why})`,
      );
    }
    this.facts.versions = cluster.versions;
    this.facts.capabilities = await cluster.hosts.probe();
    await onPrepared(this.facts);
    return cluster;
  }

  #hire(cluster: Cluster, generator: Generator): Workers {
    const { clock, recorder } = this.#context;
    const { workload, concurrency, opTimeoutMs, maxProcesses } = this.#config;
    const { nodes } = cluster.hosts;
    this.#connections = Array.from({ length: concurrency }, (_, worker) =>
      cluster.connect(nodes[worker % nodes.length] ?? "", opTimeoutMs),
    );
    const clients = this.#connections.map(({ client }) => client);
    this.#workers = new Workers({
      clients,
      nodes,
      workload,
      generator,
      recorder,
      clock,
      opTimeoutMs,
      maxProcesses,
    });
    return this.#workers;
  }

  async #main(cluster: Cluster, workers: Workers): Promise<void> {
    const { clock, recorder, progress } = this.#context;
    const { workload, concurrency, seed, timeLimitMs, ratePerSecond, arrival } = this.#config;
    const { capabilities } = this.facts;
    if (capabilities === null) throw new Error("the main phase comes after the probes");
    const load = `${ratePerSecond} operations/s for ${secondsOf(timeLimitMs)} from ${concurrency} processes`;
    this.#enter("main", `running ${workload.name}: ${load}`);
    const pacer = new Pacer({ ratePerSecond, arrival, draw: drawFrom(seed, STREAM.pacing) });
    clock.restart();
    this.facts.began = true;
    this.#journal = new Journal(() => clock.nowMs());
    const sampling = new Sampling(cluster, clock, (samples) => {
      this.facts.samples.push(...samples);
      this.#context.onSamples?.(samples);
    });
    this.#sampling = sampling;
    const leader = (): string | null => sampling.leader;
    const nemesis = new Nemesis({
      ...this.#config,
      hosts: this.#journal.watch(cluster.hosts),
      capabilities,
      clock,
      recorder,
      progress,
    });
    this.#nemesis = nemesis;
    const currentFaults = (): readonly string[] => nemesis.current();
    const done = new AbortController();
    const work = (signal: AbortSignal): Promise<void> =>
      together(signal, [
        (signal) => workers.run(pacer, timeLimitMs, signal),
        (signal) => nemesis.run(signal),
        (signal) =>
          monitor(
            { cluster, recorder, clock, progress, limitMs: timeLimitMs, leader, currentFaults },
            signal,
          ),
      ]);
    await together(this.#signal, [
      (signal) => work(signal).finally(() => done.abort()),
      (signal) => this.#context.watch?.(AbortSignal.any([signal, done.signal])) ?? Promise.resolve(),
    ]);
    progress.status("");
    await workers.drain();
    const waiting = arrival === "open" ? pacer.waiting(timeLimitMs) : 0;
    if (waiting > 0)
      progress.line(`main: ${waiting} operations still waited for their turn when the time was over`);
    if (workers.clientFault !== null) throw new RigError(`client: ${workers.clientFault}`);
  }

  async #heal(cluster: Cluster): Promise<void> {
    this.#enter("heal", "healing everything, waiting for writes to be taken again");
    await this.#whileSound(cluster, async (signal) => {
      this.facts.heal = (await this.#nemesis?.healAll()) ?? null;
      const refusing = (): Promise<readonly string[]> => this.#refusing();
      this.facts.recovery = await this.#awaitService(
        cluster,
        this.#context.bounds.recoveryMs,
        signal,
        refusing,
      );
    });
  }

  async #finalReads(cluster: Cluster, workers: Workers, generator: Generator): Promise<void> {
    const { clock, bounds } = this.#context;
    const planned = generator.finalOperations();
    this.#enter("final reads", `reading all once more: ${planned.length} reads`);
    await this.#whileSound(cluster, async (signal) => {
      const unread = await workers.runFinal(planned, clock.nowMs() + bounds.finalReadsMs, signal);
      signal.throwIfAborted();
      this.facts.finalReads = { planned: planned.length, unread, boundMs: bounds.finalReadsMs };
    });
    if (workers.clientFault !== null) throw new RigError(`client: ${workers.clientFault}`);
  }

  /** With nothing left to be done, all members come to hold the same. */
  async #agreement(cluster: Cluster): Promise<void> {
    await this.#whileSound(cluster, async (signal) => {
      const without = await this.#refusing();
      const hashes = await cluster.hashes(this.#context.bounds.agreementMs, signal, without);
      signal.throwIfAborted();
      this.facts.hashes = hashes;
    });
  }

  /** Nodes whose servers ended over data that the run harmed. */
  async #refusing(): Promise<readonly string[]> {
    return (await this.#nemesis?.refusing()) ?? [];
  }

  /** Ends the work when the cluster's machinery breaks: what is seen after that is not the cluster's doing. */
  async #whileSound(cluster: Cluster, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { clock } = this.#context;
    const done = new AbortController();
    await together(this.#signal, [
      (signal) => work(signal).finally(() => done.abort()),
      (signal) => awaitFailure(cluster, clock, AbortSignal.any([signal, done.signal])),
    ]);
  }

  async #awaitService(
    cluster: Cluster,
    boundMs: number,
    signal: AbortSignal,
    refusing: () => Promise<readonly string[]> = async () => [],
  ): ReturnType<typeof awaitService> {
    const { clock } = this.#context;
    const options = { boundMs, deadlineMs: PROBE_DEADLINE_MS, clock, signal, refusing };
    const service = await awaitService(cluster, options);
    signal.throwIfAborted();
    return service;
  }

  #enter(phase: string, text: string): void {
    this.#signal.throwIfAborted();
    this.phase = phase;
    this.#context.onPhase?.(phase);
    this.#context.progress.line(`${phase}: ${text}`);
  }
}

/** Machines that members come from, only where a fault changes them. */
function sparesFor({ faults }: Schedule): number {
  const changes = FAULTS.filter(({ needs }) => needs.some((need) => need.startsWith("member.")));
  return faults.some(({ fault }) => changes.some(({ name }) => name === fault)) ? SPARES : 0;
}
