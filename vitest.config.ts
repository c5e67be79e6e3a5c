import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["*/src/**/*.test.ts"],
    // Real processes and containers are slow on a loaded machine; a hang still ends.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Two noisy cores: files that start clusters would only disturb one another.
    maxWorkers: 2,
  },
});
