import { mkdir } from "node:fs/promises";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import type { NodeReading } from "@gauntlet/histories";
import type {
  Capability,
  ClockReading,
  ClockSetting,
  Cut,
  Hosts,
  NodeName,
  NodeView,
  ProbeResult,
  ProcessState,
  Signal,
} from "@gauntlet/nemesis";
import { DISK_VARIABLES, PATHS } from "./agent/paths.js";
import type { CountedRule } from "./agent/protocol.js";
import { docker } from "./docker-cli.js";
import { DockerDisks } from "./disks.js";
import { DockerError, messageOf } from "./docker-error.js";
import { DockerMembers } from "./members.js";
import { feelsShim } from "./felt.js";
import { createNetwork } from "./network.js";
import { NodeMachine } from "./node-machine.js";
import { cutsOf, dropsOf, rulesOf } from "./packet-cuts.js";
import { DockerPackets } from "./packets.js";
import { probeAll } from "./probe.js";
import { Sampler } from "./sampling.js";
import { saveData } from "./saving.js";
import { labelArguments, removeRun, type ClusterKind } from "./resources.js";
import { GAUNTLET } from "./systems/gauntlet.js";
import { type Endpoint, type Member, PORTS, type System } from "./systems/system.js";
import { removeOwnedWhenGone } from "./undertaker.js";

export const MAX_NODES = 15;
/** To mount the machine's disk from a file: loop devices and nothing else, in the container's own mount namespace. */
const LOOP_FLAGS = [
  "--cap-add=SYS_ADMIN",
  "--device=/dev/loop-control",
  "--device-cgroup-rule=b 7:* rwm",
  // Where AppArmor is, its profile for containers forbids to mount.
  "--security-opt=apparmor=unconfined",
];
const REACH_TIMEOUT_MS = 3_000;
/** A view is to take no longer than half a second. */
const VIEW_TIMEOUT_MS = 450;
const PROBE_LOOKS = 5;

export interface DockerHostsOptions {
  /** Unique among the runs of this machine: letters, digits, `_`, `.` and `-`. */
  readonly runId: string;
  /** 1 to 15, with the spares. */
  readonly nodes: number;
  /** Machines beyond these, which could join; without any, members are not changed. Default 0. */
  readonly spares?: number;
  /** What runs on the machines. Default: this repository's server. */
  readonly system?: System;
  /** As the system's `image` gives it. */
  readonly image: string;
  /** Gets a directory for each node: `<logsDir>/n1/server.log` and `agent.log`. Made when missing. */
  readonly logsDir: string;
  /** Appended to the server's own arguments; the last of a flag wins. */
  readonly serverArgs?: readonly string[];
  /** `standing` clusters outlive this process. Default `run`. */
  readonly kind?: ClusterKind;
  /** After packet rules of a node change, destroy its connections to the peers, so that they are dialled at once. Default false: the honest network recovers by itself. */
  readonly resetConnectionsOnHeal?: boolean;
  /** false: machines as on an engine that refuses loop devices. Default true, but for GAUNTLET_DISKS=journal in the environment. */
  readonly loopDisks?: boolean;
  /** Aborting makes start() reject, after it has removed what it had made. */
  readonly signal?: AbortSignal;
  readonly log?: (line: string) => void;
}

/** A node that the rig lost: its container or its channel ended without being asked to. */
export interface HostFailure {
  readonly node: NodeName;
  readonly reason: string;
}

/** Machines made of containers; README.md says what it promises. */
export class DockerHosts implements Hosts {
  readonly nodes: readonly NodeName[];
  readonly endpoints: ReadonlyMap<NodeName, Endpoint>;
  readonly runId: string;
  readonly disks = new DockerDisks((node) => this.#machine(node));
  readonly packets: DockerPackets;
  readonly members?: DockerMembers;
  readonly #machines: ReadonlyMap<NodeName, NodeMachine>;
  readonly #addresses: ReadonlyMap<NodeName, string>;
  readonly system: System;
  readonly #resetOnHeal: boolean;
  readonly #sampler = new Sampler();
  /** Addresses that a node's present rules name. */
  readonly #cutFrom = new Map<NodeName, ReadonlySet<string>>();

  private constructor(options: DockerHostsOptions, machines: readonly NodeMachine[]) {
    this.runId = options.runId;
    this.system = options.system ?? GAUNTLET;
    const names = machines.map(({ node }) => node);
    this.nodes = names.slice(0, options.nodes);
    this.#machines = new Map(machines.map((machine) => [machine.node, machine]));
    this.#addresses = new Map(machines.map(({ node, address }) => [node, address]));
    this.packets = new DockerPackets((node) => this.#machine(node), this.#addresses);
    this.#resetOnHeal = options.resetConnectionsOnHeal ?? false;
    this.endpoints = new Map(
      machines.map(({ node, address }) => [
        node,
        { client: `${address}:${PORTS.client}`, metrics: `${address}:${PORTS.metrics}` },
      ]),
    );
    const spares = names.slice(options.nodes);
    if (spares.length === 0) return;
    this.members = new DockerMembers({
      nodes: this.nodes,
      spares,
      addresses: this.#addresses,
      system: this.system,
      serverArgs: options.serverArgs ?? [],
      machine: (node) => this.#machine(node),
      view: () => this.view(),
    });
  }

  /**
   * Resolves when all containers and channels are up and every server process exists; whether the cluster serves is
   * for the caller to ask. Rejects with a DockerError and leaves nothing behind.
   */
  static async start(options: DockerHostsOptions): Promise<DockerHosts> {
    checkOptions(options);
    let machines: readonly NodeMachine[] = [];
    try {
      machines = await startMachines(options);
      const hosts = new DockerHosts(options, machines);
      await Promise.all(hosts.nodes.map((node) => hosts.start(node)));
      await Promise.all(machines.map((machine) => checkReachable(machine.address)));
      options.signal?.throwIfAborted();
      return hosts;
    } catch (error) {
      await Promise.all(machines.map((machine) => machine.close()));
      const left = await removeRun(options.runId).then(
        () => "",
        (problem: unknown) => `; and then: ${messageOf(problem)}`,
      );
      const aborted = options.signal?.aborted === true;
      const why = aborted ? "interrupted while the containers were being started" : messageOf(error);
      throw new DockerError(`${why}${left}`, { cause: error });
    }
  }

  /** Nodes whose container or channel died unexpectedly: the rig's failure, never the cluster's. */
  failures(): readonly HostFailure[] {
    return [...this.#machines.values()].flatMap(({ node, failure }) =>
      failure === null ? [] : [{ node, reason: failure }],
    );
  }

  /** Removes containers, network and volumes. */
  async stop(): Promise<void> {
    await this.detach();
    await removeRun(this.runId);
  }

  /** Lets go of the cluster and leaves it running. */
  async detach(): Promise<void> {
    this.members?.close();
    await Promise.all([...this.#machines.values()].map((machine) => machine.close()));
  }

  async probe(): Promise<Readonly<Record<Capability, ProbeResult>>> {
    const view = await this.#settledView();
    const node = this.nodes.find((name) => view.get(name)?.role === "follower") ?? this.nodes[0] ?? "";
    const peer = this.nodes.find((name) => name !== node && view.get(name)?.role !== "leader");
    const fallback = this.nodes.find((name) => name !== node);
    const machine = this.#machine(node);
    // A follower misses nothing if another is silent for a moment; a leader might lose its place.
    const mayCut =
      peer !== undefined && view.get(node)?.role === "follower" && view.get(peer)?.role === "follower";
    const { client } = this.#endpoint(node);
    return probeAll(this, machine, this.#machines.get(peer ?? fallback ?? ""), mayCut, {
      lacks: this.system.lacks,
      feelsShim: () => feelsShim(this.disks, node, client),
    });
  }

  /** Once every node has said what it is; a busy machine may let one be late. */
  async #settledView(): Promise<ReadonlyMap<NodeName, NodeView>> {
    let view = await this.view();
    for (let i = 0; i < PROBE_LOOKS && [...view.values()].some(({ role }) => role === "unknown"); i += 1) {
      view = await this.view();
    }
    return view;
  }

  /** The machines that are members, or were from the start. */
  get present(): readonly NodeName[] {
    return [...this.nodes, ...(this.members?.joined ?? [])];
  }

  /** What each present machine's server shows of itself; bounded in time (under a second), never rejects. */
  async sample(): Promise<readonly NodeReading[]> {
    return Promise.all(
      this.present.map((node) => this.#sampler.sample(node, this.system, this.#endpoint(node))),
    );
  }

  /** Ends the node's server and packs its data directory into a file of this machine. */
  async saveData(node: NodeName, path: string): Promise<void> {
    const machine = this.#machine(node);
    if ((await this.process(node)).state !== "exited") await this.signal(node, "SIGKILL");
    await saveData(machine.container, path);
  }

  async view(): Promise<ReadonlyMap<NodeName, NodeView>> {
    const views = this.present.map(async (node): Promise<[NodeName, NodeView]> => {
      const seen = await this.system.observe(this.#endpoint(node), VIEW_TIMEOUT_MS).catch(() => null);
      const role = seen?.role ?? "unknown";
      const { term = null, commitIndex = null } = seen ?? {};
      return [node, { role: role === "learner" ? "unknown" : role, term, commitIndex }];
    });
    return new Map(await Promise.all(views));
  }

  async cut(node: NodeName, cuts: readonly Cut[]): Promise<void> {
    const machine = this.#machine(node);
    await machine.request<"set-rules">({
      command: "set-rules",
      rules: [...rulesOf(node, cuts, this.#addresses, this.system.peerConnections)],
    });
    const peers = new Set(cuts.map((cut) => this.#addresses.get(cut.peer) ?? ""));
    const healed = [...(this.#cutFrom.get(node) ?? [])].filter((peer) => !peers.has(peer));
    this.#cutFrom.set(node, peers);
    if (!this.#resetOnHeal) return;
    await machine.request<"reset-connections">({ command: "reset-connections", peers: healed });
  }

  async cuts(node: NodeName): Promise<readonly Cut[]> {
    return cutsOf(node, await this.#rules(node), this.#addresses, this.system.peerConnections);
  }

  async droppedPackets(node: NodeName): Promise<ReadonlyMap<NodeName, number>> {
    return dropsOf(await this.#rules(node), this.#addresses);
  }

  async signal(node: NodeName, signal: Signal): Promise<void> {
    await this.#machine(node).request<"signal">({ command: "signal", signal });
  }

  async start(node: NodeName): Promise<void> {
    await this.#machine(node).request<"start">({ command: "start" });
  }

  async process(node: NodeName): Promise<ProcessState> {
    return this.#machine(node).request<"process">({ command: "process" });
  }

  async setClock(node: NodeName, setting: ClockSetting): Promise<void> {
    await this.#machine(node).request<"set-clock">({ command: "set-clock", setting });
  }

  async clockSetting(node: NodeName): Promise<ClockSetting> {
    return (await this.#machine(node).request<"read-clock">({ command: "read-clock" })).setting;
  }

  async readClock(node: NodeName, windowMs: number): Promise<ClockReading> {
    return this.system.readClock(node, this.#endpoint(node), windowMs);
  }

  /** Round trip to a node's agent, milliseconds. */
  async ping(node: NodeName): Promise<number> {
    const machine = this.#machine(node);
    const before = performance.now();
    await machine.request<"ping">({ command: "ping" });
    return performance.now() - before;
  }

  async #rules(node: NodeName): Promise<readonly CountedRule[]> {
    return (await this.#machine(node).request<"read-rules">({ command: "read-rules" })).rules;
  }

  #endpoint(node: NodeName): Endpoint {
    this.#machine(node);
    return this.endpoints.get(node) ?? { client: "", metrics: "" };
  }

  #machine(node: NodeName): NodeMachine {
    const machine = this.#machines.get(node);
    if (machine === undefined) {
      throw new DockerError(
        `there is no node "${node}"; the nodes are ${[...this.#machines.keys()].join(", ")}`,
      );
    }
    return machine;
  }
}

function checkOptions(options: DockerHostsOptions): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,60}$/.test(options.runId)) {
    throw new DockerError(`the run id "${options.runId}" cannot be part of a container's name`);
  }
  const { nodes, spares = 0 } = options;
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > MAX_NODES) {
    throw new DockerError(`${nodes} nodes: must be a whole number from 1 to ${MAX_NODES}`);
  }
  if (!Number.isInteger(spares) || spares < 0 || nodes + spares > MAX_NODES) {
    throw new DockerError(`${nodes} nodes and ${spares} spares: must be at most ${MAX_NODES} together`);
  }
}

async function startMachines(options: DockerHostsOptions): Promise<readonly NodeMachine[]> {
  const { runId, signal, log } = options;
  signal?.throwIfAborted();
  if (options.kind !== "standing") removeOwnedWhenGone();
  const began = performance.now();
  const count = options.nodes + (options.spares ?? 0);
  const network = await createNetwork(runId, options.kind ?? "run", count, signal);
  const all = network.addresses.map((address, n): Member => ({ node: `n${n + 1}`, address }));
  const members = all.slice(0, options.nodes);
  // All must have ended before anything can be cleaned up.
  const settled = await Promise.allSettled(
    all.map((member) => startMachine(options, network.name, member, members)),
  );
  const machines = settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failed = settled.find((result) => result.status === "rejected");
  if (failed !== undefined) {
    await Promise.all(machines.map((machine) => machine.close()));
    throw failed.reason;
  }
  log?.(`${machines.length} containers up in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return machines;
}

async function startMachine(
  options: DockerHostsOptions,
  network: string,
  member: Member,
  members: readonly Member[],
): Promise<NodeMachine> {
  const { runId, image, signal } = options;
  const { node, address } = member;
  const name = `gauntlet-${runId}-${node}`;
  const labels = labelArguments(options.kind ?? "run", runId);
  const logs = resolve(join(options.logsDir, node));
  await mkdir(logs, { recursive: true });
  await docker(["volume", "create", ...labels, name], { signal });
  const flags = [
    `--name=${name}`,
    `--hostname=${node}`,
    `--network=${network}`,
    `--ip=${address}`,
    // For packet rules and for destroying sockets, in the container's own network namespace only.
    "--cap-add=NET_ADMIN",
    `--mount=type=volume,source=${name},target=${PATHS.volume}`,
    `--mount=type=bind,source=${logs},target=/logs`,
    // Restarting a server is the rig's business, restarting a machine is nobody's.
    "--restart=no",
    "--pull=never",
    "--log-opt=max-size=1m",
  ];
  const launch = { member, members, token: `gauntlet-${runId}`, extra: options.serverArgs ?? [] };
  const server = (options.system ?? GAUNTLET).command(launch);
  const run = async (more: readonly string[], disk: string): Promise<void> => {
    const about = { [DISK_VARIABLES.kind]: disk, [DISK_VARIABLES.file]: `${name}.img` };
    const variables = Object.entries(about).map(([key, value]) => `--env=${key}=${value}`);
    await docker(["run", "--detach", ...flags, ...more, ...variables, ...labels, image, ...server], {
      signal,
    });
  };
  if (!(options.loopDisks ?? process.env["GAUNTLET_DISKS"] !== "journal"))
    await run([], "loop devices were not asked for");
  else {
    try {
      await run(LOOP_FLAGS, "loop");
    } catch (error) {
      signal?.throwIfAborted();
      // An engine that refuses these still makes machines, whose disks cannot lose their power.
      await docker(["container", "rm", "--force", name], { signal }).catch(() => undefined);
      await run([], `the engine refused it (${messageOf(error)})`);
    }
  }
  return NodeMachine.connect({ node, container: name, address });
}

/** A refusal will do: it proves that packets find the way. Docker Desktop keeps its bridges to itself. */
function checkReachable(address: string): Promise<void> {
  return new Promise((resolve_, reject) => {
    const socket = connect({ host: address, port: PORTS.metrics, timeout: REACH_TIMEOUT_MS });
    const settle = (error?: DockerError): void => {
      socket.destroy();
      if (error === undefined) resolve_();
      else reject(error);
    };
    const unreachable = `the container at ${address} cannot be reached from here; the rig needs an engine on this machine whose bridge networks it can reach (Docker Desktop's are not)`;
    socket.on("connect", () => settle());
    socket.on("timeout", () => settle(new DockerError(unreachable)));
    socket.on("error", (error: NodeJS.ErrnoException) =>
      settle(error.code === "ECONNREFUSED" ? undefined : new DockerError(`${unreachable}: ${error.message}`)),
    );
  });
}
