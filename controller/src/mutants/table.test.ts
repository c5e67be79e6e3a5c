import { expect, test } from "vitest";
import type { CampaignRun } from "./campaign.js";
import type { Mutant } from "./mutant.js";
import { detectionRow, detectionTable } from "./table.js";

const mutant: Mutant = {
  name: "01-a",
  directory: "mutants/01-a",
  plants: "A bug.",
  source: "somewhere",
  target: "server",
  workload: "register",
  schedule: {
    name: "schedule",
    text: "phases: [{for: 9s, faults: [{at: 1s, fault: process.kill, target: [n1, n2]}]}]\nfaults: [{fault: process.pause, target: leader}, {fault: process.pause, target: leader}]",
  },
  load: {},
  timeLimit: "60s",
  detectors: ["linearizability"],
};
const run = (seed: number, more: Partial<CampaignRun>): CampaignRun => ({
  seed,
  directory: "d",
  verdict: "valid",
  foundBy: [],
  isComplete: true,
  violationAtMs: null,
  ...more,
});

test("runs that decide nothing do not count, and times are those of findings", () => {
  const found = { verdict: "invalid", foundBy: ["linearizability"] } as const;
  const runs = [
    run(1, { ...found, violationAtMs: 4_000 }),
    run(2, { ...found, violationAtMs: 6_000, isComplete: false }),
    run(3, {}),
    run(4, { verdict: "failed", isComplete: false }),
  ];
  const row = detectionRow({ mutant, runs });
  expect(row).toMatchObject({ found: 2, runs: 3, medianMs: 5_000, medianInterval: null });
  expect(row.foundBy).toEqual({ linearizability: 2 });
  expect(row.schedule).toBe("process.pause leader, process.kill n1+n2");
  expect(detectionTable([row, detectionRow({ mutant, runs: [] })])).toBe(
    [
      "bug   workload  schedule                                  found       95 %     median  95 %  found by",
      "01-a  register  process.pause leader, process.kill n1+n2  2 of 3      21-94 %  5 s     -     linearizability",
      "01-a  register  process.pause leader, process.kill n1+n2  no run yet  -        -       -     -",
    ].join("\n"),
  );
});
