import { type ClockLedger, describeClock, isTrueTime, TRUE_TIME } from "../effects/clock-ledger.js";
import type { CutLedger } from "../effects/cut-ledger.js";
import { type DamageLedger, isOverDamage } from "../effects/damage-ledger.js";
import { describeDisk, diskFacet, HEALTHY_DISK, sameDisk } from "../effects/disk.js";
import { describeShapes, hasShape, type PacketLedger, UNSHAPED } from "../effects/packet-ledger.js";
import { messageOf } from "../errors.js";
import { describeCuts } from "../faults/partition.js";
import { describeProcess } from "../faults/process.js";
import type { Capability, Hosts, NodeName, NodeView, ProbeResult } from "../hosts.js";
import { type Clock, pause } from "./clock.js";
import { healMembers, type MembersHeal, presentMembers } from "./heal-members.js";
import type { Timing } from "./timing.js";

/** A server that was just started opens its files first. */
const ANSWER_LIMIT_MS = 5_000;

export interface NodeHeal {
  readonly node: NodeName;
  readonly healed: boolean;
  /** What was read back last, or why nothing could be. */
  readonly detail: string;
  /** What had to be done beyond clearing rules, shapes, disks and clocks: `SIGCONT`, `start`. */
  readonly actions: readonly string[];
}

export interface HealReport {
  readonly healed: boolean;
  readonly nodes: readonly NodeHeal[];
  /** Whether the first members, and they alone, vote again. Absent where hosts do not change members. */
  readonly members?: MembersHeal;
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
  readonly shapes: PacketLedger;
  readonly damage: DamageLedger;
  readonly timing: Timing;
  readonly capabilities: Readonly<Record<Capability, ProbeResult>>;
}

/**
 * No rules, no shapes, healthy disks, clocks set to true time, running processes: done on every machine, whatever was
 * wrong with it, and read back. Then the first members are made the members again, and the servers are asked
 * whether they answer. Spares that are no members need not run.
 */
export async function healEveryNode(context: HealContext): Promise<HealReport> {
  const { hosts, capabilities } = context;
  const canChange = capabilities["member.change"].available;
  const members = new Set([...hosts.nodes, ...(canChange ? await presentMembers(hosts) : [])]);
  const machines = [...hosts.nodes, ...(hosts.members?.spares ?? [])];
  const nodes = await Promise.all(machines.map((node) => healNode(context, node, members.has(node))));
  const changed = canChange ? await healMembers(context) : undefined;
  const whole = nodes.flatMap(({ node, healed }) => (healed ? [node] : []));
  const silent = await findSilent(
    context,
    whole.filter((node) => hosts.nodes.includes(node)),
  );
  return {
    healed: whole.length === nodes.length && changed?.healed !== false,
    nodes,
    ...(changed && { members: changed }),
    silent,
  };
}

async function healNode(context: HealContext, node: NodeName, mustRun: boolean): Promise<NodeHeal> {
  const { clock, timing } = context;
  const deadlineMs = clock.nowMs() + timing.healLimitMs;
  const actions: string[] = [];
  for (;;) {
    let seen: { readonly shown: boolean; readonly detail: string };
    try {
      await restore(context, node, mustRun, actions);
      seen = await readBack(context, node, mustRun, actions);
    } catch (error) {
      seen = { shown: false, detail: messageOf(error) };
    }
    if (seen.shown || clock.nowMs() >= deadlineMs) {
      return { node, healed: seen.shown, detail: seen.detail, actions };
    }
    await sleep(clock, timing.healPollMs);
  }
}

async function restore(
  context: HealContext,
  node: NodeName,
  mustRun: boolean,
  actions: string[],
): Promise<void> {
  const { hosts, capabilities } = context;
  // First: a server does not start on a disk that fails.
  if (hasDisks(capabilities)) await diskFacet(hosts).set(node, HEALTHY_DISK);
  const process = await hosts.process(node);
  if (process.state === "paused") {
    actions.push("SIGCONT");
    await hosts.signal(node, "SIGCONT");
  }
  if (process.state === "exited" && mustRun) {
    actions.push("start");
    await hosts.start(node);
  }
  if (capabilities["network.cut"].available) await context.cuts.clear(node);
  if (capabilities["network.shape"].available) await context.shapes.clear(node);
  if (hasClocks(capabilities)) await context.clocks.set(node, TRUE_TIME);
}

/** Everything here is read from the machine: it holds of a server that answers nobody, too. */
async function readBack(
  context: HealContext,
  node: NodeName,
  mustRun: boolean,
  actions: readonly string[],
): Promise<{ shown: boolean; detail: string }> {
  const { hosts, capabilities } = context;
  const problems: string[] = [];
  if (capabilities["network.cut"].available) {
    const held = await hosts.cuts(node);
    if (held.length > 0) problems.push(`still ${describeCuts(held)}`);
  }
  if (capabilities["network.shape"].available) {
    const shapes = await context.shapes.facet.shapeOf(node);
    if (!hasShape(shapes, shapes.keys(), UNSHAPED)) problems.push(describeShapes(shapes));
  }
  if (hasDisks(capabilities)) {
    const setting = await diskFacet(hosts).setting(node);
    if (!sameDisk(setting, HEALTHY_DISK)) problems.push(describeDisk(setting));
  }
  if (hasClocks(capabilities)) {
    const setting = await hosts.clockSetting(node);
    if (!isTrueTime(setting)) problems.push(describeClock(setting));
  }
  const process = await hosts.process(node);
  // A server may refuse damaged data: the rig did its part when it started it.
  const refuses = context.damage.has(node) && actions.includes("start") && isOverDamage(process);
  const isWell = process.state === "running" || refuses || (process.state === "exited" && !mustRun);
  if (!isWell) problems.push(describeProcess(process));
  const what = refuses ? `${describeProcess(process)} on a damaged disk` : describeProcess(process);
  const detail = problems.length === 0 ? `${what}, no rules, clocks true` : problems.join("; ");
  return { shown: problems.length === 0, detail };
}

/** Of these nodes, those whose servers say nothing of themselves for ANSWER_LIMIT_MS. */
async function findSilent(
  { hosts, clock, timing }: HealContext,
  nodes: readonly NodeName[],
): Promise<NodeName[]> {
  const deadlineMs = clock.nowMs() + ANSWER_LIMIT_MS;
  const silent = new Set(nodes);
  for (;;) {
    const views = await hosts.view().catch(() => new Map<NodeName, NodeView>());
    for (const [node, { role }] of views) if (role !== "unknown") silent.delete(node);
    if (silent.size === 0 || clock.nowMs() >= deadlineMs) return [...silent];
    await sleep(clock, timing.healPollMs);
  }
}

function hasClocks(capabilities: HealContext["capabilities"]): boolean {
  return capabilities["clock.wall"].available || capabilities["clock.rate"].available;
}

function hasDisks(capabilities: HealContext["capabilities"]): boolean {
  return capabilities["disk.delay"].available || capabilities["disk.errors"].available;
}

async function sleep(clock: Clock, ms: number): Promise<void> {
  await pause(clock, ms, new AbortController().signal);
}
