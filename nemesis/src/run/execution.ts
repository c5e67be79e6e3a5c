import type { Claims } from "../effects/claims.js";
import { assert, messageOf, NotApplicable } from "../errors.js";
import { findFault } from "../faults/catalogue.js";
import {
  type Fault,
  type FaultContext,
  leastWindowMs,
  missingNeed,
  type Observation,
  type PreparedFault,
} from "../faults/fault.js";
import type { Membership, NodeName } from "../hosts.js";
import { Random } from "../random.js";
import type { ScheduledFault } from "../schedule/schedule.js";
import { leaderIn, resolveTarget, ROLE_WAIT_MS, type Views } from "../targets.js";
import { type Clock, pause } from "./clock.js";
import type { ExecutedFault, FaultOutcome, NemesisEvent } from "./executed.js";
import type { HealContext } from "./heal.js";

/** A fault draws its own choices from here, whatever its target drew before. */
const CHOICES = 2 ** 32;

/** What all faults of one run share. */
export interface World extends HealContext {
  readonly claims: Claims;
  readonly seed: number;
  /** When the schedule's time 0 was, and when the run's time is over. */
  readonly originMs: number;
  readonly deadlineMs: number;
  readonly emit: (event: NemesisEvent) => void;
}

/** One fault from its time in the schedule to its proved undo. Never rejects; an aborted run still undoes it. */
export async function executeFault(
  world: World,
  index: number,
  scheduled: ScheduledFault,
  signal: AbortSignal,
): Promise<ExecutedFault> {
  const { clock, claims } = world;
  try {
    if (!(await pause(clock, world.originMs + scheduled.atMs - clock.nowMs(), signal))) {
      return skip(world, index, scheduled, "the run ended before its time");
    }
    const fault = findFault(scheduled.fault);
    assert(fault !== undefined, `a checked schedule names known faults: ${scheduled.fault}`);
    const missing = missingNeed(fault, scheduled.args, world.capabilities);
    if (missing !== null) return skip(world, index, scheduled, missing);
    const random = new Random(world.seed, index);
    const found = await resolveTarget(scheduled.target, {
      hosts: world.hosts,
      clock,
      random,
      signal,
      forMs: scheduled.forMs,
    });
    if (found.nodes === null) return skip(world, index, scheduled, found.reason);
    // It may have waited for a leader, and then nothing could be shown any more.
    if (clock.nowMs() + leastWindowMs(fault, scheduled.args) > world.deadlineMs) {
      return skip(world, index, scheduled, "too little was left of the time limit");
    }
    const obstacle = claims.take(index, fault, found.nodes);
    if (obstacle !== null) return skip(world, index, scheduled, obstacle);
    const spent = await findSpent(world, fault, found.nodes);
    if (spent !== null) return skip(world, index, scheduled, spent);
    const membership = await readMembership(world, fault, signal);
    let prepared: PreparedFault;
    try {
      prepared = fault.prepare(contextOf(world, index, { ...found, membership }), scheduled.args);
    } catch (error) {
      if (error instanceof NotApplicable) return skip(world, index, scheduled, error.message);
      throw error;
    }
    return await perform(world, { ...found, index, scheduled, prepared }, signal);
  } catch (error) {
    return {
      ...blank(index, scheduled),
      outcome: { type: "unproved", reason: `rig error: ${messageOf(error)}` },
    };
  } finally {
    claims.release(index);
  }
}

interface Run {
  readonly index: number;
  readonly scheduled: ScheduledFault;
  readonly prepared: PreparedFault;
  readonly nodes: readonly NodeName[];
  readonly views: Views;
  readonly waitedMs: number;
}

async function perform(world: World, run: Run, signal: AbortSignal): Promise<ExecutedFault> {
  const { clock, emit } = world;
  const { index, scheduled, prepared, nodes, views, waitedMs } = run;
  const roles = Object.fromEntries(
    world.hosts.nodes.map((node) => [node, views.get(node)?.role ?? "unknown"]),
  );
  const value = { index, target: scheduled.target, nodes, args: prepared.args };
  const event = { type: "info", f: scheduled.fault } as const;

  const startedAtMs = clock.nowMs();
  emit({ ...event, phase: "begin", value: { ...value, roles, ...(waitedMs > 0 && { waitedMs }) } });
  const endAtMs = Math.min(startedAtMs + scheduled.forMs, world.deadlineMs);
  const window = openWindow(clock, endAtMs - startedAtMs, signal);
  const proof = await actAndProve(world, prepared, window);
  world.claims.proved(index);
  await window.over;

  const patience = prepared.undo === null ? 1 : (prepared.patience ?? 1);
  const healDeadlineMs = clock.nowMs() + world.timing.healLimitMs * patience;
  const undoProblem = await undo(world, prepared, healDeadlineMs);
  const endedAtMs = clock.nowMs();
  const outcome = toldWhole(proof.outcome, prepared.cutShort?.() ?? null);
  emit({ ...event, phase: "end", value: { ...value, outcome } });
  const healing = undoProblem === null ? await awaitHealed(world, prepared, healDeadlineMs) : null;
  const isEvent = prepared.undo === null;
  return {
    ...blank(index, scheduled),
    nodes,
    args: prepared.args,
    roles,
    outcome,
    startedAtMs,
    endedAtMs,
    healed: isEvent ? null : (healing?.shown ?? false),
    healing: isEvent ? null : (healing?.detail ?? `the undo failed: ${undoProblem}`),
    evidence: { proof: proof.evidence, undo: healing?.evidence ?? null },
  };
}

/** The time in which an effect counts. */
interface Window {
  /** Aborted when the window is over. */
  readonly signal: AbortSignal;
  readonly over: Promise<null>;
  readonly lengthMs: number;
}

function openWindow(clock: Clock, lengthMs: number, signal: AbortSignal): Window {
  const end = new AbortController();
  const over = pause(clock, lengthMs, signal).then(() => {
    end.abort("ended");
    return null;
  });
  return { signal: end.signal, over, lengthMs };
}

interface Proof {
  readonly outcome: FaultOutcome;
  readonly evidence: Observation["evidence"] | null;
}

/** Looks again and again until the effect is shown. What comes after the window's end counts for nothing. */
async function actAndProve(world: World, prepared: PreparedFault, window: Window): Promise<Proof> {
  const { clock } = world;
  const startedAtMs = clock.nowMs();
  let last: Observation | null = null;
  try {
    await prepared.act(window.signal);
    while (!window.signal.aborted) {
      const seen = await Promise.race([prepared.prove(), window.over]);
      if (seen === null) break;
      last = seen;
      if (seen.shown && !window.signal.aborted) {
        return { outcome: { type: "proved", proof: seen.detail }, evidence: seen.evidence };
      }
      await pause(clock, world.timing.proofPollMs, window.signal);
    }
  } catch (error) {
    return { outcome: { type: "unproved", reason: `rig error: ${messageOf(error)}` }, evidence: null };
  }
  const lastedMs = Math.round(Math.min(clock.nowMs() - startedAtMs, window.lengthMs));
  const reading = last === null ? "nothing could be read in time" : last.detail;
  const reason = `no effect was shown in its ${lastedMs} ms: ${reading}`;
  return { outcome: { type: "unproved", reason }, evidence: last?.evidence ?? null };
}

/** A fault that acted in only a part of its window had an effect all the same, but not the one that was asked for: it says so. */
function toldWhole(outcome: FaultOutcome, cutShort: string | null): FaultOutcome {
  if (cutShort === null) return outcome;
  if (outcome.type === "proved") return { ...outcome, proof: `${outcome.proof}; ${cutShort}` };
  return { ...outcome, reason: `${outcome.reason}; ${cutShort}` };
}

/** Null when the undo was carried out, else its last failure. */
async function undo(world: World, prepared: PreparedFault, deadlineMs: number): Promise<string | null> {
  for (;;) {
    try {
      await prepared.undo?.();
      return null;
    } catch (error) {
      if (world.clock.nowMs() >= deadlineMs) return messageOf(error);
    }
    await sleep(world.clock, world.timing.healPollMs);
  }
}

/** Null for an event. */
async function awaitHealed(
  world: World,
  prepared: PreparedFault,
  deadlineMs: number,
): Promise<Observation | null> {
  if (prepared.undo === null) return null;
  for (;;) {
    const seen = await prepared.healed();
    if (seen.shown || world.clock.nowMs() >= deadlineMs) return seen;
    await sleep(world.clock, world.timing.healPollMs);
  }
}

async function sleep(clock: Clock, ms: number): Promise<void> {
  await pause(clock, ms, new AbortController().signal);
}

function contextOf(
  world: World,
  owner: number,
  found: {
    readonly nodes: readonly NodeName[];
    readonly views: Views;
    readonly membership: Membership | null;
  },
): FaultContext {
  const { hosts, cuts, clocks, shapes, damage, clock } = world;
  const { nodes, views, membership } = found;
  return {
    owner,
    hosts,
    nodes,
    machines: [...new Set([...hosts.nodes, ...views.keys()])],
    membership,
    leader: leaderIn(views),
    cuts,
    clocks,
    shapes,
    damage,
    random: new Random(world.seed, CHOICES + owner),
    sleep: (ms) => sleep(clock, ms),
    pause: (ms, signal) => pause(clock, ms, signal),
    nowMs: () => clock.nowMs(),
  };
}

/** Waits for a leader who tells only where the fault is about members. */
async function readMembership(
  { hosts, clock, timing, capabilities }: World,
  fault: Fault,
  signal: AbortSignal,
): Promise<Membership | null> {
  const isTold = capabilities["member.change"].available || capabilities["member.transfer"].available;
  if (!isTold || hosts.members === undefined) return null;
  const isAbout = fault.needs.some((need) => need.startsWith("member."));
  const giveUpAtMs = clock.nowMs() + (isAbout ? ROLE_WAIT_MS : 0);
  for (;;) {
    try {
      return await hosts.members.membership();
    } catch {
      if (clock.nowMs() >= giveUpAtMs) return null;
    }
    if (!(await pause(clock, timing.proofPollMs, signal))) return null;
  }
}

/** A server that refuses its damaged disk is gone for good, and no fault can be shown on its process. */
async function findSpent(world: World, fault: Fault, nodes: readonly NodeName[]): Promise<string | null> {
  const held = [...fault.claims, ...(fault.proofNeeds ?? [])];
  if (!held.some((claim) => claim === "process" || claim === "disk")) return null;
  for (const node of nodes) {
    if (!world.damage.has(node) || (await world.hosts.process(node)).state !== "exited") continue;
    return `the disk of ${node} is damaged, and its server has ended over it`;
  }
  return null;
}

function skip(world: World, index: number, scheduled: ScheduledFault, reason: string): ExecutedFault {
  const outcome = { type: "skipped", reason } as const;
  const value = { index, target: scheduled.target, nodes: [], args: scheduled.args, outcome };
  world.emit({ type: "info", f: scheduled.fault, phase: "skipped", value });
  return { ...blank(index, scheduled), outcome };
}

function blank(index: number, scheduled: ScheduledFault): Omit<ExecutedFault, "outcome"> {
  const { fault, target, args } = scheduled;
  return {
    index,
    scheduled,
    fault,
    target,
    args,
    nodes: [],
    roles: {},
    startedAtMs: null,
    endedAtMs: null,
    healed: null,
    healing: null,
    evidence: { proof: null, undo: null },
  };
}
