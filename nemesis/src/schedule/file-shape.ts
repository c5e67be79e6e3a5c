import { z } from "zod";
import { DURATION_HELP, DURATION_PATTERN, parseDuration } from "../duration.js";
import { assert } from "../errors.js";
import { FAULTS } from "../faults/catalogue.js";
import type { Fault } from "../faults/fault.js";
import { FAMILIES, FAMILY_NAMES, type FamilyName } from "../generate/families.js";
import { NODE_NAME_PATTERN, TARGET_HELP, TARGET_WORDS } from "../targets.js";

/** The shape of a schedule file: what parse.ts accepts, and what editors are told (schedule.schema.json). */

const durationError = { error: (issue: { input?: unknown }) => durationProblem(issue.input) };
const duration = z
  .string(durationError)
  .regex(DURATION_PATTERN, durationError)
  .refine((text) => parseDuration(text) !== null, durationError);

const nodeName = z.string().regex(NODE_NAME_PATTERN);
/** What is wrong with a target that is there, targets.ts says better than a union can. */
const target = z
  .union([z.enum(TARGET_WORDS), nodeName, z.array(nodeName).min(1)], {
    error: `is missing; allowed: ${TARGET_HELP}`,
  })
  .describe("Resolved when the fault happens; random choices come from the seed.");

const familyName = z.enum(FAMILY_NAMES);

const SEED_HELP = "expected a whole number from 0 to 2^53 - 1";
const seed = z
  .int({ error: SEED_HELP })
  .min(0, { error: SEED_HELP })
  .describe("Resolves random targets; the run's seed when absent.");

function makeEntryShape(fault: Fault) {
  const needsArgs = !fault.args.safeParse({}).success;
  return z
    .strictObject({
      at: duration.describe("Since the first operation."),
      for: fault.isEvent
        ? duration
            .optional()
            .describe(`Within this the event must be seen. At least ${fault.minWindowMs} ms.`)
        : duration.describe(`Healed this long after. At least ${fault.minWindowMs} ms.`),
      fault: z.literal(fault.name),
      target: fault.defaultTarget === null ? target : target.optional(),
      args: needsArgs ? fault.args : fault.args.optional(),
      family: familyName
        .optional()
        .describe(
          "Of a fault that was drawn at random: the family for which; one of its faults must take effect.",
        ),
      executed: z.unknown().optional().describe("What a run made of it; not read."),
    })
    .describe(fault.summary);
}

const entryShapes = new Map(FAULTS.map((fault) => [fault, makeEntryShape(fault)]));

/** The same for every fault. */
export const ENTRY_FIELDS: readonly string[] = ["at", "for", "fault", "target", "args", "family", "executed"];

/** One entry of `faults` for one kind of fault. */
export function entryShape(fault: Fault): ReturnType<typeof makeEntryShape> {
  const shape = entryShapes.get(fault);
  assert(shape !== undefined, `${fault.name} is in the catalogue`);
  return shape;
}

const repeat = z
  .strictObject({ every: duration })
  .describe("The whole list again, this often, until the time limit.");

/** The document, its entries not looked at yet: they are checked one by one against the shape of their own fault. */
export const documentShape = z.strictObject({
  $schema: z.string().optional(),
  seed: seed.optional(),
  faults: z
    .array(z.unknown(), { error: "expected a list of faults" })
    .optional()
    .describe("What happens when; instead of phases."),
  phases: z
    .array(z.unknown(), { error: "expected a list of phases" })
    .min(1, { error: "an empty list has no phase" })
    .optional()
    .describe("Parts that come one after another; instead of faults."),
  repeat: repeat.optional(),
});

const MOST_NAME = 40;
const NAME_HELP = `expected a name of 1 to ${MOST_NAME} characters in one line`;

/** A phase, its contents not looked at yet. */
export const phaseShape = z
  .strictObject({
    name: z
      .string({ error: NAME_HELP })
      .regex(new RegExp(`^[^\\r\\n]{1,${MOST_NAME}}$`), { error: NAME_HELP })
      .optional()
      .describe("For people."),
    for: duration.describe("How long the phase lasts. All of its faults are over by then."),
    faults: z
      .array(z.unknown(), { error: "expected a list of faults" })
      .optional()
      .describe("Their times are since the beginning of the phase."),
    random: z.unknown().optional().describe("Faults that are drawn from the seed; instead of a list."),
  })
  .describe("With neither faults nor random, nothing goes wrong in it.");

const WEIGHT_HELP = "expected a number from 0 to 1000";
const weight = z
  .number({ error: WEIGHT_HELP })
  .min(0, { error: WEIGHT_HELP })
  .max(1_000, { error: WEIGHT_HELP });

/** A family each. */
export const weightsShape = z
  .strictObject(
    Object.fromEntries(
      FAMILIES.map(({ name, summary }) => [name, weight.optional().describe(summary)] as const),
    ) as Record<FamilyName, z.ZodOptional<typeof weight>>,
  )
  .describe("How often each family strikes, relative to the others.");

const RANGE_HELP = "a duration such as 5s, or two such as [3s, 8s]";
const rangeError = {
  error: (issue: { input?: unknown }) => `${JSON.stringify(issue.input)} is not ${RANGE_HELP}`,
};
const range = z
  .union([duration, z.tuple([duration, duration])], rangeError)
  .refine((written) => typeof written === "string" || toMs(written[0]) <= toMs(written[1]), {
    error: (issue) => `${JSON.stringify(issue.input)} ends before it begins`,
  });

const AT_ONCE_HELP = "expected a whole number from 1 to 10";

/** Weights not looked at yet. */
export const randomShape = z.strictObject({
  weights: z.unknown(),
  atOnce: z
    .int({ error: AT_ONCE_HELP })
    .min(1, { error: AT_ONCE_HELP })
    .max(10, { error: AT_ONCE_HELP })
    .default(1)
    .describe("So many faults at the same time, each followed by its gap and then by another."),
  window: range.default(["5s", "8s"]).describe("How long a fault lasts, or least and most."),
  gap: range.default(["3s", "4s"]).describe("From the end of a fault to the next one, or least and most."),
});

function toMs(text: string): number {
  return parseDuration(text) ?? Number.NaN;
}

/** JSON schema for editors. */
export function scheduleJsonSchema(): unknown {
  const faults = z.array(z.union(FAULTS.map(entryShape)));
  const random = randomShape.extend({ weights: weightsShape });
  const { faults: listed, random: drawn } = phaseShape.shape;
  const phase = phaseShape.extend({
    faults: faults.optional().describe(listed.description ?? ""),
    random: random.optional().describe(drawn.description ?? ""),
  });
  const both = documentShape.shape;
  const whole = documentShape.extend({
    faults: faults.optional().describe(both.faults.description ?? ""),
    phases: z
      .array(phase)
      .min(1)
      .optional()
      .describe(both.phases.description ?? ""),
  });
  return z.toJSONSchema(whole, { io: "input", target: "draft-7", reused: "ref" });
}

function durationProblem(written: unknown): string {
  if (written === undefined) return `is missing; needs ${DURATION_HELP}`;
  const shown = JSON.stringify(written);
  if (typeof written === "number") return `${shown} has no unit; needs ${DURATION_HELP}`;
  if (typeof written === "string" && /^-\d/.test(written))
    return `${shown} is negative; needs ${DURATION_HELP}`;
  return `${shown} is not ${DURATION_HELP}`;
}
