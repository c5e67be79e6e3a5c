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

  /** User and system time of all its processes so far. */
  async cpuSeconds(): Promise<number> {
    const fields = await this.statFields();
    return this.endedCpuSeconds + (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  async residentBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1024;
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
  readonly nodes: readonly LocalNode[];
  private readonly directory: string;

  private constructor(system: System, nodes: readonly LocalNode[], directory: string) {
    this.system = system;
    this.nodes = nodes;
    this.directory = directory;
  }

  /** Resolves when all nodes follow one leader. */
  static async start(system: System, size: number): Promise<LocalCluster> {
    const directory = await mkdtemp(join(tmpdir(), `gauntlet-bench-${system.name}-`));
    const ports = await freePorts(3 * size);
    const plans = Array.from({ length: size }, (_, at): NodePlan => {
      const [clientPort = 0, peerPort = 0, metricsPort = 0] = ports.slice(3 * at, 3 * at + 3);
      const name = `n${at + 1}`;
      return { name, clientPort, peerPort, metricsPort, dataDir: join(directory, name) };
    });
    const nodes = plans.map((plan) => {
      const { file, args } = system.command(plan, plans);
      return new LocalNode(plan, () => execa(file, args, { stdio: ["ignore", "ignore", "inherit"] }));
    });
    const cluster = new LocalCluster(system, nodes, directory);
    try {
      for (const node of nodes) node.start();
      await cluster.leader();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
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

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    for (const node of this.nodes) node.client.close();
    await rm(this.directory, { recursive: true, force: true });
  }
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
export async function until<Value>(what: string, attempt: () => Promise<Value | null>): Promise<Value> {
  const deadlineMs = performance.now() + LIMIT_MS;
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
  throw new Error(`not within ${LIMIT_MS / 1000} s: ${what}`, { cause: last });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
