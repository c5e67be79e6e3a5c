import { describe, expect, test } from "vitest";
import { type CampaignRun, campaignVerdict } from "./campaign.js";

const base: CampaignRun = {
  seed: 1,
  directory: "runs/1",
  verdict: "valid",
  foundBy: [],
  isComplete: true,
  violationAtMs: null,
};
const FOUND: CampaignRun = { ...base, verdict: "invalid", foundBy: ["linearizability"] };
const MISSED = base;
const BROKEN: CampaignRun = { ...base, verdict: "failed", isComplete: false };
const STOPPED: CampaignRun = { ...base, verdict: "unknown", isComplete: false };

const times = (count: number, run: CampaignRun): CampaignRun[] => Array.from({ length: count }, () => run);

describe("campaignVerdict", () => {
  test.each([
    ["nine of ten", 10, [...times(9, FOUND), MISSED], "valid"],
    ["eight of ten", 10, [...times(8, FOUND), MISSED, MISSED], "invalid"],
    ["one of one", 1, [FOUND], "valid"],
    ["stopped after three that found it", 10, times(3, FOUND), "unknown"],
    ["stopped in the fourth", 10, [...times(3, FOUND), STOPPED], "unknown"],
    ["stopped before the first", 10, [], "unknown"],
    ["stopped after two misses", 10, times(2, MISSED), "invalid"],
    ["stopped when nine had found it", 10, times(9, FOUND), "valid"],
    ["two broken, eight found", 10, [...times(8, FOUND), BROKEN, BROKEN], "failed"],
    ["one broken, nine found", 10, [...times(9, FOUND), BROKEN], "valid"],
    ["all broken", 2, [BROKEN, BROKEN], "failed"],
  ] as const)("%s", (_, asked, runs, verdict) => {
    expect(campaignVerdict(runs, asked)).toBe(verdict);
  });
});
