import { describe, expect, test } from "vitest";
import { allCapabilities, type FakeHosts, type HostCall } from "../testing/fake-hosts.js";
import { bench, fault, runAll } from "../testing/bench.js";
import { FAULTS } from "./catalogue.js";

/** For where a test needs the machines that its interference sees. */
function meddling(meddle: (hosts: FakeHosts, call: HostCall) => void) {
  const machines: { hosts: FakeHosts | null } = { hosts: null };
  const interfere = (call: HostCall): undefined => {
    if (machines.hosts !== null) meddle(machines.hosts, call);
  };
  return { machines, interfere };
}

const outcomes = (executed: Awaited<ReturnType<typeof runAll>>): unknown[] =>
  executed.map(({ outcome }) => outcome.type);

test.each(FAULTS.flatMap(({ name, needs }) => needs.map((need) => [name, need] as const)))(
  "%s is skipped where %s is not available, with the reason",
  async (name, need) => {
    const args: Record<string, object> = {
      "packet.delay": { delay: "1s" },
      "clock.strobe": { offset: "5s" },
      "clock.drift": { rate: 2 },
      "packet.rate": { bytesPerSecond: 500 },
      "disk.slow": { delay: "1s" },
      "clock.rate": { rate: 2 },
      "clock.bump": { offset: "5s" },
    };
    const share = ["packet.loss", "packet.reorder", "packet.duplicate"].includes(name) ? { share: 0.5 } : {};
    const capabilities = { ...allCapabilities(), [need]: { available: false, reason: "not here" } };
    const scheduled = fault(name, 1, 8, "one", args[name] ?? share);
    const all = bench({ faults: [scheduled] }, { capabilities, spares: 1 });
    const reason = `${need} is not available here: not here`;
    expect((await runAll(all))[0]?.outcome).toEqual({ type: "skipped", reason });
  },
);

describe("packets", () => {
  test("shapes of one node compose, and the end of one leaves the other", async () => {
    const loss = fault("packet.loss", 1, 4, "n1", { share: 0.25 });
    const delay = fault("packet.delay", 2, 8, "n1", { delay: "30ms", jitter: "10ms" });
    const all = bench({ faults: [loss, delay] });
    const running = all.runner.run(new AbortController().signal);
    const shapeAt = async (ms: number): Promise<unknown> => {
      await all.clock.run(all.clock.sleep(ms - all.clock.nowMs()));
      return all.hosts.cluster.node("n1").shapes.get("n3");
    };
    expect(await shapeAt(3_000)).toMatchObject({ lossShare: 0.25, delayMs: 30, jitterMs: 10 });
    expect(await shapeAt(7_000)).toMatchObject({ lossShare: 0, delayMs: 30, jitterMs: 10 });
    expect(outcomes(await all.clock.run(running))).toEqual(["proved", "proved"]);
    expect(all.hosts.cluster.node("n1").shapes.size).toBe(0);
  });

  test("what an earlier fault left is no evidence for a later one", async () => {
    const { machines, interfere } = meddling(({ cluster }) => {
      for (const counts of cluster.node("n2").packets.values()) counts.duplicated = 17;
    });
    // The shape is in force and its count high; no packet is duplicated while the fault lasts.
    const all = bench({ faults: [fault("packet.duplicate", 1, 5, "n2", { share: 0.5 })] }, { interfere });
    machines.hosts = all.hosts;
    const [executed] = await runAll(all);
    const reason = expect.stringContaining("n2 had 0 packets duplicated");
    expect(executed?.outcome).toMatchObject({ type: "unproved", reason });
  });

  test("the jitter is no longer than the delay", async () => {
    const args = { delay: "10ms", jitter: "1s" };
    const all = bench({ faults: [fault("packet.delay", 1, 5, "n1", args)] });
    await runAll(all);
    const call = all.hosts.calls.find(({ method }) => method === "shape");
    const shapes = call?.detail as Map<string, unknown> | undefined;
    expect(shapes?.get("n5")).toMatchObject({ delayMs: 10, jitterMs: 10 });
  });
});

describe("disks", () => {
  test("one held sync, felt before anybody looks, is evidence", async () => {
    const { machines, interfere } = meddling(({ cluster }) => {
      const node = cluster.node("n2");
      if (node.disk.stalled) node.calls.stalledSyncs = 1;
    });
    const all = bench({ faults: [fault("disk.stall", 1, 4, "n2")] }, { interfere });
    machines.hosts = all.hosts;
    expect(outcomes(await runAll(all))).toEqual(["proved"]);
  });

  test("the power goes while syncs are stalled", async () => {
    const stall = fault("disk.stall", 1, 8, "n2");
    const all = bench({ faults: [stall, fault("disk.power-loss", 3, 2, "n2")] });
    const [, loss] = await runAll(all);
    expect(loss).toMatchObject({ outcome: { type: "proved" }, healed: true });
    expect(loss?.outcome).toHaveProperty(
      "proof",
      expect.stringContaining("lost 512 bytes, 1 torn writes, 0 directory entries"),
    );
  });

  test("a power loss that leaves the server running is none, whatever it says it took", async () => {
    const interfere = ({ method }: HostCall) => (method === "powerLoss" ? "ignore" : undefined);
    const [executed] = await runAll(bench({ faults: [fault("disk.power-loss", 1, 2, "n2")] }, { interfere }));
    expect(executed?.outcome.type).toBe("unproved");
  });

  test("a server that a failing disk ended is started again", async () => {
    const all = bench({ faults: [fault("disk.eio", 1, 4, "n2", { calls: "syncs", share: 0.1 })] });
    const [executed] = await runAll(all);
    expect(executed).toMatchObject({ outcome: { type: "proved" }, healed: true });
    expect(all.hosts.cluster.node("n2")).toMatchObject({ state: "running", starts: 2 });
  });

  test("two faults of one disk are refused where the schedule shows it", () => {
    const faults = [fault("disk.stall", 1, 4, "n2"), fault("disk.slow", 2, 4, "n2", { delay: "1s" })];
    expect(() => bench({ faults })).toThrow("holds the disk of the same node");
  });

  test("the newest end of a log is harmed only where the server can prove it, and while that is down", async () => {
    const flip = (args: Record<string, unknown>) =>
      fault("disk.bitflip", 1, 1, "n2", { area: "tail", ...args });
    const outcomeOf = async (all: ReturnType<typeof bench>) => (await runAll(all))[0]?.outcome;
    const harmed = bench({ faults: [flip({})] });
    expect(await outcomeOf(harmed)).toMatchObject({ type: "proved" });
    expect(harmed.hosts.calls.map(({ method }) => method)).toContain("damage");
    for (const args of [{ server: "up" }, { kind: "bad-sector" }]) {
      const all = bench({ faults: [flip(args)] });
      expect(await outcomeOf(all)).toMatchObject({ type: "skipped" });
      expect(all.hosts.cluster.node("n2").damages).toEqual([]);
    }
    const no = { available: false, reason: "it has no such tool" } as const;
    const without = bench(
      { faults: [flip({})] },
      { capabilities: { ...allCapabilities(), "disk.tail": no } },
    );
    expect(await outcomeOf(without)).toMatchObject({
      type: "skipped",
      reason: expect.stringContaining(no.reason),
    });
  });

  test("over a run no more are damaged than the votes can spare", async () => {
    const flip = (atS: number, target: string | string[]) => fault("disk.bitflip", atS, 1, target);
    const faults = [flip(1, "n2"), flip(4, "n2"), flip(7, ["n3", "n4"]), flip(10, "n3"), flip(13, "n1")];
    const all = bench({ faults });
    const executed = await runAll(all);
    expect(outcomes(executed)).toEqual(["proved", "proved", "skipped", "proved", "skipped"]);
    expect(executed[2]?.outcome).toHaveProperty(
      "reason",
      "5 voters survive damage of at most 2, this would be 3 (n2 already)",
    );
    expect(all.runner.damaged()).toEqual(["n2", "n3"]);
    expect(all.hosts.cluster.node("n1").damages).toEqual([]);
  });

  test.each([
    ["refuses", true],
    ["crashes over", "SIGSEGV"],
  ] as const)(
    "a server that %s its damaged disk is gone: healed, and spared by later faults",
    async (_, ends) => {
      const all = bench({ faults: [fault("disk.bitflip", 1, 1, "n2"), fault("process.kill", 5, 1, "n2")] });
      all.hosts.cluster.node("n2").refusesDamage = ends;
      const [flip, kill] = await runAll(all);
      expect(flip).toMatchObject({ outcome: { type: "proved" }, healed: true });
      expect(flip?.healing).toContain("refuses its damaged disk");
      expect(kill?.outcome).toEqual({
        type: "skipped",
        reason: "the disk of n2 is damaged, and its server has ended over it",
      });
      const report = await all.clock.run(all.runner.healAll());
      expect(report).toMatchObject({ healed: true, silent: ["n2"] });
    },
  );

  test("a server that ends on a whole disk is not excused", async () => {
    const { machines, interfere } = meddling(({ cluster }) => {
      Object.assign(cluster.node("n2"), { state: "exited", signal: null });
    });
    const all = bench({ faults: [] }, { interfere });
    machines.hosts = all.hosts;
    expect(await all.clock.run(all.runner.healAll())).toMatchObject({ healed: false });
  });
});

describe("members", () => {
  const skipped = async (faults: ReturnType<typeof fault>[], nodes: number, spares = 1): Promise<unknown> => {
    const executed = await runAll(bench({ faults }, { nodes, spares }));
    const { outcome } = executed.at(-1) as (typeof executed)[number];
    return outcome.type === "skipped" ? outcome.reason : outcome.type;
  };

  test.each([
    ["member.remove", 5, "proved"],
    ["member.remove", 3, "proved"],
    ["member.remove", 2, "1 voters would be left; at least 2 are needed"],
    ["member.demote", 2, "1 voters would be left; at least 2 are needed"],
    ["member.remove", 1, "0 voters would be left; at least 1 are needed"],
    ["member.replace", 1, "proved"],
  ])("%s of one of %i: %s", async (name, nodes, expected) => {
    expect(await skipped([fault(name, 1, 5, "n1")], nodes)).toBe(expected);
  });

  test("damaged voters are never all that a quorum has left", async () => {
    const damage = fault("disk.bitflip", 1, 1, ["n2", "n3"]);
    expect(await skipped([damage, fault("member.remove", 5, 5, "n4")], 5)).toBe(
      "of n1, n2, n3, n5 too many are damaged: n2, n3",
    );
    expect(await skipped([damage, fault("member.remove", 5, 5, "n3")], 5)).toBe("proved");
  });

  test("what makes no sense of these members is skipped", async () => {
    expect(await skipped([fault("member.remove", 1, 5, ["n1", "n2"])], 5)).toBe(
      "one member at a time, this would be n1, n2",
    );
    expect(await skipped([fault("member.add", 1, 5, "n2")], 5)).toBe("n2 is a voter, not no member");
    expect(await skipped([fault("member.add", 1, 5, "spare")], 5, 0)).toBe("no spare machine is free");
    expect(await skipped([fault("member.replace", 1, 5, "n2")], 5, 0)).toBe("no spare machine is free");
    expect(await skipped([fault("member.transfer", 1, 2, "n1")], 5)).toBe("n1 leads already");
    const dead = [fault("process.pause", 1, 9, "all"), fault("member.remove", 2, 5, "n2")];
    expect(await skipped(dead, 5)).toBe("no leader told who the members are");
  });

  test("two changes of members at a time are refused", () => {
    const faults = [fault("member.remove", 1, 5, "n2"), fault("member.add", 3, 5, "spare")];
    expect(() => bench({ faults }, { spares: 1 })).toThrow("holds the membership of the cluster until 6s");
  });

  test("two transfers at a time are refused", () => {
    const faults = [fault("member.transfer", 1, 3, "n2"), fault("member.transfer", 3, 3, "n3")];
    expect(() => bench({ faults })).toThrow("holds the leadership of the cluster until 4s");
  });

  test("a change back that was taken and lost is asked for again", async () => {
    let changes = 0;
    const interfere = ({ method }: { readonly method: string }): "ignore" | undefined => {
      if (method === "change") changes += 1;
      return method === "change" && changes === 2 ? "ignore" : undefined;
    };
    const all = bench({ faults: [fault("member.replace", 1, 5, "n2")] }, { spares: 1, interfere });
    const [executed] = await runAll(all);
    expect(executed).toMatchObject({ outcome: { type: "proved" }, healed: true });
    expect(changes).toBe(3);
    expect(all.hosts.cluster.members).not.toContain("n6");
  });

  test.each(["voter", "learner", "promotable"])(
    "a spare is added as %s, seen so, and removed",
    async (as) => {
      const all = bench({ faults: [fault("member.add", 1, 5, "spare", { as })] }, { spares: 1 });
      const [executed] = await runAll(all);
      expect(executed).toMatchObject({ nodes: ["n6"], outcome: { type: "proved" }, healed: true });
      expect(all.hosts.cluster.members).not.toContain("n6");
    },
  );

  test("a change that is never committed is not proved, and not healed before it is settled", async () => {
    const { machines, interfere } = meddling(({ cluster }, { atMs }) => {
      if (cluster.members.length < 5 && atMs < 9_000) cluster.isChanging = true;
    });
    const all = bench({ faults: [fault("member.remove", 1, 5, "n3")] }, { interfere });
    machines.hosts = all.hosts;
    const [executed] = await runAll(all);
    expect(executed).toMatchObject({ outcome: { type: "unproved" }, healed: true });
    expect(executed?.endedAtMs).toBeGreaterThan(9_000);
    expect(all.hosts.cluster.voters).toContain("n3");
  });

  test("a new leader is no proof of a transfer before a new term", async () => {
    const { machines, interfere } = meddling(({ cluster }, { method }) => {
      if (method !== "transfer") return;
      Object.assign(cluster.node("n1"), { role: "follower" });
      Object.assign(cluster.node("n3"), { role: "leader" });
    });
    const ignoring = (call: HostCall) => {
      interfere(call);
      return call.method === "transfer" ? "ignore" : undefined;
    };
    const all = bench({ faults: [fault("member.transfer", 1, 2, "n3")] }, { interfere: ignoring });
    machines.hosts = all.hosts;
    const [executed] = await runAll(all);
    expect(executed).toMatchObject({ outcome: { type: "unproved" }, healed: null, healing: null });
  });

  test("the isolation of a leader asks no packets of who is no member", async () => {
    const faults = [fault("member.remove", 1, 12, "n3"), fault("partition.isolate", 5, 4, "n1")];
    const executed = await runAll(bench({ faults }));
    expect(outcomes(executed)).toEqual(["proved", "proved"]);
    expect(executed[1]?.outcome).toHaveProperty("proof", expect.stringContaining("of 3 peers"));
  });
});

describe("rolling restarts", () => {
  test("no two servers are down at once, and each starts once", async () => {
    let mostDown = 0;
    const { machines, interfere } = meddling(({ cluster }) => {
      mostDown = Math.max(mostDown, cluster.nodes.filter(({ state }) => state === "exited").length);
    });
    const all = bench({ faults: [fault("process.rolling", 1, 10, "all")] }, { interfere });
    machines.hosts = all.hosts;
    expect(outcomes(await runAll(all))).toEqual(["proved"]);
    expect(mostDown).toBe(1);
    expect(all.hosts.cluster.nodes.map(({ starts }) => starts)).toEqual([2, 2, 2, 2, 2]);
  });

  test("the next one waits for the answer of the last", async () => {
    const { machines, interfere } = meddling(({ cluster }, { atMs }) => {
      cluster.node("n1").answers = atMs < 1_000 || atMs > 4_000;
    });
    const all = bench({ faults: [fault("process.rolling", 1, 10, ["n1", "n2"])] }, { interfere });
    machines.hosts = all.hosts;
    expect(outcomes(await runAll(all))).toEqual(["proved"]);
    const second = all.hosts.calls.find(({ method, node }) => method === "signal" && node === "n2");
    expect(second?.atMs).toBeGreaterThan(4_000);
  });

  test("what the window cuts short is started again, and not proved", async () => {
    const all = bench({ faults: [fault("process.rolling", 1, 3, "all", { down: "2s" })] });
    const [executed] = await runAll(all);
    expect(executed).toMatchObject({ outcome: { type: "unproved" }, healed: true });
    for (const { state } of all.hosts.cluster.nodes) expect(state).toBe("running");
  });

  test("an upgrade changes the settings for good, the next one changes them back", async () => {
    const upgrade = (atS: number) => fault("process.rolling", atS, 10, "all", { upgrade: true });
    const all = bench({ faults: [upgrade(1), upgrade(15)] });
    const running = all.runner.run(new AbortController().signal);
    await all.clock.run(all.clock.sleep(13_000));
    expect(all.hosts.cluster.nodes.every(({ settings }) => settings === "upgraded")).toBe(true);
    expect(outcomes(await all.clock.run(running))).toEqual(["proved", "proved"]);
    expect(all.hosts.cluster.nodes.every(({ settings }) => settings === "initial")).toBe(true);
  });

  test("an upgrade that starts with the old settings is not proved, and needs its capability", async () => {
    const faults = [fault("process.rolling", 1, 10, "all", { upgrade: true })];
    const interfere = ({ method }: HostCall) => (method === "use" ? "ignore" : undefined);
    expect(outcomes(await runAll(bench({ faults }, { interfere })))).toEqual(["unproved"]);
    const no = { available: false, reason: "not here" } as const;
    const capabilities = { ...allCapabilities(), "process.upgrade": no };
    expect(outcomes(await runAll(bench({ faults }, { capabilities })))).toEqual(["skipped"]);
    const plain = [fault("process.rolling", 1, 10, "all")];
    expect(outcomes(await runAll(bench({ faults: plain }, { capabilities })))).toEqual(["proved"]);
  });
});

describe("partial partitions", () => {
  /** Whom each node can still exchange packets with, itself included. */
  async function circles(name: string, nodes: number, target: string): Promise<Map<string, string[]>> {
    const all = bench({ faults: [fault(name, 1, 6, target)] }, { nodes });
    const running = all.runner.run(new AbortController().signal);
    await all.clock.run(all.clock.sleep(3_000));
    const isCut = (a: string, b: string): boolean =>
      [
        [a, b],
        [b, a],
      ].some(([holder = "", peer]) =>
        all.hosts.cluster.node(holder).rules.some((rule) => rule.peer === peer),
      );
    const names = all.hosts.nodes;
    const heard = names.map((a) => [a, names.filter((b) => a === b || !isCut(a, b))] as const);
    await all.clock.run(running);
    return new Map(heard);
  }

  test.each([
    [4, 3],
    [5, 3],
    [7, 5],
  ])("in a ring of %i each node hears %i, no two the same", async (nodes, majority) => {
    const heard = [...(await circles("partition.ring", nodes, "all")).values()];
    for (const circle of heard) expect(circle).toHaveLength(majority);
    expect(new Set(heard.map((circle) => circle.join())).size).toBe(nodes);
  });

  test("the bridge hears all, and beside it there are two halves", async () => {
    const heard = await circles("partition.bridge", 5, "n2");
    expect(heard.get("n2")).toHaveLength(5);
    heard.delete("n2");
    for (const circle of heard.values()) expect(circle).toHaveLength(3);
  });

  test.each([
    ["partition.ring", 3, "all", "in a ring of 3 nodes, a majority is everybody"],
    ["partition.bridge", 2, "n2", "beside the bridge there are no two nodes to be cut apart"],
    ["partition.minority-third", 5, "minority", "2 of 5 nodes are not less than a third"],
    ["partition.minority-third", 3, "minority-third", "no node is less than a third of 3 nodes"],
  ])("%s of %i nodes on %s is skipped", async (name, nodes, target, reason) => {
    const [executed] = await runAll(bench({ faults: [fault(name, 1, 6, target)] }, { nodes }));
    expect(executed?.outcome).toEqual({ type: "skipped", reason });
  });

  test("a bridge that leads has nothing to show: followers say nothing to each other", async () => {
    const [executed] = await runAll(bench({ faults: [fault("partition.bridge", 1, 6, "leader")] }));
    expect(executed?.outcome.type).toBe("unproved");
  });
});
