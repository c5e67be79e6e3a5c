import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readHistory, readResults, readSamples, RUN_FILES, type RunResults } from "@gauntlet/histories";
import type { Client, LinearizabilityEvidence } from "@gauntlet/workloads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkInThread } from "../checks/workload-check.js";
import { configure, type RunRequest } from "../cli/configure.js";
import { SILENT } from "../cli/terminal.js";
import { RigError, UsageError } from "../errors.js";
import type { ClusterRequest } from "./cluster.js";
import { type FakeCluster, fakeCluster, type FakeOptions } from "../testing/fake-cluster.js";
import { deafClient, MemoryStore, staleReader } from "../testing/fake-clients.js";
import { recordRun } from "./record.js";

const KILL_ONE = "faults: [{at: 200ms, for: 500ms, fault: process.kill, target: one}]";
const BOUNDS = {
  startMs: 2_000,
  recoveryMs: 2_000,
  finalReadsMs: 2_000,
  agreementMs: 2_000,
  checkMs: 20_000,
};

const REQUEST: RunRequest = {
  workload: "register",
  nodes: 3,
  concurrency: 6,
  rate: 400,
  timeLimitMs: 1_200,
  opTimeoutMs: 500,
  seed: 7,
  faults: { from: "families", names: [] },
};

let runsRoot: string;

beforeAll(async () => {
  runsRoot = await mkdtemp(join(tmpdir(), "gauntlet-runs-"));
});

afterAll(() => rm(runsRoot, { recursive: true, force: true }));

interface Ran {
  readonly directory: string;
  readonly results: RunResults;
  readonly cluster: FakeCluster;
}

async function run(
  fake: FakeOptions,
  request: Partial<RunRequest> = {},
  signal = new AbortController().signal,
  tell: (line: string) => void = () => undefined,
  stopAt?: readonly string[],
): Promise<Ran> {
  const cluster = fakeCluster(fake);
  const config = configure({ ...REQUEST, ...request });
  const startCluster = cluster.start;
  const progress = { ...SILENT, line: tell };
  const options = { runsRoot, startCluster, checkWorkload: checkInThread, progress, bounds: BOUNDS, stopAt };
  return { ...(await recordRun(config, options, signal)), cluster };
}

function correct(): FakeOptions {
  const store = new MemoryStore();
  return { client: () => store.client() };
}

function check(results: RunResults, name: string): RunResults["checks"][number] | undefined {
  return results.checks.find((candidate) => candidate.name === name);
}

async function expectCleanedUp({ directory, results, cluster }: Ran): Promise<void> {
  expect(cluster.running()).toBe(0);
  expect(cluster.openConnections()).toBe(0);
  expect(await readResults(directory)).toEqual(JSON.parse(JSON.stringify(results)));
  expect(await readFile(join(directory, RUN_FILES.report), "utf8")).toContain("<html");
}

describe.concurrent("a run on a correct register", () => {
  test("is valid, at the rate that was asked for, and leaves all of its files", async () => {
    const ran = await run(correct());
    expect(ran.results.reason).toContain("checks passed");
    expect(ran.results.verdict).toBe("valid");
    expect(ran.results.okPerSecond).toBeGreaterThan(100);
    expect(ran.results.okPerSecond).toBeLessThan(450);
    await expectCleanedUp(ran);
    const { events } = await readHistory(join(ran.directory, RUN_FILES.history));
    expect(await readdir(ran.directory)).not.toContain(RUN_FILES.linearizability);
    const finals = events.filter((event) => event.final === true);
    const keys = new Set(events.flatMap(({ key }) => (key === undefined ? [] : [key])));
    expect(new Set(finals.map(({ key }) => key))).toEqual(keys);
    expect(JSON.parse(await readFile(join(ran.directory, RUN_FILES.test), "utf8"))).toMatchObject({
      seed: 7,
      workload: "register",
      timeLimitMs: 1_200,
      versions: { fake: "1", rig: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
      capabilities: { "network.cut": { available: true } },
    });
  });

  test("with open arrivals and a skew is valid, and every operation says when it was due", async () => {
    const ran = await run(correct(), { arrival: "open", keySkew: 1 });
    expect(check(ran.results, "linearizability")).toMatchObject({ verdict: "valid" });
    const { events } = await readHistory(join(ran.directory, RUN_FILES.history));
    const invoked = events.filter(({ type, final }) => type === "invoke" && final !== true);
    expect(invoked.length).toBeGreaterThan(100);
    expect(invoked.filter(({ due }) => due === undefined)).toEqual([]);
    expect(new Set(invoked.map(({ key }) => key)).size).toBeGreaterThan(5);
    expect(JSON.parse(await readFile(join(ran.directory, RUN_FILES.test), "utf8"))).toMatchObject({
      arrival: "open",
      maxProcesses: 60,
      keySkew: 1,
    });
  });

  test("with a fault that is proved is valid, and keeps a schedule that can be run again", async () => {
    const ran = await run(correct(), { faults: { from: "text", text: KILL_ONE, name: "kill.yaml" } });
    expect(check(ran.results, "faults")).toMatchObject({ verdict: "valid" });
    expect(ran.results.verdict).toBe("valid");
    const text = await readFile(join(ran.directory, RUN_FILES.schedule), "utf8");
    const again = await run(correct(), { faults: { from: "text", text, name: "schedule.json" } });
    expect(again.results.faults.map(({ fault, nodes }) => [fault, nodes])).toEqual(
      ran.results.faults.map(({ fault, nodes }) => [fault, nodes]),
    );
  });

  test("asks the same things in the same order when the seed is the same", async () => {
    const asked = async (seed: number): Promise<unknown[]> => {
      const { directory } = await run(correct(), { seed, concurrency: 1, timeLimitMs: 3_000 });
      const { events } = await readHistory(join(directory, RUN_FILES.history));
      const invokes = events.filter(({ type, final }) => type === "invoke" && final !== true);
      return invokes.map(({ f, key }) => [f, key]);
    };
    const [once, again, other] = await Promise.all([asked(5), asked(5), asked(6)]);
    // How many there are depends on the machine's speed: a busy one drops what is a second late.
    const common = Math.min(once.length, again.length, other.length);
    expect(common).toBeGreaterThan(8);
    expect(once.slice(0, common)).toEqual(again.slice(0, common));
    expect(once.slice(0, common)).not.toEqual(other.slice(0, common));
  });
});

describe.concurrent("beside the history", () => {
  const dataOf = ({ directory }: Ran): Promise<readonly string[]> =>
    Promise.all(
      ["n1", "n2", "n3"].map((node) =>
        readFile(join(directory, RUN_FILES.nodes, node, RUN_FILES.nodeData), "utf8").catch(() => "gone"),
      ),
    );

  test("every node is sampled, each kind has its verdict, each fault its figures, and nobody's data is kept", async () => {
    const kill = { from: "text", text: KILL_ONE, name: "kill.yaml" } as const;
    const ran = await run({ ...correct(), savesData: true }, { faults: kill });
    const samples = (await readSamples(ran.directory)) ?? [];
    expect(new Set(samples.map(({ node }) => node))).toEqual(new Set(["n1", "n2", "n3"]));
    expect(samples.filter(({ role }) => role === "leader").map(({ node }) => node)).toContain("n1");
    expect(ran.results.verdicts).toEqual({
      safety: "valid",
      liveness: "valid",
      vacuity: "valid",
      rig: "valid",
    });
    expect(ran.results.windows?.map(({ fault }) => fault)).toEqual(["quiet", "process.kill"]);
    expect(ran.results.windows?.every(({ ok, p99Ms }) => ok > 0 && p99Ms !== null)).toBe(true);
    expect(await dataOf(ran)).toEqual(["gone", "gone", "gone"]);
  });

  test("a server that refuses data which was harmed owes nothing any more, and the others agree", async () => {
    const available = { available: true, detail: "of a test" } as const;
    const text = "faults: [{at: 100ms, for: 1s, fault: disk.bitflip, target: n2}]";
    const fake = { ...correct(), refusesHarm: true, capabilities: { "disk.damage": available } };
    const faults = { from: "text", text, name: "flip.yaml" } as const;
    const { results } = await run(fake, { faults, timeLimitMs: 2_000 });
    expect(check(results, "faults")?.reason).toContain("took effect");
    expect(check(results, "recovery")?.reason).toContain("but n2, which refuses its harmed data,");
    expect(check(results, "agreement")?.reason).toContain("all 2 members");
    expect(results.verdict).toBe("valid");
  });

  test("nodes that hold different states are a violation, and their data is kept", async () => {
    const nodes = [1, 1, 2].map((hash, i) => ({ node: `n${i + 1}`, hash, compactRevision: 0, detail: null }));
    const ran = await run({ ...correct(), savesData: true, hashes: () => ({ revision: 9, nodes }) });
    expect(ran.results.verdict).toBe("invalid");
    expect(ran.results.verdicts).toMatchObject({ safety: "invalid", liveness: "valid" });
    expect(ran.results.reason).toContain("safety: agreement: members hold different states at revision 9");
    expect(await dataOf(ran)).toEqual(["data of n1", "data of n2", "data of n3"]);
  });

  test("a run that ends at a violation keeps the data too", async () => {
    const store = new MemoryStore();
    const client = (node: string): Client => (node === "n2" ? staleReader(store.client()) : store.client());
    const ran = await run({ client, savesData: true });
    expect(check(ran.results, "completion")?.reason).toContain("a violation was seen");
    expect(await dataOf(ran)).toEqual(["data of n1", "data of n2", "data of n3"]);
  });

  test("a rig that cannot sample has failed; nodes that say nothing of themselves are no failure of it", async () => {
    const broken = await run({ ...correct(), sampleThrows: true });
    expect(check(broken.results, "rig")?.reason).toContain("sampling the nodes: no sampler");
    expect(broken.results.verdict).toBe("failed");
    let isHung = false;
    const silent = await run({ ...correct(), isHung: () => isHung }, {}, undefined, (line) => {
      if (line.startsWith("main")) isHung = true;
      if (line.startsWith("heal")) isHung = false;
    });
    expect(silent.results.verdict).toBe("valid");
    const samples = (await readSamples(silent.directory)) ?? [];
    expect(
      samples.some(({ role, term, rssBytes }) => role === null && term === null && rssBytes === null),
    ).toBe(true);
  });
});

describe.concurrent("a run that must not pass", () => {
  test("stale reads are invalid, with the key and the reason", async () => {
    const store = new MemoryStore();
    const client = (node: string): Client => (node === "n2" ? staleReader(store.client()) : store.client());
    const ran = await run({ client }, {}, undefined, undefined, ["linearizability"]);
    expect(ran.results.verdict).toBe("invalid");
    expect(ran.results.reason).toMatch(/linearizability: key r\d+ .* no order explains the read/);
    const evidence = check(ran.results, "linearizability")?.details as LinearizabilityEvidence | undefined;
    const page = await readFile(join(ran.directory, RUN_FILES.linearizability), "utf8");
    expect(page).toContain(`"key":"${evidence?.failures[0]?.key}","verdict":"illegal"`);
    const report = await readFile(join(ran.directory, RUN_FILES.report), "utf8");
    expect(report.includes(`{"path":"${RUN_FILES.linearizability}"`)).toBe(true);
    await expectCleanedUp(ran);
  });

  test("it ends at the first violation, unless other checks' violations are wanted", async () => {
    const store = new MemoryStore();
    const stale = { client: () => staleReader(store.client()) };
    const startedMs = performance.now();
    const ran = await run(stale, { timeLimitMs: 60_000 });
    expect(performance.now() - startedMs).toBeLessThan(30_000);
    expect(ran.results.verdict).toBe("invalid");
    expect(check(ran.results, "completion")?.reason).toContain("a violation was seen");
    await expectCleanedUp(ran);
    const whole = await run(stale, { seed: 8 }, undefined, undefined, ["no-such-check"]);
    expect(check(whole.results, "completion")).toMatchObject({ verdict: "valid" });
    expect(whole.results.verdict).toBe("invalid");
  });

  test("a violation that was seen while it went on stays one where the check of the whole comes to no end", async () => {
    const store = new MemoryStore();
    const { start: startCluster } = fakeCluster({ client: () => staleReader(store.client()) });
    const unknown = { name: "linearizability", kind: "safety", verdict: "unknown", reason: "time" } as const;
    const checkWorkload = async () => [unknown];
    const options = { runsRoot, startCluster, checkWorkload, progress: SILENT, bounds: BOUNDS };
    const config = configure({ ...REQUEST, seed: 9, timeLimitMs: 20_000 });
    const { results } = await recordRun(config, options, new AbortController().signal);
    expect(check(results, "live")).toMatchObject({ kind: "safety", verdict: "invalid" });
    expect(results.verdicts).toMatchObject({ safety: "invalid" });
  });

  test("a violation is not masked by a rig that fails", async () => {
    const store = new MemoryStore();
    const seen = new Set<string>();
    const failures = (): readonly string[] => (seen.has("heal") ? ["n1: its container ended"] : []);
    const client = (): Client => staleReader(store.client());
    const tell = (line: string): void => void seen.add(line.split(":")[0] ?? "");
    const ran = await run({ client, failures }, {}, undefined, tell, []);
    expect(check(ran.results, "rig")).toMatchObject({ verdict: "failed" });
    expect(ran.results.verdict).toBe("invalid");
  });

  test("a cluster that took writes and then answers nothing, for good, is invalid, and vacuous besides", async () => {
    const store = new MemoryStore();
    const ran = await run({ client: () => deafClient(store.client()) });
    expect(check(ran.results, "final-reads")).toMatchObject({ kind: "liveness", verdict: "invalid" });
    expect(ran.results.verdict).toBe("invalid");
    expect(check(ran.results, "stats")).toMatchObject({
      verdict: "unknown",
      reason: expect.stringContaining("vacuous"),
    });
    await expectCleanedUp(ran);
  });

  test("a fault that acts without effect is unknown: vacuous, and named", async () => {
    const faults = { from: "text", text: KILL_ONE, name: "kill.yaml" } as const;
    const ran = await run({ ...correct(), faultsWork: false }, { faults });
    expect(ran.results.verdict).toBe("unknown");
    expect(check(ran.results, "faults")?.reason).toMatch(/vacuous: process\.kill on n\d/);
  });

  test("a fault that is not possible here is unknown: vacuous, with the reason", async () => {
    const missing = { available: false, reason: "no right to send signals" } as const;
    const faults = { from: "text", text: KILL_ONE, name: "kill.yaml" } as const;
    const ran = await run({ ...correct(), capabilities: { "process.signal": missing } }, { faults });
    expect(ran.results.verdict).toBe("unknown");
    expect(check(ran.results, "faults")?.reason).toContain("no right to send signals");
  });

  test("a cluster that stops answering for good is a liveness finding", async () => {
    const store = new MemoryStore();
    let calls = 0;
    const client = (): Client => {
      const [alive, deaf] = [store.client(), deafClient(store.client())];
      const next = (): Client => ((calls += 1) <= 120 ? alive : deaf);
      return {
        read: (key) => next().read(key),
        write: (key, value) => next().write(key, value),
        compareAndSet: (key, from, to) => next().compareAndSet(key, from, to),
        transact: (transaction) => next().transact(transaction),
      };
    };
    const ran = await run({ client, isHung: () => calls > 120 });
    expect(check(ran.results, "healing")).toMatchObject({
      verdict: "valid",
      reason: expect.stringContaining("after it n1, n2, n3 did not answer"),
    });
    expect(check(ran.results, "recovery")).toMatchObject({ kind: "liveness", verdict: "invalid" });
    expect(check(ran.results, "final-reads")).toMatchObject({ kind: "liveness", verdict: "invalid" });
    expect(ran.results.verdict).toBe("invalid");
    await expectCleanedUp(ran);
  });
});

describe.concurrent("a rig that fails", () => {
  test("a container that is lost after the heal is no finding about the cluster", async () => {
    const store = new MemoryStore();
    let lost = false;
    const client = (): Client => {
      const [alive, deaf] = [store.client(), deafClient(store.client())];
      return {
        ...alive,
        read: (key) => (lost ? deaf : alive).read(key),
        compareAndSet: (key, from, to) => (lost ? deaf : alive).compareAndSet(key, from, to),
      };
    };
    const failures = (): readonly string[] => (lost ? ["n1: its container ended"] : []);
    const ran = await run({ client, failures }, { rate: 20 }, undefined, (line) => {
      lost ||= line.startsWith("final reads");
    });
    expect(check(ran.results, "rig")).toMatchObject({ verdict: "failed" });
    expect(ran.results.checks.filter(({ verdict }) => verdict === "invalid")).toEqual([]);
    expect(ran.results.verdict).toBe("failed");
  });

  test("what cannot be written takes nothing away from the verdict", async () => {
    const store = new MemoryStore();
    const path = (name: string, { logsDirectory }: ClusterRequest): string => join(logsDirectory, "..", name);
    const start = async (request: ClusterRequest): Promise<void> => {
      await mkdir(path(RUN_FILES.schedule, request));
      await mkdir(path(RUN_FILES.report, request));
      await mkdir(path(RUN_FILES.linearizability, request));
      await writeFile(path(RUN_FILES.nodes, request), "");
    };
    const stale = { client: () => staleReader(store.client()), start };
    const ran = await run(stale, {}, undefined, undefined, ["linearizability"]);
    expect(ran.results.verdict).toBe("invalid");
    expect(check(ran.results, "rig")).toMatchObject({ verdict: "failed" });
    for (const file of [RUN_FILES.schedule, RUN_FILES.report, RUN_FILES.linearizability])
      expect(check(ran.results, "rig")?.reason).toContain(file);
    expect(await readResults(ran.directory)).toEqual(JSON.parse(JSON.stringify(ran.results)));
    expect(ran.cluster.running()).toBe(0);
  });

  test("results that cannot be written are told with the verdict", async () => {
    const start = async ({ logsDirectory }: ClusterRequest): Promise<void> => {
      await mkdir(join(logsDirectory, "..", RUN_FILES.results));
    };
    const { results } = await run({ ...correct(), start });
    expect(results).toMatchObject({
      verdict: "failed",
      reason: expect.stringContaining(RUN_FILES.results),
    });
  });

  test("a runs root that is no folder is bad usage", async () => {
    const root = join(runsRoot, "a-file");
    await writeFile(root, "");
    const config = configure(REQUEST);
    const { start: startCluster } = fakeCluster(correct());
    const options = { runsRoot: root, startCluster, checkWorkload: checkInThread };
    const record = recordRun(
      config,
      { ...options, progress: SILENT, bounds: BOUNDS },
      new AbortController().signal,
    );
    await expect(record).rejects.toThrow(UsageError);
  });

  test("a cluster that does not start: failed, with the reason, and files all the same", async () => {
    const start = (): Promise<void> => Promise.reject(new RigError("the engine does not answer"));
    const ran = await run({ ...correct(), start });
    expect(ran.results).toMatchObject({
      verdict: "failed",
      reason: expect.stringContaining("the engine does not answer"),
    });
    expect(check(ran.results, "completion")).toMatchObject({ verdict: "unknown" });
    expect(check(ran.results, "healing")).toBeUndefined();
    await expectCleanedUp(ran);
  });

  test("a container that dies in the middle ends the run: failed", async () => {
    let lost = false;
    const failures = (): readonly string[] => (lost ? ["n1: its container ended"] : []);
    const startedMs = performance.now();
    const ran = await run({ ...correct(), failures }, { timeLimitMs: 20_000 }, undefined, (line) => {
      lost ||= line.startsWith("main");
    });
    expect(ran.results).toMatchObject({
      verdict: "failed",
      reason: expect.stringContaining("its container ended"),
    });
    expect(performance.now() - startedMs).toBeLessThan(15_000);
    await expectCleanedUp(ran);
  });

  test("a client that throws, against its contract: failed, never valid", async () => {
    const store = new MemoryStore();
    const client = (): Client => ({
      ...store.client(),
      read: () => Promise.reject(new Error("broken client")),
    });
    const ran = await run({ client });
    expect(ran.results).toMatchObject({
      verdict: "failed",
      reason: expect.stringContaining("broken client"),
    });
  });

  test("a client that never ends holds up neither the other processes nor the end", async () => {
    const store = new MemoryStore();
    const never = (): Promise<never> => new Promise(() => {});
    const client = (node: string): Client =>
      node === "n3" ? { ...store.client(), read: never, compareAndSet: never } : store.client();
    const ran = await run({ client });
    expect(ran.results.okPerSecond).toBeGreaterThan(50);
    expect(ran.results).toMatchObject({ verdict: "failed", reason: expect.stringContaining("did not end") });
    await expectCleanedUp(ran);
  });
});

describe.concurrent("a run that is interrupted", () => {
  test("what broke besides is told, and that the run was interrupted", async () => {
    const stop = new AbortController();
    const start = (): Promise<void> => {
      stop.abort();
      return Promise.reject(new RigError("interrupted; and then: the container n1 could not be removed"));
    };
    const { results } = await run({ ...correct(), start }, {}, stop.signal);
    expect(check(results, "completion")?.reason).toContain("interrupted in phase prepare");
    expect(results).toMatchObject({
      verdict: "failed",
      reason: expect.stringContaining("could not be removed"),
    });
  });

  test.each([
    ["while the cluster starts", 50],
    ["in the main phase", 900],
  ])("%s: cleaned up, history intact, never valid", async (_, afterMs) => {
    const stop = new AbortController();
    const slowly = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 200));
    setTimeout(() => stop.abort(), afterMs);
    const ran = await run({ ...correct(), start: slowly }, { timeLimitMs: 30_000 }, stop.signal);
    expect(ran.results).toMatchObject({
      verdict: "unknown",
      reason: expect.stringContaining("interrupted in phase"),
    });
    await expectCleanedUp(ran);
  });

  test("nodes that were not up yet, and so left no logs, are no failure", async () => {
    const stop = new AbortController();
    const start = async ({ logsDirectory }: ClusterRequest): Promise<void> => {
      await mkdir(join(logsDirectory, "n1"), { recursive: true });
      stop.abort();
      stop.signal.throwIfAborted();
    };
    const { results } = await run({ ...correct(), start }, {}, stop.signal);
    expect(check(results, "completion")?.reason).toContain("interrupted in phase prepare");
    expect(results.verdict).toBe("unknown");
  });

  test("a violation that was seen before the interruption stays one", async () => {
    const store = new MemoryStore();
    const stop = new AbortController();
    let reads = 0;
    const client = (): Client => {
      const stale = staleReader(store.client());
      return {
        ...stale,
        read: (key) => {
          if ((reads += 1) === 200) stop.abort();
          return stale.read(key);
        },
      };
    };
    const ran = await run({ client }, { timeLimitMs: 30_000 }, stop.signal);
    expect(check(ran.results, "completion")).toMatchObject({ verdict: "unknown" });
    expect(ran.results.verdict).toBe("invalid");
  });
});
