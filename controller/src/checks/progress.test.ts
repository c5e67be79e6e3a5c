import type { NodeSample } from "@gauntlet/histories";
import { describe, expect, test } from "vitest";
import type { Disturbance } from "../run/disturbances.js";
import { steadyWrites } from "../testing/histories.js";
import { checkProgress, type ProgressFacts } from "./progress.js";

const NODES = ["n1", "n2", "n3", "n4", "n5"];
const LENGTH_MS = 60_000;
const GROUNDS = { healed: true, rigSound: true };

function facts(
  disturbances: readonly Disturbance[],
  termAt: (second: number) => number = () => 1,
): ProgressFacts {
  return {
    nodes: NODES,
    disturbances,
    samples: samplesOf(termAt),
    operationMs: 3_000,
    mainEndMs: LENGTH_MS,
  };
}

function samplesOf(termAt: (second: number) => number): readonly NodeSample[] {
  return Array.from({ length: LENGTH_MS / 1_000 }, (_, second) =>
    NODES.map((node) => ({
      time: second * 1e9,
      node,
      role: "follower" as const,
      term: termAt(second),
      commitIndex: 1,
      appliedIndex: 1,
      wallOffsetMs: 0,
      timerRate: 1,
      rssBytes: 1,
      openFiles: 1,
      diskBytes: 1,
    })),
  ).flat();
}

/** From when to when a node is cut off from all others. */
function isolated(node: string, fromMs: number, toMs: number | null): readonly Disturbance[] {
  return NODES.filter((peer) => peer !== node).map((peer) => ({ kind: "cut", node, peer, fromMs, toMs }));
}

const lost = { type: "info", tookMs: 3_000 } as const;
const stopped = (fromMs: number, toMs: number) =>
  steadyWrites(NODES, LENGTH_MS, (atMs) => (atMs >= fromMs && atMs < toMs ? lost : {}));

const verdictOf = (...args: Parameters<typeof checkProgress>) => checkProgress(...args).verdict;

describe("writes", () => {
  test("that go on are valid, and the bounds are named", () => {
    const check = checkProgress(stopped(0, 0), facts(isolated("n1", 10_000, 40_000)), GROUNDS);
    expect(check).toMatchObject({ kind: "liveness", verdict: "valid" });
    expect(check.reason).toContain("5 elections of 2 s and an operation of 3 s");
  });

  test("that a cut-off minority stops for longer than the elections are a finding", () => {
    const check = checkProgress(stopped(10_500, 40_000), facts(isolated("n1", 10_000, 40_000)), GROUNDS);
    expect(check).toMatchObject({
      verdict: "invalid",
      reason: expect.stringMatching(
        /no write was acknowledged for 29\.5 s from 10\.5 s on, though n2, n3, n4/,
      ),
    });
  });

  test("that nothing was done to the cluster and yet stop are a finding too", () => {
    expect(verdictOf(stopped(20_000, 34_000), facts([]), GROUNDS)).toBe("invalid");
    expect(verdictOf(stopped(20_000, 32_000), facts([]), GROUNDS)).toBe("valid");
  });

  test("may stop for as long as no quorum is whole, and for a while after", () => {
    const majority = ["n1", "n2", "n3"].map(
      (node) => ({ kind: "down", node, fromMs: 10_000, toMs: 35_000 }) as const,
    );
    expect(verdictOf(stopped(10_000, 50_000), facts(majority), GROUNDS)).toBe("valid");
    expect(verdictOf(stopped(10_000, 60_000), facts(majority), GROUNDS)).toBe("invalid");
  });

  test("may stop until servers that were ended answer again, however long they take to start", () => {
    const all = NODES.map((node) => ({ kind: "down", node, fromMs: 10_000, toMs: 12_000 }) as const);
    const started = facts(all);
    const samples = started.samples.map((sample) =>
      sample.time >= 10e9 && sample.time < 28e9 ? { ...sample, term: null } : sample,
    );
    expect(verdictOf(stopped(10_000, 42_000), started, GROUNDS)).toBe("invalid");
    expect(verdictOf(stopped(10_000, 42_000), { ...started, samples }, GROUNDS)).toBe("valid");
    expect(verdictOf(stopped(10_000, 60_000), { ...started, samples }, GROUNDS)).toBe("invalid");
  });

  test("may stop where every node hears a majority, but no majority hears itself", () => {
    const ring = NODES.flatMap((node, i) =>
      [2, 3].map((far) => {
        const peer = NODES[(i + far) % NODES.length] ?? "";
        return { kind: "cut", node, peer, fromMs: 10_000, toMs: 50_000 } as const;
      }),
    );
    expect(verdictOf(stopped(10_000, 50_000), facts(ring), GROUNDS)).toBe("valid");
  });

  test("must go on under a bridge, for one half and the bridge are a quorum that hears itself", () => {
    const bridge = ["n1", "n2"].flatMap((node) =>
      ["n4", "n5"].map((peer) => ({ kind: "cut", node, peer, fromMs: 10_000, toMs: 50_000 }) as const),
    );
    const check = checkProgress(stopped(10_000, 50_000), facts(bridge), GROUNDS);
    expect(check).toMatchObject({ verdict: "invalid", reason: expect.stringContaining("n1, n2, n3") });
  });

  test("may stop while a node limps that may lead, and once the members were changed", () => {
    const limp = { kind: "limp", node: "n1", what: "set", fromMs: 10_000, toMs: 50_000 } as const;
    expect(verdictOf(stopped(10_000, 50_000), facts([limp]), GROUNDS)).toBe("valid");
    const change = { kind: "change", fromMs: 10_000, toMs: null } as const;
    expect(verdictOf(stopped(10_000, 60_000), facts([change]), GROUNDS)).toBe("valid");
  });

  test("count from the last thing that was done to anybody: flapping leaves no time to be judged", () => {
    const flaps = Array.from({ length: 40 }, (_, i) =>
      isolated("n1", 10_000 + i * 1_000, 10_500 + i * 1_000),
    ).flat();
    expect(verdictOf(stopped(10_000, 50_000), facts(flaps), GROUNDS)).toBe("valid");
  });

  test("that nobody asked for at a whole quorum prove nothing", () => {
    const some = steadyWrites(["n1"], LENGTH_MS, (atMs) => (atMs >= 10_000 ? lost : {}));
    expect(verdictOf(some, facts(isolated("n1", 10_000, 60_000)), GROUNDS)).toBe("valid");
    const reads = steadyWrites(NODES, LENGTH_MS, () => ({ f: "read" }));
    expect(verdictOf(reads, facts([]), GROUNDS)).toBe("valid");
  });

  test("a rig that broke is nobody's finding", () => {
    const broken = { healed: true, rigSound: false };
    expect(verdictOf(stopped(20_000, 50_000), facts([]), broken)).toBe("failed");
  });
});

describe("elections", () => {
  const cut = isolated("n1", 10_000, 50_000);
  const fine = stopped(0, 0);

  test("that a cut-off minority forces again and again are a finding, though writes go on", () => {
    const endless = (second: number) => 1 + Math.floor(Math.max(0, second - 10) / 2);
    const check = checkProgress(fine, facts(cut, endless), GROUNDS);
    expect(check).toMatchObject({
      verdict: "invalid",
      reason: expect.stringMatching(/\d+ new terms were seen .* though n2, n3, n4 were whole/),
    });
  });

  test("a few are not, nor is a term that jumps", () => {
    expect(
      verdictOf(
        fine,
        facts(cut, (second) => 1 + Math.floor(second / 12)),
        GROUNDS,
      ),
    ).toBe("valid");
    expect(
      verdictOf(
        fine,
        facts(cut, (second) => (second < 30 ? 1 : 40)),
        GROUNDS,
      ),
    ).toBe("valid");
  });

  test("do not count while no quorum is whole", () => {
    const all = NODES.flatMap((node) => isolated(node, 10_000, 50_000));
    const endless = (second: number) => (second < 12 ? 1 : second > 50 ? 39 : second - 11);
    expect(verdictOf(fine, facts(all, endless), GROUNDS)).toBe("valid");
  });

  test("do not count over a machine that stood still", () => {
    const slow = facts(cut, (second) => second);
    const samples = slow.samples.filter(({ time }) => time % 3e9 === 0);
    expect(verdictOf(fine, { ...slow, samples }, GROUNDS)).toBe("valid");
  });

  test("of the nodes that are cut off are theirs alone", () => {
    const endless = facts(cut);
    const samples = endless.samples.map((sample, i) =>
      sample.node === "n1" && sample.time >= 10e9 ? { ...sample, term: i } : sample,
    );
    expect(verdictOf(fine, { ...endless, samples }, GROUNDS)).toBe("valid");
  });
});

test("where no quorum was ever whole, that is said", () => {
  const check = checkProgress(
    stopped(0, LENGTH_MS),
    facts(NODES.flatMap((n) => isolated(n, 0, null))),
    GROUNDS,
  );
  expect(check).toMatchObject({ verdict: "valid", reason: expect.stringContaining("at no time") });
});
