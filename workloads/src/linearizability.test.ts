import type { HistoryEvent } from "@gauntlet/histories";
import type * as Porcupine from "porcupine-ts";
import { afterEach, describe, expect, test, vi } from "vitest";
import { checkLinearizability, type LinearizabilityEvidence } from "./linearizability.js";
import { failedKeysHtml, minimalPartSvg } from "./linearizability-view.js";
import { REGISTER } from "./sequential-objects.js";
import { recordOf, STALE, tangle } from "./testing/small-histories.js";

const broken = vi.hoisted(() => ({ isBroken: false }));

vi.mock("porcupine-ts", async (original) => {
  const real = await original<typeof Porcupine>();
  const explain: typeof real.explain = (...args) => {
    if (broken.isBroken) throw new Error("out of ink");
    return real.explain(...args);
  };
  return { ...real, explain };
});

afterEach(() => {
  broken.isBroken = false;
});

const LIMITS = { timeLimitMs: 30_000 };

function evidenceOf(history: readonly HistoryEvent[]): LinearizabilityEvidence {
  return checkLinearizability(REGISTER, history, LIMITS).details as LinearizabilityEvidence;
}

describe("a key that failed", () => {
  test("comes with the few operations that contradict one another, and a sentence that names them", () => {
    const result = checkLinearizability(REGISTER, STALE, LIMITS);
    const [failure] = evidenceOf(STALE).failures;
    expect(failure).toMatchObject({
      key: "r0",
      failedAt: 8,
      required: [6, 8],
      optional: [0, 2],
      isMinimal: true,
      operations: [0, 2, 4, 6, 8],
      partialOrder: expect.arrayContaining([0, 2, 4, 6]),
    });
    expect(failure?.reason).toMatch(/^no order explains the read of r0 that returned "1" \(operation 8,/);
    expect(failure?.reason).toContain(
      'the read of r0 that returned "2" (operation 6, process 3) had been answered',
    );
    expect(result.reason).toContain(failure?.reason);
  });

  test("stays one where its explanation breaks", () => {
    broken.isBroken = true;
    const result = checkLinearizability(REGISTER, STALE, LIMITS);
    expect(result.verdict).toBe("invalid");
    expect(result.reason).toContain("no order is left for operation 8");
    expect(result.reason).toContain("out of ink");
    expect(evidenceOf(STALE).failures[0]).toMatchObject({ required: [0, 2, 4, 6, 8], isMinimal: false });
  });

  test("is one of five at most that are shown, of all that are counted", () => {
    const history = Array.from({ length: 7 }, (_, key) =>
      STALE.map((event) => ({ ...event, key: `r${key}` })),
    ).flat();
    const { failures, failedKeys } = evidenceOf(recordOf(history));
    expect(failures.map(({ key }) => key)).toEqual(["r0", "r1", "r2", "r3", "r4"]);
    expect(failedKeys).toBe(7);
  });
});

test("a key that is undecided is named, with what ran out", () => {
  const { verdict, reason } = checkLinearizability(REGISTER, tangle(16), { timeLimitMs: 0 });
  expect(verdict).toBe("unknown");
  expect(reason).toMatch(/^1 of 1 keys undecided; key r0: the time limit was reached after \d+ config/);
});

describe("pictures", () => {
  test("the smallest part is drawn, and nothing besides", () => {
    const [failure] = evidenceOf(STALE).failures;
    if (failure === undefined) throw new Error("nothing failed");
    const svg = minimalPartSvg(STALE, "what broke", failure);
    expect(svg).toContain("what broke");
    expect(svg.match(/<title>operation \d+/g)).toEqual([0, 2, 6, 8].map((id) => `<title>operation ${id}`));
  });

  test("evidence of another history is refused", () => {
    const [failure] = evidenceOf(STALE).failures;
    if (failure === undefined) throw new Error("nothing failed");
    expect(() => minimalPartSvg(STALE.slice(0, 4), "what broke", failure)).toThrow(/the evidence names it/);
  });

  test("the page has the keys that failed alone, with what failed, the run's clock and its faults", () => {
    const other = { ...STALE[0], process: 9, key: "r1" } as HistoryEvent;
    const refused = { f: "write", key: "r0", value: "7", process: 8 } as const;
    const history = recordOf([...STALE, other, { ...refused, type: "invoke" }, { ...refused, type: "fail" }]);
    const page = failedKeysHtml(history, evidenceOf(history), {
      title: "a run",
      faults: [fault("proved"), fault("skipped")],
    });
    expect(page).toContain("a run: the keys that are not linearizable");
    const text = /<script type="application\/json" id="data">([^]*?)<\/script>/.exec(page)?.[1] ?? "";
    const data = JSON.parse(text) as {
      partitions: { key: string; ids: number[]; minimal: number[]; failed: number[]; clock: number[] }[];
      faults: unknown[];
    };
    expect(data.partitions.map(({ key }) => key)).toEqual(["r0"]);
    expect(data.partitions[0]).toMatchObject({
      ids: [0, 2, 4, 6, 8, 11],
      minimal: [0, 1, 3, 4],
      failed: [5],
    });
    expect(data.partitions[0]?.clock.slice(0, 3)).toEqual([0, 1_000_000, 2_000_000]);
    expect(data.faults).toEqual([{ name: "process.kill", target: "n1, n2", from: 3, to: 12 }]);
  });
});

function fault(type: "proved" | "skipped"): Parameters<typeof failedKeysHtml>[2]["faults"][number] {
  return {
    fault: "process.kill",
    target: "minority",
    nodes: ["n1", "n2"],
    roles: {},
    outcome: type === "proved" ? { type, proof: "gone" } : { type, reason: "nobody led" },
    startedAtMs: 2.5,
    endedAtMs: 99,
    healed: true,
  };
}
