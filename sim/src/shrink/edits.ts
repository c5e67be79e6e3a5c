import { readSchedule, type ScheduleFile, toScheduleFile } from "@gauntlet/nemesis";
import { nodeNames } from "../node-names.js";
import type { DiskProfile, LastingFault, Load, NetworkProfile, Scenario } from "../scenario.js";
import type { Edit } from "./shrink.js";

/** What can be taken away from a scenario besides its faults, in the order in which it is tried. */
export const EDITS: readonly Edit[] = [
  fewerOperations,
  lessOf("rate", 1),
  lessOf("concurrency", 1),
  plainWorkload,
  fewerNodes,
  withoutSpares,
  nothingLasting,
  plainNetwork,
  plainDisk,
  withoutCrashes,
  exactClocks,
  withoutLeases,
  withoutUpgrade,
  wideLimits,
];

/** A delay of 1 ms and nothing else. */
const PLAIN_NETWORK: NetworkProfile = {
  minDelayMs: 1,
  maxDelayMs: 1,
  loss: 0,
  duplicate: 0,
  reorder: 0,
  reorderMs: 0,
  encoded: false,
};
const PLAIN_DISK: DiskProfile = { minSyncMs: 1, maxSyncMs: 1, stall: 0, stallMs: 0 };
/** As configured by default, but for the segments, which take memory here. */
const WIDE_LIMITS = {
  segmentBytes: 262_144,
  maxAppendBytes: 1024 * 1024,
  maxInflightAppends: 64,
  maxInflightBytes: 16 * 1024 * 1024,
  checkpointBytes: 32 * 1024 * 1024,
  tailEntries: 5000,
  hashInterval: 256,
};
const LEAST_DURATION_MS = 100;

/** First of all: it takes the faults with it that come after the failure. */
export function shorter(scenario: Scenario, { failure }: Parameters<Edit>[1]): readonly Scenario[] {
  const { durationMs } = scenario.load;
  // Nothing after the failure can have caused it.
  const untilFailure = Math.ceil((failure?.atMs ?? durationMs) / LEAST_DURATION_MS) * LEAST_DURATION_MS;
  return [...new Set([...lower(durationMs, LEAST_DURATION_MS), untilFailure])]
    .filter((ms) => ms < durationMs)
    .map((ms) => withLoad({ ...scenario, schedule: within(scenario.schedule, ms) }, { durationMs: ms }));
}

/** Without the faults that would not be over by then: a schedule has to fit its load. */
function within(file: ScheduleFile, durationMs: number): ScheduleFile {
  const schedule = readSchedule(file);
  const faults = schedule.faults.filter(({ atMs, forMs }) => atMs + forMs <= durationMs);
  return faults.length === schedule.faults.length ? file : toScheduleFile({ ...schedule, faults });
}

function fewerOperations(scenario: Scenario, { counts }: Parameters<Edit>[1]): readonly Scenario[] {
  // The limit may be far above what was ever asked.
  const asked = counts.ok + counts.fail + counts.info;
  const { maxOperations } = scenario.load;
  const from = Math.min(maxOperations, asked + 1);
  return lower(from, 0).map((number) => withLoad(scenario, { maxOperations: number }));
}

/** Registers are what is easiest to read. */
function plainWorkload(scenario: Scenario): readonly Scenario[] {
  const { workload, keySkew = 0 } = scenario.load;
  const even = keySkew === 0 ? [] : [withLoad(scenario, { keySkew: 0 })];
  return workload === "register" ? even : [withLoad(scenario, { workload: "register", keySkew: 0 }), ...even];
}

function lessOf(field: "rate" | "concurrency", least: number): Edit {
  return (scenario) =>
    lower(scenario.load[field], least).map((value) => withLoad(scenario, { [field]: value }));
}

function fewerNodes(scenario: Scenario): readonly Scenario[] {
  const sizes = Array.from({ length: scenario.nodes - 1 }, (_, index) => index + 1);
  return sizes.map((nodes) => {
    const { healing } = scenario;
    return { ...scenario, nodes, healing: { ...healing, lasting: among(nodeNames(nodes), healing.lasting) } };
  });
}

/** What lasts, of these nodes alone. */
function among(nodes: readonly string[], lasting: LastingFault): LastingFault {
  if (lasting.type === "none") return lasting;
  if (lasting.type === "cut")
    return lasting.between.every((node) => nodes.includes(node)) ? lasting : { type: "none" };
  const left = lasting.nodes.filter((node) => nodes.includes(node));
  return left.length === 0 ? { type: "none" } : { ...lasting, nodes: left };
}

function withoutSpares(scenario: Scenario): readonly Scenario[] {
  return Array.from({ length: scenario.spareNodes }, (_, spareNodes) => ({ ...scenario, spareNodes }));
}

function nothingLasting(scenario: Scenario): readonly Scenario[] {
  const { healing } = scenario;
  if (healing.lasting.type === "none") return [];
  return [{ ...scenario, healing: { ...healing, lasting: { type: "none" } } }];
}

function plainNetwork(scenario: Scenario): readonly Scenario[] {
  return plainer(scenario.network, PLAIN_NETWORK).map((network) => ({ ...scenario, network }));
}

function plainDisk(scenario: Scenario): readonly Scenario[] {
  return plainer(scenario.disk, PLAIN_DISK).map((disk) => ({ ...scenario, disk }));
}

function withoutCrashes(scenario: Scenario): readonly Scenario[] {
  return scenario.crashShare === 0 ? [] : [{ ...scenario, crashShare: 0 }];
}

function exactClocks(scenario: Scenario): readonly Scenario[] {
  return scenario.clockDrift === 0 ? [] : [{ ...scenario, clockDrift: 0 }];
}

function withoutLeases(scenario: Scenario): readonly Scenario[] {
  const { server, upgraded } = scenario;
  if (server.leaseClockUncertainty === null) return [];
  const off = { leaseClockUncertainty: null };
  return [
    {
      ...scenario,
      server: { ...server, ...off },
      upgraded: upgraded === null ? null : { ...upgraded, ...off },
    },
  ];
}

function withoutUpgrade(scenario: Scenario): readonly Scenario[] {
  return scenario.upgraded === null ? [] : [{ ...scenario, upgraded: null }];
}

function wideLimits(scenario: Scenario): readonly Scenario[] {
  const { server } = scenario;
  const fields = Object.keys(WIDE_LIMITS) as (keyof typeof WIDE_LIMITS)[];
  const limits = Object.fromEntries(fields.map((field) => [field, server[field]])) as typeof WIDE_LIMITS;
  return plainer(limits, WIDE_LIMITS).map((wide) => ({ ...scenario, server: { ...server, ...wide } }));
}

function withLoad(scenario: Scenario, changes: Partial<Load>): Scenario {
  return { ...scenario, load: { ...scenario.load, ...changes } };
}

/** Smaller whole numbers: the least, then half way, three quarters … up to one less. */
function lower(value: number, least: number): readonly number[] {
  const numbers: number[] = [];
  for (let gap = value - least; gap >= 1; gap /= 2) numbers.push(Math.floor(value - gap));
  return [...new Set([...numbers, Math.ceil(value) - 1])].filter(
    (number) => number >= least && number < value,
  );
}

/** All fields plain; then field by field. */
function plainer<Profile extends object>(profile: Profile, plain: Profile): readonly Profile[] {
  const fields = Object.keys(plain) as (keyof Profile)[];
  const differing = fields.filter((field) => profile[field] !== plain[field]);
  if (differing.length === 0) return [];
  const single = differing.map((field) => ({ ...profile, [field]: plain[field] }));
  return differing.length === 1 ? single : [plain, ...single];
}
