import { z } from "zod";
import { DURATION_HELP, DURATION_PATTERN, parseDuration } from "../duration.js";
import { assert } from "../errors.js";
import { FAULTS } from "../faults/catalogue.js";
import type { Fault } from "../faults/fault.js";
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
      executed: z.unknown().optional().describe("What a run made of it; not read."),
    })
    .describe(fault.summary);
}

const entryShapes = new Map(FAULTS.map((fault) => [fault, makeEntryShape(fault)]));

/** The same for every fault. */
export const ENTRY_FIELDS: readonly string[] = ["at", "for", "fault", "target", "args", "executed"];

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
  faults: z.array(z.unknown(), {
    error: (issue) => (issue.input === undefined ? "is missing" : "expected a list of faults"),
  }),
  repeat: repeat.optional(),
});

/** JSON schema for editors. */
export function scheduleJsonSchema(): unknown {
  const whole = documentShape.extend({ faults: z.array(z.union(FAULTS.map(entryShape))) });
  return z.toJSONSchema(whole, { io: "input", target: "draft-7" });
}

function durationProblem(written: unknown): string {
  if (written === undefined) return `is missing; needs ${DURATION_HELP}`;
  const shown = JSON.stringify(written);
  if (typeof written === "number") return `${shown} has no unit; needs ${DURATION_HELP}`;
  if (typeof written === "string" && /^-\d/.test(written))
    return `${shown} is negative; needs ${DURATION_HELP}`;
  return `${shown} is not ${DURATION_HELP}`;
}
