import { readSchedule, ScheduleError } from "@gauntlet/nemesis";
import { WORKLOADS } from "@gauntlet/workloads";
import { z } from "zod";
import { DataError, messageOf } from "./errors.js";
import type { Scenario } from "./scenario.js";

/** What a scenario file may hold: scenario.ts, checked where it comes from outside. */

const share = z.number().min(0).max(1);
const ms = z.number().min(0).max(86_400_000);
const count = z.int().min(0);
const nodeName = z.string().regex(/^n[1-9]\d?$/, "expected a node: n1, n2 …");

const server = z.strictObject({
  heartbeatIntervalMs: ms.min(1),
  electionTimeoutMs: ms.min(1),
  requestTimeoutMs: ms.min(1),
  segmentBytes: z.int().min(1),
  maxAppendBytes: z.int().min(1),
  maxInflightAppends: z.int().min(1),
  maxInflightBytes: z.int().min(1),
  checkpointBytes: z.int().min(1),
  tailEntries: count,
  hashInterval: z.int().min(1),
  leaseClockUncertainty: z.number().min(0).nullable(),
});

const lasting = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("none") }),
  z.strictObject({ type: z.literal("down"), nodes: z.array(nodeName) }),
  z.strictObject({ type: z.literal("stalled"), nodes: z.array(nodeName) }),
  z.strictObject({ type: z.literal("deaf"), nodes: z.array(nodeName) }),
  z.strictObject({ type: z.literal("cut"), between: z.tuple([nodeName, nodeName]) }),
]);

const scenarioShape = z.strictObject({
  seed: z.int().min(0),
  nodes: z.int().min(1).max(15),
  spareNodes: z.int().min(0).max(15),
  server,
  upgraded: server.nullable(),
  network: z.strictObject({
    minDelayMs: ms,
    maxDelayMs: ms,
    loss: share,
    duplicate: share,
    reorder: share,
    reorderMs: ms,
    encoded: z.boolean(),
  }),
  disk: z.strictObject({ minSyncMs: ms, maxSyncMs: ms, stall: share, stallMs: ms }),
  crashShare: share,
  clockDrift: share,
  load: z.strictObject({
    workload: z.enum(Object.keys(WORKLOADS)),
    keySkew: z.number().min(0).max(10).optional(),
    rate: z.number().positive(),
    concurrency: z.int().min(1).max(1_000),
    durationMs: ms,
    maxOperations: count,
  }),
  /** Its entries are checked by the nemesis. */
  schedule: z.looseObject({}),
  healing: z.strictObject({ boundMs: ms, lasting }),
});

/**
 * @param place names the scenario in messages: the file's path
 * @throws DataError: place, field, what is wrong
 */
export function checkScenario(value: unknown, place: string): Scenario {
  const parsed = scenarioShape.safeParse(value);
  if (!parsed.success) throw new DataError(`${place}: ${issueText(parsed.error)}`);
  const scenario = parsed.data;
  checkSchedule(scenario.schedule, `${place}: schedule`);
  return scenario as unknown as Scenario;
}

function checkSchedule(schedule: unknown, place: string): void {
  try {
    readSchedule(schedule);
  } catch (error) {
    if (error instanceof ScheduleError)
      throw new DataError(`${place}: ${messageOf(error)}`, { cause: error });
    throw error;
  }
}

/** The first thing that is wrong, with its field. */
export function issueText(error: z.ZodError): string {
  const [issue] = error.issues;
  const field = issue?.path.join(".") ?? "";
  return `${field === "" ? "" : `${field}: `}${issue?.message ?? "not as expected"}`;
}
