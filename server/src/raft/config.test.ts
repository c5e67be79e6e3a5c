import { expect, test } from "vitest";
import { configurationOf } from "./configuration.js";
import { validateConfig } from "./config.js";
import type { RaftConfig } from "./config.js";
import { WORLD_CONFIG } from "./testing/world.js";

const good: RaftConfig = { ...WORLD_CONFIG, self: 1, initial: configurationOf([1, 2, 3]) };

test("a config that cannot work is refused by the field's name", () => {
  expect(() => validateConfig(good)).not.toThrow();
  // A member that joins a running cluster.
  expect(() => validateConfig({ ...good, initial: configurationOf([]), maxPromotionLag: 0 })).not.toThrow();
  const bad: readonly (readonly [Partial<RaftConfig>, string])[] = [
    [{ self: 0 }, "0 is no member id"],
    [{ initial: configurationOf([1, 1]) }, "initial: a member is named twice"],
    [{ initial: configurationOf([1, 0]) }, "0 is no member id"],
    [{ initial: { ...configurationOf([]), learners: [2] } }, "initial: there are no voters"],
    [{ initial: { ...configurationOf([1]), autoLeave: true } }, "initial: nothing joint is there to leave"],
    [{ diskStallTicks: 0 }, "diskStallTicks: 0 is not a positive integer"],
    [{ maxPromotionLag: 1.5 }, "maxPromotionLag: 1.5 is no count"],
    [{ electionTicks: 1 }, "heartbeatTicks: 1 must be below electionTicks (1)"],
    [{ heartbeatTicks: 0.5 }, "heartbeatTicks: 0.5 is not a positive integer"],
    [{ maxAppendBytes: 0 }, "maxAppendBytes: 0"],
    [{ maxInflightAppends: Number.NaN }, "maxInflightAppends: NaN"],
    [{ maxUncommittedBytes: -1 }, "maxUncommittedBytes: -1"],
  ];
  for (const [change, message] of bad) expect(() => validateConfig({ ...good, ...change })).toThrow(message);
});
