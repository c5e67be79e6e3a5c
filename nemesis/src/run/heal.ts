import { type ClockLedger, TRUE_TIME } from "../effects/clock-ledger.js";
import type { CutLedger } from "../effects/cut-ledger.js";
import { messageOf } from "../errors.js";
import { WALL_TOLERANCE_MS } from "../faults/clock-bump.js";
import { RATE_READ_WINDOW_MS } from "../faults/clock-rate.js";
import { describeProcess } from "../faults/process.js";
import type { Capability, Hosts, NodeName, ProbeResult } from "../hosts.js";
import { type Clock, pause } from "./clock.js";
import { HEAL_LIMIT_MS } from "./execution.js";

const POLL_MS = 200;
/** Less than the least that clock.rate may ask for. */
const RATE_TOLERANCE = 0.12;

export interface NodeHeal {
  readonly node: NodeName;
  readonly healed: boolean;
  /** What was read back last, or why nothing could be. */
  readonly detail: string;
  /** What had to be done beyond clearing rules and clocks: `SIGCONT`, `start`. */
  readonly actions: readonly string[];
}

export interface HealReport {
  readonly healed: boolean;
  readonly nodes: readonly NodeHeal[];
}

export interface HealContext {
  readonly hosts: Hosts;
  readonly clock: Clock;
  readonly cuts: CutLedger;
  readonly clocks: ClockLedger;
  readonly capabilities: Readonly<Record<Capability, ProbeResult>>;
}

/** No rules, a running process, true time: done on every node, whatever was wrong with it, and read back. */
export async function healEveryNode(context: HealContext): Promise<HealReport> {
  const nodes = await Promise.all(context.hosts.nodes.map((node) => healNode(context, node)));
  return { healed: nodes.every((node) => node.healed), nodes };
}

async function healNode(context: HealContext, node: NodeName): Promise<NodeHeal> {
  const { clock } = context;
  const deadlineMs = clock.nowMs() + HEAL_LIMIT_MS;
  const actions: string[] = [];
  for (;;) {
    let seen: { readonly shown: boolean; readonly detail: string };
    try {
      await restore(context, node, actions);
      seen = await readBack(context, node);
    } catch (error) {
      seen = { shown: false, detail: messageOf(error) };
    }
    if (seen.shown || clock.nowMs() >= deadlineMs) {
      return { node, healed: seen.shown, detail: seen.detail, actions };
    }
    await sleep(clock, POLL_MS);
  }
}

async function restore(context: HealContext, node: NodeName, actions: string[]): Promise<void> {
  const { hosts, capabilities } = context;
  const process = await hosts.process(node);
  if (process.state === "paused") {
    actions.push("SIGCONT");
    await hosts.signal(node, "SIGCONT");
  }
  if (process.state === "exited") {
    actions.push("start");
    await hosts.start(node);
  }
  if (capabilities["network.cut"].available) await context.cuts.clear(node);
  if (hasClocks(capabilities)) await context.clocks.set(node, TRUE_TIME);
}

async function readBack(context: HealContext, node: NodeName): Promise<{ shown: boolean; detail: string }> {
  const { hosts, capabilities, clock } = context;
  const problems: string[] = [];
  // The clock is read over a time in which rules that are left would drop something.
  if (hasClocks(capabilities)) {
    const { wallOffsetMs, timerRate } = await hosts.readClock(node, RATE_READ_WINDOW_MS);
    const isWallTrue = !capabilities["clock.wall"].available || Math.abs(wallOffsetMs) <= WALL_TOLERANCE_MS;
    const isRateTrue = !capabilities["clock.rate"].available || Math.abs(timerRate - 1) <= RATE_TOLERANCE;
    if (!isWallTrue) problems.push(`wall clock ${Math.round(wallOffsetMs)} ms off true time`);
    if (!isRateTrue) problems.push(`timers run at ${timerRate.toFixed(2)} of true time`);
  } else {
    await sleep(clock, RATE_READ_WINDOW_MS);
  }
  if (capabilities["network.cut"].available) {
    const dropped = await hosts.droppedPackets(node);
    if (dropped > 0) problems.push(`still dropped ${dropped} packets`);
  }
  const process = await hosts.process(node);
  if (process.state !== "running") problems.push(describeProcess(process));
  const detail =
    problems.length === 0 ? `${describeProcess(process)}, no drops, clocks true` : problems.join("; ");
  return { shown: problems.length === 0, detail };
}

function hasClocks(capabilities: HealContext["capabilities"]): boolean {
  return capabilities["clock.wall"].available || capabilities["clock.rate"].available;
}

async function sleep(clock: Clock, ms: number): Promise<void> {
  await pause(clock, ms, new AbortController().signal);
}
