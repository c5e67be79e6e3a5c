import { z } from "zod";
import type { Cut, NodeName } from "../hosts.js";
import { silenceTheSame } from "../effects/cut-ledger.js";
import { NotApplicable } from "../errors.js";
import { durationArg, millisecondsOf, writtenMs } from "./args.js";
import { Cycle } from "./cycle.js";
import type { Fault, FaultContext, Observation, Unnamed } from "./fault.js";
import { forAll, onEveryNode } from "./observe.js";
import { PacketEvidence } from "./packet-evidence.js";

const traffic = z
  .enum(["peer", "all"])
  .default("all")
  .describe(
    "peer = the member-to-member port only, so that clients still reach it; all = everything between the hosts.",
  );

const MIN_FLAP_MS = 200;
const MAX_FLAP_MS = 10_000;

const flap = durationArg(
  MIN_FLAP_MS,
  MAX_FLAP_MS,
  "Cut for so long, whole for as long, cut again and so on; without it cut for the whole window.",
).optional();

/** Of partitions without sides. */
export const ringArgs = z.strictObject({ traffic, flap });

/** A flapping partition is cut, whole and cut again at least. */
export function leastPartitionMs(minWindowMs: number): NonNullable<Fault["leastWindowMs"]> {
  return ({ flap: written }) =>
    written === undefined ? minWindowMs : Math.max(minWindowMs, 3 * writtenMs(written, "0s"));
}

export const partitionArgs = z.strictObject({
  direction: z
    .enum(["both", "in", "out"])
    .default("both")
    .describe("Seen from the target: in = it hears nothing, out = it is not heard, both = neither."),
  traffic,
  flap,
});

/** A partition as the rules of each node: what every kind of partition comes down to. */
export interface Partition {
  readonly rules: ReadonlyMap<NodeName, readonly Cut[]>;
  /** Whether each node with rules must drop something, or only those that are cut from the leader. */
  readonly everyNodeDrops: boolean;
  /** Cut for less than an election takes: who hears nothing has nothing to say, so that one end of a pair is enough. */
  readonly isBrief?: boolean;
}

/** @param flap as written: cut and whole in turn */
export function cutNodes(context: FaultContext, partition: Partition, flap: string | undefined): Unnamed {
  const { owner, cuts } = context;
  const { rules } = partition;
  const nodes = [...rules.keys()];
  const cut = (): Promise<void> => forAll(nodes, (node) => cuts.add(owner, node, rules.get(node) ?? []));
  const mend = (): Promise<void> => forAll(nodes, (node) => cuts.remove(owner, node));
  const cycle = new Cycle(context);
  const evidence = new PacketEvidence(context, { ...partition, isBrief: flap !== undefined });
  const look = onEveryNode(nodes, (node) => evidence.look(node));
  let seen: Observation = { shown: false, detail: "nothing could be read in time", evidence: {} };
  let isCut = false;
  const flip = async (): Promise<void> => {
    // Counts go with the rules: they are read at the end of each cut.
    if (isCut) {
      seen = await look();
      await mend();
    } else await cut();
    isCut = !isCut;
  };
  return {
    async act(window) {
      if (flap === undefined) return cut();
      await cycle.begin(window, async () => {
        await flip();
        return millisecondsOf(flap);
      });
    },
    async prove() {
      return flap === undefined ? look() : seen;
    },
    cutShort: () => cycle.problem,
    async undo() {
      await cycle.end();
      await mend();
    },
    healed: onEveryNode(nodes, async (node) => {
      const reading = await cuts.standing(node);
      const { held, wanted } = reading;
      const whose = wanted.length === 0 ? "holds no rules" : "holds the cuts of other faults only";
      const shown = silenceTheSame(held, wanted);
      return { shown, detail: shown ? whose : `still ${describeCuts(held)}`, reading };
    }),
  };
}

/** Rules by which each of these drops what it hears of those. */
export function deafTo(
  listeners: readonly NodeName[],
  from: readonly NodeName[],
  traffic: Cut["traffic"],
): [NodeName, Cut[]][] {
  return listeners.map((node) => [node, from.map((peer) => ({ peer, direction: "in" as const, traffic }))]);
}

/** The targets on one side, all others on the other. */
export function splitOff(context: FaultContext, args: z.infer<typeof partitionArgs>): Unnamed {
  const { machines, nodes: side, leader } = context;
  const { direction, traffic, flap: flapping } = args;
  const others = machines.filter((node) => !side.includes(node));
  if (others.length === 0)
    throw new NotApplicable("the target is the whole cluster, so there is no other half");
  // Every node drops what it hears, none what it says: a follower says nothing to other followers, and a rule
  // that never has anything to drop cannot be proved.
  const rules = new Map([
    ...(direction === "out" ? [] : deafTo(side, others, traffic)),
    ...(direction === "in" ? [] : deafTo(others, side, traffic)),
  ]);
  // When both sides are deaf, the one without a leader asks all nodes of the other for votes. When one is, the
  // other may go on in peace, and followers have nothing to say to the followers beyond.
  return cutNodes(context, { rules, everyNodeDrops: direction === "both" || leader === null }, flapping);
}

export function describeCuts(cuts: readonly Cut[]): string {
  const peers = [...new Set(cuts.map(({ peer }) => peer))].toSorted();
  return peers.length === 0 ? "holds no rules" : `holds rules against ${peers.join(", ")}`;
}
