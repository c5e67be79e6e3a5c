import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, kvClient } from "@gauntlet/client";
import type { Cut, NodeName } from "@gauntlet/nemesis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DockerHosts } from "./hosts.js";
import { untilAnswering } from "./readiness.js";
import { ETCD } from "./systems/etcd.js";
import { systemVersion } from "./systems/index.js";
import { attachedLoops, engineForTests, until } from "./testing/containers.js";

/** Debian's etcd on the same machines: what the rig does to it, and sees of it. */

const engine = await engineForTests();
const RUN = `test-etcd-${process.pid}`;

let image = "";
let logs = "";
let hosts: DockerHosts;

function leader(not?: NodeName): Promise<NodeName> {
  return until("a leader and its followers", async () => {
    const views = [...(await hosts.view())].filter(([node]) => node !== not);
    const leaders = views.filter(([, { role }]) => role === "leader");
    const isQuiet = views.every(([, { role }]) => role === "leader" || role === "follower");
    return leaders.length === 1 && isQuiet ? leaders[0]?.[0] : undefined;
  });
}

async function write(node: NodeName, key: string): Promise<void> {
  const etcd = connect({ endpoint: hosts.endpoints.get(node)?.client ?? "", deadlineMs: 2_000 });
  const client = kvClient(etcd);
  try {
    await until(`a write at ${node}`, async () =>
      (await client.write(key, key)).type === "ok" ? true : undefined,
    );
    expect(await client.read(key)).toMatchObject({ type: "ok", value: key });
  } finally {
    etcd.close();
  }
}

/** What the agent of a node wrote down of its server's ends. */
async function exits(node: NodeName): Promise<readonly unknown[]> {
  const lines = (await readFile(join(logs, node, "agent.log"), "utf8")).trim().split("\n");
  return lines.map((line) => JSON.parse(line)).filter(({ what }) => what === "server exited");
}

describe.skipIf(engine === null)("etcd on machines made of containers", { timeout: 180_000 }, () => {
  beforeAll(async () => {
    logs = await mkdtemp(join(tmpdir(), "gauntlet-etcd-"));
    ({ image } = await ETCD.image({ log: (line) => console.log(line) }));
    hosts = await DockerHosts.start({
      runId: RUN,
      system: ETCD,
      nodes: 3,
      spares: 1,
      image,
      logsDir: logs,
      serverArgs: ETCD.eagerArgs,
    });
    await untilAnswering(hosts, { limitMs: 60_000, logsDir: logs });
  }, 400_000);

  afterAll(async () => {
    await hosts?.stop();
    await rm(logs, { recursive: true, force: true });
  });

  test("it serves, says what it is, and shows itself", async () => {
    expect(await systemVersion(ETCD, image, RUN, {})).toMatch(/^3\.4\.\d+$/);
    await leader();
    for (const node of hosts.nodes) await write(node, `first/${node}`);
    const samples = await hosts.sample();
    expect(new Set(samples.map(({ term }) => term)).size).toBe(1);
    for (const { commitIndex, appliedIndex, rssBytes, openFiles, diskBytes, ...rest } of samples) {
      expect(commitIndex).toBeGreaterThan(3);
      expect(appliedIndex).toBeGreaterThan(3);
      expect(rssBytes).toBeGreaterThan(1024 ** 2);
      expect(openFiles).toBeGreaterThan(3);
      expect(diskBytes).toBeGreaterThan(0);
      // What it does not show is not made up.
      expect(rest).toMatchObject({ wallOffsetMs: null, timerRate: null });
    }
  });

  test("the probe proves what can be done to it, and finds by its effect what cannot", async () => {
    await leader();
    const probed = await hosts.probe();
    const can = Object.entries(probed).flatMap(([name, { available }]) => (available ? [name] : []));
    for (const name of [
      "network.cut",
      "process.signal",
      "disk.power-loss",
      "disk.damage",
      "network.reset",
      "network.shape",
      "member.change",
      "member.transfer",
    ]) {
      expect(can).toContain(name);
    }
    for (const name of Object.keys(ETCD.lacks)) expect(can).not.toContain(name);
    // It maps the shim, and goes past it.
    expect(probed["disk.delay"]).toMatchObject({ reason: expect.stringContaining("no sync of the server") });
    expect(probed["clock.wall"]).toMatchObject({ reason: expect.stringContaining("clock moved by") });
    const { wallOffsetMs } = await hosts.readClock("n1", 0);
    expect(Math.abs(wallOffsetMs)).toBeLessThan(500);
  });

  test("a leader that is killed is replaced, comes back by start, and has what was written", async () => {
    const old = await leader();
    await hosts.signal(old, "SIGKILL");
    const [other = ""] = hosts.nodes.filter((node) => node !== old);
    expect(await leader(old)).not.toBe(old);
    await write(other, "while-one-is-dead");
    await hosts.start(old);
    await leader();
    await write(old, "back");
  });

  test("a leader cut off from its peers loses its place, answers all the same, and follows after the heal", async () => {
    const old = await leader();
    const peers = hosts.nodes.filter((node) => node !== old);
    const cuts = peers.map((peer): Cut => ({ peer, direction: "both", traffic: "peer" }));
    await hosts.cut(old, cuts);
    expect(await hosts.cuts(old)).toEqual(cuts);
    expect(await leader(old)).not.toBe(old);
    await until("the old one to know of no leader", async () =>
      (await hosts.view()).get(old)?.role === "candidate" ? true : undefined,
    );
    expect([...(await hosts.droppedPackets(old)).values()].every((packets) => packets > 0)).toBe(true);
    await hosts.cut(old, []);
    await leader();
    await write(old, "healed");
  });

  test("one direction is cut on every connection that peers share, and read back as it was asked for", async () => {
    const node = await leader();
    const cuts = hosts.nodes
      .filter((peer) => peer !== node)
      .map((peer): Cut => ({ peer, direction: "in", traffic: "peer" }));
    await hosts.cut(node, cuts);
    expect(await hosts.cuts(node)).toEqual(cuts);
    // It hears nobody, and etcd's leader gives up then.
    expect(await leader(node)).not.toBe(node);
    await hosts.cut(node, []);
    expect(await hosts.cuts(node)).toEqual([]);
    await leader();
  });

  test("when the power fails everywhere, what was acknowledged is there", async () => {
    const node = await leader();
    await write(node, "durable");
    await Promise.all(hosts.nodes.map((each) => hosts.disks.powerLoss(each)));
    await Promise.all(hosts.nodes.map((each) => hosts.start(each)));
    await leader();
    const etcd = connect({ endpoint: hosts.endpoints.get(node)?.client ?? "", deadlineMs: 5_000 });
    expect(await kvClient(etcd).read("durable")).toMatchObject({ type: "ok", value: "durable" });
    etcd.close();
  });

  test("a spare replaces a voter; the one that is removed ends by itself and that is no failure", async () => {
    const { members } = hosts;
    const old = await leader();
    const [victim = ""] = hosts.nodes.filter((node) => node !== old);
    await members?.change({ type: "replace", node: victim, by: "n4" });
    await until("the replacement", async () => {
      const now = await members?.membership().catch(() => null);
      return now?.settled === true && now.voters.includes("n4") && !now.voters.includes(victim)
        ? true
        : undefined;
    });
    await write("n4", "from-the-new-one");
    await until("the end of the one that was removed", async () =>
      (await hosts.process(victim)).state === "exited" ? true : undefined,
    );
    expect((await exits(victim)).at(-1)).toMatchObject({ code: ETCD.log.removedExit, signal: null });
    await members?.change({ type: "replace", node: "n4", by: victim });
    await until("the first members again", async () => {
      const now = await members?.membership().catch(() => null);
      return now?.settled === true && now.voters.toSorted().join() === hosts.nodes.join() ? true : undefined;
    });
    await write(victim, "back-again");
  });

  test("SIGTERM ends it, as its log's rules have it, and nothing that it said all along is fatal", async () => {
    await hosts.signal("n1", "SIGTERM");
    await until("its end", async () => ((await hosts.process("n1")).state === "exited" ? true : undefined));
    expect((await exits("n1")).at(-1)).toMatchObject({ signal: "SIGTERM" });
    for (const node of hosts.nodes) {
      const lines = (await readFile(join(logs, node, "server.log"), "utf8")).split("\n");
      expect(lines.filter((line) => ETCD.log.judge(line) !== null)).toEqual([]);
      expect(lines.filter((line) => line.startsWith('{"agent":"server starts"')).length).toBeGreaterThan(0);
    }
    await hosts.stop();
    expect(attachedLoops(RUN)).toEqual([]);
  });
});

describe.skipIf(engine === null)("a system that never serves", { timeout: 120_000 }, () => {
  const start = async (runId: string, serverArgs: readonly string[]): Promise<string> => {
    const logsDir = await mkdtemp(join(tmpdir(), "gauntlet-etcd-"));
    const never = await DockerHosts.start({ runId, system: ETCD, nodes: 1, image, logsDir, serverArgs });
    try {
      return await untilAnswering(never, { limitMs: 3_000, logsDir }).then(
        () => "it serves",
        (error: unknown) => String(error),
      );
    } finally {
      await never.stop();
      await rm(logsDir, { recursive: true, force: true });
    }
  };

  test("because it exits at once is told at once, with its own words", async () => {
    expect(await start(`${RUN}-flag`, ["--nosuchflag"])).toMatch(
      /^DockerError: n1: its server exited with code \d+ before it served; it said: .*nosuchflag/,
    );
  });

  test("because it waits for ever is told when the time is over", async () => {
    // A member of three that never come.
    const three = "n1=http://10.213.255.251:2380,n2=http://10.213.255.252:2380,n3=http://10.213.255.253:2380";
    const cluster = [
      `--initial-cluster=${three}`,
      "--initial-advertise-peer-urls=http://10.213.255.251:2380",
    ];
    expect(await start(`${RUN}-hang`, cluster)).toMatch(
      /^DockerError: n1: no answer within 3 s of the start; it said: /,
    );
  });
});
