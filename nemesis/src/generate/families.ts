import type { Random } from "../random.js";
import { didYouMean } from "../suggest.js";
import { ScheduleError } from "../errors.js";
import { majoritySize, minoritySize, minorityThirdSize, type Target } from "../targets.js";

/** Families by the short names that NEMESIS= takes. */
export const FAMILY_NAMES = [
  "leader-isolation",
  "partition",
  "packet",
  "kill",
  "pause",
  "clock",
  "disk",
  "member",
] as const;
export type FamilyName = (typeof FAMILY_NAMES)[number];

/** Named by the schedule format, and not in this version. */
const PLANNED_FAMILIES: readonly string[] = ["resource"];

/** One way in which a family strikes. */
export interface Variant {
  readonly fault: string;
  readonly target: Target;
  /** A longer window shows no more; the rest of its time goes to the recovery. */
  readonly maxWindowMs?: number;
  args(random: Random): Readonly<Record<string, unknown>>;
}

export interface Family {
  readonly name: FamilyName;
  /** One sentence. */
  readonly summary: string;
  /** Below this the windows show nothing: no time to elect a new leader, or to read a rate. */
  readonly minWindowMs: number;
  /** Less is too little for its undo to be carried out: what it holds may still be held then. */
  readonly minRecoveryMs?: number;
  /** The default mix for a cluster of this size, with one spare machine if not said; empty when the family means nothing there. */
  variants(nodes: number, spares?: number): readonly Variant[];
}

const noArgs = (): Readonly<Record<string, unknown>> => ({});

export const FAMILIES: readonly Family[] = [
  {
    name: "leader-isolation",
    summary:
      "Cuts the leader off from its peers while clients still reach it: shows stale reads and lost writes.",
    // A new leader needs one to three election timeouts of 1 s, and the old one must be read after that.
    minWindowMs: 5_000,
    variants: (nodes) =>
      nodes < 2
        ? []
        : [
            {
              fault: "partition.isolate",
              target: "leader",
              args: () => ({ direction: "both", traffic: "peer" }),
            },
          ],
  },
  {
    name: "partition",
    summary:
      "Splits the cluster in random halves, a ring or two halves with a bridge, isolates nodes, in one direction or both, for good or flapping.",
    minWindowMs: 5_000,
    variants(nodes) {
      if (nodes < 2) return [];
      const isolate = (target: Target): Variant => ({
        fault: "partition.isolate",
        target,
        args: (random) => ({
          direction: random.pick(["both", "in", "out"]),
          traffic: random.pick(["peer", "all"]),
        }),
      });
      if (minoritySize(nodes) === 0) return [isolate("leader"), isolate("one")];
      const halves: Variant = {
        fault: "partition.halves",
        target: "minority",
        args: (random) => ({ direction: "both", traffic: random.pick(["peer", "all"]) }),
      };
      const traffic: Variant["args"] = (random) => ({ traffic: random.pick(["peer", "all"]) });
      const flapping: Variant["args"] = (random) => ({
        flap: random.pick(["300ms", "500ms", "1s"]),
        ...traffic(random),
      });
      return [
        halves,
        isolate("leader"),
        isolate("one"),
        isolate("minority"),
        { fault: "partition.isolate", target: "leader", args: flapping },
        { fault: "partition.halves", target: "minority", args: flapping },
        // The halves differ from all that is there only where others are left to be cut.
        ...(nodes < 4
          ? []
          : [
              { fault: "partition.ring", target: "all", args: traffic },
              { fault: "partition.bridge", target: "follower", args: traffic },
            ]),
        ...(minorityThirdSize(nodes) === 0
          ? []
          : [{ fault: "partition.minority-third", target: "minority-third", args: traffic }]),
      ];
    },
  },
  {
    name: "packet",
    summary:
      "Loses, delays, reorders, doubles and slows what nodes send, on all links or those with the leader, and resets connections.",
    // One in a hundred packets must be seen to be lost.
    minWindowMs: 5_000,
    variants(nodes) {
      if (nodes < 2) return [];
      const share: Variant["args"] = (random) => ({ share: random.pick([0.05, 0.1, 0.3]) });
      const of = (fault: string, targets: readonly Target[], args: Variant["args"]): readonly Variant[] =>
        sized(targets, nodes).map((target) => ({ fault, target, args }));
      return [
        ...of("packet.loss", ["leader", "all"], share),
        ...of("packet.delay", ["leader", "minority", "all"], (random) => ({
          delay: random.pick(["20ms", "50ms", "100ms"]),
          jitter: random.pick(["0s", "10ms", "20ms"]),
        })),
        // One slow link: what the leader hears of one follower.
        ...of("packet.delay", ["follower"], (random) => ({
          delay: random.pick(["100ms", "300ms"]),
          links: "leader",
        })),
        ...of("packet.reorder", ["all"], (random) => ({
          hold: random.pick(["10ms", "50ms"]),
          ...share(random),
        })),
        ...of("packet.duplicate", ["all"], share),
        ...of("packet.rate", ["leader"], (random) => ({ bytesPerSecond: random.pick([20_000, 100_000]) })),
        ...of("packet.reset", ["leader", "all"], (random) => ({ every: random.pick(["300ms", "1s"]) })),
      ];
    },
  },
  {
    name: "kill",
    summary:
      "Kills servers with SIGKILL and restarts them: one, a minority, a majority, all, or one again and again.",
    minWindowMs: 3_000,
    variants: (nodes) => [
      ...sized(["one", "minority", "majority", "all"], nodes).map((target) => ({
        fault: "process.kill",
        target,
        // Without a majority nothing is served: what a restart loses shows only after it.
        ...(target === "majority" || target === "all" ? { maxWindowMs: 3_000 } : {}),
        args: noArgs,
      })),
      ...["leader", "one"].map((target) => ({
        fault: "process.crash-loop",
        target,
        args: (random: Random) => ({
          up: random.pick(["500ms", "1s"]),
          down: random.pick(["100ms", "500ms"]),
        }),
      })),
    ],
  },
  {
    name: "pause",
    summary: "Holds servers for longer than two election timeouts: the leader, one, a minority.",
    minWindowMs: 4_000,
    variants: (nodes) =>
      sized(["leader", "one", "minority"], nodes).map((target) => ({
        fault: "process.pause",
        target,
        args: noArgs,
      })),
  },
  {
    name: "clock",
    summary:
      "Moves wall clocks by seconds to minutes, once or again and again, lets them drift, and runs timers at 0.5 to 2 times true speed.",
    minWindowMs: 4_000,
    variants(nodes) {
      const rate = (target: Target, rates: readonly number[]): Variant => ({
        fault: "clock.rate",
        target,
        args: (random) => ({ rate: random.pick(rates) }),
      });
      const bump = (target: Target): Variant => ({
        fault: "clock.bump",
        target,
        args: (random) => ({ offset: `${random.pick(["", "-"])}${random.pick([2, 10, 30, 60, 300])}s` }),
      });
      const strobe = (target: Target): Variant => ({
        fault: "clock.strobe",
        target,
        args: (random) => ({
          offset: `${random.pick(["", "-"])}${random.pick([2, 30, 300])}s`,
          period: random.pick(["200ms", "300ms"]),
        }),
      });
      const drift = (target: Target): Variant => ({
        fault: "clock.drift",
        target,
        args: (random) => ({ rate: random.pick([0.5, 0.8, 1.25, 2]) }),
      });
      return [
        ...sized(["leader", "one", "majority"], nodes).map(bump),
        ...sized(["leader", "majority"], nodes).map(strobe),
        ...sized(["leader", "minority"], nodes).map(drift),
        rate("leader", [0.5, 0.75]),
        rate("leader", [1.5, 2]),
        ...sized(["minority"], nodes).map((target) => rate(target, [0.5, 2])),
      ];
    },
  },
  {
    name: "disk",
    summary:
      "Cuts the power of one, a minority or all; slow, stalled and failing disks; flips a bit of durable data, or cuts a file off.",
    // No disk.full: at a low rate a server may need no room for longer than a window, and what is not shown is no proof.
    minWindowMs: 4_000,
    variants(nodes) {
      const on = (
        fault: string,
        targets: readonly Target[],
        more: Pick<Variant, "args"> & Partial<Variant> = { args: noArgs },
      ): readonly Variant[] => sized(targets, nodes).map((target) => ({ ...more, fault, target }));
      return [
        ...on("disk.power-loss", ["one", "minority"]),
        // Nothing is served meanwhile: what a power loss takes shows only after it.
        ...on("disk.power-loss", ["all"], { args: noArgs, maxWindowMs: 3_000 }),
        ...on("disk.slow", ["leader", "minority"], {
          args: (random) => ({ delay: random.pick(["20ms", "100ms", "300ms"]) }),
        }),
        ...on("disk.stall", ["leader", "one"]),
        ...on("disk.eio", ["one"], {
          args: (random) => ({
            calls: random.pick(["writes", "syncs", "both"]),
            share: random.pick([0.1, 1]),
          }),
        }),
        ...(minoritySize(nodes) === 0
          ? []
          : [
              ...on("disk.bitflip", ["one"], {
                args: (random) => ({ area: random.pick(["wal", "checkpoint", "any"]) }),
              }),
              ...on("disk.truncate", ["one"]),
            ]),
      ];
    },
  },
  {
    name: "member",
    summary: "Adds, promotes, replaces and removes members, and moves the leadership.",
    minWindowMs: 6_000,
    // A machine that comes back catches up before it is a voter again, and until then nothing else can change.
    minRecoveryMs: 8_000,
    variants(nodes, spares = 1) {
      const change = (fault: string, target: Target): Variant => ({ fault, target, args: noArgs });
      return [
        ...(nodes < 2 ? [] : [change("member.transfer", "follower")]),
        ...(spares === 0
          ? []
          : [
              change("member.add", "spare"),
              change("member.promote", "spare"),
              change("member.replace", "follower"),
            ]),
        ...(nodes - 1 < majoritySize(nodes)
          ? []
          : [change("member.remove", "follower"), change("member.remove", "leader")]),
      ];
    },
  },
];

/** Without the targets that name nobody in so small a cluster. */
function sized<T extends Target>(targets: readonly T[], nodes: number): T[] {
  return targets.filter((target) => target !== "minority" || minoritySize(nodes) > 0);
}

/**
 * The families of these names, each once.
 * @throws ScheduleError that names the unknown one, the nearest known and all known
 */
export function checkFamilies(names: readonly string[]): readonly FamilyName[] {
  for (const name of names) {
    if ((FAMILY_NAMES as readonly string[]).includes(name)) continue;
    const known = FAMILY_NAMES.join(", ");
    if (PLANNED_FAMILIES.includes(name)) {
      throw new ScheduleError(`nemesis "${name}" is not available in this version; available: ${known}`);
    }
    const suggestion = didYouMean(name, [...FAMILY_NAMES, ...PLANNED_FAMILIES]);
    throw new ScheduleError(`unknown nemesis "${name}"${suggestion}; known: ${known}`);
  }
  return FAMILY_NAMES.filter((name) => names.includes(name));
}

export function findFamily(name: FamilyName): Family {
  const family = FAMILIES.find((each) => each.name === name);
  if (family === undefined) throw new Error(`no family ${name}`);
  return family;
}
