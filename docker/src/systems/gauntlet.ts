import { PATHS } from "../agent/paths.js";
import { ensureImages } from "../image.js";
import { type Samples, scrape } from "../metrics.js";
import { readClockOf } from "../observation.js";
import { type Complaint, jsonLine } from "./log-rules.js";
import { clusterOf, peerUrlOf, PORTS, type Observation, type System } from "./system.js";

/** The server of this repository. */
export const GAUNTLET: System = {
  name: "gauntlet",
  image: ensureImages,
  command: ({ member: { node, address }, members, token, extra }) => [
    "node",
    "--enable-source-maps",
    PATHS.server,
    `--name=${node}`,
    `--data-dir=${PATHS.serverData}`,
    `--listen-client-url=http://${address}:${PORTS.client}`,
    `--advertise-client-url=http://${address}:${PORTS.client}`,
    `--listen-peer-url=${peerUrlOf(address)}`,
    `--listen-metrics-url=http://${address}:${PORTS.metrics}`,
    `--initial-cluster=${clusterOf(members)}`,
    ...(token === null ? ["--initial-cluster-state=existing"] : [`--initial-cluster-token=${token}`]),
    ...extra,
  ],
  version: null,
  eagerArgs: ["--segment-bytes=16384", "--checkpoint-log-bytes=32768"],
  peerConnections: "own",
  observe,
  readClock: (node, { metrics }, windowMs) => readClockOf(node, metrics, windowMs),
  lacks: {},
  doubted: [],
  log: { judge, diskExits: [1], removedExit: 3, strangerExit: 1, mayEndOnFullDisk: false },
};

const ROLES = {
  leader: "leader",
  follower: "follower",
  learner: "learner",
  candidate: "candidate",
  "pre-candidate": "candidate",
} as const;

async function observe({ metrics }: { readonly metrics: string }, timeoutMs: number): Promise<Observation> {
  const samples = await scrape(metrics, timeoutMs);
  const read = (name: string): number | null => samples.value(name) ?? null;
  const shown = (Object.keys(ROLES) as (keyof typeof ROLES)[]).find(
    (role) => samples.value("gauntlet_raft_role", { role }) === 1,
  );
  const [log, state] = [read("gauntlet_wal_bytes"), read("gauntlet_state_bytes")];
  return {
    role: shown === undefined ? null : ROLES[shown],
    term: read("gauntlet_raft_term"),
    commitIndex: read("gauntlet_raft_commit_index"),
    appliedIndex: read("gauntlet_raft_applied_index"),
    rssBytes: read("process_resident_memory_bytes"),
    openFiles: read("process_open_fds"),
    diskBytes: log === null || state === null ? null : log + state,
    clocks: clocksOf(samples),
  };
}

function clocksOf(samples: Samples): Observation["clocks"] {
  const wallMs = samples.value("gauntlet_server_wall_time_ms");
  const ticks = samples.value("gauntlet_server_ticks_total");
  const tickIntervalMs = samples.value("gauntlet_server_tick_interval_ms");
  const processStart = samples.value("process_start_time_seconds");
  const known = wallMs !== undefined && ticks !== undefined && tickIntervalMs !== undefined;
  return known && processStart !== undefined ? { wallMs, ticks, tickIntervalMs, processStart } : null;
}

/** pino's number for fatal. */
const FATAL_LEVEL = 60;
/** What a dying process prints outside its log: the server, Node, V8, the C library. */
const DEATH_CRY =
  /InvariantViolation|^panic\b|^FATAL ERROR|^# Fatal error|Uncaught|UnhandledPromiseRejection|^\w*AssertionError|: Assertion .* failed/;
const INVARIANT = /InvariantViolation|AssertionError|: Assertion .* failed/;
/** What the server writes to stderr when it cannot start. */
const START_FAILURE = /^gauntlet-server: /;

function judge(line: string): Complaint | null {
  const entry = jsonLine(line);
  const type = INVARIANT.test(line) ? "invariant" : "fatal";
  if (typeof entry?.["level"] !== "number") {
    if (DEATH_CRY.test(line)) return { words: line, pid: null, type };
    return START_FAILURE.test(line) ? { words: line, pid: null, type: "start" } : null;
  }
  if (entry["level"] < FATAL_LEVEL) return null;
  const { msg, pid } = entry;
  return { words: typeof msg === "string" ? msg : line, pid: typeof pid === "number" ? pid : null, type };
}
