import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { docker } from "./docker-cli.js";
import { DockerError } from "./docker-error.js";
import { DockerHosts, MAX_NODES } from "./hosts.js";
import { ensureImages } from "./image.js";
import { removeStanding } from "./resources.js";
import { PORTS } from "./systems/system.js";

const RUN_ID = "standing";
const LOGS = fileURLToPath(new URL("../../.gauntlet/standing", import.meta.url));
const LEADER_TIMEOUT_MS = 15_000;
const LEADER_POLL_MS = 100;

export interface StandingOptions {
  readonly nodes: number;
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** The number of nodes asked for on a command line or in NODES. Throws a DockerError. */
export function parseNodes(text: string): number {
  const nodes = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (nodes < 1 || nodes > MAX_NODES) {
    throw new DockerError(`NODES="${text}": must be a whole number from 1 to ${MAX_NODES}`);
  }
  return nodes;
}

/** Starts a cluster that stays when this process ends, waits until it has a leader and says how to talk to it. */
export async function standingUp(options: StandingOptions): Promise<void> {
  const { nodes, log, signal } = options;
  const running = await runningClients();
  if (running.length === nodes) {
    log("the standing cluster is up already");
    explain(running, log);
    return;
  }
  if ((await removeStanding()).length > 0) log("removed the standing cluster that was there before");
  await rm(LOGS, { recursive: true, force: true });
  const { image } = await ensureImages({ log, ...(signal === undefined ? {} : { signal }) });
  const hosts = await DockerHosts.start({
    runId: RUN_ID,
    kind: "standing",
    nodes,
    image,
    logsDir: join(LOGS, "nodes"),
    log,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    await waitForLeader(hosts);
  } finally {
    await hosts.detach();
  }
  explain(
    [...hosts.endpoints.values()].map(({ client }) => client),
    log,
  );
}

export async function standingDown(log: (line: string) => void): Promise<void> {
  const removed = await removeStanding();
  log(
    removed.length === 0 ? "there is no standing cluster" : "the standing cluster and its data are removed",
  );
}

async function waitForLeader(hosts: DockerHosts): Promise<void> {
  const deadline = performance.now() + LEADER_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const views = await hosts.view();
    if ([...views.values()].some(({ role }) => role === "leader")) return;
    await sleep(LEADER_POLL_MS);
  }
  throw new DockerError(
    `the cluster has no leader after ${LEADER_TIMEOUT_MS / 1000} s; see ${LOGS}/nodes, remove it with: make cluster-down`,
  );
}

/** Client endpoints of the standing containers that run, in the order of their names. */
async function runningClients(): Promise<readonly string[]> {
  const filters = ["--filter", "label=gauntlet.kind=standing", "--filter", "status=running"];
  const ids = (await docker(["container", "ls", "--quiet", ...filters]))
    .split("\n")
    .filter((id) => id !== "");
  if (ids.length === 0) return [];
  const format = "{{.Name}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
  const lines = (await docker(["container", "inspect", "--format", format, ...ids])).split("\n");
  const order = new Intl.Collator("en", { numeric: true });
  return lines.toSorted(order.compare).map((line) => `${line.split(" ")[1] ?? ""}:${PORTS.client}`);
}

function explain(clients: readonly string[], log: (line: string) => void): void {
  const commands = [
    "endpoint status -w table",
    "put greeting hello",
    "get greeting",
    "get --prefix greet",
    "member list -w table",
  ];
  log(`endpoints: ${clients.join(" ")}`);
  log("try (etcdctl is in Debian's package etcd-client):");
  log(`  export ETCDCTL_API=3 ETCDCTL_ENDPOINTS=${clients.join(",")}`);
  for (const command of commands) log(`  etcdctl ${command}`);
  log(`logs are in ${LOGS}/nodes; take it down with: make cluster-down`);
}
