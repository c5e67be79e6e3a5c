import { formatDuration } from "../duration.js";
import { FAMILY_NAMES } from "../generate/families.js";
import { checkSchedule, type FieldPath, type Problem } from "./check.js";
import { phaseShape, randomShape, weightsShape } from "./file-shape.js";
import { describe, milliseconds, problemAt, type Read, readFaults } from "./read.js";
import { type Phase, type PhasedSchedule, phasesLengthMs, type Range } from "./phases.js";
import { endMs } from "./schedule.js";

const PHASE_FIELDS = Object.keys(phaseShape.shape);
const RANDOM_FIELDS = Object.keys(randomShape.shape);

export function readPhase(written: unknown, path: FieldPath): Read<{ readonly phase: Phase }> {
  if (typeof written !== "object" || written === null || Array.isArray(written))
    return problemAt(path, "expected a phase: a mapping with for, and faults or random");
  const parsed = phaseShape.safeParse(written);
  if (!parsed.success) return { problem: describe(parsed.error, written, PHASE_FIELDS, path) };
  const { name, faults: listed, random } = parsed.data;
  if (listed !== undefined && random !== undefined)
    return problemAt([...path, "random"], "a phase has either faults or random");
  const content =
    random === undefined
      ? readListed(listed ?? [], [...path, "faults"])
      : readRandom(random, [...path, "random"]);
  if ("problem" in content) return content;
  const forMs = milliseconds(parsed.data.for);
  return { phase: { ...(name === undefined ? {} : { name }), forMs, ...content } };
}

function readListed(entries: readonly unknown[], path: FieldPath): Read<Pick<Phase, "content">> {
  const read = readFaults(entries, path);
  return "problem" in read ? read : { content: { type: "listed", ...read } };
}

function readRandom(written: unknown, path: FieldPath): Read<Pick<Phase, "content">> {
  if (typeof written !== "object" || written === null || Array.isArray(written))
    return problemAt(path, "expected a mapping with weights");
  const parsed = randomShape.safeParse(written);
  if (!parsed.success) return { problem: describe(parsed.error, written, RANDOM_FIELDS, path) };
  const { atOnce, window, gap } = parsed.data;
  const at = [...path, "weights"];
  if (parsed.data.weights === undefined)
    return problemAt(at, `is missing; needs a mapping of families to numbers, such as {kill: 2, pause: 1}`);
  const weights = weightsShape.safeParse(parsed.data.weights);
  if (!weights.success) return { problem: describe(weights.error, parsed.data.weights, FAMILY_NAMES, at) };
  const given = Object.fromEntries(Object.entries(weights.data).filter(([, weight]) => weight !== undefined));
  if (!Object.values(given).some((weight) => (weight ?? 0) > 0))
    return problemAt(at, `no family has a weight over 0; known: ${FAMILY_NAMES.join(", ")}`);
  const windowMs = rangeOf(window);
  return { content: { type: "random", weights: given, atOnce, windowMs, gapMs: rangeOf(gap) } };
}

function rangeOf(written: string | readonly [string, string]): Range {
  const [least, most] = typeof written === "string" ? [written, written] : written;
  return { leastMs: milliseconds(least), mostMs: milliseconds(most) };
}

/** What is wrong with phases of the right shape; as checkSchedule for a plain list. */
export function checkPhases(
  { phases, repeat }: PhasedSchedule,
  nodes: readonly string[] | null,
): Problem | null {
  for (const [index, phase] of phases.entries()) {
    const problem = checkPhase(phase, nodes);
    if (problem !== null) return { path: ["phases", index, ...problem.path], message: problem.message };
  }
  const spanMs = phasesLengthMs(phases);
  if (repeat === undefined || repeat.everyMs >= Math.max(1, spanMs)) return null;
  const message = `${formatDuration(repeat.everyMs)} is less than the phases take: ${formatDuration(spanMs)}`;
  return { path: ["repeat", "every"], message };
}

function checkPhase({ forMs, content }: Phase, nodes: readonly string[] | null): Problem | null {
  const lasts = `the phase lasts ${formatDuration(forMs)}`;
  if (content.type === "random") {
    if (content.windowMs.leastMs <= forMs) return null;
    const message = `${formatDuration(content.windowMs.leastMs)} does not fit: ${lasts}`;
    return { path: ["random", "window"], message };
  }
  const { faults } = content;
  const index = faults.findIndex((fault) => endMs(fault) > forMs);
  const late = faults[index];
  if (late !== undefined) {
    const message = `${late.fault} ends at ${formatDuration(endMs(late))}, ${lasts}`;
    return { path: ["faults", index], message };
  }
  return checkSchedule({ faults }, nodes);
}
