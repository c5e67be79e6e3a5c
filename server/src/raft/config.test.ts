import { expect, test } from "vitest";
import { configurationOf } from "./configuration.js";
import { validateConfig } from "./config.js";
import type { RaftConfig } from "./config.js";
import { WORLD_CONFIG } from "./testing/world.js";

const good: RaftConfig = { ...WORLD_CONFIG, self: 1, initial: configurationOf([1, 2, 3]) };

test("a config that cannot work is refused by the field's name", () => {
  expect(() => validateConfig(good)).not.toThrow();
  const bad: readonly (readonly [Partial<RaftConfig>, string])[] = [
    [{ self: 0 }, "0 is no member id"],
    [{ initial: configurationOf([1, 1]) }, "initial: a member is named twice"],
    [{ initial: configurationOf([1, 0]) }, "0 is no member id"],
    [{ electionTicks: 1 }, "heartbeatTicks: 1 must be below electionTicks (1)"],
    [{ heartbeatTicks: 0.5 }, "heartbeatTicks: 0.5 is not a positive integer"],
    [{ maxAppendBytes: 0 }, "maxAppendBytes: 0"],
    [{ maxInflightAppends: Number.NaN }, "maxInflightAppends: NaN"],
    [{ maxUncommittedBytes: -1 }, "maxUncommittedBytes: -1"],
  ];
  for (const [change, message] of bad) expect(() => validateConfig({ ...good, ...change })).toThrow(message);
});
