import { setTimeout as sleep } from "node:timers/promises";
import {
  type Capability,
  type ClockSetting,
  type FacetCapability,
  type Hosts,
  type MemberHosts,
  type NodeName,
  notOffered,
  type PacketHosts,
  type PacketShape,
  type ProbeResult,
  UNSHAPED,
} from "@gauntlet/nemesis";
import type { PacketRule, Result } from "./agent/protocol.js";
import { DockerError, messageOf } from "./docker-error.js";
import type { NodeMachine } from "./node-machine.js";
import { PORTS, type System } from "./systems/system.js";

/** TCP discard: nothing listens there, so a probe disturbs nobody even between a leader and its follower, and is answered by a refusal. */
const UNUSED_PORT = 9;
/** These hosts have no facet for it, so there is nothing to try. */
const NOT_OFFERED: Readonly<Record<FacetCapability, ProbeResult>> = notOffered(
  "these machines do not offer it",
);
const TRANSFER_LIMIT_MS = 2_000;
const DIAL_MS = 400;
const SHAPE_DIALS = 6;
const SHAPE_DELAY_MS = 60;
const TRUE_CLOCKS: ClockSetting = { wallOffsetMs: 0, wallRate: 1, monotonicRate: 1 };
const WALL_BUMP_MS = 3_000;
const DRIFT_RATE = 1.5;
const DRIFT_WINDOW_MS = 600;
const SLOW_RATE = 0.5;
const RATE_WINDOW_MS = 800;
/** Between the slow rate and the true one, so that a busy machine does not decide. */
const RATE_LIMIT = 0.75;

/** What is known of the server beforehand. */
export interface ProbedSystem extends Pick<System, "lacks"> {
  /** Rejects when the server's calls go past the disk shim. */
  readonly feelsShim: () => Promise<string>;
}

/**
 * Tries every capability by its effect on one node, best a follower, with `peer` at the other end of the wire.
 * @param mayCutPeers the two can do without each other for a second: packets are tried on the port members talk on
 */
export async function probeAll(
  hosts: Hosts,
  machine: NodeMachine,
  peer: NodeMachine | undefined,
  mayCutPeers: boolean,
  { lacks, feelsShim }: ProbedSystem,
): Promise<Readonly<Record<Capability, ProbeResult>>> {
  const node = machine.node;
  const disk = await probeDisks(machine, () =>
    attempt(feelsShim, lacks["disk.delay"] === undefined ? TRIES : 1),
  );
  const wall = await attempt(() => probeWall(hosts, node), lacks["clock.wall"] === undefined ? TRIES : 1);
  const { members, packets } = hosts;
  return {
    ...NOT_OFFERED,
    ...disk,
    // The machine can do it to any file: what it means is for the system to say.
    ...(lacks["disk.truncate"] !== undefined && {
      "disk.truncate": { available: false, reason: lacks["disk.truncate"] } as const,
    }),
    ...(lacks["disk.tail"] !== undefined && {
      "disk.tail": { available: false, reason: lacks["disk.tail"] } as const,
    }),
    ...(members && {
      "member.change": await attempt(() => probeChange(members)),
      "member.transfer": await attempt(() => probeTransfer(members, hosts)),
    }),
    "network.cut": await attempt(() => probeCut(machine, peer, mayCutPeers ? PORTS.peer : UNUSED_PORT)),
    ...(packets && {
      "network.shape": await attempt(() => probeShape(machine, peer, packets)),
      "network.reset": await attempt(() => probeReset(machine, peer, packets)),
    }),
    "process.signal": await attempt(() => probeSignal(hosts, node)),
    "clock.wall": wall,
    // What no offset moves, no rate does.
    "clock.drift": wall.available ? await attempt(() => probeDrift(hosts, node)) : wall,
    "clock.rate": await attempt(() => probeRate(hosts, node)),
  };
}

type DiskCapability = Extract<Capability, `disk.${string}`>;

/** By the agent, on a small disk beside the server's; what the shim does counts only where the server goes through it. */
async function probeDisks(
  machine: NodeMachine,
  feelsShim: () => Promise<ProbeResult>,
): Promise<Readonly<Record<DiskCapability, ProbeResult>>> {
  const probe = (): Promise<Result<"probe-disk">> => machine.request<"probe-disk">({ command: "probe-disk" });
  try {
    const { delay, errors, powerLoss, damage, truncate, tail, losesPowerByShim } = await probe().catch(probe);
    const isAsked = delay.available || errors.available || (losesPowerByShim && powerLoss.available);
    const felt = isAsked ? await feelsShim() : null;
    return {
      "disk.delay": delay.available && felt?.available === false ? felt : delay,
      "disk.errors": errors.available && felt?.available === false ? felt : errors,
      "disk.power-loss":
        losesPowerByShim && powerLoss.available && felt?.available === false ? felt : powerLoss,
      "disk.damage": damage,
      "disk.truncate": truncate,
      "disk.tail": tail,
    };
  } catch (error) {
    const no: ProbeResult = { available: false, reason: messageOf(error) };
    return {
      "disk.delay": no,
      "disk.errors": no,
      "disk.power-loss": no,
      "disk.damage": no,
      "disk.truncate": no,
      "disk.tail": no,
    };
  }
}

/** A busy machine may spoil one try, not two. */
const TRIES = 2;

async function attempt(probe: () => Promise<string>, tries = TRIES): Promise<ProbeResult> {
  try {
    return { available: true, detail: await probe() };
  } catch (error) {
    if (tries > 1) return attempt(probe, tries - 1);
    return { available: false, reason: messageOf(error) };
  }
}

async function probeCut(machine: NodeMachine, peer: NodeMachine | undefined, port: number): Promise<string> {
  if (peer === undefined) throw new DockerError("there is no other node to be cut from");
  const dial = async (): Promise<string> => {
    const command = { command: "dial", host: peer.address, port, timeoutMs: DIAL_MS } as const;
    return (await machine.request<"dial">(command)).outcome;
  };
  const set = (rules: PacketRule[]): Promise<{ backend: string }> =>
    machine.request<"set-rules">({ command: "set-rules", rules });
  let backend = "";
  const passes = port === UNUSED_PORT ? "refused" : "open";
  const before = await dial();
  if (before !== passes) throw new DockerError(`a dial to port ${port} of ${peer.node} gave ${before}`);
  try {
    for (const direction of ["out", "in"] as const) {
      const end = direction === "out" ? "destination" : "source";
      const rule = { direction, peer: peer.address, tcpPort: { end, number: port } } as const;
      ({ backend } = await set([rule]));
      const during = await dial();
      const { rules } = await machine.request<"read-rules">({ command: "read-rules" });
      const packets = rules[0]?.packets ?? 0;
      if (during !== "timeout" || packets === 0) {
        throw new DockerError(
          `a rule against "${direction}" on port ${port} dropped ${packets} packets, a dial gave ${during}`,
        );
      }
    }
  } finally {
    await set([]);
  }
  const after = await dial();
  if (after !== passes) throw new DockerError(`packets stay away after the rules were removed (${after})`);
  return `iptables (${backend}) drops on port ${port} and lets through again`;
}

/** Dials that are refused at once tell how long a packet takes; nobody's traffic is lost. */
async function probeShape(
  machine: NodeMachine,
  peer: NodeMachine | undefined,
  packets: PacketHosts,
): Promise<string> {
  if (peer === undefined) throw new DockerError("there is no other node to send to");
  const { node } = machine;
  const dial = async (): Promise<number> => {
    const begunMs = performance.now();
    const limits = { port: UNUSED_PORT, timeoutMs: 10 * SHAPE_DELAY_MS } as const;
    const { outcome } = await machine.request<"dial">({ command: "dial", host: peer.address, ...limits });
    if (outcome !== "refused") throw new DockerError(`a dial to ${peer.node} gave ${outcome}`);
    return performance.now() - begunMs;
  };
  const beforeMs = await dial();
  const shape: PacketShape = { ...UNSHAPED, delayMs: SHAPE_DELAY_MS, duplicateShare: 0.5 };
  const took: number[] = [];
  try {
    await packets.shape(node, new Map([[peer.node, shape]]));
    for (let i = 0; i < SHAPE_DIALS; i += 1) took.push(await dial());
    const delayed = (await packets.counts(node)).get(peer.node)?.delayed ?? 0;
    const shown = (await packets.shapeOf(node)).get(peer.node);
    const quickest = Math.min(...took);
    if (quickest < SHAPE_DELAY_MS || delayed < SHAPE_DIALS || shown?.delayMs !== SHAPE_DELAY_MS) {
      throw new DockerError(
        `packets were to be ${SHAPE_DELAY_MS} ms late: a dial took ${quickest.toFixed(1)} ms, ${delayed} were counted`,
      );
    }
  } finally {
    await packets.shape(node, new Map());
  }
  const left = (await packets.shapeOf(node)).size;
  const afterMs = await dial();
  const tookMs = took.toSorted((a, b) => a - b)[took.length >> 1] ?? 0;
  if (left > 0 || afterMs >= tookMs) {
    throw new DockerError(`a dial takes ${afterMs.toFixed(1)} ms after the shape was taken back`);
  }
  return `${SHAPE_DELAY_MS} ms more were asked for: a dial took ${tookMs.toFixed(1)} ms, ${beforeMs.toFixed(1)} before and ${afterMs.toFixed(1)} after`;
}

/** The two dial each other again at once. */
async function probeReset(
  machine: NodeMachine,
  peer: NodeMachine | undefined,
  packets: PacketHosts,
): Promise<string> {
  if (peer === undefined) throw new DockerError("there is no other node to be connected with");
  const destroyed = await packets.reset(machine.node, [peer.node]);
  if (destroyed === 0) throw new DockerError("no connection was there to be destroyed");
  return `${destroyed} connections between ${machine.node} and ${peer.node} were destroyed`;
}

async function probeSignal(hosts: Hosts, node: NodeName): Promise<string> {
  await hosts.signal(node, "SIGSTOP");
  const held = (await hosts.process(node)).state;
  await hosts.signal(node, "SIGCONT");
  const freed = (await hosts.process(node)).state;
  if (held !== "paused" || freed !== "running") {
    throw new DockerError(`after SIGSTOP the server is ${held}, after SIGCONT ${freed}`);
  }
  return "SIGSTOP holds the server and SIGCONT frees it";
}

async function probeWall(hosts: Hosts, node: NodeName): Promise<string> {
  const before = await hosts.readClock(node, 0);
  let during = before;
  try {
    await hosts.setClock(node, { ...TRUE_CLOCKS, wallOffsetMs: WALL_BUMP_MS });
    during = await hosts.readClock(node, 0);
  } finally {
    await hosts.setClock(node, TRUE_CLOCKS);
  }
  const after = await hosts.readClock(node, 0);
  const moved = Math.round(during.wallOffsetMs - before.wallOffsetMs);
  if (moved < WALL_BUMP_MS / 2) {
    throw new DockerError(`${WALL_BUMP_MS} ms were asked for, the server's wall clock moved by ${moved} ms`);
  }
  if (Math.abs(after.wallOffsetMs) > WALL_BUMP_MS / 2)
    throw new DockerError("the wall clock did not come back");
  return `the server's wall clock moved by ${moved} ms and came back`;
}

/** How far the wall clock goes off in a while; timers are not asked to follow. */
async function probeDrift(hosts: Hosts, node: NodeName): Promise<string> {
  let before = 0;
  let drift = 0;
  let sinceMs = 0;
  try {
    await hosts.setClock(node, { ...TRUE_CLOCKS, wallRate: DRIFT_RATE });
    const begunMs = performance.now();
    before = (await hosts.readClock(node, 0)).wallOffsetMs;
    await sleep(DRIFT_WINDOW_MS);
    drift = (await hosts.readClock(node, 0)).wallOffsetMs - before;
    sinceMs = performance.now() - begunMs;
  } finally {
    await hosts.setClock(node, TRUE_CLOCKS);
  }
  const after = (await hosts.readClock(node, 0)).wallOffsetMs;
  const least = (DRIFT_WINDOW_MS * (DRIFT_RATE - 1)) / 2;
  if (drift < least || drift > sinceMs || Math.abs(after) > least) {
    throw new DockerError(
      `at rate ${DRIFT_RATE} the server's wall clock gained ${Math.round(drift)} ms in ${Math.round(sinceMs)} ms, and is off by ${Math.round(after)} ms after it`,
    );
  }
  return `at rate ${DRIFT_RATE} the server's wall clock gained ${Math.round(drift)} ms in ${Math.round(sinceMs)} ms and came back`;
}

async function probeRate(hosts: Hosts, node: NodeName): Promise<string> {
  let during = { timerRate: 1 };
  try {
    await hosts.setClock(node, { ...TRUE_CLOCKS, monotonicRate: SLOW_RATE });
    during = await hosts.readClock(node, RATE_WINDOW_MS);
  } finally {
    await hosts.setClock(node, TRUE_CLOCKS);
  }
  const measured = during.timerRate.toFixed(2);
  if (during.timerRate > RATE_LIMIT || during.timerRate === 0) {
    throw new DockerError(`at rate ${SLOW_RATE} the server's timers ran at ${measured}`);
  }
  return `at rate ${SLOW_RATE} the server's timers ran at ${measured}`;
}

/** A spare joins as a learner, which no quorum asks, and leaves. */
async function probeChange(members: MemberHosts): Promise<string> {
  const [spare] = members.spares;
  if (spare === undefined) throw new DockerError("there is no spare machine");
  const before = await members.membership();
  if (!before.learners.includes(spare)) await members.change({ type: "add", node: spare, as: "learner" });
  const during = await members.membership();
  await members.change({ type: "remove", node: spare });
  const after = await members.membership();
  if (!during.learners.includes(spare) || after.learners.includes(spare)) {
    throw new DockerError(
      `${spare} was to join and to leave; the learners were ${during.learners.join(", ")}, then ${after.learners.join(", ")}`,
    );
  }
  return `${spare} joined as a learner and left`;
}

async function probeTransfer(members: MemberHosts, hosts: Hosts): Promise<string> {
  const { voters } = await members.membership();
  const leaderNow = async (): Promise<NodeName | undefined> =>
    [...(await hosts.view())].find(([, { role }]) => role === "leader")?.[0];
  const before = await leaderNow();
  const to = voters.find((voter) => voter !== before);
  if (to === undefined) throw new DockerError("there is no other voter");
  await members.transfer(to);
  const deadline = performance.now() + TRANSFER_LIMIT_MS;
  while (performance.now() < deadline) {
    if ((await leaderNow()) === to) return `the leader handed over to ${to}`;
  }
  throw new DockerError(
    `${to} does not lead ${TRANSFER_LIMIT_MS} ms after the leader was to hand over to it`,
  );
}
