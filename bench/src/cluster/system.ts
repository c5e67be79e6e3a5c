import { fileURLToPath } from "node:url";
import { execa } from "execa";

/** Where one node of a cluster listens and keeps its data. */
export interface NodePlan {
  readonly name: string;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly metricsPort: number;
  readonly dataDir: string;
}

/** A server that can be measured: how one of its nodes is started. Both get the same timing and their own defaults else. */
export interface System {
  readonly name: string;
  readonly version: string;
  /** `joins`: of one that was added to a cluster that runs. `all`: itself with those that were there before it. */
  command(node: NodePlan, all: readonly NodePlan[], joins: boolean): Command;
}

interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

export const HEARTBEAT_INTERVAL_MS = 100;
export const ELECTION_TIMEOUT_MS = 1000;

const GAUNTLET = fileURLToPath(new URL("../../../server/bin/gauntlet-server.js", import.meta.url));
const TURNS = new URL("turns.js", import.meta.url).href;
const ETCD_SCRIPT = fileURLToPath(new URL("../../etcd.sh", import.meta.url));

/** `turnsOf`: where the process of a node notes its turns (turns.ts); null: it does not. */
export function gauntletSystem(turnsOf: (node: NodePlan) => string | null = () => null): System {
  return {
    name: "gauntlet",
    version: "of this checkout",
    command: (node, all, joins) => ({
      file: process.execPath,
      args: [
        ...preloaded(turnsOf(node)),
        GAUNTLET,
        `--initial-cluster-state=${clusterState(joins)}`,
        `--name=${node.name}`,
        `--data-dir=${node.dataDir}`,
        `--initial-cluster=${initialCluster(all)}`,
        `--listen-client-url=${url(node.clientPort)}`,
        `--listen-peer-url=${url(node.peerPort)}`,
        `--listen-metrics-url=${url(node.metricsPort)}`,
        `--heartbeat-interval-ms=${HEARTBEAT_INTERVAL_MS}`,
        `--election-timeout-ms=${ELECTION_TIMEOUT_MS}`,
        "--log-level=warn",
      ],
    }),
  };
}

/** Debian's etcd. Its quota is raised, which at 2 GiB ends the load of a million keys; nothing else is set that costs or buys speed. */
export async function etcdSystem(): Promise<System> {
  const { stdout: binary } = await execa("sh", [ETCD_SCRIPT], { stderr: "inherit" });
  const { stdout } = await execa(binary, ["--version"]);
  return {
    name: "etcd",
    version: /etcd Version: (\S+)/.exec(stdout)?.[1] ?? "unknown",
    command: (node, all, joins) => ({
      file: binary,
      args: [
        `--name=${node.name}`,
        `--data-dir=${node.dataDir}`,
        `--initial-cluster=${initialCluster(all)}`,
        `--initial-cluster-state=${clusterState(joins)}`,
        `--listen-client-urls=${url(node.clientPort)}`,
        `--advertise-client-urls=${url(node.clientPort)}`,
        `--listen-peer-urls=${url(node.peerPort)}`,
        `--initial-advertise-peer-urls=${url(node.peerPort)}`,
        `--listen-metrics-urls=${url(node.metricsPort)}`,
        `--heartbeat-interval=${HEARTBEAT_INTERVAL_MS}`,
        `--election-timeout=${ELECTION_TIMEOUT_MS}`,
        `--quota-backend-bytes=${8 * 1024 ** 3}`,
        "--log-level=error",
        "--logger=zap",
      ],
    }),
  };
}

function preloaded(turnsFile: string | null): readonly string[] {
  return turnsFile === null ? [] : [`--import=${TURNS}?${encodeURIComponent(turnsFile)}`];
}

function clusterState(joins: boolean): string {
  return joins ? "existing" : "new";
}

function initialCluster(all: readonly NodePlan[]): string {
  return all.map(({ name, peerPort }) => `${name}=${url(peerPort)}`).join(",");
}

export function url(port: number): string {
  return `http://127.0.0.1:${port}`;
}
