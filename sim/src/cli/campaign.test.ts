import { describe, expect, test } from "vitest";
import { VALID } from "../testing/sample.js";
import { type CampaignOptions, runCampaign } from "./campaign.js";
import { verdictWithoutFailure } from "./run.js";
import { addTo, NOTHING, progressText, summaryText } from "./tally.js";

const THREAD = new URL("../../dist/testing/fake-thread.js", import.meta.url);
const NEVER = new AbortController().signal;

function options(
  firstSeed: number,
  seeds: number | null,
  changes: Partial<CampaignOptions> = {},
): CampaignOptions {
  return {
    firstSeed,
    seeds,
    timeLimitMs: null,
    workers: 2,
    thread: THREAD,
    seedLimitMs: 60_000,
    source: (seed) => ({ from: "seed", seed, options: {}, overrides: null }),
    endsIt: () => true,
    ...changes,
  };
}

/** 17 would never end. */
const withoutHangs: CampaignOptions["source"] = (seed) => ({
  from: "seed",
  seed: seed === 17 ? 16 : seed,
  options: {},
  overrides: null,
});

describe("without a failure the verdict", () => {
  const whole = { tally: addTo(NOTHING, VALID), refused: 0, end: "all seeds" } as const;
  const inVain = { ...VALID, counts: { ...VALID.counts, faults: 0, faultsByName: {} } };

  test.each([
    ["valid", whole, 1, 0, null],
    ["unknown when it was interrupted", { ...whole, end: "interrupted" }, 1, 2, "interrupted"],
    ["unknown when seeds are missing", { ...whole, end: "time limit" }, 2, 2, "after 1 of 2 seeds"],
    ["unknown when nothing was run", { ...whole, tally: NOTHING, refused: 3 }, 3, 2, "not one seed"],
    [
      "unknown when all faults were in vain",
      { ...whole, tally: addTo(NOTHING, inVain) },
      1,
      2,
      "not one of 4 faults",
    ],
  ] as const)("is %s", (_, campaign, asked, exitCode, why) => {
    const verdict = verdictWithoutFailure(campaign, asked);
    expect(verdict.exitCode).toBe(exitCode);
    expect(verdict.why ?? "").toContain(why ?? "");
  });
});

describe("a campaign", () => {
  test("runs all seeds, and adds them up", async () => {
    const { tally, failures, end } = await runCampaign(options(10, 3), NEVER);
    expect(end).toBe("all seeds");
    expect(failures).toEqual([]);
    expect(tally).toMatchObject({ seeds: 3, simulatedMs: 60_000, ok: 2_700 });
    expect(tally.faults.get("process.kill")).toBe(3);
    expect(progressText(tally, 3, 1_000)).toBe(
      "3 of 3 seeds, 180 a minute, 60 simulated s/s; faults: process 6, partition 3",
    );
    expect(summaryText(tally, 1_000)).toContain(
      "faults: 9 of 12 took effect: partition.isolate 3, process.kill 3, process.pause 3",
    );
  });

  test("ends at the first failure, and tells the lowest seed though a higher one failed sooner", async () => {
    // 9 fails slowly while 10, 11, 12 are run, and 13 fails at once.
    const { failures, end } = await runCampaign(options(9, 100), NEVER);
    expect(end).toBe("failure");
    expect(failures[0]).toMatchObject({ seed: 9, failure: { name: "state-machine-safety" } });
    expect(failures.length).toBeLessThanOrEqual(2);
  });

  test("goes on where nobody wants it to end", async () => {
    const { failures, end, tally } = await runCampaign(
      options(10, 14, { endsIt: () => false, source: withoutHangs }),
      NEVER,
    );
    expect(end).toBe("all seeds");
    expect(failures.map(({ seed, failure }) => [seed, failure.name])).toEqual([
      [13, "state-machine-safety"],
      [15, "broke"],
      [18, "broke"],
      [19, "state-machine-safety"],
      [23, "state-machine-safety"],
    ]);
    const words = failures.map(({ failure }) => failure.what);
    expect(words[1]).toContain("the world came apart");
    expect(words[2]).toContain("its thread ended with code 9");
    expect(tally.seeds).toBe(12);
  });

  test("a seed that never ends is broken, not for ever", async () => {
    const { failures } = await runCampaign(options(17, 1, { seedLimitMs: 500, workers: 1 }), NEVER);
    expect(failures[0]?.failure).toMatchObject({ kind: "simulator", name: "broke" });
    expect(failures[0]?.failure.what).toContain("it had not ended after 0.5 s");
  });

  test("a scenario that is none is no failure, and no success", async () => {
    const source: CampaignOptions["source"] = (seed) => ({
      from: "seed",
      seed,
      options: {},
      overrides: { nodes: 0 },
    });
    const { failures, refused, tally } = await runCampaign(options(10, 2, { source }), NEVER);
    expect([failures.length, refused, tally.seeds]).toEqual([0, 2, 0]);
  });

  test("overrides are laid over what was drawn, field by field", async () => {
    const source: CampaignOptions["source"] = (seed) => ({
      from: "seed",
      seed,
      options: {},
      overrides: { load: { rate: 7 } },
    });
    const { failures } = await runCampaign(options(13, 1, { source }), NEVER);
    expect(failures[0]?.scenario).toMatchObject({ nodes: 5, load: { rate: 7, concurrency: 10 } });
  });

  test("stops when it is interrupted, or when the time is over, with what it has", async () => {
    const stop = new AbortController();
    const hung = runCampaign(options(16, null, { onSeed: () => stop.abort() }), stop.signal);
    await expect(hung).resolves.toMatchObject({ end: "interrupted", failures: [], tally: { seeds: 1 } });
    const limited = await runCampaign(options(17, null, { timeLimitMs: 300, workers: 1 }), NEVER);
    expect(limited).toMatchObject({ end: "time limit", tally: { seeds: 0 } });
  });
});
