import { type Effect, type RaftConfig, RaftCore, Replica, Wal, WalCorruption } from "@gauntlet/server/inside";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Scenario } from "../scenario.js";
import type { TraceEvent } from "../trace.js";
import { drawScenario } from "./draw.js";
import { type RunOutcome, runScenario } from "./run.js";

const TIMEOUT_MS = 120_000;

/** Five nodes as configured by default, on a good network, for a few seconds. */
function scenario(seed: number, change: Partial<Scenario> = {}): Scenario {
  const drawn = drawScenario(seed, { nodes: 5, durationMs: 6_000, rate: 100 });
  return {
    ...drawn,
    server: {
      heartbeatIntervalMs: 50,
      electionTimeoutMs: 500,
      requestTimeoutMs: 1000,
      segmentBytes: 1 << 16,
      maxAppendBytes: 1 << 20,
      maxInflightAppends: 64,
      maxInflightBytes: 1 << 24,
      checkpointBytes: 32_768,
      tailEntries: 100,
      hashInterval: 64,
      leaseClockUncertainty: null,
    },
    network: {
      minDelayMs: 0.5,
      maxDelayMs: 5,
      loss: 0.01,
      duplicate: 0.01,
      reorder: 0.1,
      reorderMs: 20,
      encoded: false,
    },
    disk: { minSyncMs: 0.5, maxSyncMs: 5, stall: 0, stallMs: 0 },
    crashShare: 0,
    clockDrift: 0.01,
    schedule: { seed, faults: [] },
    healing: { boundMs: 15_000, lasting: { type: "none" } },
    ...change,
  };
}

const KILLS: Scenario["schedule"] = {
  seed: 1,
  faults: [
    { at: "1s", for: "1s", fault: "process.kill", target: "leader" },
    { at: "3s", for: "1500ms", fault: "partition.isolate", target: "leader" },
  ],
};

describe("a sound server", () => {
  test.each([1, 2, 3])("seed %i, drawn whole, is valid", { timeout: TIMEOUT_MS }, async (seed) => {
    const outcome = await runScenario(drawScenario(seed, { durationMs: 12_000 }));
    expect(outcome.failure).toBeNull();
    expect(outcome.counts.ok).toBeGreaterThan(50);
  });

  test("the same scenario twice gives the same trace, and another seed another", {
    timeout: TIMEOUT_MS,
  }, async () => {
    const tracesOf = async (seed: number): Promise<readonly [string, readonly TraceEvent[], RunOutcome]> => {
      const events: TraceEvent[] = [];
      const listener = (_: number, event: TraceEvent): void => void events.push(event);
      const outcome = await runScenario(scenario(seed, { schedule: KILLS }), { listener });
      return [outcome.traceHash, events, outcome];
    };
    const [one, events, outcome] = await tracesOf(5);
    const [other, otherEvents, otherOutcome] = await tracesOf(5);
    expect(outcome.failure).toBeNull();
    expect(outcome.counts.faultsByName).toEqual({ "process.kill": 1, "partition.isolate": 1 });
    expect(other).toBe(one);
    expect(otherEvents.length).toBe(events.length);
    expect(otherOutcome.history).toEqual(outcome.history);
    expect((await tracesOf(6))[0]).not.toBe(one);
  });

  test("makes progress with one entry a round trip to each, asked by seven at once", {
    timeout: TIMEOUT_MS,
  }, async () => {
    const base = scenario(9, { nodes: 7 });
    const tight: Scenario = {
      ...base,
      server: { ...base.server, maxAppendBytes: 1, maxInflightAppends: 1, electionTimeoutMs: 1000 },
      network: { ...base.network, minDelayMs: 62, maxDelayMs: 125, loss: 0, reorder: 0 },
      load: { ...base.load, rate: 3, concurrency: 14 },
      healing: { boundMs: 60_000, lasting: { type: "none" } },
    };
    expect((await runScenario(tight)).failure).toBeNull();
  });

  test.each([
    { type: "none" },
    { type: "down", nodes: ["n2", "n5"] },
    { type: "deaf", nodes: ["n1", "n4"] },
    { type: "cut", between: ["n1", "n3"] },
  ] as const)("makes progress with what lasts: %j", { timeout: TIMEOUT_MS }, async (lasting) => {
    const healing = { boundMs: 15_000, lasting };
    for (const seed of [1, 2]) {
      const { failure } = await runScenario(scenario(seed, { schedule: KILLS, healing }));
      expect(failure).toBeNull();
    }
  });
});

test("messages that are encoded on their way are the same messages", { timeout: TIMEOUT_MS }, async () => {
  const drawn = drawScenario(8, { nodes: 3, durationMs: 8_000, focus: ["member", "kill", "partition"] });
  const [plain, encoded] = await Promise.all(
    [false, true].map((is) => runScenario({ ...drawn, network: { ...drawn.network, encoded: is } })),
  );
  expect(plain?.failure).toBeNull();
  expect(plain?.counts.faults).toBeGreaterThan(0);
  expect(encoded?.traceHash).toBe(plain?.traceHash);
});

describe("a server with a bug", () => {
  const sound = Object.getOwnPropertyDescriptor(RaftCore.prototype, "step") as PropertyDescriptor;
  const step = sound.value as (this: RaftCore, ...given: Parameters<RaftCore["step"]>) => readonly Effect[];

  afterEach(() => {
    Object.defineProperty(RaftCore.prototype, "step", sound);
  });

  /** Every core of the world does this with its effects. */
  function plant(change: (effects: readonly Effect[], core: RaftCore) => readonly Effect[]): void {
    RaftCore.prototype.step = function (this: RaftCore, ...given) {
      return change(step.apply(this, given), this);
    };
  }

  test("that acknowledges what is not on disk", { timeout: TIMEOUT_MS }, async () => {
    plant((effects, core) => {
      const persist = effects.find((effect) => effect.type === "persist");
      const { leader, term, lastIndex: matchIndex, self: from } = core.status();
      if (persist === undefined || persist.entries.length === 0 || leader === null || leader === from)
        return effects;
      const message = { type: "append-accepted", from, to: leader, term, matchIndex } as const;
      return [...effects, { type: "send", message }];
    });
    const { failure } = await runScenario(scenario(1));
    expect(failure).toMatchObject({ kind: "invariant", name: "acknowledged-is-durable" });
    expect(failure?.what).toMatch(
      /^n\d \(life 1, term \d+\) acknowledges entries up to \d+ to n\d, but its disk/,
    );
  });

  test("that answers reads with what it has", { timeout: TIMEOUT_MS }, async () => {
    plant((effects) =>
      effects.map((effect) => (effect.type === "read-ready" ? { ...effect, index: 0 } : effect)),
    );
    const { failure } = await runScenario(scenario(1));
    expect(failure).toMatchObject({ kind: "invariant", name: "read-sees-what-was-committed" });
  });

  test("that applies something else on one node", { timeout: TIMEOUT_MS }, async () => {
    plant((effects, core) =>
      effects.map((effect) => {
        if (effect.type !== "apply" || core.status().self !== 3) return effect;
        const [first, ...rest] = effect.entries;
        const isFirst = first?.kind === "normal" && first.index > 20 && first.index < 40;
        return isFirst ? { ...effect, entries: [{ ...first, kind: "noop" as const }, ...rest] } : effect;
      }),
    );
    // The members find it themselves; with hashes too far apart for that, what is left is to be found at the end.
    const { failure } = await runScenario(scenario(1));
    expect(failure).toMatchObject({ kind: "stopped", name: "corrupt" });
    expect(failure?.what).toMatch(/^n3 found that its state is not that of the others: .*a majority/);
    const blind = scenario(1);
    const unseen = await runScenario({ ...blind, server: { ...blind.server, hashInterval: 1_000_000 } });
    expect(["divergence", "check"]).toContain(unseen.failure?.kind);
  });

  test("that answers every answer", { timeout: TIMEOUT_MS }, async () => {
    plant((effects, core) => {
      const { role, peers, term, self: from } = core.status();
      const answers = effects.some(
        (effect) => effect.type === "send" && effect.message.type === "append-accepted",
      );
      if (!answers && role !== "leader") return effects;
      const more = (peers ?? []).map(({ member: to }) => {
        const message = { type: "heartbeat", from, to, term, commit: 0, round: 0 } as const;
        return { type: "send", message } as const;
      });
      return [...effects, ...more];
    });
    const { failure } = await runScenario(scenario(1));
    expect(failure).toMatchObject({ kind: "liveness", name: "message-storm" });
  });

  test("that has neither PreVote nor CheckQuorum", { timeout: TIMEOUT_MS }, async () => {
    RaftCore.prototype.step = function (this: RaftCore, ...given) {
      const { member } = this as unknown as { readonly member: { config: RaftConfig } };
      const { config } = member;
      if (config.preVote !== false) member.config = { ...config, preVote: false, checkQuorum: false };
      return step.apply(this, given);
    };
    const healing = { boundMs: 10_000, lasting: { type: "deaf", nodes: ["n1", "n2"] } } as const;
    const { failure } = await runScenario(scenario(1, { healing }));
    expect(failure).toMatchObject({ kind: "liveness", name: "endless-elections" });
  });

  test("that stops for no reason", { timeout: TIMEOUT_MS }, async () => {
    let steps = 0;
    plant((effects) => {
      if (steps++ === 5_000) throw new Error("planted");
      return effects;
    });
    const { failure } = await runScenario(scenario(1));
    expect(failure).toMatchObject({ kind: "stopped", name: "invariant" });
    expect(failure?.what).toMatch(/planted/);
  });

  test("that leaves a call open for ever", { timeout: TIMEOUT_MS }, async () => {
    const once = vi.spyOn(Replica.prototype, "readBarrier");
    once.mockImplementationOnce(() => new Promise(() => undefined));
    try {
      const { failure } = await runScenario(scenario(1));
      expect(failure).toMatchObject({ kind: "liveness", name: "answers" });
      expect(failure?.what).toMatch(/at n\d \(1\)$/);
    } finally {
      once.mockRestore();
    }
  });

  test("that refuses a log which nothing harmed", { timeout: TIMEOUT_MS }, async () => {
    const open = Wal.open.bind(Wal);
    const broken = async (...given: Parameters<typeof Wal.open>): ReturnType<typeof Wal.open> => {
      const opened = await open(...given);
      if (opened.entries.length > 0) throw new WalCorruption("0000000000000001.wal", 7, "planted");
      return opened;
    };
    Object.assign(Wal, { open: broken });
    try {
      const { failure } = await runScenario(scenario(1, { schedule: KILLS }));
      expect(failure).toMatchObject({ kind: "stopped", name: "refused" });
      expect(failure?.what).toMatch(/planted/);
    } finally {
      Object.assign(Wal, { open });
    }
  });

  test("that leads on though its disk stalls", { timeout: TIMEOUT_MS }, async () => {
    RaftCore.prototype.step = function (this: RaftCore, ...given) {
      const { member } = this as unknown as { readonly member: { config: RaftConfig } };
      if (member.config.diskStallTicks === undefined)
        member.config = { ...member.config, diskStallTicks: Number.MAX_SAFE_INTEGER };
      return step.apply(this, given);
    };
    const failures = [];
    for (const seed of [1, 2, 3, 4]) {
      const healing = { boundMs: 10_000, lasting: { type: "stalled", nodes: ["n1", "n2"] } } as const;
      failures.push((await runScenario(scenario(seed, { healing }))).failure);
    }
    expect(failures).toContainEqual(expect.objectContaining({ kind: "liveness" }));
  });

  test("that never answers a write", { timeout: TIMEOUT_MS }, async () => {
    plant((effects) => effects.filter(({ type }) => type !== "apply"));
    const healing = { boundMs: 3_000, lasting: { type: "none" } } as const;
    const { failure } = await runScenario(scenario(1, { healing }));
    expect(failure).toMatchObject({ kind: "liveness", name: "writes" });
  });
});

test("a run in which nothing succeeded has no verdict", { timeout: TIMEOUT_MS }, async () => {
  const { load } = scenario(1);
  const { failure } = await runScenario(scenario(1, { load: { ...load, maxOperations: 0 } }));
  expect(failure).toMatchObject({ kind: "simulator", name: "vacuous" });
});
