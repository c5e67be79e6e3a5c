import { type Document, isMap, isNode, LineCounter, parseDocument } from "yaml";
import { assert, messageOf, ScheduleError } from "../errors.js";
import { checkSchedule, formatPath, type Problem } from "./check.js";
import { documentShape } from "./file-shape.js";
import { checkPhases, readPhase } from "./parse-phases.js";
import type { Phase, PhasedSchedule, WrittenSchedule } from "./phases.js";
import {
  describe,
  type LocatedProblem,
  milliseconds,
  oneLine,
  problemAt,
  type Read,
  readFaults,
} from "./read.js";
import { MAX_SCHEDULE_BYTES, type Schedule } from "./schedule.js";

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
): WrittenSchedule {
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
  const problem = "problem" in result ? result.problem : check(result.schedule, nodes);
  if (problem !== null) {
    const line = lineOf(document, lines, problem);
    throw new ScheduleError(problem.message, { source: sourceName, line, field: formatPath(problem.path) });
  }
  assert("schedule" in result, "a document without a problem has a schedule");
  return result.schedule;
}

/**
 * As parseSchedule, of a file that is data already and a plain list: what a run saves.
 * @throws ScheduleError, without a line
 */
export function readSchedule(
  file: unknown,
  nodes: readonly string[] | null = null,
  sourceName?: string,
): Schedule {
  const schedule = readWrittenSchedule(file, nodes, sourceName);
  if (!("phases" in schedule)) return schedule;
  const where = { field: "phases", ...(sourceName === undefined ? {} : { source: sourceName }) };
  throw new ScheduleError("must be resolved to a plain list of faults first", where);
}

/**
 * As parseSchedule, of a file that is data already.
 * @throws ScheduleError, without a line
 */
export function readWrittenSchedule(
  file: unknown,
  nodes: readonly string[] | null = null,
  sourceName?: string,
): WrittenSchedule {
  const result = readDocument(file);
  const problem = "problem" in result ? result.problem : check(result.schedule, nodes);
  if (problem !== null)
    throw new ScheduleError(problem.message, {
      field: formatPath(problem.path),
      ...(sourceName === undefined ? {} : { source: sourceName }),
    });
  assert("schedule" in result, "a document without a problem has a schedule");
  return result.schedule;
}

function check(schedule: WrittenSchedule, nodes: readonly string[] | null): Problem | null {
  return "phases" in schedule ? checkPhases(schedule, nodes) : checkSchedule(schedule, nodes);
}

function toPlain(document: Document, source: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new ScheduleError(oneLine(messageOf(error)), { source, line: 1 });
  }
}

function readDocument(plain: unknown): Read<{ readonly schedule: WrittenSchedule }> {
  if (plain === null || plain === undefined) return problemAt([], "is empty; needs at least `faults:`");
  const parsed = documentShape.safeParse(plain);
  if (!parsed.success)
    return { problem: describe(parsed.error, plain, Object.keys(documentShape.shape), []) };
  const { seed, repeat, faults: listed, phases: parts } = parsed.data;
  if (listed === undefined && parts === undefined)
    return problemAt(["faults"], "is missing; needs a list of faults, or `phases:`");
  if (listed !== undefined && parts !== undefined)
    return problemAt(["phases"], "a schedule has either faults or phases");
  const rest = {
    ...(seed === undefined ? {} : { seed }),
    ...(repeat === undefined ? {} : { repeat: { everyMs: milliseconds(repeat.every) } }),
  };
  if (parts !== undefined) return readPhases(parts, rest);
  const faults = readFaults(listed ?? [], ["faults"]);
  return "problem" in faults ? faults : { schedule: { ...rest, ...faults } };
}

function readPhases(
  parts: readonly unknown[],
  rest: Omit<PhasedSchedule, "phases">,
): Read<{ readonly schedule: PhasedSchedule }> {
  const phases: Phase[] = [];
  for (const [index, part] of parts.entries()) {
    const read = readPhase(part, ["phases", index]);
    if ("problem" in read) return read;
    phases.push(read.phase);
  }
  return { schedule: { ...rest, phases } };
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
