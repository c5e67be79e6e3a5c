import {
  generateSwarm,
  type ScheduleFile,
  SWARM_FAMILY_NAMES,
  type SwarmFamilyName,
} from "@gauntlet/nemesis";
import { WORKLOADS } from "@gauntlet/workloads";
import { nodeNames } from "../node-names.js";
import type {
  DiskProfile,
  Healing,
  LastingFault,
  Load,
  NetworkProfile,
  Scenario,
  ServerSettings,
} from "../scenario.js";
import { Stream } from "../world/random.js";
import { drawHarmOfJoiners } from "./joiners.js";
import { drawTogether } from "./volleys.js";

export interface DrawOptions {
  /** Families of faults, SWARM_FAMILY_NAMES: these and no others, all equally often. Default: a subset, drawn. */
  readonly focus?: readonly string[];
  /** How long the load lasts. Default: drawn, 15 to 40 s. */
  readonly durationMs?: number;
  /** Operations a virtual second. Default: drawn, mostly 100. */
  readonly rate?: number;
  /** Default: drawn, mostly 3 or 5. */
  readonly nodes?: number;
  /** By name. Default: drawn. */
  readonly workload?: string;
}

/**
 * Swarm testing (Groce and others, ISSTA 2012): a run that does a little of everything hides what shows only where
 * something is left out, so each run draws its own mix. A share of runs has a perfect network or disk, no faults
 * or no drift at all. What is drawn stays within what a correct cluster can live with: after the faults it has to make
 * progress (healing.ts), so a round trip, a stall and the drift stay below the election timeout.
 * The same seed and options give the same scenario.
 */
export function drawScenario(seed: number, options: DrawOptions = {}): Scenario {
  const from = (name: string): Stream => new Stream(seed, `draw ${name}`);
  const nodes = options.nodes ?? drawNodes(from("nodes"));
  const families = drawFamilies(from("families"), nodes, options.focus);
  const clockDrift = from("clock").pick([0, 0, 0.001, 0.01, 0.05, 0.2]);
  const server = drawServer(from("server"), clockUncertainty(clockDrift, families));
  const upgraded = drawUpgraded(from("upgraded"), server);
  const timeouts = [server.electionTimeoutMs, (upgraded ?? server).electionTimeoutMs];
  const shortestMs = Math.min(...timeouts);
  const network = drawNetwork(from("network"), shortestMs);
  const disk = drawDisk(from("disk"), shortestMs);
  const settings = upgraded === null ? [server] : [server, upgraded];
  const mostWrites = Math.min(...settings.map((each) => entriesPerSecond(each, network, disk)));
  const asked = drawWorkload(from("workload"), options);
  const load = {
    ...asked,
    ...drawLoad(from("load"), nodes, mostWrites / (COST[asked.workload] ?? 1), options),
  };
  const spareNodes = families.member === undefined ? 0 : from("spares").pick([1, 2]);
  return {
    seed,
    nodes,
    spareNodes,
    server,
    upgraded,
    network,
    disk,
    crashShare: drawCrashShare(from("crashes"), families),
    clockDrift,
    load,
    schedule: drawSchedule(from("schedule"), {
      seed,
      nodes,
      spareNodes,
      families,
      durationMs: load.durationMs,
      electionTimeoutMs: server.electionTimeoutMs,
    }),
    healing: drawHealing(from("healing"), nodes, Math.max(...timeouts)),
  };
}

/**
 * What a leader's windows let through to one follower: a window each round trip. A load beyond it queues up for as long as
 * it lasts, and no cluster writes anything new in time after the heal.
 */
export function entriesPerSecond(server: ServerSettings, network: NetworkProfile, disk: DiskProfile): number {
  const roundTripMs = 2 * (network.maxDelayMs + network.reorderMs) + 2 * disk.maxSyncMs;
  const entriesIn = (bytes: number): number => Math.max(1, Math.floor(bytes / ENTRY_BYTES));
  const inflight = Math.min(
    server.maxInflightAppends * entriesIn(server.maxAppendBytes),
    entriesIn(server.maxInflightBytes),
  );
  return (inflight * 1000) / Math.max(roundTripMs, 1);
}

const DEFAULT_CHECKPOINT_BYTES = 32 * 1024 * 1024;

/** Of the writes of the workload `register`, roughly. */
const ENTRY_BYTES = 128;

/** Of what the operations of a workload write, in what those of `register` write: every other one an entry. */
const COST: Readonly<Record<string, number>> = {
  register: 1,
  "multi-register": 1.5,
  // Whole lists, and what every list has to be like for them.
  append: 6,
  set: 1,
  counter: 1.5,
  bank: 2,
  "unique-ids": 3,
};

/** Five tell most; three are quickest; one has no network; seven and an even number are seldom met. */
function drawNodes(random: Stream): number {
  return random.pick([5, 5, 5, 5, 5, 5, 5, 5, 3, 3, 3, 3, 3, 3, 3, 4, 7, 7, 2, 1]);
}

function drawServer(random: Stream, uncertainty: number): ServerSettings {
  // As configured by default, and faster and tighter ones: at least three heartbeats a timeout.
  const [heartbeatIntervalMs, electionTimeoutMs] = random.pick([
    [100, 1000],
    [100, 1000],
    [50, 500],
    [100, 500],
    [50, 250],
    [250, 1000],
  ] as const);
  const isTiny = random.chance(0.25);
  return {
    heartbeatIntervalMs,
    electionTimeoutMs,
    requestTimeoutMs: random.pick([1000, 2000, 5000]),
    // Each is filled with zeros before it is used, in the world's memory.
    segmentBytes: random.pick([4096, 16_384, 65_536, 65_536, 262_144]),
    maxAppendBytes: isTiny ? random.pick([1, 128, 512]) : 1024 * 1024,
    maxInflightAppends: isTiny || random.chance(0.2) ? random.pick([1, 2, 4]) : 64,
    maxInflightBytes: random.chance(0.1) ? 1024 : 16 * 1024 * 1024,
    // A run writes about 200 KiB: some checkpoints, very many, or none.
    checkpointBytes: random.pick([2048, 8192, 8192, 32_768, 32_768, DEFAULT_CHECKPOINT_BYTES]),
    tailEntries: random.pick([0, 10, 10, 100, 100, 5000]),
    hashInterval: random.pick([4, 16, 64, 256]),
    leaseClockUncertainty: random.chance(0.3) ? uncertainty : null,
  };
}

/**
 * Another draw, as far as two servers can run side by side. Members count on each other's election timeout only for
 * leases, where the promise of one is the lease of another: so with leases the times stay. Nobody is upgraded from
 * no leases to leases in one step: who runs without owes no promise. An append that one sends, others take,
 * whatever their own windows are.
 */
function drawUpgraded(random: Stream, server: ServerSettings): ServerSettings | null {
  if (random.chance(0.3)) return null;
  const other = drawServer(random, 0);
  const { heartbeatIntervalMs, electionTimeoutMs, leaseClockUncertainty } = server;
  if (leaseClockUncertainty !== null)
    return { ...other, heartbeatIntervalMs, electionTimeoutMs, leaseClockUncertainty };
  // A follower with the shortest timeout must hear a leader with the longest interval in time.
  const fits =
    3 * other.heartbeatIntervalMs <= electionTimeoutMs && 3 * heartbeatIntervalMs <= other.electionTimeoutMs;
  const times = fits ? other : server;
  return {
    ...other,
    heartbeatIntervalMs: times.heartbeatIntervalMs,
    electionTimeoutMs: times.electionTimeoutMs,
    leaseClockUncertainty: null,
  };
}

/** Of the rates that the fault clock.rate sets. */
const FAULT_RATES = { slowest: 0.5, fastest: 2 } as const;

/** What leases have to be told: by how much of the faster one any two clocks differ, and hardly more. */
function clockUncertainty(drift: number, { clock }: Families): number {
  const { slowest, fastest } = clock === undefined ? { slowest: 1, fastest: 1 } : FAULT_RATES;
  return 1.001 - ((1 - drift) * slowest) / ((1 + drift) * fastest);
}

function drawNetwork(random: Stream, electionTimeoutMs: number): NetworkProfile {
  const kind = random.pick(["perfect", "good", "good", "far", "bad"] as const);
  const most = electionTimeoutMs / 8;
  const encoded = random.chance(0.05);
  const quiet = { loss: 0, duplicate: 0, reorder: 0, reorderMs: 0, encoded };
  if (kind === "perfect") return { minDelayMs: 1, maxDelayMs: 1, ...quiet };
  if (kind === "far") return { minDelayMs: most / 2, maxDelayMs: most, ...quiet };
  const maxDelayMs = random.between(1, most / 4);
  const base = { minDelayMs: 0.1, maxDelayMs };
  if (kind === "good") return { ...base, ...quiet, loss: random.pick([0, 0.001]) };
  return {
    ...base,
    loss: random.pick([0, 0.01, 0.05]),
    duplicate: random.pick([0, 0.01, 0.1]),
    reorder: random.pick([0, 0.05, 0.3]),
    reorderMs: random.between(0, most),
    encoded,
  };
}

function drawDisk(random: Stream, electionTimeoutMs: number): DiskProfile {
  const kind = random.pick(["instant", "ssd", "ssd", "slow", "heavy", "stalling"] as const);
  if (kind === "instant") return { minSyncMs: 0, maxSyncMs: 0, stall: 0, stallMs: 0 };
  if (kind === "ssd") return { minSyncMs: 0.2, maxSyncMs: 2, stall: 0, stallMs: 0 };
  // Writes that are under way while leaders change: what is reported as durable may be replaced by then.
  if (kind === "heavy")
    return { minSyncMs: electionTimeoutMs / 20, maxSyncMs: electionTimeoutMs / 4, stall: 0, stallMs: 0 };
  const maxSyncMs = random.between(5, electionTimeoutMs / 10);
  if (kind === "slow") return { minSyncMs: 1, maxSyncMs, stall: 0, stallMs: 0 };
  return {
    minSyncMs: 0.2,
    maxSyncMs: 5,
    stall: random.pick([0.001, 0.01]),
    stallMs: random.between(0.3, 1.5) * electionTimeoutMs,
  };
}

/** What is asked, and how unevenly. Registers most often: they show most, and their searches are quick. */
function drawWorkload(random: Stream, options: DrawOptions): Pick<Load, "workload" | "keySkew"> {
  const names = Object.keys(WORKLOADS);
  const drawn = random.pick([...names, "register", "register"]);
  const keySkew = random.pick([0, 0, 1]);
  return { workload: options.workload ?? drawn, keySkew };
}

function drawLoad(
  random: Stream,
  nodes: number,
  mostWrites: number,
  options: DrawOptions,
): Omit<Load, "workload" | "keySkew"> {
  const durationMs = options.durationMs ?? 1000 * (15 + random.below(26));
  // About half of the operations are writes; so half of what the windows let through is left to catch up with.
  const rate = Math.min(random.pick([100, 100, 100, 30, 200]), Math.max(2, Math.floor(mostWrites)));
  return {
    rate: options.rate ?? rate,
    concurrency: random.pick([2, 4]) * Math.max(nodes, 3),
    durationMs,
    maxOperations: Number.MAX_SAFE_INTEGER,
  };
}

type Families = Readonly<Partial<Record<SwarmFamilyName, number>>>;

function drawCrashShare(random: Stream, { kill, disk }: Families): number {
  if (kill === undefined && disk === undefined) return 0;
  return random.pick([0, 0, 0.02, 0.1]);
}

/** How often each strikes, relative to the others. In a tenth of the runs nothing goes wrong on purpose. */
function drawFamilies(random: Stream, nodes: number, focus: readonly string[] | undefined): Families {
  if (focus !== undefined) return Object.fromEntries(focus.map((name) => [name, 1]));
  const isQuiet = random.chance(0.1);
  const drawn = SWARM_FAMILY_NAMES.filter(() => random.chance(0.4) && !isQuiet);
  const possible = nodes > 1 ? drawn : drawn.filter((name) => name !== "partition" && name !== "packet");
  return Object.fromEntries(possible.map((name) => [name, random.pick([1, 1, 3])]));
}

interface Swarm {
  readonly seed: number;
  readonly nodes: number;
  readonly spareNodes: number;
  readonly families: Families;
  readonly durationMs: number;
  readonly electionTimeoutMs: number;
}

/** Now and then a fault, or one after another and several at once; short windows and long ones. */
function drawSchedule(random: Stream, swarm: Swarm): ScheduleFile {
  const { seed, nodes, spareNodes, families, durationMs, electionTimeoutMs } = swarm;
  const [minGap, maxGap] = random.pick([
    [0.1, 1],
    [0.5, 3],
    [0.5, 3],
    [2, 8],
  ] as const);
  const [minWindow, maxWindow] = random.pick([
    [0.2, 2],
    [1, 6],
    [1, 6],
    [3, 10],
  ] as const);
  const inMs = (timeouts: number): number => Math.round(timeouts * electionTimeoutMs);
  const drawn = generateSwarm({
    seed,
    durationMs,
    families,
    nodes: nodeNames(nodes),
    spares: spareNodes,
    minGapMs: inMs(minGap),
    maxGapMs: inMs(maxGap),
    minWindowMs: inMs(minWindow),
    maxWindowMs: inMs(maxWindow),
    maxConcurrent: random.pick([1, 2, 2, 4]),
  });
  const machines = nodeNames(nodes + spareNodes);
  const together = random.chance(0.3) ? drawTogether(random, drawn, machines) : drawn;
  const harms = families.disk !== undefined && nodes >= 3;
  return harms ? drawHarmOfJoiners(random, together, { machines, nodes, durationMs }) : together;
}

/** In half of the runs something stays broken for ever, as far as a correct cluster can live with it. */
function drawHealing(random: Stream, nodes: number, electionTimeoutMs: number): Healing {
  return { boundMs: 20_000 + 40 * electionTimeoutMs, lasting: drawLasting(random, nodes) };
}

function drawLasting(random: Stream, nodes: number): LastingFault {
  const minority = Math.floor((nodes - 1) / 2);
  const names = nodeNames(nodes);
  const some = (): readonly string[] => sample(random, names, 1 + random.below(minority));
  if (minority === 0) return { type: "none" };
  const type = random.pick(["none", "none", "none", "none", "down", "stalled", "deaf", "cut"] as const);
  if (type === "none") return { type };
  if (type !== "cut") return { type, nodes: some() };
  const [one, other] = sample(random, names, 2) as [string, string];
  return { type, between: [one, other] };
}

function sample(random: Stream, names: readonly string[], count: number): readonly string[] {
  const left = [...names];
  const taken = Array.from({ length: count }, () => left.splice(random.below(left.length), 1)[0] as string);
  return names.filter((name) => taken.includes(name));
}
