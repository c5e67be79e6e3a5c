import type { CheckResult, HistoryEvent } from "@gauntlet/histories";
import { describe, expect, test } from "vitest";
import type { Evidence } from "../evidence.js";
import { WORKLOADS } from "../index.js";

/** What each check of a workload says, and what the live checks find. */
interface Said {
  readonly checks: Readonly<Record<string, CheckResult>>;
  readonly live: CheckResult | undefined;
}

export async function judge(name: string, events: readonly HistoryEvent[]): Promise<Said> {
  const workload = WORKLOADS[name];
  if (workload === undefined) throw new Error(`no workload ${name}`);
  const checks = await workload.check(events, { timeLimitMs: 30_000 });
  const live = workload.live?.();
  const found = events.map((event) => live?.push(event)).find((result) => result !== undefined);
  return { checks: Object.fromEntries(checks.map((check) => [check.name, check])), live: found };
}

/** Wrong, by which check, in which words, and the invokes of the operations to look at; whether a prefix shows it. */
interface Planted {
  readonly what: string;
  readonly events: readonly HistoryEvent[];
  readonly check: string;
  readonly words: string;
  readonly operations: readonly number[];
  readonly live: boolean;
}

/** Right, though it may not look so. */
type Sound = readonly [what: string, events: readonly HistoryEvent[]];

/** Small histories of a workload, which its checks must judge as they are. */
export function describeWorkload(name: string, planted: readonly Planted[], sound: readonly Sound[]): void {
  describe(`of ${name}`, () => {
    test.each(planted)("$what is invalid: $check", async ({ events, check, words, operations, live }) => {
      const said = await judge(name, events);
      expect(said.checks[check]).toMatchObject({ verdict: "invalid", kind: "safety" });
      expect(said.checks[check]?.reason).toContain(words);
      expect(said.checks[check]?.details).toMatchObject({ operations } satisfies Partial<Evidence>);
      expect(said.live?.verdict).toBe(live ? "invalid" : undefined);
    });

    test.each(sound)("%s is valid", async (_, events) => {
      const { checks, live } = await judge(name, events);
      expect(Object.values(checks).filter(({ verdict }) => verdict !== "valid")).toEqual([]);
      expect(live).toBeUndefined();
    });
  });
}
