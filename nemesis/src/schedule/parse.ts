import { type Document, isMap, isNode, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { parseDuration } from "../duration.js";
import { assert, messageOf, ScheduleError } from "../errors.js";
import { faultNameProblem, findFault } from "../faults/catalogue.js";
import { didYouMean } from "../suggest.js";
import { type Target, targetProblem } from "../targets.js";
import { checkSchedule, type FieldPath, formatPath, type Problem } from "./check.js";
import { documentShape, ENTRY_FIELDS, entryShape } from "./file-shape.js";
import { MAX_SCHEDULE_BYTES, type Schedule, type ScheduledFault } from "./schedule.js";

/**
 * Reads a schedule from YAML or JSON (which is YAML).
 * @param sourceName names the text in messages: the file's path
 * @param nodes the cluster's nodes, when known: a schedule that names another is refused
 * @throws ScheduleError, one line with file, line, field, what is wrong and what is allowed
 */
export function parseSchedule(
  text: string,
  sourceName: string,
  nodes: readonly string[] | null = null,
): Schedule {
  if (Buffer.byteLength(text) > MAX_SCHEDULE_BYTES) {
    throw new ScheduleError(`is larger than ${MAX_SCHEDULE_BYTES} bytes`, { source: sourceName, line: 1 });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const broken = document.errors[0];
  if (broken !== undefined) {
    const line = lines.linePos(broken.pos[0]).line;
    throw new ScheduleError(oneLine(broken.message), { source: sourceName, line });
  }
  const result = readDocument(toPlain(document, sourceName));
  const problem = "problem" in result ? result.problem : checkSchedule(result.schedule, nodes);
  if (problem !== null) {
    const line = lineOf(document, lines, problem);
    throw new ScheduleError(problem.message, { source: sourceName, line, field: formatPath(problem.path) });
  }
  assert("schedule" in result, "a document without a problem has a schedule");
  return result.schedule;
}

/**
 * As parseSchedule, of a file that is data already.
 * @throws ScheduleError, without a line
 */
export function readSchedule(file: unknown, nodes: readonly string[] | null = null): Schedule {
  const result = readDocument(file);
  const problem = "problem" in result ? result.problem : checkSchedule(result.schedule, nodes);
  if (problem !== null) throw new ScheduleError(problem.message, { field: formatPath(problem.path) });
  assert("schedule" in result, "a document without a problem has a schedule");
  return result.schedule;
}

/** A problem, and the unknown key it is about, if it is about one. */
type LocatedProblem = Problem & { readonly key?: string };
type Read<T> = { readonly problem: LocatedProblem } | T;

function toPlain(document: Document, source: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new ScheduleError(oneLine(messageOf(error)), { source, line: 1 });
  }
}

function readDocument(plain: unknown): Read<{ readonly schedule: Schedule }> {
  if (plain === null || plain === undefined) return problemAt([], "is empty; needs at least `faults:`");
  const parsed = documentShape.safeParse(plain);
  if (!parsed.success)
    return { problem: describe(parsed.error, plain, Object.keys(documentShape.shape), []) };
  const faults: ScheduledFault[] = [];
  for (const [index, entry] of parsed.data.faults.entries()) {
    const read = readEntry(entry, ["faults", index]);
    if ("problem" in read) return read;
    faults.push(read.fault);
  }
  const { seed, repeat } = parsed.data;
  return {
    schedule: {
      ...(seed === undefined ? {} : { seed }),
      faults,
      ...(repeat === undefined ? {} : { repeat: { everyMs: milliseconds(repeat.every) } }),
    },
  };
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
    },
  };
}

function milliseconds(text: string): number {
  const ms = parseDuration(text);
  assert(ms !== null, `a validated duration parses: ${text}`);
  return ms;
}

function problemAt(path: FieldPath, message: string): { readonly problem: LocatedProblem } {
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
function describe(
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

function oneLine(text: string): string {
  return text.split("\n")[0]?.trim() ?? "";
}

/** The line of the field, or of the nearest enclosing one that is there. */
function lineOf(document: Document, lines: LineCounter, problem: LocatedProblem): number {
  for (let depth = problem.path.length; depth >= 0; depth--) {
    const node = document.getIn(problem.path.slice(0, depth), true);
    if (!isNode(node) || !node.range) continue;
    if (depth === problem.path.length && problem.key !== undefined && isMap(node)) {
      const key = node.items
        .map((pair) => pair.key)
        .find((each) => isNode(each) && String(each) === problem.key);
      if (isNode(key) && key.range) return lines.linePos(key.range[0]).line;
    }
    return lines.linePos(node.range[0]).line;
  }
  return 1;
}
