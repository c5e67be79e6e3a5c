import { describe, expect, test } from "vitest";
import { DataError } from "../errors.js";
import { drawScenario } from "../run/draw.js";
import { FAILED, SCENARIO } from "../testing/sample.js";
import { formatScenarioFile, parseScenarioFile } from "./scenario-file.js";

describe("a scenario file", () => {
  test("holds a scenario and what came of it", () => {
    const { scenario, expected } = parseScenarioFile(formatScenarioFile(SCENARIO, FAILED), "a.json");
    expect(scenario).toEqual(SCENARIO);
    expect(expected).toEqual({ traceHash: FAILED.traceHash, failure: FAILED.failure });
    expect(parseScenarioFile(formatScenarioFile(SCENARIO, null), "a.json").expected).toBeNull();
  });

  test("takes whatever is drawn", () => {
    for (let seed = 0; seed < 60; seed++) {
      const scenario = drawScenario(seed, {});
      expect(parseScenarioFile(formatScenarioFile(scenario, null), "a.json").scenario).toEqual(scenario);
    }
  });

  const changed = (change: object): string =>
    JSON.stringify({ version: 1, scenario: { ...SCENARIO, ...change }, expected: null });

  test.each([
    ["no JSON", "{", /^a\.json: not JSON: /],
    ["another version", JSON.stringify({ version: 2, scenario: SCENARIO }), /^a\.json: version: /],
    ["a field of the wrong type", changed({ nodes: "five" }), /^a\.json: scenario: nodes: /],
    ["a field too many", changed({ colour: "red" }), /^a\.json: scenario: .*colour/],
    [
      "a workload that nobody knows",
      changed({ load: { ...SCENARIO.load, workload: "x" } }),
      /load\.workload: /,
    ],
    [
      "a fault that nobody knows",
      changed({ schedule: { faults: [{ at: "1s", for: "1s", fault: "process.kil", target: "n1" }] } }),
      /^a\.json: scenario: schedule: faults\[0\]\.fault: .*process\.kill/,
    ],
  ])("%s is told with file and field", (_, text, words) => {
    expect(() => parseScenarioFile(text, "a.json")).toThrow(DataError);
    expect(() => parseScenarioFile(text, "a.json")).toThrow(words);
  });
});
