import type { SettingsName } from "@gauntlet/nemesis";
import type { Clock, Configuration, MemberId, Message, Report, SnapshotMark } from "@gauntlet/server/inside";
import { configurationOf, Publisher, tickPlan } from "@gauntlet/server/inside";
import { asError } from "../errors.js";
import { nodeName } from "../node-names.js";
import type { DiskProfile, ServerSettings } from "../scenario.js";
import { MachineClock } from "../world/clock.js";
import { SimDisk } from "../world/disk.js";
import type { Life } from "../world/life.js";
import { Alarm, type Loop, type Task } from "../world/loop.js";
import type { Receiver, SimNetwork } from "../world/network.js";
import type { Streams } from "../world/random.js";
import type { TraceLog } from "../world/trace-log.js";
import type { CoreObserver, Server } from "./boot.js";
import { bootServer } from "./boot.js";
import type { Call } from "./call.js";
import { chain, isDamage, isDiskError } from "./causes.js";
import type { Crash, Crashes } from "./crashes.js";
import type { ClusterObserver, Ending } from "./observer.js";
import { attributesOf, knownAs } from "./registry.js";
import { LOG_PATH, ServerLife } from "./server-life.js";
import type { StorageCounts } from "./storage-counts.js";

/** What a machine is put into. */
export interface MachineWorld {
  readonly loop: Loop;
  readonly streams: Streams;
  readonly trace: TraceLog;
  readonly network: SimNetwork;
  readonly diskProfile: DiskProfile;
  readonly observer: ClusterObserver;
  readonly storage: StorageCounts;
  readonly crashes: Crashes;
}

export interface MachineOptions {
  readonly id: MemberId;
  readonly clusterId: number;
  /** Rate of its quartz; 1 is true time. */
  readonly drift: number;
  /** By the name that upgrades have for them. */
  readonly settings: Readonly<Record<SettingsName, ServerSettings>>;
}

/** How long a server may take to stop when asked to, as main.ts has it. */
const STOP_LIMIT_MS = 5000;

/** As a container engine restarts: twice the delay each time, from the start again once it ran for a while. */
const FIRST_RESTART_MS = 100;
const MAX_RESTART_MS = 5000;
const HEALTHY_AFTER_MS = 10_000;
const MAX_RESTARTS_IN_A_ROW = 40;

/** A machine: a disk, clocks, a link to the network, and at most one life of the server. */
export class Machine implements Receiver {
  readonly id: MemberId;
  readonly name: string;
  readonly disk: SimDisk;
  readonly clock: MachineClock;
  /** What the server takes at its next start, and what it took at the last. */
  settingsName: SettingsName = "initial";
  startedWith: SettingsName = "initial";
  /** The cluster's first members, as the server is told; of one that joins: nobody. */
  voters: readonly MemberId[] = [];
  starts = 0;
  lastEnding: Ending | null = null;
  private readonly world: MachineWorld;
  private readonly clusterId: number;
  private readonly settings: Readonly<Record<SettingsName, ServerSettings>>;
  private life: ServerLife | null = null;
  private restartsInARow = 0;
  private restart: Alarm | null = null;

  constructor(world: MachineWorld, options: MachineOptions) {
    const { loop, streams, trace } = world;
    this.world = world;
    this.id = options.id;
    this.name = nodeName(options.id);
    this.clusterId = options.clusterId;
    this.settings = options.settings;
    this.clock = new MachineClock(loop, streams.stream(`turns of ${this.name}`), options.drift);
    this.disk = new SimDisk(loop, this.id, streams.stream(`disk of ${this.name}`), trace, world.diskProfile);
    world.network.attach(this.id, this);
  }

  // ---- what others see

  get state(): "running" | "paused" | "exited" {
    return this.life === null || this.life.state === "dead" ? "exited" : this.life.state;
  }

  /** The server, if it takes messages and calls now or will when it goes on. */
  get server(): Server | null {
    return this.life === null || this.life.stopping ? null : this.life.server;
  }

  /** The life whose server listens; null: connections are refused. */
  get listening(): Life | null {
    return this.server === null ? null : this.life;
  }

  /** Ticks of the present life so far, and when the last was; null: none yet. */
  get tickMark(): { readonly life: Life; readonly ticks: number; readonly atMs: number } | null {
    const { life } = this;
    return life === null || life.ticks === 0 ? null : { life, ticks: life.ticks, atMs: life.lastTickAtMs };
  }

  /** By the server's own clock. */
  get tickIntervalMs(): number {
    return tickPlan(this.life?.settings ?? this.settings[this.settingsName]).tickIntervalMs;
  }

  /** Of the present server about itself. */
  get alarms(): readonly string[] {
    return this.life?.alarms ?? [];
  }

  /** As of the checkpoint where this life has applied none since. */
  get appliedConfiguration(): Configuration | null {
    return this.life?.configuration ?? null;
  }

  /** It runs, or will not without help: neither does a supervisor wait to start it, nor is its log being read. */
  get isSettled(): boolean {
    return this.restart === null && (this.life === null || this.life.server !== null);
  }

  /** Calls that came to the present server and that it has not answered, whether their clients still wait or not. */
  get unansweredCount(): number {
    return this.life?.calls.size ?? 0;
  }

  /** Of the world itself: a promise of the present server, which a tick may end. */
  async awaits<T>(promise: Promise<T>): Promise<T> {
    const { life } = this;
    this.world.loop.settle();
    if (life !== null) life.awaited++;
    try {
      return await promise;
    } finally {
      if (life !== null) life.awaited--;
    }
  }

  get reception(): "open" | "paused" | "dead" {
    if (this.life === null || this.life.server === null || this.life.stopping) return "dead";
    return this.life.state === "running" ? "open" : this.life.state;
  }

  receive(messages: readonly Message[]): void {
    this.life?.server?.replica.receive(messages);
  }

  receiveReport(from: MemberId, report: Report): void {
    if (report.hashes.length > 0) this.world.storage.note("hashes compared");
    this.life?.server?.replica.receiveReport(from, report);
  }

  receiveSnapshot(message: Message, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const { life } = this;
    const replica = life?.server?.replica;
    if (life === null || replica === undefined) return Promise.reject(new Error("no server listens"));
    this.mayCrash(life);
    return replica.receiveSnapshot(message, chunks);
  }

  hold(task: Task): void {
    this.life?.hold(task);
  }

  /** A call that this life works on: it is told when the life ends. */
  open(call: Call): void {
    this.life?.calls.add(call);
  }

  close(call: Call): void {
    this.life?.calls.delete(call);
  }

  // ---- what is done to it

  /** Starts the server if it does not run. */
  start(): void {
    if (this.life !== null) return;
    if (this.restart !== null) this.restart.cancelled = true;
    this.restart = null;
    this.starts++;
    this.startedWith = this.settingsName;
    const { loop } = this.world;
    const settings = this.settings[this.settingsName];
    const life = new ServerLife(this.id, loop.nowMs, settings, this.disk, {
      ...this.world,
      commitBegun: () => this.mayCrash(life),
    });
    this.life = life;
    loop.settle();
    this.boot(life).catch((error: unknown) => this.refused(life, error));
  }

  /** SIGKILL: what it wrote stays in the page cache. */
  kill(): void {
    this.end({ kind: "killed", reason: "killed", error: null });
  }

  /** SIGTERM: answers what it can, closes its log, exits; killed if that takes too long. */
  stop(): void {
    const { life } = this;
    if (life === null || life.stopping) return;
    const ending: Ending = { kind: "stopped", reason: "asked to stop", error: null };
    const { server } = life;
    if (server === null) return this.end(ending);
    if (life.state === "paused") {
      life.hold(new Alarm(() => this.stop()));
      return;
    }
    life.stopping = true;
    this.world.loop.settle();
    life.publisher?.stop();
    server.replica.stop();
    const over = (): void => {
      if (this.life === life) this.end(ending);
    };
    server.close().then(over, over);
    this.world.loop.after(STOP_LIMIT_MS, () => {
      if (this.life === life) this.kill();
    });
  }

  pause(): void {
    if (this.state !== "running") return;
    this.life?.pause();
    this.world.trace.event({ type: "paused", node: this.name });
  }

  resume(): void {
    if (this.state !== "paused") return;
    this.world.trace.event({ type: "resumed", node: this.name });
    this.life?.resume(this.world.loop);
  }

  /** Kills, and takes from the disk what was not synced. */
  losePower() {
    this.end({ kind: "power", reason: "power lost", error: null });
    return this.disk.losePower();
  }

  /** Of a supervisor, too: the server stays down until it is started. */
  cancelRestart(): void {
    if (this.restart !== null) this.restart.cancelled = true;
    this.restart = null;
  }

  // ---- one life

  private async boot(life: ServerLife): Promise<void> {
    const { loop, streams, trace, network, observer, storage } = this.world;
    const ports = {
      disk: this.disk.open(life, LOG_PATH),
      states: life.states,
      clock: this.clock.open(life),
      random: streams.stream(`server of ${this.name}, life ${this.starts}`),
      network: {
        send: (messages: readonly Message[]) => {
          if (life.state !== "dead") network.send(this.id, messages);
        },
        report: (report: Report) => {
          if (life.state !== "dead") network.report(this.id, report);
        },
        stream: (message: Message, chunks: AsyncIterable<Uint8Array>) =>
          life.state === "dead" ? new Promise<never>(() => undefined) : network.stream(message, chunks),
      },
      observer: {
        roleChanged: ({ role, term, leader }) => trace.role(this.id, role, term, leader),
        ticked: () => {
          life.ticks++;
          life.lastTickAtMs = loop.nowMs;
          // The tick may end calls that waited too long.
          if (life.isAwaited) loop.settle();
        },
        proposalApplied: () => undefined,
        configurationApplied: (configuration) => {
          life.configuration = configuration;
        },
        removed: () => undefined,
        checkpointed: () => storage.note("checkpoints"),
        snapshotSent: (_to, _index, error) =>
          storage.note(error === null ? "snapshots sent" : "snapshots failed"),
        snapshotReceived: () => undefined,
        snapshotInstalled: () => storage.note("snapshots installed"),
        alarmsChanged: (alarms) => {
          life.alarms = alarms;
          if (alarms.includes("NOSPACE")) storage.note("full disks noticed");
        },
        corrupt: (difference) => observer.corrupt(this.id, JSON.stringify(difference)),
        recovered: () => storage.note("recoveries"),
        recovering: (reason, lostTo) => {
          storage.note("logs begun anew");
          const what = `begins its log anew, having lost entries up to ${lostTo}: ${reason}`;
          trace.event({ type: "disk", node: this.name, what });
        },
        logSynced: () => undefined,
        fatal: (error: Error) => this.fatal(life, error),
      },
    } satisfies Parameters<typeof bootServer>[0];
    let term = 0;
    let lastIndex = 0;
    let mark: SnapshotMark | null = null;
    const watch: CoreObserver = {
      restored: (restored) => {
        term = restored.hardState.term;
        lastIndex = (restored.snapshot?.index ?? 0) + restored.entries.length;
        if (restored.snapshot !== null) {
          life.configuration = restored.snapshot.configuration;
          storage.note("starts from a checkpoint");
        }
        mark = restored.snapshot;
        observer.started(this.id, restored);
      },
      stepped: (event, effects, view) => {
        if (view.commitIndex !== life.commitIndex) {
          life.commitIndex = view.commitIndex;
          trace.committed(this.id, view.commitIndex, view.commitTerm);
        }
        for (const effect of effects) {
          if (effect.type === "send") continue;
          // A write begins promises of the server, anything else ends those of calls.
          if (effect.type === "persist" || life.isAwaited) loop.settle();
          if (effect.type === "apply")
            trace.applied(this.id, effect.entries[effect.entries.length - 1]?.index ?? 0);
        }
        observer.stepped(this.id, event, effects, view);
      },
    };
    const initial = configurationOf(this.voters);
    const identity = { clusterId: this.clusterId, self: this.id, initial };
    const server = await bootServer(ports, identity, life.settings, watch);
    if (this.life !== life) return;
    if (mark !== null) observer.state(this.id, "restored state", server.store.meta(mark));
    trace.event({ type: "started", node: this.name, lastIndex, term });
    life.server = server;
    server.replica.start();
    this.publish(life, server, ports.clock);
  }

  /** As a process does (node-membership.ts). */
  private publish(life: ServerLife, server: Server, clock: Clock): void {
    life.publisher = new Publisher({
      own: attributesOf(this.id),
      known: () => knownAs(this.id, server, life.configuration ?? configurationOf(this.voters)),
      publish: (attributes) => this.awaits(server.replica.updateMember(attributes)),
      clock,
      failed: (error) => this.world.observer.unexpected(this.id, error),
    });
    life.publisher.start();
  }

  /** The server ended itself: from here on nothing of it leaves. */
  private fatal(life: ServerLife, error: Error): void {
    if (this.life !== life) return;
    const isByRight = isDiskError(error) || (isDamage(error) && this.disk.wasHarmed);
    this.end({ kind: isByRight ? "disk" : "invariant", reason: chain(error), error });
    this.scheduleRestart(life);
  }

  private refused(life: ServerLife, thrown: unknown): void {
    if (this.life !== life) return;
    const error = asError(thrown);
    // What nothing has harmed, and the server calls damaged, was judged wrongly.
    const damaged =
      (isDamage(error) && this.disk.wasHarmed) || (isDiskError(error) && this.disk.damages().length > 0);
    const kind = damaged ? "damaged" : isDiskError(error) ? "disk" : "refused";
    if (damaged) this.world.storage.note("refused for good");
    this.end({ kind, reason: chain(error), error });
    if (!damaged) this.scheduleRestart(life);
  }

  private mayCrash(life: ServerLife): void {
    this.world.crashes.begun((how: Crash) => {
      if (this.life !== life || life.stopping) return;
      if (how === "kill") this.kill();
      else this.losePower();
      this.scheduleRestart(life);
    });
  }

  private scheduleRestart(life: ServerLife): void {
    const { loop } = this.world;
    if (loop.nowMs - life.startedAtMs > HEALTHY_AFTER_MS) this.restartsInARow = 0;
    if (this.restartsInARow >= MAX_RESTARTS_IN_A_ROW) return;
    const delayMs = Math.min(MAX_RESTART_MS, FIRST_RESTART_MS * 2 ** this.restartsInARow);
    this.restartsInARow++;
    this.restart = loop.after(delayMs, () => {
      this.restart = null;
      this.start();
    });
  }

  private end(ending: Ending): void {
    this.cancelRestart();
    const { life } = this;
    if (life === null) return;
    this.life = null;
    life.end();
    const { network, storage } = this.world;
    if (life.states.commitsUnderWay > 0) storage.note("ends within a checkpoint");
    if (network.disconnect(this.id, ending.kind !== "power") > 0) storage.note("ends within a snapshot");
    this.lastEnding = ending;
    this.world.trace.event({ type: "stopped", node: this.name, reason: ending.reason });
    for (const call of life.calls) call.connectionLost();
    this.world.observer.stopped(this.id, ending);
  }
}
