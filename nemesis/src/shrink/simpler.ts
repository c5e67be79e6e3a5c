import { findFault } from "../faults/catalogue.js";
import { leastWindowMs } from "../faults/fault.js";
import type { ScheduledFault } from "../schedule/schedule.js";

/** Simpler variants of one fault, the simplest first. Each is smaller by some measure, so that no search is endless. */

/** One of the named nodes, or all but one of them. */
export function simplerTargets(fault: ScheduledFault): readonly ScheduledFault[] {
  const { target } = fault;
  if (typeof target === "string") return [];
  if (target.length === 1) return target.map((node) => ({ ...fault, target: node }));
  const ones = target.map((node) => ({ ...fault, target: node }));
  if (target.length === 2) return ones;
  return [...ones, ...target.map((node) => ({ ...fault, target: target.filter((other) => other !== node) }))];
}

/** Without arguments, or without one of them: what is left out takes its default. */
export function plainerArgs(fault: ScheduledFault): readonly ScheduledFault[] {
  const keys = Object.keys(fault.args);
  if (keys.length === 0) return [];
  const all = { ...fault, args: {} };
  if (keys.length === 1) return [all];
  return [
    all,
    ...keys.map((left) => ({
      ...fault,
      args: Object.fromEntries(Object.entries(fault.args).filter(([key]) => key !== left)),
    })),
  ];
}

const ROUND_MS = 100;

/** The least window, or half of what is above it. */
export function shorter(fault: ScheduledFault): readonly ScheduledFault[] {
  const kind = findFault(fault.fault);
  const leastMs = kind === undefined ? 0 : leastWindowMs(kind, fault.args);
  const spareMs = fault.forMs - leastMs;
  if (spareMs <= 0) return [];
  const half = leastMs + Math.floor(spareMs / 2 / ROUND_MS) * ROUND_MS;
  return [...new Set([leastMs, half])]
    .filter((forMs) => forMs < fault.forMs)
    .map((forMs) => ({ ...fault, forMs }));
}

/** All faults sooner, by what is idle before the first; or by half of it. */
export function earlier(faults: readonly ScheduledFault[]): readonly (readonly ScheduledFault[])[] {
  const idleMs = Math.min(...faults.map(({ atMs }) => atMs));
  if (!Number.isFinite(idleMs)) return [];
  const by = [idleMs, Math.floor(idleMs / 2)].filter((ms) => ms > 0);
  return by.map((ms) => faults.map((fault) => ({ ...fault, atMs: fault.atMs - ms })));
}
