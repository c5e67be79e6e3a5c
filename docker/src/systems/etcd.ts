import { connect, type StatusResponse } from "@gauntlet/client";
import type { Capability, ClockReading } from "@gauntlet/nemesis";
import { PATHS } from "../agent/paths.js";
import { DockerError } from "../docker-error.js";
import { nodeImage } from "../image.js";
import { scrape } from "../metrics.js";
import { type Complaint, jsonLine } from "./log-rules.js";
import { clusterOf, type Endpoint, type Observation, peerUrlOf, PORTS, type System } from "./system.js";

/** Go makes its system calls itself, also where it is linked with a C library that the shims are loaded with. */
const GO = "etcd is a Go program, whose system calls go past the shims in the C library";
const LACKS = {
  "clock.wall": GO,
  "clock.rate": GO,
  "disk.delay": GO,
  "disk.errors": GO,
} as const satisfies Partial<Record<Capability, string>>;

/** Debian's etcd-server, of the release that the base image is of. */
export const ETCD: System = {
  name: "etcd",
  image: (options) =>
    nodeImage(options, { repository: "gauntlet-etcd", packages: ["etcd-server"], withServer: false }),
  command: ({ member: { node, address }, members, token, extra }) => [
    "etcd",
    `--name=${node}`,
    `--data-dir=${PATHS.serverData}`,
    `--listen-client-urls=http://${address}:${PORTS.client}`,
    `--advertise-client-urls=http://${address}:${PORTS.client}`,
    `--listen-peer-urls=${peerUrlOf(address)}`,
    `--initial-advertise-peer-urls=${peerUrlOf(address)}`,
    `--listen-metrics-urls=http://${address}:${PORTS.metrics}`,
    `--initial-cluster=${clusterOf(members)}`,
    `--initial-cluster-state=${token === null ? "existing" : "new"}`,
    ...(token === null ? [] : [`--initial-cluster-token=${token}`]),
    "--logger=zap",
    "--log-outputs=stderr",
    ...extra,
  ],
  version: { command: ["etcd", "--version"], pattern: /etcd Version: (\S+)/ },
  eagerArgs: ["--snapshot-count=500"],
  peerConnections: "shared",
  observe,
  readClock,
  lacks: LACKS,
  log: { judge, diskExits: [1, 2], removedExit: 0, mayEndOnFullDisk: true },
};

/** Term and commit index are in the answer to Status alone, memory in the metrics alone. */
async function observe(endpoint: Endpoint, timeoutMs: number): Promise<Observation> {
  const etcd = connect({ endpoint: endpoint.client, deadlineMs: timeoutMs });
  try {
    const [status, samples] = await Promise.all([
      etcd.status(),
      scrape(endpoint.metrics, timeoutMs).catch(() => null),
    ]);
    return {
      role: roleOf(status),
      term: status.raftTerm,
      commitIndex: status.raftIndex,
      appliedIndex: status.raftAppliedIndex,
      rssBytes: samples?.value("process_resident_memory_bytes") ?? null,
      openFiles: samples?.value("process_open_fds") ?? null,
      diskBytes: status.dbSizeBytes,
      clocks: null,
    };
  } finally {
    etcd.close();
  }
}

function roleOf({ leader, header, isLearner }: StatusResponse): Observation["role"] {
  if (isLearner) return "learner";
  // It does not tell a candidate from a follower that waits for a leader.
  if (leader === 0n) return "candidate";
  return leader === header.memberId ? "leader" : "follower";
}

/** The middle of the second that an HTTP answer names. */
const HALF_SECOND_MS = 500;
const CLOCK_TIMEOUT_MS = 2_000;

/** etcd shows its wall clock in the Date of its HTTP answers, to the second, and nothing that its timers count. */
async function readClock(node: string, { metrics }: Endpoint, windowMs: number): Promise<ClockReading> {
  if (windowMs > 0)
    throw new DockerError(`${node}: etcd shows nothing from which the speed of its timers could be read`);
  const before = Date.now();
  const { dateMs } = await scrape(metrics, CLOCK_TIMEOUT_MS);
  if (dateMs === null) throw new DockerError(`http://${metrics}/metrics gives no Date`);
  return { wallOffsetMs: dateMs + HALF_SECOND_MS - (before + Date.now()) / 2, timerRate: Number.NaN };
}

const FATAL_LEVELS: readonly unknown[] = ["dpanic", "panic", "fatal"];
const CORRUPT = /hash mismatch|different hash|corrupt check failed|data corruption/;
/** What Go prints when a process dies of itself. */
const DEATH_CRY = /^panic: |^fatal error: |^SIG[A-Z]+: |^runtime: out of memory/;

function judge(line: string): Complaint | null {
  const entry = jsonLine(line);
  if (entry === null) return DEATH_CRY.test(line) ? { words: line, pid: null, type: "fatal" } : null;
  const { level, msg, error, alarm } = entry;
  const words = [msg, error].filter((part) => typeof part === "string").join(": ");
  const isCorrupt = CORRUPT.test(words) || (msg === "alarm raised" && alarm === "CORRUPT");
  if (isCorrupt) return { words, pid: null, type: "corrupt" };
  return FATAL_LEVELS.includes(level) ? { words, pid: null, type: "fatal" } : null;
}
