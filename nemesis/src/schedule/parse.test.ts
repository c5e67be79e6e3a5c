import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ScheduleError } from "../errors.js";
import { FAULTS, PLANNED_FAULTS } from "../faults/catalogue.js";
import { schedules } from "../testing/arbitraries.js";
import { expand } from "./expand.js";
import { scheduleJsonSchema } from "./file-shape.js";
import { formatSchedule } from "./format.js";
import { parseSchedule } from "./parse.js";
import { explainSchedule } from "./explain.js";
import { resolveSchedule } from "./resolve.js";
import { endMs, type Schedule } from "./schedule.js";

const NODES = ["n1", "n2", "n3", "n4", "n5"];

function refusal(text: string, nodes: readonly string[] | null = NODES): string {
  try {
    parseSchedule(text, "s.yaml", nodes);
  } catch (error) {
    if (error instanceof ScheduleError) return error.message;
    throw error;
  }
  return "accepted";
}

/** One fault with a field set, changed or (undefined) left out. */
function entry(fields: Readonly<Record<string, unknown>>): string {
  const whole: Record<string, unknown> = {
    at: "5s",
    for: "8s",
    fault: "process.kill",
    target: "one",
    ...fields,
  };
  const lines = Object.entries(whole).filter(([, value]) => value !== undefined);
  const body = lines.map(
    ([key, value], index) => `  ${index === 0 ? "-" : " "} ${key}: ${JSON.stringify(value)}`,
  );
  return ["seed: 7", "faults:", ...body, ""].join("\n");
}

/** Of a plain list. */
function readPlain(text: string, name = "s.yaml", nodes: readonly string[] | null = null): Schedule {
  const schedule = parseSchedule(text, name, nodes);
  if ("phases" in schedule) throw new Error("has phases");
  return schedule;
}

test("the example of the format is read", () => {
  const text = `
seed: 7                 # a comment
faults:
  - at: 5s
    for: 8s
    fault: partition.isolate
    target: leader
    args: {direction: both, traffic: peer}
  - { at: 1m, for: 500ms, fault: process.kill, target: [n1, n3], executed: { anything: [1] } }
repeat: {every: 70s}
`;
  expect(parseSchedule(text, "s.yaml")).toEqual({
    seed: 7,
    faults: [
      {
        atMs: 5_000,
        forMs: 8_000,
        fault: "partition.isolate",
        target: "leader",
        args: { direction: "both", traffic: "peer" },
      },
      { atMs: 60_000, forMs: 500, fault: "process.kill", target: ["n1", "n3"], args: {} },
    ],
    repeat: { everyMs: 70_000 },
  });
});

test("partition.halves takes a random minority when no target is named", () => {
  const text = entry({ fault: "partition.halves", target: undefined });
  expect(readPlain(text).faults[0]?.target).toBe("minority");
});

describe("refusals say file, line, field, what is wrong and what is allowed", () => {
  test.each([
    [
      entry({ at: "-5s" }),
      's.yaml:3: faults[0].at: "-5s" is negative; needs a duration such as 500ms, 10s or 1m',
    ],
    [entry({ for: "8" }), 's.yaml:4: faults[0].for: "8" is not a duration such as 500ms, 10s or 1m'],
    [entry({ for: 8 }), "s.yaml:4: faults[0].for: 8 has no unit; needs a duration such as 500ms, 10s or 1m"],
    [
      entry({ for: undefined }),
      "s.yaml:3: faults[0].for: is missing; needs a duration such as 500ms, 10s or 1m",
    ],
    [
      entry({ at: undefined }),
      "s.yaml:3: faults[0].at: is missing; needs a duration such as 500ms, 10s or 1m",
    ],
    [
      entry({ for: "10ms" }),
      "s.yaml:4: faults[0].for: 10ms is too short to prove process.kill; at least 200ms",
    ],
    [
      entry({ fro: "8s", for: undefined }),
      's.yaml:6: faults[0]: unknown field "fro"; did you mean "for"?; allowed: at, for, fault, target, args, family, executed',
    ],
    [
      entry({ target: "leder" }),
      's.yaml:6: faults[0].target: unknown target "leder"; did you mean "leader"?; allowed: leader, follower, one, minority-third, minority, majority, all, spare, a node such as n2, or a list such as [n1, n3]',
    ],
    [
      entry({ falt: "process.kill", fault: undefined }),
      's.yaml:6: faults[0]: unknown field "falt"; did you mean "fault"?; allowed: at, for, fault, target, args, family, executed',
    ],
    [
      entry({ target: undefined, targt: "n1", fault: "process.kil" }),
      's.yaml:6: faults[0]: unknown field "targt"; did you mean "target"?',
    ],
    [entry({ target: ["n1", "n1"] }), "s.yaml:6: faults[0].target: names a node twice"],
    [
      entry({ target: ["n1", "leader"] }),
      's.yaml:6: faults[0].target: "leader" is no node name; a list takes names such as n1',
    ],
    [
      entry({ target: "n9" }),
      "s.yaml:6: faults[0].target: the cluster has no n9; its nodes: n1, n2, n3, n4, n5",
    ],
    [
      entry({ fault: "partition.isolate", args: { direction: "bth" } }),
      's.yaml:7: faults[0].args.direction: "bth" is not allowed; did you mean "both"?; allowed: both, in, out',
    ],
    [
      entry({ fault: "partition.isolate", args: { trafic: "peer" } }),
      's.yaml:7: faults[0].args: unknown field "trafic"; did you mean "traffic"?; allowed: direction, traffic',
    ],
    [entry({ args: { now: true } }), 's.yaml:7: faults[0].args: unknown field "now"; allowed: none'],
    [entry({ args: null }), "s.yaml:7: faults[0].args: expected a mapping"],
    [entry({ fault: "clock.rate" }), "s.yaml:3: faults[0].args: is missing; needs a mapping"],
    [
      entry({ fault: "clock.rate", args: {} }),
      "s.yaml:7: faults[0].args.rate: is missing; needs a rate of 0.5 to 0.8 or 1.25 to 2",
    ],
    [
      entry({ fault: "clock.rate", args: { rate: 3 } }),
      "s.yaml:7: faults[0].args.rate: 3 is not a rate of 0.5 to 0.8 or 1.25 to 2",
    ],
    [
      entry({ fault: "clock.rate", args: { rate: 1.1 } }),
      "s.yaml:7: faults[0].args.rate: 1.1 is not a rate of 0.5 to 0.8 or 1.25 to 2 (nearer to 1 it could not be told from true time)",
    ],
    [
      entry({ fault: "clock.bump", args: { offset: "100ms" } }),
      's.yaml:7: faults[0].args.offset: "100ms" is not an offset of 500ms to 24h either way, such as 30s or -5s',
    ],
    [entry({}).replace("seed: 7", "seed: -1"), "s.yaml:1: seed: expected a whole number from 0 to 2^53 - 1"],
    [`${entry({})}repeat: {every: 3s}`, "s.yaml:7: repeat.every: 3s is less than the list takes: 13s"],
    [
      `${entry({})}repeats: {every: 30s}`,
      's.yaml:7: unknown field "repeats"; did you mean "repeat"?; allowed: seed, faults, phases, repeat',
    ],
    ["seed: 7\n", "s.yaml:1: faults: is missing"],
    ["faults: 5s\n", "s.yaml:1: faults: expected a list of faults"],
    ["faults:\n  - 5s\n", "s.yaml:2: faults[0]: expected a fault: a mapping with at, for, fault, target"],
    ["", "s.yaml:1: is empty; needs at least `faults:`"],
    ["- a\n- b\n", "s.yaml:1: expected a mapping"],
    ["seed: 7\nseed: 8\nfaults: []\n", "s.yaml:2: Map keys must be unique"],
    ["faults: [\n", "s.yaml:2: Flow sequence in block collection must be sufficiently indented"],
  ])("%j", (text, message) => {
    expect(refusal(text)).toContain(message);
    expect(refusal(text)).not.toContain("\n");
  });

  test("an unknown fault, with the nearest known one", () => {
    const message = refusal(entry({ fault: "partition.isolat" }));
    expect(message).toContain(
      's.yaml:5: faults[0].fault: unknown fault "partition.isolat"; did you mean "partition.isolate"?',
    );
    expect(message).toContain("allowed: partition.isolate, ");
  });

  test.each(PLANNED_FAULTS)("%s is not in this version, which is no typo", (fault) => {
    expect(refusal(entry({ fault }))).toContain(
      `faults[0].fault: "${fault}" is not available in this version`,
    );
  });

  test("a text beyond the limit", () => {
    expect(refusal(`#${"x".repeat(1024 * 1024)}\nfaults: []`)).toContain("larger than 1048576 bytes");
  });
});

describe("faults that fight over a node", () => {
  const two = (first: string, second: string): string => `faults:\n  - ${first}\n  - ${second}\n`;

  test.each([
    [
      "{at: 1s, for: 9s, fault: process.pause, target: n1}",
      "{at: 5s, for: 9s, fault: process.kill, target: [n1, n2]}",
    ],
    [
      "{at: 1s, for: 9s, fault: process.pause, target: all}",
      "{at: 5s, for: 9s, fault: process.kill, target: leader}",
    ],
    [
      "{at: 1s, for: 9s, fault: process.kill, target: majority}",
      "{at: 5s, for: 9s, fault: process.stop, target: majority}",
    ],
    [
      "{at: 1s, for: 9s, fault: clock.bump, target: n1, args: {offset: 5s}}",
      "{at: 5s, for: 9s, fault: clock.bump, target: n1, args: {offset: -5s}}",
    ],
  ])("%s and %s", (first, second) => {
    expect(refusal(two(first, second))).toMatch(
      /^s\.yaml:3: faults\[1\]: .* begins while faults\[0\] .* until 10s$/,
    );
    // The order in the file does not matter.
    expect(refusal(two(second, first))).toMatch(/^s\.yaml:2: faults\[0\]: .* begins while faults\[1\]/);
  });

  test.each([
    [
      "{at: 1s, for: 9s, fault: process.pause, target: n1}",
      "{at: 10s, for: 9s, fault: process.kill, target: n1}",
    ],
    [
      "{at: 1s, for: 9s, fault: process.pause, target: n1}",
      "{at: 5s, for: 9s, fault: process.kill, target: n2}",
    ],
    [
      "{at: 1s, for: 9s, fault: process.pause, target: one}",
      "{at: 5s, for: 9s, fault: process.kill, target: one}",
    ],
    [
      "{at: 1s, for: 9s, fault: partition.isolate, target: n1}",
      "{at: 5s, for: 9s, fault: partition.isolate, target: n1}",
    ],
    [
      "{at: 1s, for: 9s, fault: clock.bump, target: n1, args: {offset: 5s}}",
      "{at: 5s, for: 9s, fault: clock.rate, target: n1, args: {rate: 2}}",
    ],
  ])("are none in %s and %s", (first, second) => {
    expect(refusal(two(first, second))).toBe("accepted");
  });
});

test("what is written is read back equal, as YAML and as JSON", () => {
  fc.assert(
    fc.property(schedules, (schedule) => {
      expect(parseSchedule(formatSchedule(schedule), "s.yaml")).toEqual(schedule);
      expect(parseSchedule(formatSchedule(schedule, "json"), "s.json")).toEqual(schedule);
    }),
  );
});

test("no text makes anything but a schedule or a ScheduleError of one line with the file's name", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), mutatedSchedules()), (text) => {
      expect(refusal(text)).toMatch(/^(accepted|s\.yaml:\d+: [^\n]+)$/);
    }),
  );
});

function mutatedSchedules(): fc.Arbitrary<string> {
  return fc.tuple(schedules, fc.nat(), fc.string({ maxLength: 2 })).map(([schedule, at, text]) => {
    const whole = formatSchedule(schedule);
    const index = at % (whole.length + 1);
    return whole.slice(0, index) + text + whole.slice(index + 1);
  });
}

const folder = new URL("../../schedules/", import.meta.url);
const ready = readdirSync(folder).filter((name) => name.endsWith(".yaml"));

test("there are ready schedules", () => {
  expect(ready.length).toBeGreaterThanOrEqual(5);
});

test("the ready ones strike with every kind of fault that shows on containers", () => {
  const struck = ready.flatMap((name) => {
    const written = parseSchedule(readFileSync(new URL(name, folder), "utf8"), name, NODES);
    return resolveSchedule(written, { seed: 1, timeLimitMs: 100_000, nodes: NODES }).schedule.faults;
  });
  const names = new Set(struck.map(({ fault }) => fault));
  const missing = FAULTS.filter(({ name }) => !names.has(name)).map(({ name }) => name);
  // A voter that becomes a learner is nothing that etcd's API has.
  expect(missing.toSorted()).toEqual(["member.demote"]);
});

test.each(ready)(
  "schedules/%s is valid, says what it is for, is explained and fits the time that it says",
  (name) => {
    const text = readFileSync(new URL(name, folder), "utf8");
    expect(text).toMatch(/^# For (?:[^\n]|\n# )+[.]\s(?:# )?Needs \d+ s[.;]/);
    expect(text).toContain("# yaml-language-server: $schema=../schedule.schema.json");
    const needsMs = 1_000 * Number(/Needs (\d+) s/.exec(text.replaceAll("\n# ", " "))?.[1]);
    expect(needsMs).toBeLessThanOrEqual(90_000);
    const written = parseSchedule(text, name, NODES);
    for (const timeLimitMs of [needsMs, 60_000, 100_000].filter((ms) => ms >= needsMs)) {
      for (let seed = 0; seed < 20; seed++) {
        const { schedule, leftOut } = resolveSchedule(written, { seed, timeLimitMs, nodes: NODES });
        const { faults } = expand(schedule, timeLimitMs, [...NODES, "n6"]).schedule;
        expect(faults.length).toBeGreaterThan(0);
        expect(leftOut).toEqual([]);
        // Something is left of the time limit for what comes after.
        const lastMs = Math.max(...faults.map(endMs));
        expect(lastMs).toBeLessThan(timeLimitMs === needsMs ? needsMs : timeLimitMs + 1);
      }
      const text = explainSchedule(written, timeLimitMs);
      expect(text.split("\n")[0]).toMatch(/^\d+s.*: \d+ faults?, at most \d+ at once/);
    }
  },
);

test("the JSON schema for editors is current (npm run schema -w @gauntlet/nemesis)", () => {
  const text = readFileSync(new URL("../../schedule.schema.json", import.meta.url), "utf8");
  expect(JSON.parse(text)).toEqual(scheduleJsonSchema());
  for (const fault of FAULTS) expect(text).toContain(`"${fault.name}"`);
});

test("an event needs no window; any other fault does", () => {
  const transfer = readPlain("faults: [{ at: 1s, fault: member.transfer }]");
  expect(transfer.faults).toMatchObject([{ forMs: 2_000, target: "follower" }]);
  expect(() => parseSchedule("faults: [{ at: 1s, fault: member.remove, target: n1 }]", "s.yaml")).toThrow(
    "faults[0].for: is missing",
  );
});
