import {
  type Capability,
  type FacetCapability,
  type Hosts,
  type MemberHosts,
  type NodeName,
  notOffered,
  type ProbeResult,
} from "@gauntlet/nemesis";
import type { PacketRule, Result } from "./agent/protocol.js";
import { DockerError, messageOf } from "./docker-error.js";
import type { NodeMachine } from "./node-machine.js";
import { PORTS } from "./systems/system.js";

/** TCP discard: nothing listens there, so a probe disturbs nobody even between a leader and its follower, and is answered by a refusal. */
const UNUSED_PORT = 9;
/** These hosts have no facet for it, so there is nothing to try. */
const NOT_OFFERED: Readonly<Record<FacetCapability, ProbeResult>> = notOffered(
  "these machines do not offer it",
);
const TRANSFER_LIMIT_MS = 2_000;
const DIAL_MS = 400;
const WALL_BUMP_MS = 3_000;
const SLOW_RATE = 0.5;
const RATE_WINDOW_MS = 800;
/** Between the slow rate and the true one, so that a busy machine does not decide. */
const RATE_LIMIT = 0.75;

/**
 * Tries every capability by its effect on one node, best a follower, with `peer` at the other end of the wire.
 * @param mayCutPeers the two can do without each other for a second: packets are tried on the port members talk on
 * @param feelsShim rejects when the server's calls go past the disk shim
 */
export async function probeAll(
  hosts: Hosts,
  machine: NodeMachine,
  peer: NodeMachine | undefined,
  mayCutPeers: boolean,
  feelsShim: () => Promise<string>,
): Promise<Readonly<Record<Capability, ProbeResult>>> {
  const node = machine.node;
  const disk = await probeDisks(machine, feelsShim);
  const { members } = hosts;
  return {
    ...NOT_OFFERED,
    ...disk,
    ...(members && {
      "member.change": await attempt(() => probeChange(members)),
      "member.transfer": await attempt(() => probeTransfer(members, hosts)),
    }),
    "network.cut": await attempt(() => probeCut(machine, peer, mayCutPeers ? PORTS.peer : UNUSED_PORT)),
    "process.signal": await attempt(() => probeSignal(hosts, node)),
    "clock.wall": await attempt(() => probeWall(hosts, node)),
    "clock.rate": await attempt(() => probeRate(hosts, node)),
  };
}

type DiskCapability = Extract<Capability, `disk.${string}`>;

/** By the agent, on a small disk beside the server's; what the shim does counts only where the server goes through it. */
async function probeDisks(
  machine: NodeMachine,
  feelsShim: () => Promise<string>,
): Promise<Readonly<Record<DiskCapability, ProbeResult>>> {
  const probe = (): Promise<Result<"probe-disk">> => machine.request<"probe-disk">({ command: "probe-disk" });
  try {
    const { delay, errors, powerLoss, damage } = await probe().catch(probe);
    const felt = delay.available || errors.available ? await attempt(feelsShim) : null;
    return {
      "disk.delay": delay.available && felt?.available === false ? felt : delay,
      "disk.errors": errors.available && felt?.available === false ? felt : errors,
      "disk.power-loss": powerLoss,
      "disk.damage": damage,
      "disk.truncate": NOT_OFFERED["disk.truncate"],
    };
  } catch (error) {
    const no: ProbeResult = { available: false, reason: messageOf(error) };
    return {
      "disk.delay": no,
      "disk.errors": no,
      "disk.power-loss": no,
      "disk.damage": no,
      "disk.truncate": no,
    };
  }
}

/** A busy machine may spoil one try, not two. */
async function attempt(probe: () => Promise<string>): Promise<ProbeResult> {
  try {
    const detail = await probe().catch(() => probe());
    return { available: true, detail };
  } catch (error) {
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
    await hosts.setClock(node, { wallOffsetMs: WALL_BUMP_MS, wallRate: 1, monotonicRate: 1 });
    during = await hosts.readClock(node, 0);
  } finally {
    await hosts.setClock(node, { wallOffsetMs: 0, wallRate: 1, monotonicRate: 1 });
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

async function probeRate(hosts: Hosts, node: NodeName): Promise<string> {
  let during = { timerRate: 1 };
  try {
    await hosts.setClock(node, { wallOffsetMs: 0, wallRate: 1, monotonicRate: SLOW_RATE });
    during = await hosts.readClock(node, RATE_WINDOW_MS);
  } finally {
    await hosts.setClock(node, { wallOffsetMs: 0, wallRate: 1, monotonicRate: 1 });
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
