import * as fc from "fast-check";
import { formatDuration } from "../duration.js";
import { FAULTS } from "../faults/catalogue.js";
import { type Fault, leastWindowMs } from "../faults/fault.js";
import type { Schedule, ScheduledFault } from "../schedule/schedule.js";
import { TARGET_WORDS } from "../targets.js";

const target = fc.oneof(
  fc.constantFrom(...TARGET_WORDS),
  fc.constantFrom("n1", "n2", "n5"),
  fc.uniqueArray(fc.constantFrom("n1", "n2", "n3", "n4", "n5"), { minLength: 1 }),
);

/** Valid arguments of faults of which a few tell enough. */
const FIXED_ARGS: Readonly<Record<string, readonly Record<string, unknown>[]>> = {
  "partition.ring": [{}, { traffic: "peer", flap: "500ms" }],
  "partition.bridge": [{}, { traffic: "all" }],
  "packet.loss": [{ share: 0.1 }, { share: 0.9, links: "leader" }],
  "packet.delay": [{ delay: "50ms" }, { delay: "1s", jitter: "200ms" }],
  "packet.reorder": [{ share: 0.25 }, { share: 0.5, hold: "20ms" }],
  "packet.duplicate": [{ share: 0.5 }],
  "packet.rate": [{ bytesPerSecond: 2000 }, { bytesPerSecond: 2000, links: ["n1", "n3"] }],
  "packet.reset": [{}, { every: "300ms", links: "leader" }],
  "process.rolling": [{}, { down: "1s" }, { upgrade: true }],
  "process.crash-loop": [{}, { up: "500ms", down: "1s" }],
  "clock.strobe": [{ offset: "-30s" }, { offset: "1s", period: "500ms" }],
  "clock.drift": [{ rate: 0.5 }, { rate: 1.2 }],
  "disk.slow": [{ delay: "100ms" }],
  "disk.eio": [{}, { calls: "syncs", share: 0.1 }],
  "disk.bitflip": [{}, { kind: "bad-sector", area: "wal", server: "up" }],
  "disk.truncate": [{}, { area: "checkpoint" }],
  "member.add": [{}, { as: "voter" }, { as: "learner" }],
  "member.replace": [{}, { by: "n6" }],
};

/** Valid arguments of a fault. */
export function argsOf(fault: Fault): fc.Arbitrary<Record<string, unknown>> {
  const fixed = FIXED_ARGS[fault.name];
  if (fixed !== undefined) return fc.constantFrom(...fixed);
  if (fault.name.startsWith("partition.")) {
    const direction = fc.constantFrom("both", "in", "out");
    return fc.record(
      { direction, traffic: fc.constantFrom("peer", "all"), flap: fc.constantFrom("200ms", "1s") },
      { requiredKeys: [] },
    );
  }
  if (fault.name === "clock.rate") return fc.record({ rate: fc.constantFrom(0.5, 0.625, 0.8, 1.25, 1.5, 2) });
  if (fault.name === "clock.bump") {
    const offset = fc.tuple(fc.constantFrom("", "-", "+"), fc.integer({ min: 500, max: 86_400_000 }));
    return fc.record({ offset: offset.map(([sign, ms]) => sign + formatDuration(ms)) });
  }
  return fc.constant({});
}

const scheduledFault: fc.Arbitrary<ScheduledFault> = fc.constantFrom(...FAULTS).chain((fault) =>
  argsOf(fault).chain((args) =>
    fc.record({
      atMs: fc.nat(100_000),
      forMs: fc.integer({ min: leastWindowMs(fault, args), max: 60_000 }),
      fault: fc.constant(fault.name),
      target,
      args: fc.constant(args),
    }),
  ),
);

/** Schedules whose faults come one after another, so that none fights another. */
export const schedules: fc.Arbitrary<Schedule> = fc
  .record(
    {
      seed: fc.maxSafeNat(),
      faults: fc.array(scheduledFault, { maxLength: 8 }),
      repeat: fc.record({ everyMs: fc.integer({ min: 1, max: 60_000 }) }),
    },
    { requiredKeys: ["faults"] },
  )
  .map(({ faults, repeat, ...rest }) => {
    let endMs = 0;
    const inLine = faults.map((fault) => {
      const atMs = endMs + (fault.atMs % 5_000);
      endMs = atMs + fault.forMs;
      return { ...fault, atMs };
    });
    return {
      ...rest,
      faults: inLine,
      ...(repeat === undefined ? {} : { repeat: { everyMs: endMs + repeat.everyMs } }),
    };
  });
