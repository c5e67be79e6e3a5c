import { describe } from "vitest";
import { describeStateStorage } from "./engine-suite.js";
import { MemoryStates } from "./memory-engine.js";

describe("states in memory", () => {
  describeStateStorage(async () => {
    const states = new MemoryStates();
    return { restart: async () => states, cleanUp: async () => undefined };
  });
});
