import type { z } from "zod";
import { parseDuration } from "../duration.js";
import { assert } from "../errors.js";
import { faultNameProblem, findFault } from "../faults/catalogue.js";
import { didYouMean } from "../suggest.js";
import { type Target, targetProblem } from "../targets.js";
import type { FieldPath, Problem } from "./check.js";
import { ENTRY_FIELDS, entryShape } from "./file-shape.js";
import type { ScheduledFault } from "./schedule.js";

/** From plain data to faults, or to what is wrong with it: parts of parse.ts. */

/** A problem, and the unknown key it is about, if it is about one. */
export type LocatedProblem = Problem & { readonly key?: string };
export type Read<T> = { readonly problem: LocatedProblem } | T;

/** A list of faults, each read by the shape of its own kind. */
export function readFaults(
  entries: readonly unknown[],
  path: FieldPath,
): Read<{ readonly faults: readonly ScheduledFault[] }> {
  const faults: ScheduledFault[] = [];
  for (const [index, entry] of entries.entries()) {
    const read = readEntry(entry, [...path, index]);
    if ("problem" in read) return read;
    faults.push(read.fault);
  }
  return { faults };
}

function readEntry(entry: unknown, path: FieldPath): Read<{ readonly fault: ScheduledFault }> {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
    return problemAt(path, "expected a fault: a mapping with at, for, fault, target");
  }
  // Before anything else: a field that nobody knows often explains the one that is missing.
  const odd = Object.keys(entry).find((key) => !ENTRY_FIELDS.includes(key));
  if (odd !== undefined) return { problem: unknownField(path, odd, ENTRY_FIELDS) };
  const name: unknown = "fault" in entry ? entry.fault : undefined;
  const fault = typeof name === "string" ? findFault(name) : undefined;
  if (fault === undefined) return problemAt([...path, "fault"], faultNameProblem(name) ?? "unknown fault");
  const badTarget = "target" in entry ? targetProblem(entry.target) : null;
  if (badTarget !== null) return problemAt([...path, "target"], badTarget);
  const parsed = entryShape(fault).safeParse(entry);
  if (!parsed.success) {
    return { problem: describe(parsed.error, entry, Object.keys(fault.args.shape), path) };
  }
  const written = "args" in entry ? (entry.args as Record<string, unknown> | undefined) : undefined;
  return {
    fault: {
      atMs: milliseconds(parsed.data.at),
      forMs: parsed.data.for === undefined ? fault.minWindowMs : milliseconds(parsed.data.for),
      fault: fault.name,
      target: parsed.data.target ?? (fault.defaultTarget as Target),
      args: written ?? {},
      ...(parsed.data.family === undefined ? {} : { family: parsed.data.family }),
    },
  };
}

export function milliseconds(text: string): number {
  const ms = parseDuration(text);
  assert(ms !== null, `a validated duration parses: ${text}`);
  return ms;
}

export function problemAt(path: FieldPath, message: string): { readonly problem: LocatedProblem } {
  return { problem: { path, message } };
}

function unknownField(path: FieldPath, key: string, known: readonly string[]): LocatedProblem {
  const allowed = known.length === 0 ? "none" : known.filter((name) => name !== "$schema").join(", ");
  return { path, key, message: `unknown field "${key}"${didYouMean(key, known)}; allowed: ${allowed}` };
}

/**
 * The issue that helps most: a field that nobody knows comes first.
 * @param known the fields where one that nobody knows can be
 */
export function describe(
  error: z.ZodError,
  input: unknown,
  known: readonly string[],
  prefix: FieldPath,
): LocatedProblem {
  const unknownKey = error.issues.find((issue) => issue.code === "unrecognized_keys");
  const issue = unknownKey ?? error.issues[0];
  assert(issue !== undefined, "a failed parse has an issue");
  const path = [...prefix, ...issue.path.map((part) => (typeof part === "number" ? part : String(part)))];
  if (issue.code === "unrecognized_keys") return unknownField(path, issue.keys[0] ?? "", known);
  const found = issue.path.reduce<unknown>((value, part) => (value as never)?.[part as never], input);
  return { path, message: issueText(issue, found) };
}

function issueText(issue: z.core.$ZodIssue, found: unknown): string {
  if (issue.code === "invalid_value") {
    const allowed = issue.values.map(String);
    const suggestion = typeof found === "string" ? didYouMean(found, allowed) : "";
    return `${JSON.stringify(found)} is not allowed${suggestion}; allowed: ${allowed.join(", ")}`;
  }
  if (issue.code === "invalid_type" && issue.expected === "object") {
    return found === undefined ? "is missing; needs a mapping" : "expected a mapping";
  }
  return oneLine(issue.message);
}

export function oneLine(text: string): string {
  return text.split("\n")[0]?.trim() ?? "";
}
