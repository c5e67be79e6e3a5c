import { describe, expect, test } from "vitest";
import type { SimResult } from "../result.js";
import type { Scenario } from "../scenario.js";
import { FAILED, SCENARIO, VALID } from "../testing/sample.js";
import { shrinkScenario } from "./shrink.js";

const FAILURE = FAILED.failure;

/** A world that fails as long as `needs` holds, and keeps what it was asked. */
function world(needs: (scenario: Scenario) => boolean, otherwise: SimResult = VALID) {
  const asked: Scenario[] = [];
  const run = async (scenario: Scenario): Promise<SimResult> => {
    asked.push(scenario);
    return needs(scenario) ? FAILED : otherwise;
  };
  return { asked, run };
}

const kills = ({ schedule }: Scenario): boolean =>
  schedule.faults.some(({ fault }) => fault === "process.kill");

describe("shrinkScenario", () => {
  test("leaves what the failure needs and nothing else", async () => {
    const { run } = world(
      (scenario) => kills(scenario) && scenario.nodes >= 3 && scenario.load.maxOperations >= 17,
    );
    const { scenario, result, isMinimal, tries } = await shrinkScenario(SCENARIO, FAILED, {
      tries: 1_000,
      run,
    });
    expect(scenario.schedule.faults.map(({ fault }) => fault)).toEqual(["process.kill"]);
    expect(scenario).toMatchObject({
      seed: 7,
      nodes: 3,
      clockDrift: 0,
      network: {
        minDelayMs: 1,
        maxDelayMs: 1,
        loss: 0,
        duplicate: 0,
        reorder: 0,
        reorderMs: 0,
        encoded: false,
      },
      disk: { stall: 0, stallMs: 0 },
      load: { maxOperations: 17, rate: 1, concurrency: 1, durationMs: 200 },
    });
    expect(result.failure).toEqual(FAILURE);
    expect(isMinimal).toBe(true);
    expect(tries).toBeLessThan(120);
  });

  test("keeps a profile's one field that matters", async () => {
    const { run } = world(({ network }) => network.loss > 0);
    const { scenario } = await shrinkScenario(SCENARIO, FAILED, { tries: 1_000, run });
    expect(scenario.network).toEqual({
      minDelayMs: 1,
      maxDelayMs: 1,
      loss: 0.01,
      duplicate: 0,
      reorder: 0,
      reorderMs: 0,
      encoded: false,
    });
    expect(scenario.schedule.faults).toEqual([]);
  });

  test("what lasts, lasts of nodes that are left", async () => {
    const lasting = { type: "stalled", nodes: ["n2", "n5"] } as const;
    const start = { ...SCENARIO, healing: { ...SCENARIO.healing, lasting } };
    const { run } = world(({ nodes, healing }) => nodes >= 3 && healing.lasting.type === "stalled");
    const { scenario } = await shrinkScenario(start, FAILED, { tries: 1_000, run });
    expect(scenario).toMatchObject({ nodes: 3, healing: { lasting: { type: "stalled", nodes: ["n2"] } } });
  });

  test("another failure is not the same, nor is a scenario that cannot be run", async () => {
    const other: SimResult = { ...FAILED, failure: { ...FAILURE, name: "log-matching" } };
    const { run } = world(kills, other);
    const refusing = async (scenario: Scenario): Promise<SimResult | null> =>
      scenario.nodes < 5 ? null : run(scenario);
    const { scenario, result } = await shrinkScenario(SCENARIO, FAILED, { tries: 1_000, run: refusing });
    expect(scenario.nodes).toBe(5);
    expect(kills(scenario)).toBe(true);
    expect(result.failure?.name).toBe("state-machine-safety");
  });

  test("asks the same questions twice in a row, and none twice in one search", async () => {
    const [first, second] = [world(kills), world(kills)];
    await shrinkScenario(SCENARIO, FAILED, { tries: 1_000, run: first.run });
    await shrinkScenario(SCENARIO, FAILED, { tries: 1_000, run: second.run });
    expect(second.asked).toEqual(first.asked);
    const asked = first.asked.map((scenario) => JSON.stringify(scenario));
    expect(new Set(asked).size).toBe(asked.length);
  });

  test("ends with its budget, and says so", async () => {
    const { run } = world(kills);
    const told: number[] = [];
    const shrunk = await shrinkScenario(SCENARIO, FAILED, {
      tries: 5,
      run,
      onTry: ({ tries }) => told.push(tries),
    });
    expect(shrunk).toMatchObject({ tries: 5, isMinimal: false });
    expect(kills(shrunk.scenario)).toBe(true);
    expect(told).toEqual([1, 2, 3, 4, 5]);
    const over = await shrinkScenario(SCENARIO, FAILED, { tries: 5, run, isOver: () => true });
    expect(over).toMatchObject({ tries: 0, isMinimal: false, scenario: SCENARIO });
  });
});
