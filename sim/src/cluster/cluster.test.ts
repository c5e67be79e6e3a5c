import { expect, test } from "vitest";
import { HEALTHY } from "../world/disk.js";
import { sampleWorld } from "../testing/busy-world.js";
import { Cluster } from "./cluster.js";
import { SimHosts } from "./hosts.js";
import type { ClusterObserver, Ending } from "./observer.js";
import { NO_OBSERVER } from "./observer.js";

/** A world in which `story` happens; time is virtual throughout. */
async function world<T>(
  seed: number,
  story: (cluster: Cluster, hosts: SimHosts) => Promise<T>,
  observer: Partial<ClusterObserver> = {},
): Promise<T> {
  const cluster = new Cluster(sampleWorld(seed), { observer: { ...NO_OBSERVER, ...observer } });
  const hosts = new SimHosts(cluster);
  cluster.start();
  return cluster.loop.run(
    (async () => {
      await cluster.loop.sleep(4000);
      return story(cluster, hosts);
    })(),
  );
}

async function leaderOf(hosts: SimHosts): Promise<string> {
  const view = await hosts.view();
  const leaders = [...view].filter(([, { role }]) => role === "leader");
  return leaders.toSorted(([, a], [, b]) => (b.term ?? 0) - (a.term ?? 0))[0]?.[0] ?? "nobody";
}

/** A write that somebody takes within half a minute. */
async function writes(cluster: Cluster, node: string, key: string, value: string): Promise<void> {
  const client = cluster.client(node, 3000);
  for (let attempt = 0; attempt < 30; attempt++) {
    if ((await client.write(key, value)).type === "ok") return;
    await cluster.loop.sleep(1000);
  }
  throw new Error(`${node} takes no write`);
}

test("five nodes elect a leader; what one writes, all read; compare-and-set tells what it did", async () => {
  await world(1, async (cluster) => {
    await writes(cluster, "n2", "k", "v1");
    for (const { name } of cluster.firstMembers) {
      expect(await cluster.client(name, 3000).read("k")).toMatchObject({ type: "ok", value: "v1" });
    }
    const client = cluster.client("n4", 3000);
    expect(await client.compareAndSet("k", "v1", "v2")).toMatchObject({ type: "ok", value: true });
    expect(await client.compareAndSet("k", "v1", "v3")).toMatchObject({ type: "ok", value: false });
    expect(await client.read("absent")).toMatchObject({ type: "ok", value: null });
  });
});

test("a transaction takes effect as a whole, under guards, and one of reads alone is linearizable", async () => {
  await world(1, async (cluster, hosts) => {
    const both = ["k", "l"].map((key) => ({ type: "get", key }) as const);
    await writes(cluster, "n2", "k", "v1");
    const client = cluster.client("n4", 3000);
    const first = await client.transact({
      guards: [
        { key: "k", value: "v1" },
        { key: "l", modRevision: 0 },
      ],
      then: [...both, { type: "put", key: "k", value: "v2" }, { type: "put", key: "l", value: "v2" }],
    });
    if (first.type !== "ok") throw new Error("the first transaction was not ok");
    expect(first.value.succeeded).toBe(true);
    expect(first.value.reads).toMatchObject([{ value: "v1" }, null]);
    const { revision } = first;
    const found = { value: "v2", modRevision: revision };
    for (const { name } of cluster.firstMembers) {
      const read = await cluster.client(name, 3000).transact({ guards: [], then: both });
      expect(read).toEqual({ type: "ok", value: { succeeded: true, reads: [found, found] }, revision });
    }
    const stale = { guards: [{ key: "k", modRevision: revision - 1 }], then: [], else: both.slice(1) };
    expect(await client.transact(stale)).toMatchObject({ value: { succeeded: false, reads: [found] } });
    const twice = [both, both].flat().map(({ key }) => ({ type: "put", key, value: "x" }) as const);
    expect(await client.transact({ guards: [], then: twice })).toMatchObject({
      type: "fail",
      error: { code: "duplicate-key" },
    });
    const leader = await leaderOf(hosts);
    await hosts.signal(leader, "SIGSTOP");
    await cluster.loop.sleep(20_000);
    const other = cluster.firstMembers.find(({ name }) => name !== leader)?.name ?? "";
    await writes(cluster, other, "k", "v3");
    // It knows nothing of its successor when it goes on and finds this.
    const asked = cluster.client(leader, 3000).transact({ guards: [], then: both });
    await cluster.loop.sleep(1000);
    await hosts.signal(leader, "SIGCONT");
    const answer = await asked;
    const values = answer.type === "ok" ? answer.value.reads.map((each) => each?.value) : null;
    expect([["v3", "v2"], null]).toContainEqual(values);
  });
});

test("calls to a node that is down are refused for certain, those that it dies with are not", async () => {
  await world(2, async (cluster, hosts) => {
    const node = await leaderOf(hosts);
    const client = cluster.client(node, 3000);
    const open = [client.write("k", "v"), client.read("k")];
    await hosts.signal(node, "SIGKILL");
    expect(await Promise.all(open)).toMatchObject([
      { type: "info", error: { code: "unavailable" } },
      { type: "fail", error: { code: "unavailable" } },
    ]);
    expect(await client.write("k", "v")).toMatchObject({ type: "fail", error: { code: "never-sent" } });
    expect(await hosts.process(node)).toMatchObject({ state: "exited", signal: "SIGKILL", starts: 1 });
    await hosts.start(node);
    await writes(cluster, node, "k", "v2");
    expect(await hosts.process(node)).toMatchObject({ state: "running", starts: 2 });
  });
});

test("a paused node answers nobody in time, works on what it was asked when it goes on, and is deposed", async () => {
  await world(3, async (cluster, hosts) => {
    const node = await leaderOf(hosts);
    const client = cluster.client(node, 3000);
    await hosts.signal(node, "SIGSTOP");
    const beganMs = cluster.loop.nowMs;
    expect(await client.write("k", "paused")).toMatchObject({
      type: "info",
      error: { code: "deadline-exceeded" },
    });
    expect(cluster.loop.nowMs - beganMs).toBeCloseTo(3000, 2);
    expect(await leaderOf(hosts)).not.toBe(node);
    await hosts.signal(node, "SIGCONT");
    await writes(cluster, node, "k", "after");
  });
});

test("an isolated leader loses its messages to its rules, which count them, and heals", async () => {
  await world(4, async (cluster, hosts) => {
    const node = await leaderOf(hosts);
    const others = hosts.nodes.filter((name) => name !== node);
    const cuts = others.map((peer) => ({ peer, direction: "both" as const, traffic: "peer" as const }));
    await hosts.cut(node, cuts);
    expect(await hosts.cuts(node)).toEqual(cuts);
    await cluster.loop.sleep(5000);
    for (const count of (await hosts.droppedPackets(node)).values()) expect(count).toBeGreaterThan(0);
    expect(await leaderOf(hosts)).not.toBe(node);
    expect((await cluster.client(node, 2000).write("k", "v")).type).not.toBe("ok");
    await hosts.cut(node, []);
    await writes(cluster, node, "k", "v2");
  });
});

test("a server that cannot write its log ends, and its supervisor starts it again until it can", async () => {
  const endings: Ending[] = [];
  const stopped = (_: number, ending: Ending): void => void endings.push(ending);
  await world(
    5,
    async (cluster, hosts) => {
      await hosts.disks.set("n3", { ...HEALTHY, writeErrorShare: 1 });
      await writes(cluster, "n1", "k", "v");
      await cluster.loop.sleep(5000);
      expect(endings.length).toBeGreaterThan(0);
      expect(new Set(endings.map(({ kind }) => kind))).toEqual(new Set(["disk"]));
      expect((await hosts.disks.counts("n3")).ioErrors).toBeGreaterThan(0);
      await hosts.disks.set("n3", HEALTHY);
      await writes(cluster, "n3", "k", "v2");
    },
    { stopped },
  );
});

test("a node whose log is damaged gets what it lost from the others", async () => {
  const endings: Ending[] = [];
  const harmed: number[] = [];
  await world(
    6,
    async (cluster, hosts) => {
      for (let write = 0; write < 20; write++) await writes(cluster, "n1", "k", `v${write}`);
      await hosts.signal("n5", "SIGKILL");
      for (let flip = 0; flip < 3; flip++) await hosts.disks.damage("n5", "bit-flip", "any");
      await hosts.start("n5");
      await cluster.loop.sleep(20_000);
      expect(endings.map(({ kind }) => kind)).toEqual(["killed"]);
      expect(harmed).toEqual([5, 5, 5]);
      await writes(cluster, "n5", "k", "last");
    },
    { stopped: (_, ending) => void endings.push(ending), damaged: (member) => void harmed.push(member) },
  );
});

test("power losses of all nodes at once lose nothing that was acknowledged", async () => {
  for (const seed of [7, 8, 9]) {
    await world(seed, async (cluster, hosts) => {
      for (let round = 0; round < 5; round++) {
        await writes(cluster, "n2", "k", `round ${round}`);
        await Promise.all(hosts.nodes.map((node) => hosts.disks.powerLoss(node)));
        await Promise.all(hosts.nodes.map((node) => hosts.start(node)));
        await cluster.loop.sleep(5000);
        const read = await cluster.client("n4", 3000).read("k");
        expect(read).toMatchObject({ type: "ok", value: `round ${round}` });
      }
    });
  }
});

test("machines that stand by join, take over, and others leave", async () => {
  await world(10, async (cluster, hosts) => {
    await writes(cluster, "n1", "k", "v");
    const settled = async (): Promise<void> => {
      for (let look = 0; look < 200; look++) {
        const { settled: done, learners } = await hosts.members.membership();
        if (done && learners.length === 0) return;
        await cluster.loop.sleep(100);
      }
      throw new Error("the change does not end");
    };
    await hosts.members.change({ type: "add", node: "n6", as: "promotable" });
    await settled();
    expect((await hosts.members.membership()).voters).toContain("n6");
    // The network loses messages, and the one that a transfer ends with is not repeated.
    for (let tries = 0; tries < 5 && (await leaderOf(hosts)) !== "n6"; tries++) {
      await hosts.members.transfer("n6");
      await cluster.loop.sleep(3000);
    }
    expect(await leaderOf(hosts)).toBe("n6");
    await hosts.members.change({ type: "remove", node: "n1" });
    await settled();
    expect((await hosts.members.membership()).voters).toEqual(["n2", "n3", "n4", "n5", "n6"]);
    expect([...(await hosts.view()).keys()]).toEqual(["n2", "n3", "n4", "n5", "n6"]);
    await writes(cluster, "n6", "k", "v2");
  });
});

test("clocks run as they are set, and servers show it", async () => {
  await world(11, async (cluster, hosts) => {
    await hosts.setClock("n2", { wallOffsetMs: 60_000, wallRate: 1, monotonicRate: 2 });
    expect(await hosts.clockSetting("n2")).toEqual({ wallOffsetMs: 60_000, wallRate: 1, monotonicRate: 2 });
    const { wallOffsetMs, timerRate } = await hosts.readClock("n2", 1000);
    expect(wallOffsetMs).toBe(60_000);
    expect(Math.abs(timerRate / cluster.machine("n2").clock.rate - 1)).toBeLessThan(0.01);
    await hosts.signal("n2", "SIGSTOP");
    await expect(hosts.readClock("n2", 1000)).rejects.toThrow(/does not answer/);
  });
});
