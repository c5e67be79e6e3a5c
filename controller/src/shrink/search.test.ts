import type { ScheduleEntry } from "@gauntlet/nemesis";
import { describe, expect, test } from "vitest";
import { type Candidate, shrinkCandidate } from "./search.js";

const entry = (
  fault: string,
  target: string,
  at: number,
  more: Partial<ScheduleEntry> = {},
): ScheduleEntry => ({
  at: `${at}s`,
  for: "6s",
  fault,
  target,
  ...more,
});

const WHOLE: Candidate = {
  schedule: {
    seed: 3,
    faults: [
      entry("process.pause", "one", 2),
      entry("partition.isolate", "leader", 12, { executed: { nodes: ["n2"] } }),
      entry("process.kill", "all", 22),
      entry("process.kill", "minority", 32),
    ],
  },
  nodes: 5,
  timeLimitMs: 60_000,
};

const isolatesN2 = ({ schedule }: Candidate): boolean =>
  schedule.faults.some(
    ({ fault, target }) => fault === "partition.isolate" && [target].flat().includes("n2"),
  );

function asking(predicate: (candidate: Candidate) => boolean) {
  const asked: Candidate[] = [];
  const fails = async (candidate: Candidate): Promise<boolean> => {
    asked.push(candidate);
    return predicate(candidate);
  };
  return { asked, fails };
}

describe("shrinkCandidate", () => {
  test("one fault, the fewest nodes that hold its target, and no longer than it takes", async () => {
    const { fails } = asking(isolatesN2);
    const { smallest, isMinimal } = await shrinkCandidate(WHOLE, 19_400, { budget: 200, fails });
    expect(smallest.schedule.faults).toMatchObject([{ fault: "partition.isolate", target: "n2", at: "0s" }]);
    expect(smallest).toMatchObject({ nodes: 3, timeLimitMs: expect.any(Number) });
    expect(smallest.timeLimitMs).toBeLessThanOrEqual(8_000);
    expect(isMinimal).toBe(true);
  });

  test("first of all what came after the violation goes", async () => {
    const { asked, fails } = asking(isolatesN2);
    await shrinkCandidate(WHOLE, 19_400, { budget: 1, fails });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ timeLimitMs: 23_000, nodes: 5 });
    expect(asked[0]?.schedule.faults.map(({ at }) => at)).toEqual(["2s", "12s"]);
  });

  test("a cluster that is needed whole stays, and so does a time whose end is needed", async () => {
    const { fails } = asking(
      (candidate) => isolatesN2(candidate) && candidate.nodes === 5 && candidate.timeLimitMs > 59_000,
    );
    const { smallest } = await shrinkCandidate(WHOLE, 19_400, { budget: 200, fails });
    expect(smallest).toMatchObject({ nodes: 5, timeLimitMs: 60_000 });
    expect(smallest.schedule.faults).toHaveLength(1);
  });

  test("where nothing smaller fails, the whole is the smallest; none is tried twice, none beyond the budget", async () => {
    for (const budget of [0, 3, 500]) {
      const { asked, fails } = asking(() => false);
      const { smallest, tries } = await shrinkCandidate(WHOLE, null, { budget, fails });
      expect(smallest).toBe(WHOLE);
      expect(tries).toBe(asked.length);
      expect(tries).toBeLessThanOrEqual(budget);
      expect(new Set(asked.map((each) => JSON.stringify(each))).size).toBe(asked.length);
    }
  });

  test("known answers lead the same way again", async () => {
    const first = asking(isolatesN2);
    const found = await shrinkCandidate(WHOLE, 19_400, { budget: 50, fails: first.fails });
    const answers = new Map(first.asked.map((each) => [JSON.stringify(each), isolatesN2(each)]));
    let unknown = 0;
    const again = await shrinkCandidate(WHOLE, 19_400, {
      budget: 50,
      fails: async (candidate) => {
        const answer = answers.get(JSON.stringify(candidate));
        if (answer === undefined) unknown += 1;
        return answer ?? false;
      },
    });
    expect([again, unknown]).toEqual([found, 0]);
  });
});
