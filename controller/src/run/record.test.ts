import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readHistory, readSamples, RUN_FILES } from "@gauntlet/histories";
import type { Client, LinearizabilityEvidence } from "@gauntlet/workloads";
import { describe, expect, test } from "vitest";
import { configure } from "../cli/configure.js";
import { SILENT } from "../cli/terminal.js";
import { fakeCluster } from "../testing/fake-cluster.js";
import { deafClient, MemoryStore, staleReader } from "../testing/fake-clients.js";
import {
  BOUNDS,
  check,
  correct,
  expectCleanedUp,
  type Ran,
  recordedRuns,
  REQUEST,
} from "../testing/recorded-run.js";
import { recordRun } from "./record.js";

const { run, root } = recordedRuns();

const KILL_ONE = "faults: [{at: 200ms, for: 500ms, fault: process.kill, target: one}]";

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
    const options = { runsRoot: root(), startCluster, checkWorkload, progress: SILENT, bounds: BOUNDS };
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
