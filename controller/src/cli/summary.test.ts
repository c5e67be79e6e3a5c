import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CheckResult, FaultRecord, HistoryEvent } from "@gauntlet/histories";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { judge } from "../checks/judge.js";
import { runChecks } from "../checks/workload-check.js";
import { findWorkload } from "./configure.js";
import { summarize } from "./summary.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gauntlet-summary-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

type Step = readonly [process: number, fields: Omit<Partial<HistoryEvent>, "index" | "time">];

/** An event every 100 ms. */
function historyOf(steps: readonly Step[]): readonly HistoryEvent[] {
  return steps.map(([process, fields], index) => ({
    index,
    time: index * 1e8,
    process,
    node: `n${process + 1}`,
    type: "invoke",
    f: "read",
    key: "a",
    ...fields,
  }));
}

/** Judged as a run that saw this, and what stands on the screen then. */
async function summaryOf(
  steps: readonly Step[],
  { workload = "register", ...facts }: Facts = {},
): Promise<string> {
  const history = historyOf(steps);
  const asked = findWorkload(workload);
  const { functions, name } = asked;
  const historyPath = join(folder, `${name}-${history.length}.jsonl`);
  await writeFile(historyPath, history.map((event) => `${JSON.stringify(event)}\n`).join(""));
  const workloadChecks = await runChecks(asked, history, 5_000);
  const { faults = [], observed = [] } = facts;
  const grounds = { healed: true, rigSound: true };
  const results = judge({ history, workloadChecks, functions, faults, observed, mainEndMs: 10_000, grounds });
  return summarize(results, historyPath);
}

interface Facts {
  readonly workload?: string;
  readonly faults?: readonly FaultRecord[];
  readonly observed?: readonly CheckResult[];
}

const STALE: readonly Step[] = [
  [0, { f: "write", value: "1" }],
  [0, { type: "ok", f: "write", value: "1", revision: 2 }],
  [1, {}],
  [1, { type: "ok", value: null, revision: 2 }],
];

const FAULT: FaultRecord = {
  index: 0,
  fault: "process.kill",
  target: "one",
  nodes: ["n2"],
  roles: {},
  outcome: { type: "proved", proof: "pid 7 ended" },
  startedAtMs: 50,
  endedAtMs: 250,
  healed: true,
};

function skipped(index: number, reason: string): FaultRecord {
  const outcome = { type: "skipped", reason } as const;
  return { ...FAULT, index, target: "leader", nodes: [], outcome, startedAtMs: null, endedAtMs: null };
}

describe("the summary of a run", () => {
  test("begins with the verdict and its reason, then says what each kind rests on", async () => {
    const lines = (await summaryOf(STALE)).split("\n");
    expect(lines[0]).toMatch(/^INVALID: safety: linearizability: key a is not linearizable/);
    expect(lines).toContain("  safety    invalid  by linearizability");
    expect(lines).toContain("  liveness  valid    availability");
    expect(lines).toContain("  vacuity   unknown  by stats");
    expect(lines.find((line) => line.startsWith("  rig "))).toContain("not known");
  });

  test("draws the operations that contradict one another", async () => {
    expect(await summaryOf(STALE)).toContain(
      [
        "key a, linearizability: from 0.000 s to 0.300 s",
        '  process 0  ├─ write of "1" to a ─┤',
        "  process 1                          ┝━ read of a that returned absent ━┥ ✗",
      ].join("\n"),
    );
  });

  test("lists them with process, node and time where no drawing fits", async () => {
    const value = "v".repeat(100);
    const steps = STALE.map(
      ([process, fields]): Step => [process, { ...fields, ...(fields.f === "write" && { value }) }],
    );
    const lines = (await summaryOf(steps)).split("\n");
    expect(lines.find((line) => line.startsWith("  ✗"))).toMatch(
      /^ {2}✗ {2}0\.200 s +0\.300 s +process 1 +n2 +a +read → absent @2$/,
    );
  });

  test("lists those of a workload that is no register", async () => {
    const steps: readonly Step[] = [
      [0, { f: "add", key: "s0", value: 1 }],
      [0, { type: "ok", f: "add", key: "s0", value: 1 }],
      [1, { key: "s0" }],
      [1, { type: "ok", key: "s0", value: [] }],
    ];
    const text = await summaryOf(steps, { workload: "set" });
    expect(text).toMatch(/^INVALID: safety: /);
    expect(text).toMatch(/^ {5}0\.000 s +0\.100 s +process 0 +n1 +s0 +add 1$/m);
    expect(text).toMatch(/0\.200 s +0\.300 s +process 1 +n2 +s0 +read/);
  });

  test("says what clients saw while each fault acted, and names those that did not", async () => {
    const faults = [FAULT, skipped(1, "nobody led"), skipped(2, "nobody led")];
    const text = await summaryOf(STALE.slice(0, 2), { faults });
    expect(text).toMatch(/^ {2}process\.kill +n2 +0\.1 +0\.3 +1 +0 +0 +100/m);
    expect(text).toContain("  skipped   2 × process.kill on leader: nobody led");
  });

  test("names what nothing can do to the system", async () => {
    const leftOut = [{ name: "clock", reason: "a static program" }];
    const faults = {
      name: "faults",
      kind: "vacuity",
      verdict: "valid",
      reason: "none",
      details: { leftOut },
    } as const;
    expect(await summaryOf(STALE, { observed: [faults] })).toContain("  left out  clock: a static program");
  });

  test("has no empty tables where nothing took place", async () => {
    const rig = { name: "rig", kind: "rig", verdict: "failed", reason: "no leader within 60 s" } as const;
    const text = await summaryOf([], { observed: [rig] });
    expect(text).toMatch(/^FAILED: rig: no leader within 60 s\n/);
    expect(text).not.toMatch(/p50|quiet|operations a second/);
  });

  test("keeps to 120 columns, and says where the rest of a long reason is", async () => {
    const reason = "n1: something that is long to tell; ".repeat(60);
    const observed = [{ name: "servers", kind: "safety", verdict: "invalid", reason } as const];
    const lines = (await summaryOf(STALE, { observed })).split("\n");
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
    expect(lines.at(-1)).toBe("… whole in the report, and by gauntlet check --json");
  });
});
