import { type ClockLedger, describeClock, isTrueTime, TRUE_TIME } from "../effects/clock-ledger.js";
import type { CutLedger } from "../effects/cut-ledger.js";
import { messageOf } from "../errors.js";
import { describeCuts } from "../faults/partition.js";
import { describeProcess } from "../faults/process.js";
import type { Capability, Hosts, NodeName, NodeView, ProbeResult } from "../hosts.js";
import { type Clock, pause } from "./clock.js";
import { HEAL_LIMIT_MS } from "./execution.js";

const POLL_MS = 200;
/** A server that was just started opens its files first. */
const ANSWER_LIMIT_MS = 5_000;

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
  /**
   * Healed, and their servers gave no answer about themselves within 5 s of that. The rig did its part: what a
   * silent server means is for whoever judges the cluster.
   */
  readonly silent: readonly NodeName[];
}

export interface HealContext {
  readonly hosts: Hosts;
  readonly clock: Clock;
  readonly cuts: CutLedger;
  readonly clocks: ClockLedger;
  readonly capabilities: Readonly<Record<Capability, ProbeResult>>;
}

/**
 * No rules, a running process, clocks set to true time: done on every node, whatever was wrong with it, and read
 * back. Then the servers are asked whether they answer.
 */
export async function healEveryNode(context: HealContext): Promise<HealReport> {
  const nodes = await Promise.all(context.hosts.nodes.map((node) => healNode(context, node)));
  const whole = nodes.flatMap(({ node, healed }) => (healed ? [node] : []));
  const silent = await findSilent(context, whole);
  return { healed: whole.length === nodes.length, nodes, silent };
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

/** Everything here is read from the machine: it holds of a server that answers nobody, too. */
async function readBack(context: HealContext, node: NodeName): Promise<{ shown: boolean; detail: string }> {
  const { hosts, capabilities } = context;
  const problems: string[] = [];
  if (capabilities["network.cut"].available) {
    const held = await hosts.cuts(node);
    if (held.length > 0) problems.push(`still ${describeCuts(held)}`);
  }
  if (hasClocks(capabilities)) {
    const setting = await hosts.clockSetting(node);
    if (!isTrueTime(setting)) problems.push(describeClock(setting));
  }
  const process = await hosts.process(node);
  if (process.state !== "running") problems.push(describeProcess(process));
  const detail =
    problems.length === 0 ? `${describeProcess(process)}, no rules, clocks true` : problems.join("; ");
  return { shown: problems.length === 0, detail };
}

/** Of these nodes, those whose servers say nothing of themselves for ANSWER_LIMIT_MS. */
async function findSilent({ hosts, clock }: HealContext, nodes: readonly NodeName[]): Promise<NodeName[]> {
  const deadlineMs = clock.nowMs() + ANSWER_LIMIT_MS;
  const silent = new Set(nodes);
  for (;;) {
    const views = await hosts.view().catch(() => new Map<NodeName, NodeView>());
    for (const [node, { role }] of views) if (role !== "unknown") silent.delete(node);
    if (silent.size === 0 || clock.nowMs() >= deadlineMs) return [...silent];
    await sleep(clock, POLL_MS);
  }
}

function hasClocks(capabilities: HealContext["capabilities"]): boolean {
  return capabilities["clock.wall"].available || capabilities["clock.rate"].available;
}

async function sleep(clock: Clock, ms: number): Promise<void> {
  await pause(clock, ms, new AbortController().signal);
}
