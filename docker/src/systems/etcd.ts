import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
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
/** It drops such an end in silence, which is its promise, and none that a run may break. */
const CUT = "etcd takes the end of a log that is cut off for one that a crash tore";
const LACKS = {
  "clock.wall": GO,
  "clock.drift": GO,
  "clock.rate": GO,
  "disk.delay": GO,
  "disk.errors": GO,
  "disk.truncate": CUT,
  "disk.tail": "etcd shows nothing of its log that tells harm at its end from a tear",
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
  // Where the space ends while it applies a write, it writes and then says that it had no space.
  doubted: ["no-space"],
  log: { judge, diskExits: [1, 2], removedExit: 0, strangerExit: 1, mayEndOnFullDisk: true },
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

const CLOCK_LIMIT_MS = 3_000;
const CLOCK_POLL_MS = 10;

/**
 * etcd shows its wall clock in the Date of its HTTP answers, to the second: asked until the next second begins, that is precise
 * enough. It shows nothing that its timers count.
 */
async function readClock(node: string, { client }: Endpoint, windowMs: number): Promise<ClockReading> {
  if (windowMs > 0) {
    throw new DockerError(`${node}: etcd shows nothing from which the speed of its timers could be read`);
  }
  const deadlineMs = performance.now() + CLOCK_LIMIT_MS;
  let last = await readDate(client);
  while (performance.now() < deadlineMs) {
    await sleep(CLOCK_POLL_MS);
    const next = await readDate(client);
    if (next.dateMs > last.dateMs) {
      return { wallOffsetMs: next.dateMs - (last.trueMs + next.trueMs) / 2, timerRate: Number.NaN };
    }
    last = next;
  }
  throw new DockerError(`${node}: the Date of its answers stands still`);
}

/** On a connection of its own, as all looks from outside are; the rig's own time in the middle of the call. */
function readDate(client: string): Promise<{ readonly dateMs: number; readonly trueMs: number }> {
  return new Promise((resolve, reject) => {
    const before = Date.now();
    const fail = (why: string): void => reject(new DockerError(`http://${client}/version: ${why}`));
    const call = request(
      `http://${client}/version`,
      { agent: false, timeout: CLOCK_LIMIT_MS },
      (response) => {
        response.resume();
        const dateMs = Date.parse(response.headers.date ?? "");
        if (Number.isNaN(dateMs)) fail("the answer has no Date");
        else resolve({ dateMs, trueMs: (before + Date.now()) / 2 });
      },
    );
    call.on("timeout", () => call.destroy(new Error(`no answer within ${CLOCK_LIMIT_MS} ms`)));
    call.on("error", (error) => fail(error.message));
    call.end();
  });
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
