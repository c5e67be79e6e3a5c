import { majoritySize, minoritySize, minorityThirdSize } from "../targets.js";
import type { Random } from "../random.js";
import { findFamily, type Variant } from "./families.js";

/**
 * What a simulator strikes with: the families of containers and those that only a simulator offers, each with every
 * fault of it and harder ones among its arguments. Nobody waits for a verdict of one fault here, so all may overlap.
 */

export const SWARM_FAMILY_NAMES = [
  "partition",
  "packet",
  "kill",
  "pause",
  "clock",
  "disk",
  "member",
] as const;
export type SwarmFamilyName = (typeof SWARM_FAMILY_NAMES)[number];

export interface SwarmVariant extends Variant {
  /** Less tells nothing in a cluster of this size, whatever range was asked for. */
  readonly leastWindowMs?: number;
}

export interface Machines {
  readonly nodes: number;
  readonly spares: number;
}

/** A rolling restart takes about so long a server. */
const ROLLING_MS = 1_500;

const none = (): Readonly<Record<string, unknown>> => ({});

/** The mix of a family in such a cluster; empty when it means nothing there. */
export function swarmVariants(family: SwarmFamilyName, machines: Machines): readonly SwarmVariant[] {
  switch (family) {
    case "partition":
      return partitions(machines.nodes);
    case "packet":
      return machines.nodes < 2 ? [] : packets(machines.nodes);
    case "kill":
      return kills(machines.nodes);
    case "disk":
      return disks(machines.nodes);
    case "member":
      return members(machines);
    case "pause":
    case "clock":
      return findFamily(family).variants(machines.nodes);
    default:
      return family satisfies never;
  }
}

function partitions(nodes: number): readonly SwarmVariant[] {
  if (nodes < 2) return [];
  const traffic = (random: Random): Readonly<Record<string, unknown>> => ({
    traffic: random.pick(["peer", "all"]),
  });
  const sided = (random: Random): Readonly<Record<string, unknown>> => ({
    direction: random.pick(["both", "in", "out"]),
    ...traffic(random),
  });
  const flapping = (random: Random): Readonly<Record<string, unknown>> => ({
    flap: random.pick(["200ms", "500ms", "1s"]),
    ...traffic(random),
  });
  return [
    { fault: "partition.isolate", target: "leader", args: none },
    { fault: "partition.isolate", target: "leader", args: sided },
    ...sizes(["one", "minority"], nodes).map((target) => ({
      fault: "partition.isolate",
      target,
      args: sided,
    })),
    ...sizes(["minority"], nodes).map((target) => ({ fault: "partition.halves", target, args: sided })),
    ...sizes(["minority-third"], nodes).map((target) => ({
      fault: "partition.minority-third",
      target,
      args: sided,
    })),
    ...(nodes < 4 ? [] : [{ fault: "partition.ring", target: "all", args: traffic }]),
    ...(nodes < 3 ? [] : [{ fault: "partition.bridge", target: "follower", args: traffic }]),
    { fault: "partition.isolate", target: "leader", args: flapping },
    ...sizes(["minority"], nodes).map((target) => ({ fault: "partition.halves", target, args: flapping })),
  ];
}

function packets(nodes: number): readonly SwarmVariant[] {
  const share = (random: Random): number => random.pick([0.02, 0.1, 0.3, 0.6]);
  const time = (random: Random): string => random.pick(["5ms", "30ms", "100ms", "400ms"]);
  const kinds: readonly Omit<SwarmVariant, "target">[] = [
    { fault: "packet.loss", args: (random) => ({ share: share(random) }) },
    { fault: "packet.delay", args: (random) => ({ delay: time(random), jitter: time(random) }) },
    { fault: "packet.reorder", args: (random) => ({ share: share(random), hold: time(random) }) },
    { fault: "packet.duplicate", args: (random) => ({ share: share(random) }) },
    { fault: "packet.rate", args: (random) => ({ bytesPerSecond: random.pick([1_000, 10_000, 100_000]) }) },
    { fault: "packet.reset", args: (random) => ({ every: random.pick(["100ms", "500ms", "2s"]) }) },
  ];
  const targets = sizes(["leader", "one", "minority", "all"], nodes);
  return kinds.flatMap((kind) => targets.map((target) => ({ ...kind, target })));
}

function kills(nodes: number): readonly SwarmVariant[] {
  const loop = (random: Random): Readonly<Record<string, unknown>> => ({
    up: random.pick(["300ms", "1s", "3s"]),
    down: random.pick(["0s", "200ms", "1s"]),
  });
  const upgrade = (random: Random): Readonly<Record<string, unknown>> => random.pick([{}, { upgrade: true }]);
  return [
    ...sizes(["leader", "one", "minority", "majority", "all"], nodes).map((target) => ({
      fault: "process.kill",
      target,
      args: none,
    })),
    { fault: "process.stop", target: "one", args: none },
    ...["leader", "one"].map((target) => ({ fault: "process.crash-loop", target, args: loop })),
    ...sizes(["minority", "all"], nodes).map((target) => ({
      fault: "process.rolling",
      target,
      args: upgrade,
      leastWindowMs: 3_000 + ROLLING_MS * (target === "all" ? nodes : minoritySize(nodes)),
    })),
  ];
}

function disks(nodes: number): readonly SwarmVariant[] {
  const delay = (random: Random): Readonly<Record<string, unknown>> => ({
    delay: random.pick(["10ms", "100ms", "500ms"]),
  });
  const errors = (random: Random): Readonly<Record<string, unknown>> => ({
    calls: random.pick(["writes", "syncs", "both"]),
    share: random.pick([0.01, 0.1, 1]),
  });
  const damage = (random: Random): Readonly<Record<string, unknown>> => ({
    kind: random.pick(["bit-flip", "bad-sector"]),
    area: random.pick(["any", "any", "wal", "checkpoint"]),
    server: random.pick(["down", "up"]),
  });
  const area = (random: Random): Readonly<Record<string, unknown>> => ({
    area: random.pick(["any", "wal", "checkpoint"]),
  });
  const on = (
    fault: string,
    targets: readonly string[],
    args: SwarmVariant["args"] = none,
  ): readonly SwarmVariant[] => sizes(targets, nodes).map((target) => ({ fault, target, args }));
  return [
    ...on("disk.power-loss", ["leader", "one", "minority", "majority", "all"]),
    ...on("disk.slow", ["leader", "one", "minority"], delay),
    ...on("disk.stall", ["leader", "one", "minority"]),
    ...on("disk.eio", ["leader", "one"], errors),
    ...on("disk.full", ["leader", "one"]),
    // Of a minority at most over the whole run, so there is none where no node can be spared.
    ...(minoritySize(nodes) === 0
      ? []
      : [...on("disk.bitflip", ["one"], damage), ...on("disk.truncate", ["one"], area)]),
  ];
}

function members({ nodes, spares }: Machines): readonly SwarmVariant[] {
  const joins: readonly SwarmVariant[] =
    spares === 0
      ? []
      : [
          {
            fault: "member.add",
            target: "spare",
            args: (random) => ({ as: random.pick(["voter", "learner", "promotable"]) }),
          },
          { fault: "member.promote", target: "spare", args: none },
          { fault: "member.replace", target: "one", args: none },
          { fault: "member.replace", target: "leader", args: none },
        ];
  const leaves = nodes - 1 < majoritySize(nodes) ? [] : ["member.remove", "member.demote"];
  return [
    ...joins,
    ...leaves.flatMap((fault) => ["leader", "one"].map((target) => ({ fault, target, args: none }))),
    ...(nodes < 2 ? [] : [{ fault: "member.transfer", target: "follower", args: none }]),
  ];
}

/** Without the targets that name nobody in so small a cluster. */
function sizes(targets: readonly string[], nodes: number): string[] {
  return targets.filter(
    (target) =>
      !(target === "minority" && minoritySize(nodes) === 0) &&
      !(target === "minority-third" && minorityThirdSize(nodes) === 0),
  );
}
