import { z } from "zod";
import { DURATION_PATTERN, formatDuration, parseDuration } from "../duration.js";

/** A share of packets or calls. */
export function shareArg(most: number, meaning: string) {
  const allowed = `a share over 0 and up to ${most}`;
  const error = (issue: { input?: unknown }): string => problem(issue.input, allowed);
  return z.number({ error }).gt(0, { error }).max(most, { error }).describe(meaning);
}

/** A length of time within limits, both included. */
export function durationArg(leastMs: number, mostMs: number, meaning: string) {
  const allowed = `a duration from ${formatDuration(leastMs)} to ${formatDuration(mostMs)}`;
  const error = (issue: { input?: unknown }): string => problem(issue.input, allowed);
  const isWithin = (text: string): boolean => {
    const ms = parseDuration(text);
    return ms !== null && ms >= leastMs && ms <= mostMs;
  };
  return z
    .string({ error })
    .regex(DURATION_PATTERN, { error })
    .refine(isWithin, { error })
    .describe(`${meaning} ${formatDuration(leastMs)} to ${formatDuration(mostMs)}.`);
}

/** Of a checked argument. */
export function millisecondsOf(text: string): number {
  return parseDuration(text) ?? Number.NaN;
}

/** Of an argument as it is written, with the default where it is not. */
export function writtenMs(written: unknown, otherwise: string): number {
  return millisecondsOf(typeof written === "string" ? written : otherwise);
}

function problem(written: unknown, allowed: string): string {
  return written === undefined
    ? `is missing; needs ${allowed}`
    : `${JSON.stringify(written)} is not ${allowed}`;
}
