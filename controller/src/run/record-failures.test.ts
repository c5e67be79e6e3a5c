import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readResults, RUN_FILES } from "@gauntlet/histories";
import type { Client } from "@gauntlet/workloads";
import { describe, expect, test } from "vitest";
import { checkInThread } from "../checks/workload-check.js";
import { configure } from "../cli/configure.js";
import { SILENT } from "../cli/terminal.js";
import { RigError, UsageError } from "../errors.js";
import type { ClusterRequest } from "./cluster.js";
import { fakeCluster } from "../testing/fake-cluster.js";
import { deafClient, MemoryStore, staleReader } from "../testing/fake-clients.js";
import { BOUNDS, check, correct, expectCleanedUp, REQUEST, recordedRuns } from "../testing/recorded-run.js";
import { recordRun } from "./record.js";

const { run, root } = recordedRuns();

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
    const file = join(root(), "a-file");
    await writeFile(file, "");
    const config = configure(REQUEST);
    const { start: startCluster } = fakeCluster(correct());
    const options = { runsRoot: file, startCluster, checkWorkload: checkInThread };
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
    // Longer than a test may take.
    const ran = await run({ ...correct(), failures }, { timeLimitMs: 600_000 }, undefined, (line) => {
      lost ||= line.startsWith("main");
    });
    expect(ran.results).toMatchObject({
      verdict: "failed",
      reason: expect.stringContaining("its container ended"),
    });
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
