import type { CheckResult, Verdict } from "@gauntlet/histories";
import type { Operation } from "@gauntlet/workloads";
import { secondsOf } from "../text.js";

/** What was seen after the last heal, until every node took a write or the bound was over. */
export interface Recovery {
  readonly boundMs: number;
  /** Milliseconds from the heal to a node that leads in the highest term anybody knows; null: never. */
  readonly leaderAfterMs: number | null;
  /** For each node: milliseconds from the heal to a write that it accepted, or null and the last error. */
  readonly writes: readonly {
    readonly node: string;
    readonly afterMs: number | null;
    readonly lastError: string | null;
    /** Its server ended over data that the run harmed. */
    readonly refuses?: boolean;
  }[];
}

export interface FinalReads {
  readonly planned: number;
  readonly unread: readonly Operation[];
  readonly boundMs: number;
}

/** What a finding about liveness rests on. */
export interface Grounds {
  /** Every undo was seen to have worked. */
  readonly healed: boolean;
  /** Nothing of the rig or the machine broke. */
  readonly rigSound: boolean;
}

/** The operations told in full, at most. */
const MAX_UNREAD_TOLD = 100;

/**
 * Liveness: a cluster whose faults are all undone must have a leader and take writes at every node
 * within the bound, but for those whose servers do right to end over harmed data. Details: the Recovery.
 */
export function checkRecovery(recovery: Recovery, grounds: Grounds): CheckResult {
  const refusing = recovery.writes.filter(({ refuses }) => refuses === true).map(({ node }) => node);
  const late = recovery.writes.filter(({ node, afterMs }) => afterMs === null && !refusing.includes(node));
  const base = { name: "recovery", kind: "liveness", details: recovery } as const;
  if (recovery.leaderAfterMs !== null && late.length === 0) {
    const slowestMs = Math.max(...recovery.writes.map(({ afterMs }) => afterMs ?? 0));
    const but = refusing.length === 0 ? "" : ` but ${refusing.join(", ")}, which refuses its harmed data,`;
    const reason = `every node${but} took a write ${secondsOf(slowestMs)} after the last heal`;
    return { ...base, verdict: "valid", reason };
  }
  const bound = `within ${secondsOf(recovery.boundMs)} of the last heal`;
  const nodes = late.map(({ node, lastError }) => `${node} (${lastError ?? "no answer"})`).join(", ");
  const what = late.length === 0 ? `no leader was seen ${bound}` : `no write was taken ${bound} at ${nodes}`;
  return { ...base, ...stalled(what, grounds) };
}

/** Liveness: every final read must be answered within the bound. Details: those that were not. */
export function checkFinalReads({ planned, unread, boundMs }: FinalReads, grounds: Grounds): CheckResult {
  const base = { name: "final-reads", kind: "liveness" } as const;
  if (planned === 0)
    return { ...base, verdict: "unknown", reason: "vacuous: there was nothing to read at the end" };
  if (unread.length === 0)
    return { ...base, verdict: "valid", reason: `all ${planned} final reads were answered` };
  const named = unread.slice(0, 5).map(({ f, key }) => (key === undefined ? f : `${f} of ${key}`));
  const more = unread.length > named.length ? `, and ${unread.length - named.length} more` : "";
  const what = `${unread.length} of ${planned} final reads were not answered within ${secondsOf(boundMs)}: ${named.join(", ")}${more}`;
  return { ...base, ...stalled(what, grounds), details: { unread: unread.slice(0, MAX_UNREAD_TOLD) } };
}

/**
 * A cluster that stalls after everything was undone is a finding: `invalid`, for before the main
 * phase it took a write at every node. When an undo was not seen to work, or the rig or the machine
 * broke, nobody can say whose fault it is: `failed`.
 */
export function stalled(what: string, { healed, rigSound }: Grounds): { verdict: Verdict; reason: string } {
  if (!healed) return { verdict: "failed", reason: `${what}, and not every fault was seen to be undone` };
  if (!rigSound)
    return { verdict: "failed", reason: `${what}, and something of the rig or the machine broke` };
  return { verdict: "invalid", reason: what };
}
