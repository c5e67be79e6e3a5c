import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readHistory, RUN_FILES } from "@gauntlet/histories";
import { parseSchedule } from "@gauntlet/nemesis";
import type { Client } from "@gauntlet/workloads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runChecks } from "../checks/workload-check.js";
import { configure, findWorkload, type RunRequest } from "../cli/configure.js";
import { readRequest } from "../cli/recorded-request.js";
import { SILENT } from "../cli/terminal.js";
import { DataError } from "../errors.js";
import { type RecordOptions, recordRun } from "../run/record.js";
import { MemoryStore } from "../testing/fake-clients.js";
import { fakeCluster } from "../testing/fake-cluster.js";
import { readFailure, type SearchLimits, Shrinking } from "./shrinking.js";

const REQUEST: RunRequest = {
  workload: "register",
  nodes: 5,
  concurrency: 5,
  rate: 400,
  timeLimitMs: 1_500,
  opTimeoutMs: 500,
  seed: 11,
  faults: {
    from: "text",
    name: "two.yaml",
    text: `faults:
      - {at: 100ms, for: 200ms, fault: process.kill, target: n2}
      - {at: 300ms, for: 200ms, fault: process.kill, target: n3}`,
  },
};

const LIMITS: SearchLimits = { runs: 2, budget: 30, reproduce: 3 };

let runsRoot: string;

beforeAll(async () => {
  runsRoot = await mkdtemp(join(tmpdir(), "gauntlet-shrink-"));
});

afterAll(() => rm(runsRoot, { recursive: true, force: true }));

/** A store that forgets everything it holds, for every reader and for good, when n3 is killed. */
function forgetful(): { readonly record: Omit<RecordOptions, "stopAt">; readonly starts: () => number } {
  let store = new MemoryStore();
  let starts = 0;
  let hasForgotten = false;
  const client = (): Client => {
    const sound = store.client();
    const read: Client["read"] = async (key) => {
      const outcome = await sound.read(key);
      return hasForgotten && outcome.type === "ok" ? { ...outcome, value: null } : outcome;
    };
    return { ...sound, read };
  };
  const cluster = fakeCluster({
    client,
    start: async () => {
      store = new MemoryStore();
      hasForgotten = false;
      starts += 1;
    },
    onSignal: (node, signal) => {
      if (node === "n3" && signal === "SIGKILL") hasForgotten = true;
    },
  });
  const bounds = {
    startMs: 2_000,
    recoveryMs: 2_000,
    finalReadsMs: 2_000,
    agreementMs: 2_000,
    checkMs: 20_000,
  };
  return {
    starts: () => starts,
    record: {
      runsRoot,
      startCluster: cluster.start,
      checkWorkload: async ({ historyPath, workload, timeLimitMs }) =>
        runChecks(findWorkload(workload), (await readHistory(historyPath)).events, timeLimitMs),
      bounds,
      progress: SILENT,
    },
  };
}

async function shrink(directory: string, limits: Partial<SearchLimits> = {}) {
  const cluster = forgetful();
  const lines: string[] = [];
  const recorded = await readRequest(directory, runsRoot);
  const failure = await readFailure(recorded);
  const progress = { ...SILENT, line: (line: string) => void lines.push(line) };
  const options = {
    recorded,
    failure,
    limits: { ...LIMITS, ...limits },
    record: { ...cluster.record, progress },
  };
  const found = await new Shrinking(options, new AbortController().signal).search();
  return { ...found, failure, lines, runs: cluster.starts() };
}

async function recordedRun(request: Partial<RunRequest> = {}): Promise<string> {
  const config = configure({ ...REQUEST, ...request });
  const { directory } = await recordRun(config, forgetful().record, new AbortController().signal);
  return directory;
}

describe("a search for less that still fails", () => {
  test("ends with the one fault that matters, as few nodes as hold it, and k of n", {
    timeout: 200_000,
  }, async () => {
    const directory = await recordedRun();
    const { verdict, text, failure, lines } = await shrink(directory);
    expect(verdict).toBe("valid");
    expect(failure.detectors).toContain("linearizability");
    expect(text).toMatch(/^from 2 faults, 5 nodes, .*process\.kill n2.*$/m);
    expect(text).toMatch(/^to {3}1 faults, 3 nodes, .*: process\.kill n3$/m);
    expect(text).toMatch(/^fails in 3 of 3 runs: npx gauntlet run --schedule \S+smallest\.yaml --nodes 3 /m);
    expect(lines).toContain("the smallest: failed in 3 of 3 runs");

    const path = join(directory, "smallest.yaml");
    const smallest = await readFile(path, "utf8");
    expect(smallest).toMatch(/^# Fails by .*linearizability.* in 3 of 3 runs of$/m);
    expect(parseSchedule(smallest, path)).toMatchObject({
      faults: [{ fault: "process.kill", target: "n3" }],
    });

    const answers = await readFile(join(directory, "shrink.jsonl"), "utf8");
    const tried = answers.split("\n").length - 1;
    expect(tried).toBeGreaterThan(2);

    // What is known is not run again; a line that was cut off is.
    const again = await shrink(directory, { reproduce: 1 });
    expect([again.runs, again.lines[0]]).toEqual([1, `${tried} candidates were tried before`]);
    const cut = answers.slice(0, answers.lastIndexOf("\n", answers.length - 2) + 10);
    await writeFile(join(directory, "shrink.jsonl"), cut);
    const resumed = await shrink(directory, { reproduce: 1 });
    expect(resumed.lines[0]).toBe(`${tried - 1} candidates were tried before`);
    expect(resumed.runs).toBeGreaterThan(1);
    expect((await shrink(directory, { reproduce: 1 })).runs).toBe(1);

    await appendFile(join(directory, "shrink.jsonl"), "{}\n");
    await expect(shrink(directory)).rejects.toThrow(/shrink\.jsonl:\d+: not an answer of a search/);
  });

  test("says so when the failure is not seen again", { timeout: 60_000 }, async () => {
    const directory = await recordedRun();
    const test = join(directory, RUN_FILES.test);
    const schedule = join(directory, RUN_FILES.schedule);
    for (const path of [test, schedule]) {
      await writeFile(
        path,
        (await readFile(path, "utf8")).replaceAll(/"n[34]"/g, (node) => (node === '"n3"' ? '"n4"' : '"n3"')),
      );
    }
    const { verdict, text, runs } = await shrink(directory);
    expect([verdict, runs]).toEqual(["unknown", 2]);
    expect(text).toBe("not seen again in 2 runs of the whole schedule; --runs 6 tries harder\n");
  });

  test("refuses a run that did not fail", { timeout: 60_000 }, async () => {
    const directory = await recordedRun({ faults: { from: "families", names: [] } });
    const recorded = await readRequest(directory, runsRoot);
    await expect(readFailure(recorded)).rejects.toThrow(DataError);
    await expect(readFailure(recorded)).rejects.toThrow("only what failed can be made smaller");
  });
});

describe("a replay", () => {
  test("asks for the same load, faults and seed, and names what is not the same", {
    timeout: 60_000,
  }, async () => {
    const directory = await recordedRun({ concurrency: 1 });
    const { request, differences, image } = await readRequest(directory, runsRoot);
    expect([differences, image]).toEqual([[], null]);
    const config = configure(request);
    const again = await recordRun(config, forgetful().record, new AbortController().signal);
    const planned = async (run: string): Promise<unknown> => {
      const { seed, schedule, nodes, ratePerSecond, timeLimitMs } = JSON.parse(
        await readFile(join(run, RUN_FILES.test), "utf8"),
      ) as Record<string, unknown>;
      return { seed, schedule, nodes, ratePerSecond, timeLimitMs };
    };
    expect(await planned(again.directory)).toEqual(await planned(directory));
    expect(again.results.faults.filter(({ startedAtMs }) => startedAtMs !== null)[0]).toMatchObject({
      fault: "process.kill",
      nodes: ["n2"],
    });

    const path = join(directory, RUN_FILES.test);
    const test = JSON.parse(await readFile(path, "utf8")) as { versions: Record<string, string> };
    await writeFile(path, JSON.stringify({ ...test, versions: { ...test.versions, rig: "sha256:other" } }));
    expect((await readRequest(directory, runsRoot)).differences).toEqual([
      expect.stringContaining("the rig is another one"),
    ]);
  });

  test("of a planted client, which is gone, is refused", { timeout: 60_000 }, async () => {
    const directory = await recordedRun();
    const path = join(directory, RUN_FILES.test);
    const test = JSON.parse(await readFile(path, "utf8")) as { versions: Record<string, string> };
    await writeFile(path, JSON.stringify({ ...test, versions: { ...test.versions, client: "31-client" } }));
    await expect(readRequest(directory, runsRoot)).rejects.toThrow("31-client, which is not here any more");
  });
});
