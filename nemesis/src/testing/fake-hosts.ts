import type {
  Capability,
  Damage,
  DiskHosts,
  MemberHosts,
  Membership,
  PacketHosts,
  UpgradeHosts,
  ClockReading,
  ClockSetting,
  Cut,
  Hosts,
  NodeName,
  NodeView,
  ProbeResult,
  ProcessState,
  Signal,
} from "../hosts.js";
import { FakeCluster, NO_CALLS, NO_PACKETS } from "./fake-cluster.js";
import type { VirtualClock } from "./virtual-clock.js";

/** A call that changes or reads one node. */
export interface HostCall {
  readonly method:
    | "cut"
    | "cuts"
    | "droppedPackets"
    | "signal"
    | "start"
    | "process"
    | "setClock"
    | "clockSetting"
    | "readClock"
    | "view"
    | "shape"
    | "shapeOf"
    | "packetCounts"
    | "reset"
    | "setDisk"
    | "diskSetting"
    | "diskCounts"
    | "powerLoss"
    | "damage"
    | "damages"
    | "membership"
    | "change"
    | "transfer"
    | "use"
    | "inUse";
  readonly node: NodeName;
  readonly detail: unknown;
  readonly atMs: number;
}

/** `ignore`: the call succeeds and does nothing. `hang`: it never ends. `slow`: it ends SLOW_MS later. */
export type Interference = "ignore" | "fail" | "hang" | "slow";

export const SLOW_MS = 9_000;

export interface FakeOptions {
  readonly clock: VirtualClock;
  readonly nodes?: number;
  readonly spares?: number;
  readonly latencyMs?: number;
  readonly interfere?: (call: HostCall) => Interference | undefined;
}

/** Machines of virtual time; see FakeCluster for what runs on them. */
export class FakeHosts implements Hosts {
  readonly nodes: readonly NodeName[];
  readonly members: MemberHosts;
  readonly cluster: FakeCluster;
  /** Every call that came through, ignored ones too. */
  readonly calls: HostCall[] = [];
  readonly #clock: VirtualClock;
  readonly #latencyMs: number;
  readonly #interfere: (call: HostCall) => Interference | undefined;

  constructor(options: FakeOptions) {
    const size = options.nodes ?? 5;
    this.cluster = new FakeCluster(size, options.spares);
    const names = this.cluster.nodes.map((node) => node.name);
    this.nodes = names.slice(0, size);
    this.members = this.#memberHosts(names.slice(size));
    this.#clock = options.clock;
    this.#latencyMs = options.latencyMs ?? 3;
    this.#interfere = options.interfere ?? (() => undefined);
  }

  async probe(): Promise<Record<Capability, ProbeResult>> {
    return allCapabilities();
  }

  async view(): Promise<ReadonlyMap<NodeName, NodeView>> {
    await this.#call("view", "", null);
    const { nodes, members } = this.cluster;
    const told = nodes.filter(({ name }) => this.nodes.includes(name) || members.includes(name));
    return new Map(told.map((node) => [node.name, this.cluster.view(node)]));
  }

  async cut(name: NodeName, cuts: readonly Cut[]): Promise<void> {
    if (!(await this.#call("cut", name, cuts))) return;
    const node = this.cluster.node(name);
    node.rules = cuts;
    node.dropped = new Map();
  }

  async cuts(name: NodeName): Promise<readonly Cut[]> {
    await this.#call("cuts", name, null);
    return this.cluster.node(name).rules;
  }

  async droppedPackets(name: NodeName): Promise<ReadonlyMap<NodeName, number>> {
    await this.#call("droppedPackets", name, null);
    const { rules, dropped } = this.cluster.node(name);
    return new Map(rules.map(({ peer }) => [peer, dropped.get(peer) ?? 0]));
  }

  async signal(name: NodeName, signal: Signal): Promise<void> {
    if (!(await this.#call("signal", name, signal))) return;
    const node = this.cluster.node(name);
    if (node.state === "exited") throw new Error("no such process");
    if (signal === "SIGSTOP") node.state = "paused";
    else if (signal === "SIGCONT") node.state = "running";
    else {
      node.state = "exited";
      node.signal = signal === "SIGKILL" ? "SIGKILL" : null;
    }
  }

  async start(name: NodeName): Promise<void> {
    if (await this.#call("start", name, null)) this.cluster.start(this.cluster.node(name));
  }

  async process(name: NodeName): Promise<ProcessState> {
    await this.#call("process", name, null);
    const { state, pid, starts, signal } = this.cluster.node(name);
    if (state === "exited") return { state, code: signal === null ? 0 : null, signal, starts };
    return { state, pid, starts };
  }

  async setClock(name: NodeName, setting: ClockSetting): Promise<void> {
    if (!(await this.#call("setClock", name, setting))) return;
    const node = this.cluster.node(name);
    if (node.clock.wallRate !== setting.wallRate) node.driftsSinceMs = this.#clock.nowMs();
    node.clock = setting;
  }

  async clockSetting(name: NodeName): Promise<ClockSetting> {
    await this.#call("clockSetting", name, null);
    return this.cluster.node(name).clock;
  }

  async readClock(name: NodeName, windowMs: number): Promise<ClockReading> {
    await this.#call("readClock", name, windowMs);
    await this.#clock.sleep(windowMs);
    const node = this.cluster.node(name);
    if (node.state !== "running" || !node.answers) throw new Error(`${name} does not answer`);
    // As far off as a busy machine is.
    const driftMs = (this.#clock.nowMs() - node.driftsSinceMs) * (node.clock.wallRate - 1);
    const wallOffsetMs = node.clock.wallOffsetMs + driftMs + 40;
    return { wallOffsetMs, timerRate: node.clock.monotonicRate * 0.95 };
  }

  readonly packets: PacketHosts = {
    shape: async (name, shapes) => {
      if (!(await this.#call("shape", name, shapes))) return;
      const packets = new Map([...shapes.keys()].map((peer) => [peer, { ...NO_PACKETS }]));
      Object.assign(this.cluster.node(name), { shapes, packets });
    },
    shapeOf: async (name) => {
      await this.#call("shapeOf", name, null);
      return this.cluster.node(name).shapes;
    },
    counts: async (name) => {
      await this.#call("packetCounts", name, null);
      return new Map([...this.cluster.node(name).packets].map(([peer, counts]) => [peer, { ...counts }]));
    },
    reset: async (name, peers) => {
      if (!(await this.#call("reset", name, peers))) return 0;
      return this.cluster.reset(this.cluster.node(name), peers);
    },
  };

  readonly disks: DiskHosts = {
    set: async (name, setting) => {
      if (!(await this.#call("setDisk", name, setting))) return;
      Object.assign(this.cluster.node(name), { disk: setting, calls: { ...NO_CALLS } });
    },
    setting: async (name) => {
      await this.#call("diskSetting", name, null);
      return this.cluster.node(name).disk;
    },
    counts: async (name) => {
      await this.#call("diskCounts", name, null);
      return { ...this.cluster.node(name).calls };
    },
    powerLoss: async (name) => {
      const loss = { lostBytes: 512, tornWrites: 1, lostEntries: 0 };
      if (!(await this.#call("powerLoss", name, null))) return loss;
      const node = this.cluster.node(name);
      if (node.state === "exited") throw new Error("no such process");
      Object.assign(node, { state: "exited", signal: "SIGKILL" });
      return loss;
    },
    damage: async (name, kind, area) => {
      const node = this.cluster.node(name);
      const place =
        area === "checkpoint"
          ? ({ area, file: "state" } as const)
          : ({ area: "wal", file: "1.wal" } as const);
      const damage: Damage = { kind, ...place, offset: 100 * node.damages.length, bytes: 1 };
      if (await this.#call("damage", name, { kind, area })) node.damages = [...node.damages, damage];
      return damage;
    },
    damages: async (name) => {
      await this.#call("damages", name, null);
      return this.cluster.node(name).damages;
    },
  };

  readonly upgrades: UpgradeHosts = {
    use: async (name, settings) => {
      if (await this.#call("use", name, settings)) this.cluster.node(name).nextSettings = settings;
    },
    inUse: async (name) => {
      await this.#call("inUse", name, null);
      return this.cluster.node(name).settings;
    },
  };

  #memberHosts(spares: readonly NodeName[]): MemberHosts {
    return {
      spares,
      membership: async (): Promise<Membership> => {
        await this.#call("membership", "", null);
        this.cluster.leader();
        const { voters, learners, isChanging } = this.cluster;
        return { voters, learners, settled: !isChanging };
      },
      change: async (change) => {
        if (await this.#call("change", change.node, change)) this.cluster.change(change);
      },
      transfer: async (to) => {
        if (await this.#call("transfer", to, null)) this.cluster.transfer(this.cluster.node(to));
      },
    };
  }

  /** Whether the call is to have its effect. */
  async #call(method: HostCall["method"], node: NodeName, detail: unknown): Promise<boolean> {
    await this.#clock.sleep(this.#latencyMs);
    this.cluster.advanceTo(this.#clock.nowMs());
    const call = { method, node, detail, atMs: this.#clock.nowMs() };
    this.calls.push(call);
    const interference = this.#interfere(call);
    if (interference === "fail") throw new Error(`${method} was refused`);
    if (interference === "slow") await this.#clock.sleep(SLOW_MS);
    if (interference === "hang") await new Promise<never>(() => {});
    return interference !== "ignore";
  }
}

export function allCapabilities(): Record<Capability, ProbeResult> {
  const yes: ProbeResult = { available: true, detail: "fake" };
  return {
    "network.cut": yes,
    "network.shape": yes,
    "network.reset": yes,
    "process.signal": yes,
    "process.upgrade": yes,
    "clock.wall": yes,
    "clock.drift": yes,
    "clock.rate": yes,
    "disk.delay": yes,
    "disk.errors": yes,
    "disk.power-loss": yes,
    "disk.damage": yes,
    "disk.truncate": yes,
    "disk.tail": yes,
    "member.change": yes,
    "member.transfer": yes,
  };
}
