import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { Failure, SimResult } from "../result.js";
import { checkScenario, issueText } from "../scenario-shape.js";
import type { Scenario } from "../scenario.js";
import { DataError, messageOf } from "../errors.js";

/** A saved scenario, and what came of it when it was saved. */
export interface ScenarioFile {
  readonly scenario: Scenario;
  /** null: it was never run, or somebody edited it. */
  readonly expected: { readonly traceHash: string; readonly failure: Failure | null } | null;
}

const VERSION = 1;

const fileShape = z.strictObject({
  version: z.literal(VERSION),
  scenario: z.unknown(),
  expected: z
    .strictObject({
      traceHash: z.string(),
      failure: z
        .strictObject({
          kind: z.enum(["invariant", "stopped", "check", "liveness", "divergence", "simulator"]),
          name: z.string(),
          what: z.string(),
          atMs: z.number(),
        })
        .nullable(),
    })
    .nullish(),
});

export function formatScenarioFile(scenario: Scenario, result: SimResult | null): string {
  const expected = result === null ? null : { traceHash: result.traceHash, failure: result.failure };
  return `${JSON.stringify({ version: VERSION, scenario, expected }, null, 2)}\n`;
}

/** @throws DataError that names the file and the field */
export async function readScenarioFile(path: string): Promise<ScenarioFile> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new DataError(`${path}: ${messageOf(error)}`);
  });
  return parseScenarioFile(text, path);
}

export function parseScenarioFile(text: string, path: string): ScenarioFile {
  const parsed = fileShape.safeParse(parseJson(text, path));
  if (!parsed.success) throw new DataError(`${path}: ${issueText(parsed.error)}`);
  const scenario = checkScenario(parsed.data.scenario, `${path}: scenario`);
  return { scenario, expected: parsed.data.expected ?? null };
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DataError(`${path}: not JSON: ${messageOf(error)}`, { cause: error });
  }
}
