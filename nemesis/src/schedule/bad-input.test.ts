import { describe, expect, test } from "vitest";
import { ScheduleError } from "../errors.js";
import { FAULTS } from "../faults/catalogue.js";
import { FAMILY_NAMES } from "../generate/families.js";
import { parseSchedule } from "./parse.js";

/** Every field of every kind of schedule wrong in turn. */

type Path = readonly (string | number)[];

/** All arguments of each fault that has any, valid. */
const ARGS: Readonly<Record<string, Record<string, unknown>>> = {
  "partition.isolate": { direction: "in", traffic: "peer", flap: "500ms" },
  "partition.halves": { direction: "out", traffic: "all", flap: "500ms" },
  "partition.minority-third": { direction: "both", traffic: "all", flap: "500ms" },
  "partition.ring": { traffic: "peer", flap: "1s" },
  "partition.bridge": { traffic: "peer", flap: "1s" },
  "packet.loss": { share: 0.2, links: "leader" },
  "packet.delay": { delay: "50ms", jitter: "10ms", links: ["n1", "n2"] },
  "packet.reorder": { share: 0.2, hold: "10ms", links: "all" },
  "packet.duplicate": { share: 0.2, links: "all" },
  "packet.rate": { bytesPerSecond: 5000, links: "all" },
  "packet.reset": { every: "1s", links: "leader" },
  "process.rolling": { down: "1s", upgrade: true },
  "process.crash-loop": { up: "1s", down: "200ms" },
  "clock.bump": { offset: "-5s" },
  "clock.strobe": { offset: "5s", period: "200ms" },
  "clock.drift": { rate: 2 },
  "clock.rate": { rate: 0.5 },
  "disk.slow": { delay: "20ms" },
  "disk.eio": { calls: "syncs", share: 0.5 },
  "disk.bitflip": { kind: "bit-flip", area: "wal", server: "down" },
  "disk.truncate": { area: "checkpoint" },
  "member.add": { as: "learner" },
  "member.replace": { by: "n6" },
};

const entry = (fault: string): Record<string, unknown> => ({
  at: "5s",
  for: "10s",
  fault,
  target: "n2",
  ...(ARGS[fault] === undefined ? {} : { args: ARGS[fault] }),
  family: "disk",
});

const DOCUMENTS: readonly (readonly [string, unknown])[] = [
  ...FAULTS.map(({ name }) => [name, { seed: 7, faults: [entry(name)], repeat: { every: "30s" } }] as const),
  [
    "phases",
    {
      seed: 7,
      phases: [
        { name: "listed", for: "20s", faults: [entry("process.kill")] },
        {
          name: "random",
          for: "30s",
          random: {
            weights: Object.fromEntries(FAMILY_NAMES.map((name) => [name, 1])),
            atOnce: 2,
            window: ["3s", "8s"],
            gap: "2s",
          },
        },
      ],
      repeat: { every: "60s" },
    },
  ],
];

/** Of no field, but where OPEN says so. */
const WRONG: readonly unknown[] = [null, true, -1.5, 1e300, "", "banana", "1s1", [], [[]], {}, { nope: 1 }];

/** What may be there although it is in the list above. */
function isOpen(path: Path, wrong: unknown): boolean {
  const last = path.at(-1);
  if (last === "upgrade") return wrong === true;
  if (last === "name") return wrong === "banana" || wrong === "1s1";
  // An empty list of faults is a schedule, and so is one without a repetition.
  if (last === "faults") return Array.isArray(wrong) && wrong.length === 0;
  // All of a fault's arguments may have defaults.
  if (last === "args") return typeof wrong === "object" && wrong !== null && Object.keys(wrong).length === 0;
  return false;
}

function pathsOf(value: unknown, path: Path = []): Path[] {
  const inside =
    typeof value !== "object" || value === null
      ? []
      : Object.entries(value).flatMap(([key, each]) =>
          pathsOf(each, [...path, Array.isArray(value) ? Number(key) : key]),
        );
  return path.length === 0 ? inside : [path, ...inside];
}

function changed(value: unknown, [first, ...rest]: Path, edit: (old: unknown) => unknown): unknown {
  if (first === undefined) return edit(value);
  const copy = structuredClone(value) as Record<string | number, unknown>;
  const now = changed(copy[first], rest, edit);
  if (now === undefined) delete copy[first];
  else copy[first] = now;
  return copy;
}

function refusal(document: unknown): ScheduleError | null {
  try {
    parseSchedule(JSON.stringify(document, null, 1), "s.yaml", ["n1", "n2", "n3", "n4", "n5", "n6"]);
    return null;
  } catch (error) {
    if (error instanceof ScheduleError) return error;
    throw error;
  }
}

const written = (path: Path): string =>
  path.map((part, at) => (typeof part === "number" ? `[${part}]` : at === 0 ? part : `.${part}`)).join("");

/** Where the last part of the path stands in the text that refusal() makes. */
function lineOf(document: unknown, path: Path): number {
  const mark = "here-it-is";
  const marked = JSON.stringify(
    changed(document, path, () => mark),
    null,
    1,
  );
  return marked.split("\n").findIndex((line) => line.includes(mark)) + 1;
}

describe.each(DOCUMENTS)("%s", (_, document) => {
  test("is valid as it stands", () => {
    expect(refusal(document)?.message).toBeUndefined();
  });

  test("each field of a wrong kind or value is refused in one line, with the file, its line and its name", () => {
    const tries = pathsOf(document).flatMap((path) =>
      WRONG.filter((wrong) => !isOpen(path, wrong)).map((wrong) => ({ path, wrong })),
    );
    expect(tries.length).toBeGreaterThan(50);
    const bad = tries.flatMap(({ path, wrong }) => {
      const refused = refusal(changed(document, path, () => wrong));
      const problem = refused === null ? "accepted" : misplaced(document, path, wrong, refused);
      return problem === null ? [] : [`${written(path)} = ${JSON.stringify(wrong)}: ${problem}`];
    });
    expect(bad).toEqual([]);
  });

  test("each field that is left out is not missed, or named", () => {
    const fields = pathsOf(document).filter((each) => typeof each.at(-1) === "string");
    const refusals = fields.map((path) => ({
      path,
      refused: refusal(changed(document, path, () => undefined)),
    }));
    const bad = refusals.filter(({ path, refused }) => {
      const isNamed = refused?.message.includes(String(path.at(-1))) === true && isOneLine(refused);
      return refused !== null && !isNamed;
    });
    expect(bad).toEqual([]);
    expect(refusals.some(({ refused }) => refused !== null)).toBe(true);
  });

  test("a field that nobody knows is named, wherever it is", () => {
    const mappings = [[], ...pathsOf(document)].filter((path) => {
      let at: unknown = document;
      for (const part of path) at = (at as Record<string | number, unknown>)[part];
      return typeof at === "object" && at !== null && !Array.isArray(at);
    });
    for (const path of mappings) {
      const refused = refusal(changed(document, [...path, "bananas"], () => 1));
      expect(refused?.message).toMatch(/^s\.yaml:\d+: .*unknown field "bananas"/);
      expect(refused?.field).toBe(written(path));
      expect(refused?.line).toBe(lineOf(document, [...path, "bananas"]));
    }
  });
});

function isOneLine({ message }: ScheduleError): boolean {
  return /^s\.yaml:\d+: [^\n]+$/.test(message);
}

/** Why a refusal does not point at the field. */
function misplaced(document: unknown, path: Path, wrong: unknown, refused: ScheduleError): string | null {
  if (!isOneLine(refused)) return `not one line: ${refused.message}`;
  // The field, or a part of what was put there; of a list of values as a whole.
  const isOfValues = typeof path.at(-1) === "number" && path.at(-2) !== "faults" && path.at(-2) !== "phases";
  if (!refused.field.startsWith(written(isOfValues ? path.slice(0, -1) : path))) return refused.message;
  const line = lineOf(document, path);
  const isThere = isOfValues || typeof wrong === "object" || refused.line === line;
  return isThere ? null : `not line ${line}: ${refused.message}`;
}

test("no fault's arguments are forgotten here", () => {
  for (const { name, args } of FAULTS) {
    expect([name, ...Object.keys(ARGS[name] ?? {}).toSorted()]).toEqual([
      name,
      ...Object.keys(args.shape).toSorted(),
    ]);
  }
});

describe("what cannot be together", () => {
  const phase = (more: object): object => ({ phases: [{ name: "p", for: "20s", ...more }] });
  const kill = { at: "5s", for: "5s", fault: "process.kill", target: "n1" };

  test.each([
    [{ faults: [kill], phases: [{ for: "5s" }] }, "phases: a schedule has either faults or phases"],
    [
      phase({ faults: [kill], random: { weights: { kill: 1 } } }),
      "phases[0].random: a phase has either faults or random",
    ],
    [
      phase({ faults: [{ ...kill, at: "18s" }] }),
      "phases[0].faults[0]: process.kill ends at 23s, the phase lasts 20s",
    ],
    [
      phase({ faults: [kill, { ...kill, at: "7s", fault: "process.pause" }] }),
      "phases[0].faults[1]: process.pause begins while faults[0] (process.kill) holds the process of the same node until 10s",
    ],
    [
      phase({ faults: [{ ...kill, target: "n9" }] }),
      "phases[0].faults[0].target: the cluster has no n9; its nodes: n1",
    ],
    [
      phase({ random: { weights: {} } }),
      "phases[0].random.weights: no family has a weight over 0; known: leader-",
    ],
    [phase({ random: { weights: { kill: 0 } } }), "phases[0].random.weights: no family has a weight over 0"],
    [
      phase({ random: { weights: { kil: 1 } } }),
      'phases[0].random.weights: unknown field "kil"; did you mean "kill"?',
    ],
    [
      phase({ random: { weights: { kill: 1 }, window: ["8s", "3s"] } }),
      'phases[0].random.window: ["8s","3s"] ends before it begins',
    ],
    [
      phase({ random: { weights: { kill: 1 }, window: "30s" } }),
      "phases[0].random.window: 30s does not fit: the phase lasts 20s",
    ],
    [{ ...phase({}), repeat: { every: "19s" } }, "repeat.every: 19s is less than the phases take: 20s"],
    [{ phases: [] }, "phases: an empty list has no phase"],
    [
      { faults: [{ ...kill, fault: "partition.isolate", args: { flap: "4s" } }] },
      "faults[0].for: 5s is too short to prove partition.isolate; at least 12s",
    ],
    [
      { faults: [{ ...kill, fault: "clock.drift", args: { rate: 1.1 } }] },
      "faults[0].for: 5s is too short to prove clock.drift; at least 6.5s",
    ],
  ])("%j", (document, message) => {
    expect(refusal(document)?.message).toContain(message);
    expect(refusal(document)?.message).toMatch(/^s\.yaml:\d+: [^\n]+$/);
  });
});
