import { Random } from "@gauntlet/nemesis";
import type { Message } from "@gauntlet/server/inside";
import type { SimResult } from "../result.js";
import type { Scenario } from "../scenario.js";
import type { Traced, TraceEvent } from "../trace.js";

/** Scenarios, results and traces as tests need them: in shape like those of a run, in content made up. */

export const SCENARIO: Scenario = {
  seed: 7,
  nodes: 5,
  spareNodes: 0,
  server: {
    heartbeatIntervalMs: 100,
    electionTimeoutMs: 1_000,
    requestTimeoutMs: 2_000,
    segmentBytes: 65_536,
    maxAppendBytes: 1_048_576,
    maxInflightAppends: 64,
    maxInflightBytes: 16_777_216,
    checkpointBytes: 32_768,
    tailEntries: 100,
    hashInterval: 64,
    leaseClockUncertainty: null,
  },
  upgraded: null,
  network: {
    minDelayMs: 1,
    maxDelayMs: 10,
    loss: 0.01,
    duplicate: 0.01,
    reorder: 0.1,
    reorderMs: 20,
    encoded: false,
  },
  disk: { minSyncMs: 1, maxSyncMs: 5, stall: 0.01, stallMs: 300 },
  crashShare: 0,
  clockDrift: 0.01,
  load: { workload: "register", rate: 100, concurrency: 10, durationMs: 20_000, maxOperations: 5_000 },
  schedule: {
    faults: [
      { at: "2s", for: "3s", fault: "process.kill", target: "n1" },
      {
        at: "4s",
        for: "5s",
        fault: "partition.isolate",
        target: "leader",
        args: { direction: "both", traffic: "peer" },
      },
      { at: "12s", for: "3s", fault: "process.pause", target: ["n2", "n3"] },
    ],
  },
  healing: { boundMs: 30_000, lasting: { type: "none" } },
};

export const VALID: SimResult = {
  seed: 7,
  failure: null,
  traceHash: "0123456789abcdef",
  simulatedMs: 20_000,
  counts: {
    ok: 900,
    fail: 10,
    info: 5,
    elections: 3,
    committed: 500,
    messages: 9_000,
    plannedFaults: 4,
    faults: 3,
    faultsByName: { "process.kill": 1, "partition.isolate": 1, "process.pause": 1 },
    storage: { checkpoints: 12, "segments removed": 9, "snapshots sent": 1, "snapshots installed": 1 },
  },
};

export const FAILED = {
  ...VALID,
  failure: {
    kind: "invariant",
    name: "state-machine-safety",
    what: "n2 committed 41 of term 3 at index 41, n4 committed another entry of term 2 there",
    atMs: 15_000,
  },
} as const satisfies SimResult;

/** A trace of about so many events: a leader that sends to four, elections, kills, lost messages, clients. */
export function sampleTrace(events: number): Traced[] {
  const random = new Random(42);
  const trace: Traced[] = [];
  const stepMs = 20_000 / (events / 7);
  const at = (atMs: number, event: TraceEvent): void => void trace.push({ atMs, event });
  at(0, { type: "phase", phase: "load" });
  for (let id = 1; id <= 5; id++) at(0, { type: "started", node: `n${id}`, lastIndex: 0, term: 0 });
  let [term, leader, index] = [0, 0, 0];
  for (let now = 1; now < 20_000; now += stepMs) {
    if (random.below(1_000) / 1_000 < stepMs / 4_000 || term === 0) {
      term += 1;
      leader = 1 + random.below(5);
      at(now, { type: "role", node: `n${leader}`, role: "pre-candidate", term: term - 1, leader: null });
      at(now + 5, { type: "role", node: `n${leader}`, role: "candidate", term, leader: null });
      for (let id = 1; id <= 5; id++) {
        const role = id === leader ? "leader" : "follower";
        at(now + 20 + id, { type: "role", node: `n${id}`, role, term, leader: `n${leader}` });
      }
    }
    const to = 1 + ((leader + random.below(4)) % 5);
    const message: Message = {
      type: "append",
      from: leader,
      to,
      term,
      prevIndex: index,
      prevTerm: term,
      commit: index,
      entries: [
        { index: index + 1, term, kind: "normal", version: 1, timestampMs: 0, data: new Uint8Array(3) },
      ],
    };
    const delay = 1 + (random.below(1_000) / 1_000) * 9;
    at(now, { type: "invoked", process: index, node: `n${to}`, what: `write r1 ${index}` });
    if (random.below(1_000) / 1_000 < 0.05) at(now, { type: "lost", message, why: "cut" });
    else {
      at(now, { type: "sent", message, deliverAtMs: now + delay });
      if (random.below(1_000) / 1_000 < 0.03) at(now + delay, { type: "lost", message, why: "dead" });
      else at(now + delay, { type: "delivered", message });
    }
    index += 1;
    at(now + delay, { type: "synced", node: `n${to}`, bytes: 100, tookMs: delay / 2 });
    at(now + delay, { type: "committed", node: `n${to}`, index, term });
    const outcome = random.pick(["ok", "ok", "ok", "ok", "fail", "info"] as const);
    at(now + 2 * delay, {
      type: "completed",
      process: index - 1,
      node: `n${to}`,
      outcome,
      what: `write r1 ${index}`,
    });
  }
  at(2_000, { type: "fault", what: "process.kill n1: proved" });
  at(2_000, { type: "stopped", node: "n1", reason: "killed" });
  at(5_000, { type: "started", node: "n1", lastIndex: 20, term: 1 });
  at(12_000, { type: "paused", node: "n2" });
  at(15_000, { type: "resumed", node: "n2" });
  at(9_000, { type: "disk", node: "n3", what: "EIO on a write" });
  at(20_000, { type: "phase", phase: "done" });
  return trace.toSorted((a, b) => a.atMs - b.atMs);
}
