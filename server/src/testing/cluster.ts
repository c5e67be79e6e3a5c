import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { NodeClient } from "./grpc.js";

const SERVER = fileURLToPath(new URL("../../bin/gauntlet-server.js", import.meta.url));

/** Short enough for tests, long enough for a machine that does other things too. */
const TIMING = ["--heartbeat-interval-ms=50", "--election-timeout-ms=500", "--request-timeout-ms=2000"];

const WAIT_MS = 45_000;
const POLL_MS = 25;

/** A server process and what it has said. */
export class ServerProcess {
  readonly child: ChildProcess;

  stdout = "";

  stderr = "";

  readonly #exited: Promise<unknown>;

  constructor(args: readonly string[], program: readonly string[] = [SERVER]) {
    this.child = spawn(process.execPath, [...program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    this.child.stdout?.on("data", (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr?.on("data", (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.#exited = once(this.child, "close");
  }

  /** Resolves to the exit code, or null after a signal. */
  async exit(): Promise<number | null> {
    await this.#exited;
    return this.child.exitCode;
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.exit();
  }

  /** The log lines with this message. */
  logged(message: string): Record<string, unknown>[] {
    const lines = this.stdout.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"));
    return lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line["msg"] === message);
  }
}

/** One node of a test cluster: its addresses stay, its process comes and goes. */
export class TestNode {
  readonly name: string;

  readonly clientAddress: string;

  readonly peerUrl: string;

  readonly metricsUrl: string;

  readonly client: NodeClient;

  readonly #args: readonly string[];

  readonly #program: readonly string[] | undefined;

  process: ServerProcess | null = null;

  constructor(name: string, ports: NodePorts, args: readonly string[], program?: readonly string[]) {
    this.name = name;
    this.clientAddress = `127.0.0.1:${ports.client}`;
    this.peerUrl = `http://127.0.0.1:${ports.peer}`;
    this.metricsUrl = `http://127.0.0.1:${ports.metrics}`;
    this.client = new NodeClient(this.clientAddress);
    this.#args = args;
    this.#program = program;
  }

  start(): void {
    this.process = new ServerProcess(this.#args, this.#program);
  }

  /** Waits until the process ends by itself; resolves to its exit code. */
  async exit(): Promise<number | null> {
    const running = this.process;
    const code = running === null ? null : await running.exit();
    this.process = null;
    return code;
  }

  /** Ends the process; resolves to its exit code. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const running = this.process;
    this.process = null;
    return running === null ? null : running.end(signal);
  }
}

interface NodePorts {
  readonly client: number;
  readonly peer: number;
  readonly metrics: number;
}

/** A cluster of real processes on loopback, each with a directory of its own. */
export class TestCluster {
  readonly nodes: TestNode[];

  readonly directory: string;

  readonly #program: readonly string[] | undefined;

  readonly #flags: readonly string[];

  private constructor(
    nodes: TestNode[],
    directory: string,
    program: readonly string[] | undefined,
    flags: readonly string[],
  ) {
    this.nodes = nodes;
    this.directory = directory;
    this.#program = program;
    this.#flags = flags;
  }

  /** Starts `size` nodes named n1, n2, … and waits until all follow one leader. */
  static async start(
    size: number,
    program?: readonly string[],
    flags: readonly string[] = [],
  ): Promise<TestCluster> {
    const directory = await mkdtemp(join(tmpdir(), "gauntlet-"));
    const ports = await freePorts(3 * size);
    const plan = Array.from({ length: size }, (_, at): [string, NodePorts] => {
      const [client = 0, peer = 0, metrics = 0] = ports.slice(3 * at, 3 * at + 3);
      return [`n${at + 1}`, { client, peer, metrics }];
    });
    const members = plan.map(([name, { peer }]) => `${name}=http://127.0.0.1:${peer}`).join(",");
    const nodes = plan.map(([name, each]) => {
      const args = [...nodeArguments(name, each, members, join(directory, name)), ...flags];
      return new TestNode(name, each, args, program);
    });
    const cluster = new TestCluster(nodes, directory, program, flags);
    for (const node of nodes) node.start();
    await cluster.leader();
    return cluster;
  }

  /** A node named `name` that is to join; it is not started, and the cluster does not know it yet. */
  async newcomer(name: string): Promise<TestNode> {
    const [client = 0, peer = 0, metrics = 0] = await freePorts(3);
    const ports = { client, peer, metrics };
    const all = [...this.running, { name, peerUrl: `http://127.0.0.1:${peer}` }];
    const members = all.map((node) => `${node.name}=${node.peerUrl}`).join(",");
    const args = nodeArguments(name, ports, members, join(this.directory, name));
    const node = new TestNode(
      name,
      ports,
      [...args, "--initial-cluster-state=existing", ...this.#flags],
      this.#program,
    );
    this.nodes.push(node);
    return node;
  }

  get running(): TestNode[] {
    return this.nodes.filter((node) => node.process !== null);
  }

  /** Waits until all running nodes name the same running leader, and returns it. */
  async leader(): Promise<TestNode> {
    return until("all nodes follow one leader", async () => {
      const answers = await Promise.all(this.running.map(async (node) => node.client.status({})));
      const leaders = new Set(answers.map((answer) => String(answer.leader)));
      if (leaders.size !== 1) return null;
      const at = answers.findIndex((answer) => String(answer.header?.member_id) === [...leaders][0]);
      return this.running[at] ?? null;
    });
  }

  async followers(): Promise<TestNode[]> {
    const leader = await this.leader();
    return this.running.filter((node) => node !== leader);
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.end("SIGKILL")));
    for (const node of this.nodes) node.client.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}

function nodeArguments(name: string, ports: NodePorts, members: string, dataDir: string): string[] {
  return [
    `--name=${name}`,
    `--data-dir=${dataDir}`,
    `--initial-cluster=${members}`,
    `--listen-client-url=http://127.0.0.1:${ports.client}`,
    `--listen-peer-url=http://127.0.0.1:${ports.peer}`,
    `--listen-metrics-url=http://127.0.0.1:${ports.metrics}`,
    ...TIMING,
  ];
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

/** Asks again until `attempt` has a value; a rejection counts as none yet. */
export async function until<Value>(what: string, attempt: () => Promise<Value | null>): Promise<Value> {
  const deadline = Date.now() + WAIT_MS;
  let last: unknown = null;
  while (Date.now() < deadline) {
    try {
      const value = await attempt();
      if (value !== null) return value;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`not within ${WAIT_MS} ms: ${what}`, { cause: last });
}
