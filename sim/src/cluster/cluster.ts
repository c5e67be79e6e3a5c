import type { NodeName } from "@gauntlet/nemesis";
import type { Client } from "@gauntlet/workloads";
import type { Scenario } from "../scenario.js";
import type { TraceListener } from "../trace.js";
import { Loop } from "../world/loop.js";
import { SimNetwork } from "../world/network.js";
import { Streams } from "../world/random.js";
import { TraceLog } from "../world/trace-log.js";
import { SimClient } from "./client.js";
import { Crashes } from "./crashes.js";
import { Deadlines } from "./deadlines.js";
import { Machine } from "./machine.js";
import { type ClusterObserver, NO_OBSERVER } from "./observer.js";
import { LOG_PATH } from "./server-life.js";
import { StorageCounts } from "./storage-counts.js";

export type ClusterScenario = Pick<
  Scenario,
  "seed" | "nodes" | "spareNodes" | "server" | "network" | "disk" | "clockDrift"
> &
  Partial<Pick<Scenario, "upgraded" | "crashShare">>;

export interface ClusterOptions {
  readonly observer?: ClusterObserver;
  readonly listener?: TraceListener | null;
}

const CLUSTER_ID = 7;

/**
 * A world with machines n1, n2, …: the first `nodes` of them are the cluster's members, the rest stand by. All of
 * it follows from the scenario and from what is called, and nothing of it outlives the object.
 */
export class Cluster {
  readonly loop = new Loop();
  readonly streams: Streams;
  readonly trace: TraceLog;
  readonly network: SimNetwork;
  readonly machines: readonly Machine[];
  /** The first members. */
  readonly firstMembers: readonly Machine[];
  readonly observer: ClusterObserver;
  readonly storage = new StorageCounts();
  readonly crashes: Crashes;
  private readonly scenario: ClusterScenario;
  private readonly deadlines = new Map<number, Deadlines>();

  constructor(scenario: ClusterScenario, options: ClusterOptions = {}) {
    this.scenario = scenario;
    this.streams = new Streams(scenario.seed);
    this.trace = new TraceLog(this.loop);
    this.trace.listener = options.listener ?? null;
    this.observer = options.observer ?? NO_OBSERVER;
    this.network = new SimNetwork(this.loop, this.streams.stream("network"), this.trace, scenario.network);
    const settings = { initial: scenario.server, upgraded: scenario.upgraded ?? scenario.server };
    this.crashes = new Crashes(this.loop, this.streams.stream("crashes"), scenario);
    const quartz = this.streams.stream("quartz");
    const world = {
      loop: this.loop,
      streams: this.streams,
      trace: this.trace,
      network: this.network,
      diskProfile: scenario.disk,
      observer: this.observer,
      storage: this.storage,
      crashes: this.crashes,
    };
    this.machines = Array.from({ length: scenario.nodes + scenario.spareNodes }, (_, at) => {
      const [slowest, fastest] = [1 - scenario.clockDrift, 1 + scenario.clockDrift];
      // Half of the clocks are as wrong as any may be: what relies on a bound is tested at the bound.
      const drift = quartz.chance(0.5) ? quartz.pick([slowest, fastest]) : quartz.between(slowest, fastest);
      return new Machine(world, { id: at + 1, clusterId: CLUSTER_ID, drift, settings });
    });
    this.firstMembers = this.machines.slice(0, scenario.nodes);
    const voters = this.firstMembers.map(({ id }) => id);
    for (const machine of this.firstMembers) machine.voters = voters;
  }

  /** Starts the first members; they have read their logs once time has passed. */
  start(): void {
    for (const machine of this.firstMembers) machine.start();
  }

  machine(name: NodeName): Machine {
    const machine = this.machines.find((each) => each.name === name);
    if (machine === undefined) throw new RangeError(`the world has no machine ${name}`);
    return machine;
  }

  /** What happened to logs and states on disk, by name. */
  storageCounts(): Readonly<Record<string, number>> {
    const removed = this.machines.reduce((sum, { disk }) => sum + disk.removals(LOG_PATH), 0);
    return { ...this.storage.counts, "segments removed": removed };
  }

  /** A client pinned to one machine, whose calls end within `deadlineMs`. */
  client(node: NodeName, deadlineMs: number): Client {
    const machine = this.machine(node);
    let deadlines = this.deadlines.get(deadlineMs);
    if (deadlines === undefined) {
      deadlines = new Deadlines(this.loop, deadlineMs);
      this.deadlines.set(deadlineMs, deadlines);
    }
    return new SimClient({
      loop: this.loop,
      machine,
      random: this.streams.stream("clients"),
      profile: this.scenario.network,
      deadlines,
      unexpected: (error) => this.observer.unexpected(machine.id, error),
    });
  }
}
