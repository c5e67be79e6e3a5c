import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { notOffered } from "../capabilities.js";
import { HEALTHY_DISK } from "../effects/disk.js";
import { UNSHAPED } from "../effects/packet-ledger.js";
import { ScheduleError } from "../errors.js";
import { generateSchedule } from "../generate/generate.js";
import { FAMILY_NAMES } from "../generate/families.js";
import { readSchedule } from "../schedule/parse.js";
import type { Schedule } from "../schedule/schedule.js";
import { schedules } from "../testing/arbitraries.js";
import { bench, fault, runAll } from "../testing/bench.js";
import { allCapabilities, type FakeHosts } from "../testing/fake-hosts.js";
import { expectWhole } from "../testing/whole.js";
import { toExecutedSchedule } from "./executed.js";

test("every generated schedule runs to its end with every fault proved, undone and in order", async () => {
  for (let seed = 0; seed < 8; seed++) {
    const nodes = ["n1", "n2", "n3", "n4", "n5"];
    const schedule = generateSchedule({ seed, families: FAMILY_NAMES, timeLimitMs: 90_000, nodes });
    const all = bench(schedule, { timeLimitMs: 90_000, spares: 1 });
    const executed = await runAll(all);
    expect(executed.map((each) => each.scheduled)).toEqual(schedule.faults);
    for (const each of executed) {
      const healed = each.fault === "member.transfer" ? null : true;
      expect(each).toMatchObject({ outcome: { type: "proved" }, healed });
    }
    expect(all.clock.nowMs()).toBeLessThanOrEqual(90_000);
    expectWhole(all.hosts);
  }
});

test("whatever the schedule, nothing of it is left on the nodes and no timer runs on", async () => {
  await fc.assert(
    fc.asyncProperty(schedules, fc.nat(60_000), async (schedule, abortAtMs) => {
      const { repeat: _, ...once } = schedule;
      const all = bench(once, { timeLimitMs: 1_000_000 });
      const stop = new AbortController();
      void all.clock.sleep(abortAtMs).then(() => stop.abort());
      await all.clock.run(all.runner.run(stop.signal));
      expectWhole(all.hosts);
      const begun = all.events.filter((event) => event.phase === "begin").map((event) => event.value.index);
      const ended = all.events.filter((event) => event.phase === "end").map((event) => event.value.index);
      expect(ended).toHaveLength(begun.length);
      expect(new Set(ended)).toEqual(new Set(begun));
    }),
    { numRuns: 40 },
  );
});

test("events tell begin and end of each fault with its nodes, arguments and proof", async () => {
  const all = bench({ faults: [fault("partition.isolate", 3, 5, "leader", { traffic: "peer" })] });
  await runAll(all);
  const value = { index: 0, target: "leader", nodes: ["n1"], args: { direction: "both", traffic: "peer" } };
  expect(all.events).toEqual([
    {
      type: "info",
      f: "partition.isolate",
      phase: "begin",
      value: { ...value, roles: expect.objectContaining({ n1: "leader", n5: "follower" }) },
    },
    {
      type: "info",
      f: "partition.isolate",
      phase: "end",
      value: {
        ...value,
        outcome: { type: "proved", proof: expect.stringMatching(/^n1 dropped \d+ packets of 4 peers$/) },
      },
    },
  ]);
});

describe("overlapping faults", () => {
  test("two partitions on one node compose, and the end of one does not heal the other", async () => {
    const all = bench({
      faults: [fault("partition.isolate", 2, 12, "n1"), fault("partition.halves", 5, 6, ["n1", "n2"])],
    });
    const running = all.runner.run(new AbortController().signal);
    await all.clock.run(all.clock.sleep(8_000));
    const rules = (): unknown => all.hosts.cluster.node("n1").rules;
    const isolation = ["n2", "n3", "n4", "n5"].map((peer) => ({ peer, direction: "both", traffic: "all" }));
    expect(rules()).toEqual(isolation);
    expect(all.hosts.cluster.node("n2").rules).toHaveLength(3);
    await all.clock.run(all.clock.sleep(5_000));
    expect(rules()).toEqual(isolation);
    expect(all.hosts.cluster.node("n2").rules).toEqual([]);
    const executed = await all.clock.run(running);
    expect(executed[0]).toMatchObject({ outcome: { type: "proved" }, healed: true });
    expect(executed[1]).toMatchObject({ outcome: { type: "proved" }, healed: true });
    expectWhole(all.hosts);
  });

  test("a bump and a rate on one node keep out of each other's way", async () => {
    const all = bench({
      faults: [
        fault("clock.bump", 2, 10, "n1", { offset: "30s" }),
        fault("clock.rate", 4, 5, "n1", { rate: 2 }),
      ],
    });
    const executed = await runAll(all);
    for (const each of executed) expect(each).toMatchObject({ outcome: { type: "proved" }, healed: true });
    expectWhole(all.hosts);
  });

  test("a fault whose random target is still held by another is skipped and says by which", async () => {
    // Two majorities of five always meet, but a minority and a majority only may: found out when it happens.
    let skipped = 0;
    for (let seed = 0; seed < 30; seed++) {
      const faults = [fault("process.pause", 2, 8, "majority"), fault("process.kill", 4, 2, "minority")];
      const all = bench({ seed, faults });
      const [pause, kill] = await runAll(all);
      expect(pause).toMatchObject({ outcome: { type: "proved" }, healed: true });
      expectWhole(all.hosts);
      if (kill?.outcome.type !== "skipped") continue;
      skipped += 1;
      expect(kill.outcome.reason).toMatch(/^faults\[0\] still holds the process of n\d$/);
      expect(all.events.filter((event) => event.phase === "skipped")).toHaveLength(1);
    }
    expect(skipped).toBeGreaterThan(0);
  });
});

describe("a fault whose proof is a server's own word", () => {
  const bump = (atS: number) => fault("clock.bump", atS, 6, "n1", { offset: "30s" });

  test.each(["process.pause", "process.kill"])("is skipped while %s holds the server", async (name) => {
    const all = bench({ faults: [fault(name, 2, 6, "n1"), bump(4)] });
    const [held, skipped] = await runAll(all);
    expect(held?.outcome.type).toBe("proved");
    const reason = "faults[0] still holds the process of n1";
    expect(skipped).toMatchObject({ outcome: { type: "skipped", reason }, startedAtMs: null });
    expectWhole(all.hosts);
  });

  test("is not disturbed before it is proved, and leaves the server to others after it", async () => {
    const faults = [
      fault("clock.drift", 2, 12, "n1", { rate: 1.5 }),
      fault("process.pause", 2.1, 3, "n1"),
      fault("process.kill", 8, 3, "n1"),
    ];
    const [drift, pause, kill] = await runAll(bench({ faults: faults }));
    expect(drift).toMatchObject({ outcome: { type: "proved" }, healed: true });
    const reason = "faults[0] is not proved yet and needs the process of n1";
    expect(pause?.outcome).toEqual({ type: "skipped", reason });
    expect(kill).toMatchObject({ outcome: { type: "proved" }, healed: true });
  });

  test("shares the server with another such", async () => {
    const faults = [bump(2), fault("clock.rate", 2, 5, "n1", { rate: 2 }), fault("disk.stall", 2, 5, "n1")];
    for (const each of await runAll(bench({ faults }))) expect(each.outcome.type).toBe("proved");
  });

  test("leaves alone a node whose server has ended over its disk", async () => {
    const all = bench({ faults: [fault("disk.bitflip", 2, 4, "n1"), bump(10)] });
    void all.clock.sleep(8_000).then(() => Object.assign(all.hosts.cluster.node("n1"), { state: "exited" }));
    const [, skipped] = await runAll(all);
    const reason = "the disk of n1 is damaged, and its server has ended over it";
    expect(skipped?.outcome).toEqual({ type: "skipped", reason });
  });
});

test("a fault waits for a leader as long as it would last, begins then, and says how long it waited", async () => {
  const all = bench({ faults: [fault("process.pause", 2, 6, "leader")] });
  const answer = (answers: boolean): void => {
    for (const node of all.hosts.cluster.nodes) node.answers = answers;
  };
  answer(false);
  void all.clock.sleep(7_000).then(() => answer(true));
  const [paused] = await runAll(all);
  expect(paused).toMatchObject({ nodes: ["n1"], outcome: { type: "proved" }, healed: true });
  const [begin] = all.events;
  const waitedMs = begin?.value.waitedMs ?? 0;
  expect(begin?.phase).toBe("begin");
  expect(waitedMs).toBeGreaterThan(4_900);
  expect(waitedMs).toBeLessThan(5_500);
  expect((paused?.endedAtMs ?? 0) - (paused?.startedAtMs ?? 0)).toBeGreaterThanOrEqual(6_000);
});

describe("what cannot be done is skipped with its reason", () => {
  test("a missing capability", async () => {
    const capabilities = {
      ...allCapabilities(),
      "clock.rate": { available: false, reason: "no shim" } as const,
    };
    const all = bench({ faults: [fault("clock.rate", 2, 5, "n1", { rate: 2 })] }, { capabilities });
    const [executed] = await runAll(all);
    const reason = "clock.rate is not available here: no shim";
    expect(executed).toMatchObject({
      outcome: { type: "skipped", reason },
      nodes: [],
      healed: null,
      startedAtMs: null,
    });
    expect(all.hosts.calls).toEqual([]);
  });

  test("no leader", async () => {
    const faults = [fault("process.pause", 2, 12, "majority"), fault("partition.isolate", 8, 3, "leader")];
    const down = bench({ faults }, { interfere: (call) => (call.method === "view" ? "fail" : undefined) });
    const [pause, blind] = await runAll(down);
    expect(pause?.outcome.type).toBe("proved");
    expect(blind?.outcome).toMatchObject({
      type: "skipped",
      reason: expect.stringContaining("view was refused"),
    });
  });

  test("the run ended before its time", async () => {
    const all = bench({ faults: [fault("process.kill", 2, 5, "n1"), fault("process.kill", 20, 5, "n2")] });
    const stop = new AbortController();
    void all.clock.sleep(4_000).then(() => stop.abort());
    const [first, second] = await all.clock.run(all.runner.run(stop.signal));
    expect(first).toMatchObject({ outcome: { type: "proved" }, healed: true });
    expect(first?.endedAtMs).toBeLessThan(4_500);
    expect(second?.outcome).toEqual({ type: "skipped", reason: "the run ended before its time" });
    expectWhole(all.hosts);
  });
});

test("a listener that throws ends the run, which is undone before it rejects", async () => {
  const all = bench(
    { faults: [fault("process.kill", 2, 30, "all")] },
    {
      onEvent: () => {
        throw new Error("disk full");
      },
    },
  );
  await expect(runAll(all)).rejects.toThrow("disk full");
  expect(all.clock.nowMs()).toBeLessThan(5_000);
  expectWhole(all.hosts);
});

test("a run of many faults warns of nothing", async () => {
  const warnings: string[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning.message);
  process.on("warning", onWarning);
  await runAll(
    bench({ faults: Array.from({ length: 15 }, (_, at) => fault("process.kill", at * 2, 1, "n1")) }),
  );
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  process.off("warning", onWarning);
  expect(warnings).toEqual([]);
});

test("a schedule for other nodes, or for a longer time, is refused before anything happens", () => {
  expect(() => bench({ faults: [fault("process.kill", 2, 5, "n8")] })).toThrow(ScheduleError);
  expect(() => bench({ faults: [fault("process.kill", 2, 59, "n1")] })).toThrow(
    "does not fit the time limit of 60s",
  );
});

test("a fault that waited for a leader until nothing could be shown any more does not act", async () => {
  const late = bench({ faults: [fault("process.kill", 4, 3, "leader")] }, { timeLimitMs: 7_000 });
  const answer = (answers: boolean): void => {
    for (const node of late.hosts.cluster.nodes) node.answers = answers;
  };
  answer(false);
  void late.clock.sleep(6_870).then(() => answer(true));
  const [kill] = await runAll(late);
  expect(kill?.outcome).toEqual({ type: "skipped", reason: "too little was left of the time limit" });
  expect(late.hosts.calls.some(({ detail }) => detail === "SIGKILL")).toBe(false);
});

describe("healAll", () => {
  const disturb = ({ cluster }: FakeHosts): void => {
    Object.assign(cluster.node("n1"), {
      rules: [{ peer: "n2", direction: "both", traffic: "all" }],
    });
    Object.assign(cluster.node("n2"), { state: "exited", signal: "SIGKILL" });
    Object.assign(cluster.node("n3"), { state: "paused" });
    Object.assign(cluster.node("n4"), {
      clock: { wallOffsetMs: 60_000, wallRate: 1, monotonicRate: 2 },
      disk: { ...HEALTHY_DISK, stalled: true },
    });
    Object.assign(cluster.node("n5"), { shapes: new Map([["n1", { ...UNSHAPED, lossShare: 0.5 }]]) });
  };

  test("heals what no fault of this run did, and says what it had to do", async () => {
    const all = bench({ faults: [] });
    disturb(all.hosts);
    const report = await all.clock.run(all.runner.healAll());
    expect(report.healed).toBe(true);
    expect(report.nodes.map(({ node, actions }) => [node, ...actions])).toEqual([
      ["n1"],
      ["n2", "start"],
      ["n3", "SIGCONT"],
      ["n4"],
      ["n5"],
    ]);
    expectWhole(all.hosts);
  });

  test.each([
    ["cut", "n1", "still holds rules against n2"],
    ["start", "n2", "ended by SIGKILL"],
    ["signal", "n3", "paused, pid"],
    ["setClock", "n4", "its clocks are set to 60000 ms off true time and 2 times its speed"],
    ["shape", "n5", "its packets have to n1 lossShare 0.5"],
    ["setDisk", "n4", "its disk has stalled true"],
  ])("without effect of %s, %s is reported as not healed", async (method, name, detail) => {
    const all = bench(
      { faults: [] },
      { interfere: (call) => (call.method === method ? "ignore" : undefined) },
    );
    disturb(all.hosts);
    const report = await all.clock.run(all.runner.healAll());
    expect(report.healed).toBe(false);
    expect(report.nodes.filter((node) => !node.healed)).toEqual([
      expect.objectContaining({ node: name, detail: expect.stringContaining(detail) }),
    ]);
  });

  test("makes the first members the members again, and leaves spares alone", async () => {
    const all = bench({ faults: [] }, { spares: 2 });
    const { cluster } = all.hosts;
    cluster.voters = ["n1", "n2", "n3", "n6"];
    cluster.learners = ["n5"];
    cluster.start(cluster.node("n6"));
    const report = await all.clock.run(all.runner.healAll());
    expect(report).toMatchObject({ healed: true, members: { healed: true } });
    expect(cluster.voters.toSorted()).toEqual(["n1", "n2", "n3", "n4", "n5"]);
    expect(cluster.learners).toEqual([]);
    expect(report.nodes.find(({ node }) => node === "n7")).toMatchObject({ healed: true, actions: [] });
    expect(cluster.node("n7").state).toBe("exited");
  });

  test("members that do not change back are reported as not healed", async () => {
    const interfere = ({ method }: { method: string }) => (method === "change" ? "ignore" : undefined);
    const all = bench({ faults: [] }, { spares: 1, interfere });
    all.hosts.cluster.voters = ["n1", "n2", "n3", "n4"];
    const report = await all.clock.run(all.runner.healAll());
    const detail = "voters n1, n2, n3, n4";
    expect(report).toMatchObject({ healed: false, members: { healed: false, detail } });
  });

  test("ends a run that is going on", async () => {
    const all = bench({
      faults: [fault("process.pause", 1, 50, "all"), fault("partition.halves", 3, 50, "minority")],
    });
    const running = all.runner.run(new AbortController().signal);
    await all.clock.run(all.clock.sleep(6_000));
    const report = await all.clock.run(all.runner.healAll());
    expect(report.healed).toBe(true);
    expect(await running).toHaveLength(2);
    expect(all.clock.nowMs()).toBeLessThan(12_000);
    expectWhole(all.hosts);
  });

  test("a server that runs and never answers is told apart: its machine is whole all the same", async () => {
    const all = bench({ faults: [] });
    disturb(all.hosts);
    Object.assign(all.hosts.cluster.node("n2"), { answers: false });
    const report = await all.clock.run(all.runner.healAll());
    expect(report).toMatchObject({ healed: true, silent: ["n2"] });
    expectWhole(all.hosts);
  });

  test("a server that takes a moment to answer is not silent", async () => {
    const all = bench({ faults: [] });
    const node = all.hosts.cluster.node("n2");
    node.answers = false;
    void all.clock.sleep(3_000).then(() => Object.assign(node, { answers: true }));
    expect(await all.clock.run(all.runner.healAll())).toMatchObject({ healed: true, silent: [] });
  });

  test("leaves alone what this place cannot do", async () => {
    const no = { available: false, reason: "not here" } as const;
    const own = { "clock.wall": no, "clock.rate": no, "network.cut": no };
    const capabilities = { ...allCapabilities(), ...notOffered("not here"), ...own };
    const all = bench({ faults: [] }, { capabilities });
    expect((await all.clock.run(all.runner.healAll())).healed).toBe(true);
    expect(all.hosts.calls.every((call) => ["process", "view"].includes(call.method))).toBe(true);
  });
});

test("the executed schedule is read back as the same schedule and makes the same choices again", async () => {
  const schedule: Schedule = {
    faults: [
      fault("process.kill", 2, 3, "minority"),
      fault("partition.halves", 8, 5, "minority"),
      fault("clock.bump", 16, 3, "one", { offset: "-5s" }),
    ],
    repeat: { everyMs: 21_000 },
  };
  const first = bench(schedule, { seed: 42 });
  const executed = await runAll(first);
  const saved = JSON.stringify(toExecutedSchedule(executed, first.runner.seed));
  const replayed = readSchedule(JSON.parse(saved));
  expect(replayed).toEqual({ ...first.runner.schedule, seed: 42 });
  const again = await runAll(bench(replayed, { seed: 1 }));
  expect(again.map((each) => each.nodes)).toEqual(executed.map((each) => each.nodes));
});
