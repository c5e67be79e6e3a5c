import { type HealReport, NemesisRunner } from "@gauntlet/nemesis";
import { WalCorruption } from "@gauntlet/server/inside";
import type { Generator, Operation } from "@gauntlet/workloads";
import type { Machine } from "../cluster/machine.js";
import type { Ending } from "../cluster/observer.js";
import type { Failure } from "../result.js";
import { broken, stalled } from "./failures.js";
import { type Demand, type HealedWorld, demandOf, demandProgress, probe } from "./healing.js";
import type { Judge } from "./judge.js";
import { bringAbout, lastingText } from "./lasting.js";
import { type Limits, limitsOf } from "./limits.js";
import { nemesisClock } from "./nemesis-clock.js";
import { Pacer } from "./pacer.js";
import type { RunParts } from "./parts.js";
import { textOfFault, textOfOperation, textOfOutcome } from "./texts.js";
import { Workers } from "./workers.js";

/** Longer than a supervisor waits and a log is read. */
const SETTLE_LIMIT_MS = 10_000;
const MAX_LAG_MS = 1_000;
/** Between two looks at something that is waited for. */
const LOOK_EVERY_MS = 50;

/** A run from the first boot to the last answer: the start, the load with its faults, the healing, the final reads. */
export class Phases {
  /** Of each fault that took effect, how often. */
  readonly faultsByName: Record<string, number> = {};
  private readonly parts: RunParts;
  private readonly judge: Judge;
  private readonly limits: Limits;

  constructor(parts: RunParts, judge: Judge) {
    this.parts = parts;
    this.judge = judge;
    this.limits = limitsOf(parts.scenario, parts.workload);
  }

  /** Null: nothing failed so far; the verdict is the judge's. */
  async all(): Promise<Failure | null> {
    const { cluster, scenario, nodes, recorder } = this.parts;
    cluster.start();
    const bounds = { boundMs: scenario.healing.boundMs, stretchMs: this.limits.stretchMs };
    const everybody: Demand = { core: nodes, either: [] };
    const startFailure = await demandProgress(this.healedWorld(), everybody, bounds);
    if (startFailure !== null) return startFailure;

    recorder.begin();
    const { workers, generator } = this.hire();
    const nemesis = await this.nemesis();
    this.phase("load");
    const loadFailure = await this.load(workers, nemesis);
    if (loadFailure !== null) return loadFailure;

    this.phase("healing");
    const demand = await this.heal(await nemesis.healAll());
    if ("kind" in demand) return demand;
    const progress = await demandProgress(this.healedWorld(), demand, bounds);
    if (progress !== null) return this.judge.orWorse(progress);

    this.phase("final reads");
    return this.finalReads(workers, generator.finalOperations(), demand);
  }

  private async load(workers: Workers, nemesis: NemesisRunner): Promise<Failure | null> {
    const { scenario, cluster, recorder } = this.parts;
    const { rate, durationMs, maxOperations } = scenario.load;
    const { loop } = cluster;
    const draw = cluster.streams.stream("pacing");
    const pacer = new Pacer({ ratePerSecond: rate, maxLagMs: MAX_LAG_MS, draw });
    cluster.crashes.isOn = true;
    const [, executed] = await Promise.all([
      workers.run(pacer, durationMs, maxOperations),
      nemesis.run(new AbortController().signal),
    ]);
    cluster.crashes.isOn = false;
    for (const { outcome, fault } of executed) {
      if (outcome.type === "proved") this.faultsByName[fault] = (this.faultsByName[fault] ?? 0) + 1;
    }
    const isIdle = await workers.drain(this.limits.drainMs);
    if (!isIdle) return broken(loop, "calls", `${workers.busyCount} calls did not end within their deadline`);
    if (workers.problem !== null) return broken(loop, "client", workers.problem);
    if (recorder.counts.ok === 0) return broken(loop, "vacuous", "no operation succeeded");
    return null;
  }

  /** Brings about what lasts, and says what may be demanded all the same. */
  private async heal(report: HealReport): Promise<Demand | Failure> {
    const { cluster, scenario, nodes, hosts } = this.parts;
    const { loop, trace, machines } = cluster;
    await this.settled();
    // What is harmed shows when it is read.
    const harmed = machines.filter(({ disk, starts }) => disk.wasHarmed && starts > 0);
    for (const machine of harmed) {
      machine.kill();
      machine.start();
    }
    if (harmed.length > 0) await this.settled();
    const refusing = machines.filter(({ state, lastEnding }) => {
      return state === "exited" && lastEnding?.kind === "damaged";
    });
    const wrongly = refusing.find(({ lastEnding }) => lastEnding !== null && !refusesByRight(lastEnding));
    if (wrongly !== undefined) {
      const what = `${wrongly.name} could have got back what its disk lost: ${wrongly.lastEnding?.reason}`;
      return this.judge.orWorse(stalled(loop, "recovery", what));
    }
    const unable = refusing.map(({ name }) => name).filter((name) => nodes.includes(name));
    const left = report.nodes.filter(({ node, healed }) => !healed && !unable.includes(node));
    if (left.length > 0) {
      return broken(loop, "heal", left.map(({ node, detail }) => `${node}: ${detail}`).join("; "));
    }
    if (report.members?.healed === false) {
      const what = `the first members are not the members again: ${report.members.detail}`;
      return this.judge.orWorse(stalled(loop, "members", what));
    }
    const wrong = await this.recover(unable);
    if (wrong !== null) return wrong;
    const { lasting } = scenario.healing;
    const demand = demandOf(nodes, lasting, unable);
    if (demand !== null) {
      if (lasting.type !== "none") {
        trace.event({ type: "fault", what: lastingText(lasting) });
        await bringAbout(lasting, hosts, nodes);
      }
      return demand;
    }
    // With so many disks damaged, no more may be broken.
    const least = demandOf(nodes, { type: "none" }, unable);
    return (
      least ?? broken(loop, "budget", `the disks of ${unable.join(", ")} are damaged: no quorum is left`)
    );
  }

  /** While nothing else is wrong: who lost entries gets them back, and who found its disk full finds that it is not. */
  private async recover(unable: readonly string[]): Promise<Failure | null> {
    const { cluster, invariants, scenario, nodes } = this.parts;
    const { loop, firstMembers } = cluster;
    const able = firstMembers.filter(({ name }) => !unable.includes(name));
    const recovering = (): readonly Machine[] => able.filter(({ id }) => invariants.isRecovering(id));
    const alarmed = (): readonly Machine[] => able.filter(({ alarms }) => alarms.length > 0);
    const namesOf = (machines: readonly Machine[]): string => machines.map(({ name }) => name).join(", ");
    const { boundMs } = scenario.healing;
    const untilMs = loop.nowMs + boundMs;
    for (let turn = 0; recovering().length > 0 || alarmed().length > 0; turn++) {
      if (loop.nowMs >= untilMs) {
        const [name, who, what] =
          recovering().length > 0
            ? ["recovery", recovering(), "did not get back what their disks lost"]
            : ["alarms", alarmed(), "still say that their disks are full"];
        return this.judge.orWorse(stalled(loop, name, `${namesOf(who)} ${what} within ${boundMs} ms`));
      }
      // A leader of the term in which it was harmed has perhaps a shorter log than it had: something has to be written.
      const node = nodes[turn % nodes.length] as string;
      await probe(this.healedWorld(), node);
      await loop.sleep(LOOK_EVERY_MS);
    }
    return null;
  }

  /** A server that ended by itself comes back, or finds that it cannot: only then it is known whom to count on. */
  private async settled(): Promise<void> {
    const { loop, machines } = this.parts.cluster;
    const untilMs = loop.nowMs + SETTLE_LIMIT_MS;
    while (loop.nowMs < untilMs && machines.some(({ isSettled }) => !isSettled)) {
      await loop.sleep(LOOK_EVERY_MS);
    }
  }

  private async finalReads(
    workers: Workers,
    operations: readonly Operation[],
    { core }: Demand,
  ): Promise<Failure | null> {
    const { cluster, scenario, nodes, invariants } = this.parts;
    const { loop } = cluster;
    const { boundMs } = scenario.healing;
    const isOfCore = (worker: number): boolean => core.includes(nodes[worker % nodes.length] ?? "");
    const untilMs = loop.nowMs + boundMs;
    const unread = await workers.runFinal(operations, untilMs, isOfCore);
    if (workers.problem !== null) return broken(loop, "client", workers.problem);
    if (unread.length > 0) {
      const keys = unread.map(({ f, key }) => key ?? f).join(", ");
      const what = `${keys} could not be read within ${boundMs} ms`;
      return this.judge.orWorse(stalled(loop, "final-reads", what));
    }
    const behind = (): readonly string[] =>
      core.filter((node) => invariants.appliedIndex(cluster.machine(node).id) < invariants.committed.length);
    while (behind().length > 0) {
      if (loop.nowMs >= untilMs) {
        const what = `${behind().join(", ")} did not apply all ${invariants.committed.length} entries within ${boundMs} ms`;
        return this.judge.orWorse(stalled(loop, "convergence", what));
      }
      await loop.sleep(LOOK_EVERY_MS);
    }
    return this.answersAll();
  }

  /** A server answers every call within its own timeout, be it that it knows nothing: clients have long given up. */
  private async answersAll(): Promise<Failure | null> {
    const { machines, loop } = this.parts.cluster;
    const open = (): readonly Machine[] => machines.filter(({ unansweredCount }) => unansweredCount > 0);
    const untilMs = loop.nowMs + this.limits.answerMs;
    while (open().length > 0 && loop.nowMs < untilMs) await loop.sleep(LOOK_EVERY_MS);
    if (open().length === 0) return null;
    const who = open().map(({ name, unansweredCount }) => `${name} (${unansweredCount})`);
    const what = `calls are open for longer than any timeout at ${who.join(", ")}`;
    return this.judge.orWorse(stalled(loop, "answers", what));
  }

  private hire(): { readonly workers: Workers; readonly generator: Generator } {
    const { cluster, nodes, workload, recorder, scenario } = this.parts;
    const { concurrency, keySkew = 0 } = scenario.load;
    const { loop, trace } = cluster;
    const generator = workload.start(
      { concurrency, nodes: nodes.length, keySkew },
      cluster.streams.stream("workload"),
    );
    const idOf = (node: string): number => cluster.machine(node).id;
    const clients = Array.from({ length: concurrency }, (_, worker) =>
      cluster.client(nodes[worker % nodes.length] as string, this.limits.deadlineMs),
    );
    // Words only for whoever reads them: they are no part of the hash.
    const worded = (text: () => string): string => (trace.listener === null ? "" : text());
    const workers = new Workers({
      loop,
      clients,
      nodes,
      workload,
      generator,
      recorder,
      onInvoke: (process, node, operation) =>
        trace.invoked(
          process,
          idOf(node),
          worded(() => textOfOperation(operation)),
        ),
      onComplete: (process, node, operation, outcome) =>
        trace.completed(
          process,
          idOf(node),
          outcome.type,
          worded(() => textOfOutcome(operation, outcome)),
        ),
    });
    return { workers, generator };
  }

  private async nemesis(): Promise<NemesisRunner> {
    const { hosts, schedule, scenario, cluster, recorder } = this.parts;
    const capabilities = await hosts.probe();
    return new NemesisRunner({
      hosts,
      schedule,
      seed: scenario.seed,
      timeLimitMs: scenario.load.durationMs,
      clock: nemesisClock(cluster.loop, recorder.originMs),
      capabilities,
      onEvent: (event) => {
        recorder.fault(event);
        cluster.trace.event({ type: "fault", what: textOfFault(event) });
      },
    });
  }

  private healedWorld(): HealedWorld {
    const { cluster } = this.parts;
    return {
      loop: cluster.loop,
      connect: (node) => cluster.client(node, this.limits.deadlineMs),
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

  private phase(phase: "load" | "healing" | "final reads"): void {
    this.parts.cluster.trace.event({ type: "phase", phase });
  }
}

/** Nothing behind the damage shows what it had promised: then it has to stay away. */
function refusesByRight({ error }: Ending): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof WalCorruption) return cause.provable === null;
  }
  return false;
}
