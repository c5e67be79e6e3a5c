import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CampaignRun } from "./campaign.js";
import { keyOf, Ledger } from "./ledger.js";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gauntlet-ledger-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const run = (seed: number, more: Partial<CampaignRun> = {}): CampaignRun => ({
  seed,
  directory: `runs/${seed}`,
  verdict: "valid",
  foundBy: [],
  isComplete: true,
  violationAtMs: null,
  ...more,
});

test("runs are found again under the same mutant and key, and no others", async () => {
  const path = join(directory, "deeper", "campaign.jsonl");
  const ledger = await Ledger.open(path, "01-a", "k1");
  const found = run(7, { verdict: "invalid", foundBy: ["linearizability"], violationAtMs: 1200 });
  await ledger.add(found);
  await ledger.add(run(8));
  const again = await Ledger.open(path, "01-a", "k1");
  expect([again.get(7), again.get(8), again.get(9)]).toEqual([found, run(8), undefined]);
  expect((await Ledger.open(path, "01-a", "k2")).get(7)).toBeUndefined();
  expect((await Ledger.open(path, "02-b", "k1")).get(7)).toBeUndefined();
});

test("what broke or was stopped before anything was found is run again", async () => {
  const path = join(directory, "campaign.jsonl");
  const ledger = await Ledger.open(path, "01-a", "k1");
  await ledger.add(run(1, { verdict: "failed", isComplete: false }));
  await ledger.add(run(2, { verdict: "unknown", isComplete: false }));
  const found = run(3, { verdict: "invalid", isComplete: false, foundBy: ["linearizability"] });
  await ledger.add(found);
  const again = await Ledger.open(path, "01-a", "k1");
  for (const each of [ledger, again])
    expect([each.get(1), each.get(2), each.get(3)]).toEqual([undefined, undefined, found]);
});

test("a line that was cut off is left out, a damaged one is told", async () => {
  const path = join(directory, "campaign.jsonl");
  await (await Ledger.open(path, "01-a", "k1")).add(run(1));
  await appendFile(path, '{"mutant":"01-');
  expect((await Ledger.open(path, "01-a", "k1")).get(1)).toEqual(run(1));
  await appendFile(path, "a\n");
  await expect(Ledger.open(path, "01-a", "k1")).rejects.toThrow(/campaign.jsonl:2: not a run/);
});

test("no two lists of parts share a key by where they are divided", () => {
  expect(keyOf(["ab", "c"])).not.toBe(keyOf(["a", "bc"]));
});
