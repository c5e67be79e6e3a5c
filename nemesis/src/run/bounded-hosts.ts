import type { Hosts } from "../hosts.js";
import { type Clock, pause } from "./clock.js";

/** A host that has not answered by then counts as failed: a rig that waits for ever gives no verdict. */
export const HOST_CALL_LIMIT_MS = 10_000;

type Bounded = <T>(what: string, call: () => Promise<T>, extraMs?: number) => Promise<T>;

/** The same hosts, every call of which ends within its limit. */
export function boundedHosts(hosts: Hosts, clock: Clock): Hosts {
  const bounded: Bounded = async (what, call, extraMs = 0) => {
    const done = new AbortController();
    const limitMs = HOST_CALL_LIMIT_MS + extraMs;
    const tooLong = pause(clock, limitMs, done.signal).then((isOver) => {
      if (isOver) throw new Error(`${what} did not end within ${limitMs} ms`);
      return new Promise<never>(() => {});
    });
    try {
      return await Promise.race([call(), tooLong]);
    } finally {
      // With a reason, or Node builds an exception with a stack for each call.
      done.abort("ended");
    }
  };
  return {
    nodes: hosts.nodes,
    ...boundedFacets(hosts, bounded),
    probe: () => hosts.probe(),
    view: () => bounded("view", () => hosts.view()),
    cut: (node, cuts) => bounded(`cut ${node}`, () => hosts.cut(node, cuts)),
    cuts: (node) => bounded(`cuts ${node}`, () => hosts.cuts(node)),
    droppedPackets: (node) => bounded(`droppedPackets ${node}`, () => hosts.droppedPackets(node)),
    signal: (node, signal) => bounded(`${signal} ${node}`, () => hosts.signal(node, signal)),
    start: (node) => bounded(`start ${node}`, () => hosts.start(node)),
    process: (node) => bounded(`process ${node}`, () => hosts.process(node)),
    setClock: (node, setting) => bounded(`setClock ${node}`, () => hosts.setClock(node, setting)),
    clockSetting: (node) => bounded(`clockSetting ${node}`, () => hosts.clockSetting(node)),
    readClock: (node, windowMs) =>
      bounded(`readClock ${node}`, () => hosts.readClock(node, windowMs), windowMs),
  };
}

type Facets = Pick<Hosts, "packets" | "disks" | "members" | "upgrades">;

function boundedFacets({ packets, disks, members, upgrades }: Facets, bounded: Bounded): Facets {
  return {
    ...(packets && {
      packets: {
        shape: (node, shapes) => bounded(`shape ${node}`, () => packets.shape(node, shapes)),
        shapeOf: (node) => bounded(`shapeOf ${node}`, () => packets.shapeOf(node)),
        counts: (node) => bounded(`counts ${node}`, () => packets.counts(node)),
        reset: (node, peers) => bounded(`reset ${node}`, () => packets.reset(node, peers)),
      },
    }),
    ...(disks && {
      disks: {
        set: (node, setting) => bounded(`set disk ${node}`, () => disks.set(node, setting)),
        setting: (node) => bounded(`setting ${node}`, () => disks.setting(node)),
        counts: (node) => bounded(`counts ${node}`, () => disks.counts(node)),
        powerLoss: (node) => bounded(`powerLoss ${node}`, () => disks.powerLoss(node)),
        damage: (node, kind, area) => bounded(`damage ${node}`, () => disks.damage(node, kind, area)),
        damages: (node) => bounded(`damages ${node}`, () => disks.damages(node)),
      },
    }),
    ...(members && {
      members: {
        spares: members.spares,
        ...(members.lacks && { lacks: members.lacks }),
        membership: () => bounded("membership", () => members.membership()),
        change: (change) => bounded(`${change.type} ${change.node}`, () => members.change(change)),
        transfer: (to) => bounded(`transfer ${to}`, () => members.transfer(to)),
      },
    }),
    ...(upgrades && {
      upgrades: {
        use: (node, settings) => bounded(`use ${node}`, () => upgrades.use(node, settings)),
        inUse: (node) => bounded(`inUse ${node}`, () => upgrades.inUse(node)),
      },
    }),
  };
}
