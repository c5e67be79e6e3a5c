import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Capability,
  type ClockSetting,
  type Damage,
  type DiskHosts,
  type Hosts,
  type NodeView,
  notOffered,
  type ProbeResult,
  type ProcessState,
} from "@gauntlet/nemesis";
import { type NodeReading, RUN_FILES } from "@gauntlet/histories";
import type { Client } from "@gauntlet/workloads";
import type { Cluster, ClusterRequest, StartCluster, StateHashes } from "../run/cluster.js";

/** A cluster in this process: hosts that do what they are told, and clients of the test's own making. */
export interface FakeOptions {
  readonly client: (node: string) => Client;
  /** What the cluster says is broken; asked again and again. */
  readonly failures?: () => readonly string[];
  /** Rejects where the cluster cannot be started. */
  readonly start?: (request: ClusterRequest) => Promise<void>;
  /** Whether the servers, which run, say nothing of themselves. */
  readonly isHung?: () => boolean;
  /** Whether signals and cuts have an effect that can be proved. */
  readonly faultsWork?: boolean;
  /** Told of each signal that had its effect. */
  readonly onSignal?: (node: string, signal: string) => void;
  /** What the nodes hold at the end; all the same if absent. */
  readonly hashes?: () => StateHashes;
  readonly sampleThrows?: boolean;
  /** Each node leaves a folder with a log and its data. */
  readonly savesData?: boolean;
  /** The machines let data be harmed, and the servers end over it for good. */
  readonly refusesHarm?: boolean;
  readonly capabilities?: Partial<Record<Capability, ProbeResult>>;
}

export interface FakeCluster {
  readonly start: StartCluster;
  /** Clusters that were started and not stopped. */
  running(): number;
  openConnections(): number;
}

export function fakeCluster(options: FakeOptions): FakeCluster {
  let running = 0;
  let connections = 0;
  const start: StartCluster = async (request) => {
    await options.start?.(request);
    running += 1;
    let stopped = false;
    const cluster: Cluster = {
      hosts: new FakeHosts(request.nodes, options),
      versions: { fake: "1" },
      connect: (node) => {
        connections += 1;
        const server = options.client(node);
        const client = options.refusesHarm === true ? whileUp(server, () => isUp(cluster, node)) : server;
        return { client, close: () => void (connections -= 1) };
      },
      failures: () => options.failures?.() ?? [],
      sample: async () => {
        if (options.sampleThrows === true) throw new Error("no sampler");
        return [...(await cluster.hosts.view())].map(([node, view]) => readingOf(node, view));
      },
      hashes: async (_limitMs, _signal, without) => {
        const asked = cluster.hosts.nodes.filter((node) => !without.includes(node));
        const nodes = asked.map((node) => ({
          node,
          hash: 1,
          compactRevision: 0,
          detail: null,
        }));
        return options.hashes?.() ?? { revision: 1, nodes };
      },
      saveData: () =>
        Promise.all(
          cluster.hosts.nodes.map(async (node) => {
            if (options.savesData !== true) return { node, path: null, detail: "there are no machines" };
            const folder = join(request.logsDirectory, node);
            await mkdir(folder, { recursive: true });
            await writeFile(join(folder, "agent.log"), "");
            const path = join(folder, RUN_FILES.nodeData);
            await writeFile(path, `data of ${node}`);
            return { node, path, detail: null };
          }),
        ),
      stop: async () => {
        if (!stopped) running -= 1;
        stopped = true;
      },
    };
    return cluster;
  };
  return { start, running: () => running, openConnections: () => connections };
}

async function isUp({ hosts }: Cluster, node: string): Promise<boolean> {
  return (await hosts.process(node)).state === "running";
}

/** Nobody answers for a server that has ended. */
function whileUp(client: Client, up: () => Promise<boolean>): Client {
  const gone = { type: "fail", error: { code: "never-sent", message: "nobody listens" } } as const;
  return {
    read: async (key) => ((await up()) ? client.read(key) : gone),
    write: async (key, value) => ((await up()) ? client.write(key, value) : gone),
    compareAndSet: async (key, from, to) => ((await up()) ? client.compareAndSet(key, from, to) : gone),
    transact: async (transaction) => ((await up()) ? client.transact(transaction) : gone),
  };
}

function readingOf(node: string, { role, term }: NodeView): NodeReading {
  const commitIndex = term;
  return {
    node,
    role: role === "unknown" ? null : role,
    term,
    commitIndex,
    appliedIndex: commitIndex,
    wallOffsetMs: term === null ? null : 0,
    timerRate: term === null ? null : 1,
    rssBytes: term === null ? null : 50_000_000,
    openFiles: term === null ? null : 20,
    diskBytes: term === null ? null : 1_000,
  };
}

class FakeHosts implements Hosts {
  readonly nodes: readonly string[];

  readonly #options: FakeOptions;

  readonly #processes: Map<string, ProcessState>;

  readonly disks?: DiskHosts;

  readonly #harmed = new Map<string, Damage>();

  #nextPid = 100;

  constructor(nodes: number, options: FakeOptions) {
    this.nodes = Array.from({ length: nodes }, (_, index) => `n${index + 1}`);
    this.#options = options;
    this.#processes = new Map(this.nodes.map((node) => [node, this.#running(1)]));
    if (options.refusesHarm === true) this.disks = this.#harmable();
  }

  #harmable(): DiskHosts {
    const counts = { slowSyncs: 0, stalledSyncs: 0, ioErrors: 0, spaceErrors: 0 };
    const healthy = { syncDelayMs: 0, stalled: false, writeErrorShare: 0, syncErrorShare: 0, full: false };
    return {
      set: async () => {},
      setting: async () => healthy,
      counts: async () => counts,
      powerLoss: () => Promise.reject(new Error("these machines have power for ever")),
      damage: async (node, kind) => {
        const damage: Damage = { kind, area: "wal", file: "1.wal", offset: 7, bytes: 1 };
        this.#harmed.set(node, damage);
        return damage;
      },
      damages: async (node) => [this.#harmed.get(node) ?? []].flat(),
    };
  }

  async probe(): Promise<Readonly<Record<Capability, ProbeResult>>> {
    const available: ProbeResult = { available: true, detail: "in this process" };
    const facets = notOffered("these machines are of a test");
    const all = { ...facets, "network.cut": available, "process.signal": available };
    return { ...all, "clock.wall": available, "clock.rate": available, ...this.#options.capabilities };
  }

  async view(): Promise<ReadonlyMap<string, NodeView>> {
    if (this.#options.isHung?.() === true)
      return new Map(this.nodes.map((node) => [node, { role: "unknown", term: null, commitIndex: null }]));
    return new Map(
      this.nodes.map((node, index) => [
        node,
        { role: index === 0 ? "leader" : "follower", term: 1, commitIndex: null },
      ]),
    );
  }

  async cut(): Promise<void> {}

  async cuts(): Promise<readonly []> {
    return [];
  }

  async droppedPackets(): Promise<ReadonlyMap<string, number>> {
    return new Map();
  }

  async signal(node: string, signal: string): Promise<void> {
    if (this.#options.faultsWork === false) return;
    this.#options.onSignal?.(node, signal);
    const { starts } = await this.process(node);
    if (signal === "SIGKILL") this.#processes.set(node, { state: "exited", code: null, signal, starts });
  }

  async start(node: string): Promise<void> {
    const process = await this.process(node);
    if (process.state !== "exited") return;
    const starts = process.starts + 1;
    const refuses = this.#harmed.has(node);
    this.#processes.set(
      node,
      refuses ? { state: "exited", code: 1, signal: null, starts } : this.#running(starts),
    );
  }

  async process(node: string): Promise<ProcessState> {
    const process = this.#processes.get(node);
    if (process === undefined) throw new Error(`no node ${node}`);
    return process;
  }

  async setClock(): Promise<void> {}

  async clockSetting(): Promise<ClockSetting> {
    return { wallOffsetMs: 0, wallRate: 1, monotonicRate: 1 };
  }

  async readClock(): Promise<{ wallOffsetMs: number; timerRate: number }> {
    if (this.#options.isHung?.() === true) throw new Error("no answer");
    return { wallOffsetMs: 0, timerRate: 1 };
  }

  #running(starts: number): ProcessState {
    this.#nextPid += 1;
    return { state: "running", pid: this.#nextPid, starts };
  }
}
