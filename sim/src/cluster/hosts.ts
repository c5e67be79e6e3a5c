import type {
  Capability,
  ClockReading,
  ClockSetting,
  Cut,
  DiskHosts,
  Hosts,
  MemberHosts,
  NodeName,
  NodeView,
  PacketHosts,
  ProbeResult,
  ProcessState,
  RoleName,
  Signal,
  UpgradeHosts,
} from "@gauntlet/nemesis";
import type { MemberId, Role } from "@gauntlet/server/inside";
import { nodeName } from "../node-names.js";
import type { Cluster } from "./cluster.js";
import type { Machine } from "./machine.js";
import { SimMembers } from "./members.js";

const ROLES: Readonly<Record<Role, RoleName>> = {
  leader: "leader",
  follower: "follower",
  candidate: "candidate",
  "pre-candidate": "candidate",
};

const CAPABILITIES: readonly Capability[] = [
  "network.cut",
  "network.shape",
  "network.reset",
  "process.signal",
  "process.upgrade",
  "clock.wall",
  "clock.drift",
  "clock.rate",
  "disk.delay",
  "disk.errors",
  "disk.power-loss",
  "disk.damage",
  "disk.truncate",
  "member.change",
  "member.transfer",
];

const FIRST_PID = 100;

/** The world's machines as faults see them. Everything acts at once, in virtual time; nothing is estimated. */
export class SimHosts implements Hosts {
  readonly nodes: readonly NodeName[];
  readonly packets: PacketHosts;
  readonly disks: DiskHosts;
  readonly members: MemberHosts;
  readonly upgrades: UpgradeHosts;
  private readonly cluster: Cluster;
  private readonly simMembers: SimMembers;
  private readonly rules = new Map<NodeName, readonly Cut[]>();

  constructor(cluster: Cluster) {
    this.cluster = cluster;
    this.nodes = cluster.firstMembers.map(({ name }) => name);
    this.simMembers = new SimMembers(cluster);
    this.members = this.simMembers;
    this.packets = packetHosts(cluster);
    this.disks = diskHosts(cluster);
    this.upgrades = upgradeHosts(cluster);
  }

  async probe(): Promise<Readonly<Record<Capability, ProbeResult>>> {
    const all = CAPABILITIES.map((name) => [name, { available: true, detail: "simulated" }] as const);
    const tail = { available: false, reason: "a simulated disk harms what was durable anywhere" } as const;
    return { ...Object.fromEntries(all), "disk.tail": tail } as Record<Capability, ProbeResult>;
  }

  async view(): Promise<ReadonlyMap<NodeName, NodeView>> {
    return new Map(this.simMembers.present().map((machine) => [machine.name, viewOf(machine)]));
  }

  async cut(node: NodeName, cuts: readonly Cut[]): Promise<void> {
    const { cluster } = this;
    const links = cuts.map(({ peer, direction }) => ({ peer: cluster.machine(peer).id, direction }));
    cluster.network.setCuts(cluster.machine(node).id, links);
    this.rules.set(node, cuts);
  }

  async cuts(node: NodeName): Promise<readonly Cut[]> {
    return this.rules.get(this.cluster.machine(node).name) ?? [];
  }

  async droppedPackets(node: NodeName): Promise<ReadonlyMap<NodeName, number>> {
    const { cluster } = this;
    const dropped = cluster.network.dropped(cluster.machine(node).id);
    return new Map([...dropped].map(([peer, count]) => [nodeName(peer), count]));
  }

  async signal(node: NodeName, signal: Signal): Promise<void> {
    const machine = this.cluster.machine(node);
    // A supervisor that was about to start it again is told that it is wanted down.
    if (signal === "SIGKILL" || signal === "SIGTERM") machine.cancelRestart();
    if (machine.state === "exited") throw new Error(`${node} has no process to signal`);
    if (signal === "SIGKILL") machine.kill();
    else if (signal === "SIGTERM") machine.stop();
    else if (signal === "SIGSTOP") machine.pause();
    else machine.resume();
  }

  async start(node: NodeName): Promise<void> {
    this.cluster.machine(node).start();
  }

  async process(node: NodeName): Promise<ProcessState> {
    const { state, starts, lastEnding } = this.cluster.machine(node);
    if (state !== "exited") return { state, pid: FIRST_PID + starts, starts };
    const signal = lastEnding?.kind === "killed" || lastEnding?.kind === "power" ? "SIGKILL" : null;
    const code = signal !== null ? null : lastEnding === null || lastEnding.kind === "stopped" ? 0 : 1;
    return { state, code, signal, starts };
  }

  async setClock(node: NodeName, setting: ClockSetting): Promise<void> {
    this.cluster.machine(node).clock.set(setting);
  }

  async clockSetting(node: NodeName): Promise<ClockSetting> {
    const { clock } = this.cluster.machine(node);
    return clock.setting;
  }

  async readClock(node: NodeName, windowMs: number): Promise<ClockReading> {
    const machine = this.cluster.machine(node);
    const { loop } = this.cluster;
    const first = machine.tickMark;
    await loop.sleep(windowMs);
    const last = machine.tickMark;
    if (machine.server === null || machine.state !== "running") throw new Error(`${node} does not answer`);
    if (first === null || last === null || first.life !== last.life || first.ticks === last.ticks) {
      throw new Error(`${node} did not tick within ${windowMs} ms`);
    }
    const tookMs = last.atMs - first.atMs;
    const timerRate = ((last.ticks - first.ticks) * machine.tickIntervalMs) / tookMs;
    return { wallOffsetMs: machine.clock.wallOffMs(), timerRate };
  }
}

function viewOf(machine: Machine): NodeView {
  if (machine.server === null || machine.state !== "running")
    return { role: "unknown", term: null, commitIndex: null };
  const { role, term } = machine.server.replica.view;
  return { role: ROLES[role], term, commitIndex: machine.server.replica.status().commitIndex };
}

function packetHosts(cluster: Cluster): PacketHosts {
  const { network } = cluster;
  return {
    shape: async (node, shapes) => {
      const byId = [...shapes].map(([peer, shape]) => [cluster.machine(peer).id, shape] as const);
      network.setShapes(cluster.machine(node).id, new Map(byId));
    },
    shapeOf: async (node) => byName(network.shapes(cluster.machine(node).id)),
    counts: async (node) => byName(network.shapeCounts(cluster.machine(node).id)),
    reset: async (node, peers) => {
      const machine = cluster.machine(node);
      const others = peers.map((peer) => cluster.machine(peer)).filter(({ state }) => state !== "exited");
      if (machine.state === "exited") return 0;
      return others.reduce((sum, peer) => sum + network.reset(machine.id, peer.id), 0);
    },
  };
}

function byName<T>(ofMembers: ReadonlyMap<MemberId, T>): ReadonlyMap<NodeName, T> {
  return new Map([...ofMembers].map(([id, value]) => [nodeName(id), value]));
}

function diskHosts(cluster: Cluster): DiskHosts {
  return {
    set: async (node, setting) => cluster.machine(node).disk.configure(setting),
    setting: async (node) => cluster.machine(node).disk.setting,
    counts: async (node) => cluster.machine(node).disk.counts,
    powerLoss: async (node) => {
      const machine = cluster.machine(node);
      if (machine.state === "exited") throw new Error(`${node} has no process that could lose power`);
      return machine.losePower();
    },
    damage: async (node, kind, area) => {
      const machine = cluster.machine(node);
      if (area === "tail") throw new Error("a simulated disk knows no tail");
      const damage = machine.disk.damage(kind, area);
      if (damage !== null) cluster.observer.damaged(machine.id);
      return damage;
    },
    damages: async (node) => cluster.machine(node).disk.damages(),
  };
}

function upgradeHosts(cluster: Cluster): UpgradeHosts {
  return {
    use: async (node, settings) => {
      cluster.machine(node).settingsName = settings;
    },
    inUse: async (node) => cluster.machine(node).startedWith,
  };
}
