import { setMaxListeners } from "node:events";
import { ClockLedger } from "../effects/clock-ledger.js";
import { Claims } from "../effects/claims.js";
import { CutLedger } from "../effects/cut-ledger.js";
import { DamageLedger, isOverDamage } from "../effects/damage-ledger.js";
import { PacketLedger } from "../effects/packet-ledger.js";
import { assert } from "../errors.js";
import type { Capability, Hosts, NodeName, ProbeResult } from "../hosts.js";
import { expand } from "../schedule/expand.js";
import type { Schedule } from "../schedule/schedule.js";
import { boundedHosts } from "./bounded-hosts.js";
import type { Clock } from "./clock.js";
import type { ExecutedFault, NemesisEvent } from "./executed.js";
import { executeFault } from "./execution.js";
import { type HealReport, healEveryNode } from "./heal.js";
import { DEFAULT_TIMING, type Timing } from "./timing.js";

export interface NemesisOptions {
  readonly hosts: Hosts;
  readonly schedule: Schedule;
  /** The run's seed: resolves random targets unless the schedule has a seed of its own. */
  readonly seed: number;
  readonly timeLimitMs: number;
  readonly clock: Clock;
  /** As `hosts.probe()` said: a fault whose needs are not met is skipped. */
  readonly capabilities: Readonly<Record<Capability, ProbeResult>>;
  readonly onEvent: (event: NemesisEvent) => void;
  readonly timing?: Partial<Timing>;
}

/** Executes one schedule on one cluster, once. */
export class NemesisRunner {
  /** As it will be executed: `repeat` applied. */
  readonly schedule: Schedule;
  /** What `repeat` would have made and the time limit cut off, a sentence each. */
  readonly dropped: readonly string[];
  /** The seed that resolves random targets. */
  readonly seed: number;

  readonly #options: NemesisOptions;
  readonly #hosts: Hosts;
  readonly #cuts: CutLedger;
  readonly #clocks: ClockLedger;
  readonly #shapes: PacketLedger;
  readonly #damage = new DamageLedger();
  readonly #timing: Timing;
  readonly #stop = new AbortController();
  #running: Promise<readonly ExecutedFault[]> | null = null;

  /** @throws ScheduleError when the schedule cannot be executed on these nodes in this time */
  constructor(options: NemesisOptions) {
    const machines = [...options.hosts.nodes, ...(options.hosts.members?.spares ?? [])];
    const expanded = expand(options.schedule, options.timeLimitMs, machines);
    this.schedule = expanded.schedule;
    this.dropped = expanded.dropped;
    this.seed = options.schedule.seed ?? options.seed;
    this.#options = options;
    this.#hosts = boundedHosts(options.hosts, options.clock);
    this.#cuts = new CutLedger(this.#hosts);
    this.#clocks = new ClockLedger(this.#hosts);
    this.#shapes = new PacketLedger(this.#hosts);
    this.#timing = { ...DEFAULT_TIMING, ...options.timing };
  }

  /**
   * Resolves when every fault is undone and its undo was read back, in the schedule's order. The schedule's time 0
   * is the call. An aborted signal ends open windows at once and undoes what they did. Rejects only when `onEvent`
   * threw, after everything is undone.
   */
  async run(signal: AbortSignal): Promise<readonly ExecutedFault[]> {
    assert(this.#running === null, "a nemesis runs once");
    this.#running = this.#execute(signal);
    return this.#running;
  }

  /** Ends the run if one is going on, then heals every node, whatever the schedule did to it, and reads it back. */
  async healAll(): Promise<HealReport> {
    this.#stop.abort();
    await this.#running?.catch(() => undefined);
    const { clock, capabilities } = this.#options;
    return healEveryNode({ ...this.#shared(), clock, capabilities });
  }

  /** Nodes whose durable data was harmed, for good as far as the nemesis knows. */
  damaged(): readonly NodeName[] {
    return this.#damage.nodes;
  }

  /** Of those, the ones whose servers have ended over it: of them nothing can be expected any more. */
  async refusing(): Promise<readonly NodeName[]> {
    const ended = this.damaged().map(async (node) =>
      isOverDamage(await this.#hosts.process(node)) ? [node] : [],
    );
    return (await Promise.all(ended)).flat();
  }

  #shared() {
    return {
      hosts: this.#hosts,
      cuts: this.#cuts,
      clocks: this.#clocks,
      shapes: this.#shapes,
      damage: this.#damage,
      timing: this.#timing,
    };
  }

  async #execute(signal: AbortSignal): Promise<readonly ExecutedFault[]> {
    const { clock, capabilities, timeLimitMs } = this.#options;
    const originMs = clock.nowMs();
    const problems: unknown[] = [];
    const world = {
      ...this.#shared(),
      clock,
      claims: new Claims(),
      capabilities,
      seed: this.seed,
      originMs,
      deadlineMs: originMs + timeLimitMs,
      emit: (event: NemesisEvent) => {
        try {
          this.#options.onEvent(event);
        } catch (error) {
          problems.push(error);
          this.#stop.abort();
        }
      },
    };
    const either = AbortSignal.any([signal, this.#stop.signal]);
    // Every fault that waits listens to it.
    setMaxListeners(0, either);
    const { faults } = this.schedule;
    const executed = await Promise.all(
      faults.map((fault, index) => executeFault(world, index, fault, either)),
    );
    if (problems.length > 0) throw problems[0];
    return executed;
  }
}
