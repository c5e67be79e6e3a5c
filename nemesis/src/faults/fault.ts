import type { z } from "zod";
import type { ClockLedger } from "../effects/clock-ledger.js";
import type { NodeResource, Resource } from "../effects/claims.js";
import type { CutLedger, Owner } from "../effects/cut-ledger.js";
import type { DamageLedger } from "../effects/damage-ledger.js";
import type { PacketLedger } from "../effects/packet-ledger.js";
import type { Capability, Hosts, Membership, NodeName, ProbeResult } from "../hosts.js";
import type { Random } from "../random.js";
import type { TargetWord } from "../targets.js";

/** What was read back of the nodes, and whether it shows what was asked. */
export interface Observation {
  readonly shown: boolean;
  /** For people: `n1 dropped 14 packets; n2 dropped 3 packets`. */
  readonly detail: string;
  /** The raw readings, by node. */
  readonly evidence: Readonly<Record<NodeName, unknown>>;
}

/** All that a fault may touch. */
export interface FaultContext {
  readonly owner: Owner;
  readonly hosts: Hosts;
  /** Resolved target, at least one node. */
  readonly nodes: readonly NodeName[];
  /** Every machine that has a part in the cluster: the first members, and spares that have joined. */
  readonly machines: readonly NodeName[];
  /** When the fault began; null where these hosts do not tell, or nobody led. */
  readonly membership: Membership | null;
  /** Who led when the fault began, as far as anybody knew. */
  readonly leader: NodeName | null;
  readonly cuts: CutLedger;
  readonly clocks: ClockLedger;
  readonly shapes: PacketLedger;
  readonly damage: DamageLedger;
  /** The fault's own choices: the same for the same seed and place in the schedule. */
  readonly random: Random;
  /** Not cut short by the end of the run: an undo takes its time. */
  readonly sleep: (ms: number) => Promise<void>;
  /** True when the time passed, false when the signal cut it short. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<boolean>;
  readonly nowMs: () => number;
}

/** A fault about to happen on known nodes. */
export type PreparedFault = Action &
  (Undo | Lasting) & {
    /** With defaults filled in. */
    readonly args: Readonly<Record<string, unknown>>;
  };

interface Action {
  /** @param window aborted when the fault's time is over: an action of several steps takes no further one */
  act(window: AbortSignal): Promise<void>;
  /** One look at whether the action took effect. Called again until it is shown or the window ends. */
  prove(): Promise<Observation>;
  /** Once the undo was tried: what kept it from acting for the whole of its window, also after the effect was shown. */
  cutShort?(): string | null;
}

interface Undo {
  /** Safe after an action that failed half way, and when called again. */
  undo(): Promise<void>;
  /** One look at whether the undo took effect. */
  healed(): Promise<Observation>;
  /** So many times as long as others it may take to be undone. Default 1. */
  readonly patience?: number;
}

/** An event, which leaves nothing to be undone. */
interface Lasting {
  readonly undo: null;
}

/** One kind of fault: what it needs, how it acts, how it is proved and undone. */
export interface Fault {
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  readonly needs: readonly Capability[];
  /** What some arguments need beyond that. */
  moreNeeds?(args: Readonly<Record<string, unknown>>): readonly Capability[];
  /** Happens and is over: a schedule may leave out how long, and gives it `minWindowMs` to be proved. */
  readonly isEvent?: true;
  /** What it holds of each of its nodes while it lasts. */
  readonly claims: readonly Resource[];
  /**
   * What no other fault may hold of a node until the effect was shown there. Where that takes a server's own word, one
   * that is stopped or has ended says nothing, and what took effect would pass for what did not.
   */
  readonly proofNeeds?: readonly NodeResource[];
  /** The proof cannot be had in less. */
  readonly minWindowMs: number;
  /** Nor in less than this with these arguments, as they are written: valid, without defaults. */
  leastWindowMs?(args: Readonly<Record<string, unknown>>): number;
  /** When the schedule names no target; null: it must. */
  readonly defaultTarget: TargetWord | null;
  readonly args: z.ZodObject;
  /** Throws NotApplicable when it makes no sense on these nodes. */
  prepare(context: FaultContext, args: Readonly<Record<string, unknown>>): PreparedFault;
}

/** A prepared fault without its arguments. */
export type Unnamed = Action & (Undo | Lasting);

/** The least window of a fault with these arguments. */
export function leastWindowMs(fault: Fault, args: Readonly<Record<string, unknown>>): number {
  return Math.max(fault.minWindowMs, fault.leastWindowMs?.(args) ?? 0);
}

/** Why a fault with these arguments cannot be tried here, or null. Capabilities that are not told of are taken to be there. */
export function missingNeed(
  fault: Fault,
  args: Readonly<Record<string, unknown>>,
  capabilities: Readonly<Partial<Record<Capability, ProbeResult>>>,
): string | null {
  for (const need of [...fault.needs, ...(fault.moreNeeds?.(args) ?? [])]) {
    const probe = capabilities[need];
    if (probe?.available === false) return `${need} is not available here: ${probe.reason}`;
  }
  return null;
}

export function defineFault<Args extends z.ZodObject>(
  definition: Omit<Fault, "args" | "prepare" | "defaultTarget"> & {
    readonly args: Args;
    readonly defaultTarget?: TargetWord;
    prepare(context: FaultContext, args: z.infer<Args>): Unnamed;
  },
): Fault {
  return {
    ...definition,
    defaultTarget: definition.defaultTarget ?? null,
    prepare(context, written) {
      const args = definition.args.parse(written);
      return { args, ...definition.prepare(context, args) };
    },
  };
}
