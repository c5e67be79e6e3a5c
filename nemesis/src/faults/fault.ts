import type { z } from "zod";
import type { ClockLedger } from "../effects/clock-ledger.js";
import type { Resource } from "../effects/claims.js";
import type { CutLedger, Owner } from "../effects/cut-ledger.js";
import type { Capability, Hosts, NodeName } from "../hosts.js";
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
  /** Who led when the fault began, as far as anybody knew. */
  readonly leader: NodeName | null;
  readonly cuts: CutLedger;
  readonly clocks: ClockLedger;
  /** Not cut short by the end of the run: an undo takes its time. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly nowMs: () => number;
}

/** A fault about to happen on known nodes. */
export interface PreparedFault {
  /** With defaults filled in. */
  readonly args: Readonly<Record<string, unknown>>;
  act(): Promise<void>;
  /** One look at whether the action took effect. Called again until it is shown or the window ends. */
  prove(): Promise<Observation>;
  /** Safe after an action that failed half way, and when called again. */
  undo(): Promise<void>;
  /** One look at whether the undo took effect. */
  healed(): Promise<Observation>;
}

/** One kind of fault: what it needs, how it acts, how it is proved and undone. */
export interface Fault {
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  readonly needs: readonly Capability[];
  /** What it holds of each of its nodes while it lasts. */
  readonly claims: readonly Resource[];
  /** The proof cannot be had in less. */
  readonly minWindowMs: number;
  /** When the schedule names no target; null: it must. */
  readonly defaultTarget: TargetWord | null;
  readonly args: z.ZodObject;
  /** Throws NotApplicable when it makes no sense on these nodes. */
  prepare(context: FaultContext, args: Readonly<Record<string, unknown>>): PreparedFault;
}

export function defineFault<Args extends z.ZodObject>(
  definition: Omit<Fault, "args" | "prepare" | "defaultTarget"> & {
    readonly args: Args;
    readonly defaultTarget?: TargetWord;
    prepare(context: FaultContext, args: z.infer<Args>): Omit<PreparedFault, "args">;
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
