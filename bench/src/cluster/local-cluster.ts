import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type EtcdClient } from "@gauntlet/client";
import { execa, type ResultPromise } from "execa";
import type { NodePlan, System } from "./system.js";

const LIMIT_MS = 60_000;
const POLL_MS = 20;
/** Of /proc/<pid>/stat: USER_HZ is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** A node of the cluster: its addresses and directory stay, its process comes and goes. */
export class LocalNode {
  readonly plan: NodePlan;
  readonly endpoint: string;
  /** For questions about the node; loads have clients of their own. */
  readonly client: EtcdClient;
  private readonly spawn: () => ResultPromise;
  private process: ResultPromise | null = null;
  /** Of processes that have ended. */
  private endedCpuSeconds = 0;

  constructor(plan: NodePlan, spawn: () => ResultPromise) {
    this.plan = plan;
    this.endpoint = `127.0.0.1:${plan.clientPort}`;
    this.client = connect({ endpoint: this.endpoint, deadlineMs: 2000 });
    this.spawn = spawn;
  }

  get isRunning(): boolean {
    return this.process !== null;
  }

  start(): void {
    this.process = this.spawn();
    this.process.catch(() => undefined); // it is killed in the end
  }

  async kill(): Promise<void> {
    const running = this.process;
    if (running === null) return;
    this.endedCpuSeconds = await this.cpuSeconds();
    this.process = null;
    running.kill("SIGKILL");
    await running.catch(() => undefined);
  }

  get peerUrl(): string {
    return `http://127.0.0.1:${this.plan.peerPort}`;
  }

  /** Resolves when the process has ended by itself. */
  async ended(): Promise<void> {
    await this.process?.catch(() => undefined);
    this.process = null;
  }

  /** User and system time of all its processes so far. */
  async cpuSeconds(): Promise<number> {
    const fields = await this.statFields();
    return this.endedCpuSeconds + (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  residentBytes(): Promise<number> {
    return this.statusBytes("VmRSS");
  }

  /** The most that its present process ever had. */
  peakResidentBytes(): Promise<number> {
    return this.statusBytes("VmHWM");
  }

  private async statusBytes(field: string): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, "utf8");
    const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status) ?? [];
    return Number(kilobytes ?? Number.NaN) * 1024;
  }

  private get pid(): number {
    const pid = this.process?.pid;
    if (pid === undefined) throw new Error(`${this.plan.name} does not run`);
    return pid;
  }

  /** From the state on, which is the first field behind the name in parentheses. */
  private async statFields(): Promise<readonly string[]> {
    const stat = await readFile(`/proc/${this.pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  }
}

/** A cluster of processes on loopback, all directories on one disk. */
export class LocalCluster {
  readonly system: System;
  readonly nodes: LocalNode[] = [];
  private readonly directory: string;

  private constructor(system: System, directory: string) {
    this.system = system;
    this.directory = directory;
  }

  /** Resolves when all nodes follow one leader. */
  static async start(system: System, size: number): Promise<LocalCluster> {
    const directory = await mkdtemp(join(tmpdir(), `gauntlet-bench-${system.name}-`));
    const cluster = new LocalCluster(system, directory);
    const plans = await cluster.plans(size);
    for (const plan of plans) cluster.nodes.push(nodeOf(plan, system.command(plan, plans, false)));
    try {
      for (const node of cluster.nodes) node.start();
      await cluster.leader();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** A node that is to join. It is not started, and the others do not know it yet. */
  async newcomer(): Promise<LocalNode> {
    const [plan] = await this.plans(1);
    if (plan === undefined) throw new Error("there is no plan");
    const running = this.nodes.filter((node) => node.isRunning).map((node) => node.plan);
    const node = nodeOf(plan, this.system.command(plan, [...running, plan], true));
    this.nodes.push(node);
    return node;
  }

  get endpoints(): readonly string[] {
    return this.nodes.map((node) => node.endpoint);
  }

  /** The node that all running ones name as their leader. */
  async leader(): Promise<LocalNode> {
    return until(`${this.system.name}: all nodes follow one leader`, async () => {
      const running = this.nodes.filter((node) => node.isRunning);
      const answers = await Promise.all(running.map((node) => node.client.status()));
      const [leader, ...others] = new Set(answers.map((answer) => answer.leader));
      if (leader === undefined || leader === 0n || others.length > 0) return null;
      return running[answers.findIndex((answer) => answer.header.memberId === leader)] ?? null;
    });
  }

  /** Of all nodes together, over all their processes. */
  async cpuSeconds(): Promise<number> {
    return sum(await Promise.all(this.nodes.map((node) => node.cpuSeconds())));
  }

  /** Of all nodes together. */
  async residentBytes(): Promise<number> {
    return sum(await Promise.all(this.nodes.map((node) => node.residentBytes())));
  }

  /** Of nodes behind the last. */
  private async plans(count: number): Promise<readonly NodePlan[]> {
    const ports = await freePorts(3 * count);
    return Array.from({ length: count }, (_, at): NodePlan => {
      const [clientPort = 0, peerPort = 0, metricsPort = 0] = ports.slice(3 * at, 3 * at + 3);
      const name = `n${this.nodes.length + at + 1}`;
      return { name, clientPort, peerPort, metricsPort, dataDir: join(this.directory, name) };
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    for (const node of this.nodes) node.client.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}

function nodeOf(plan: NodePlan, { file, args }: ReturnType<System["command"]>): LocalNode {
  return new LocalNode(plan, () => execa(file, args, { stdio: ["ignore", "ignore", "inherit"] }));
}

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

/** Asks again until `attempt` has a value; a rejection counts as none yet. */
export async function until<Value>(
  what: string,
  attempt: () => Promise<Value | null>,
  limitMs = LIMIT_MS,
): Promise<Value> {
  const deadlineMs = performance.now() + limitMs;
  let last: unknown = null;
  while (performance.now() < deadlineMs) {
    try {
      const value = await attempt();
      if (value !== null) return value;
    } catch (error) {
      last = error;
    }
    await sleep(POLL_MS);
  }
  throw new Error(`not within ${limitMs / 1000} s: ${what}`, { cause: last });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
