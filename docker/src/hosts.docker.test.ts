import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Capability, Cut, NodeName } from "@gauntlet/nemesis";
import { PATHS } from "./agent/paths.js";
import { eachLine } from "./agent/lines.js";
import { docker } from "./docker-cli.js";
import { messageOf } from "./docker-error.js";
import { DockerHosts } from "./hosts.js";
import { ensureImages } from "./image.js";
import { removeLeftovers } from "./resources.js";
import { attachedLoops, engineForTests, until } from "./testing/containers.js";

/** Real containers with the real server. The test process and its children own what they start. */

const engine = await engineForTests();
const RUN = `test-${process.pid}`;
const NOT_OFFERED: readonly Capability[] = ["process.upgrade", "member.change", "member.transfer"];
const DIST = new URL("../dist/index.js", import.meta.url).href;

let image = "";
let logs = "";
/** Three nodes, for faults. */
let trio: DockerHosts;
/** One node, beside it. */
let single: DockerHosts;

function leaderOf(hosts: DockerHosts, not?: NodeName): Promise<NodeName> {
  return until("a leader", async () => {
    const views = [...(await hosts.view())].filter(([node]) => node !== not);
    const leaders = views.filter(([, { role }]) => role === "leader");
    return leaders.length === 1 ? leaders[0]?.[0] : undefined;
  });
}

function settled(hosts: DockerHosts): Promise<true> {
  return until("one leader and its followers", async () => {
    const roles = [...(await hosts.view()).values()].map(({ role }) => role).toSorted();
    return roles.join() === ["follower", "follower", "leader"].join() ? true : undefined;
  });
}

async function total(node: NodeName): Promise<number> {
  return [...(await trio.droppedPackets(node)).values()].reduce((sum, packets) => sum + packets, 0);
}

/** The node's drops once each of these peers has some. */
function dropped(node: NodeName, peers: readonly NodeName[]): Promise<ReadonlyMap<NodeName, number>> {
  return until(`dropped packets of ${peers.join(" and ")}`, async () => {
    const drops = await trio.droppedPackets(node);
    return peers.every((peer) => (drops.get(peer) ?? 0) > 0) ? drops : undefined;
  });
}

/** Everything in Docker that carries a run's label. */
async function remains(runId: string): Promise<string> {
  const filter = ["--filter", `label=gauntlet.run=${runId}`, "--quiet"];
  const found = await Promise.all([
    docker(["container", "ls", "--all", ...filter]),
    docker(["network", "ls", ...filter]),
    docker(["volume", "ls", ...filter]),
  ]);
  return found.join("");
}

describe.skipIf(engine === null)("hosts made of containers", { timeout: 180_000 }, () => {
  beforeAll(async () => {
    logs = await mkdtemp(join(tmpdir(), "gauntlet-hosts-"));
    ({ image } = await ensureImages({ log: (line) => console.log(line) }));
    const start = (name: string, nodes: number): Promise<DockerHosts> =>
      DockerHosts.start({ runId: `${RUN}-${name}`, nodes, image, logsDir: join(logs, name) });
    [trio, single] = await Promise.all([start("trio", 3), start("single", 1)]);
    await Promise.all([settled(trio), leaderOf(single)]);
  }, 300_000);

  afterAll(async () => {
    await Promise.all([trio?.stop(), single?.stop()]);
    await rm(logs, { recursive: true, force: true });
  }, 120_000);

  test("two clusters live side by side, each on its own subnet", async () => {
    const subnet = (hosts: DockerHosts): string | undefined =>
      hosts.endpoints.get("n1")?.client.split(".").slice(0, 3).join(".");
    expect(subnet(trio)).not.toBe(subnet(single));
    expect(await leaderOf(trio)).toMatch(/^n[123]$/);
    expect(await leaderOf(single)).toBe("n1");
    expect(trio.failures()).toEqual([]);
  });

  test("every capability is proved by its effect, and nothing is left of it", async () => {
    const probed = await trio.probe();
    for (const [name, result] of Object.entries(probed)) {
      const isMissing = (NOT_OFFERED as readonly string[]).includes(name);
      expect([name, result]).toMatchObject([name, { available: !isMissing }]);
    }
    // Between followers, on the very port that members use.
    expect(probed["network.cut"]).toMatchObject({ detail: expect.stringContaining("port 2380") });
    for (const node of trio.nodes) {
      expect(await trio.cuts(node)).toEqual([]);
      expect(await trio.droppedPackets(node)).toEqual(new Map());
      expect(await trio.clockSetting(node)).toEqual({ wallOffsetMs: 0, wallRate: 1, monotonicRate: 1 });
      expect(await trio.process(node)).toMatchObject({ state: "running", starts: 1 });
      expect(Math.abs((await trio.readClock(node, 0)).wallOffsetMs)).toBeLessThan(500);
    }
  });

  test("a leader cut off from its peers loses its place, still answers, and follows after the heal", async () => {
    const old = await leaderOf(trio);
    const peers = trio.nodes.filter((node) => node !== old);
    const cuts = peers.map((peer): Cut => ({ peer, direction: "both", traffic: "peer" }));
    await trio.cut(old, cuts);
    expect(await trio.cuts(old)).toEqual(cuts);
    const drops = await dropped(old, peers);
    expect([...drops.keys()]).toEqual(peers);
    const successor = await leaderOf(trio, old);
    const views = await trio.view();
    expect(views.get(old)?.role).not.toBe("unknown");
    expect(views.get(successor)?.term ?? 0).toBeGreaterThan(0);
    await trio.cut(old, []);
    expect(await trio.cuts(old)).toEqual([]);
    expect(await trio.droppedPackets(old)).toEqual(new Map());
    await settled(trio);
  });

  test("a rule that the kernel holds and nobody asked for is seen, and no heal is claimed over it", async () => {
    const address = trio.endpoints.get("n2")?.client.split(":")[0] ?? "";
    await trio.cut("n1", [{ peer: "n2", direction: "in", traffic: "peer" }]);
    const add = ["-w", "-A", "NEM-OUT", "-d", address, "-p", "tcp", "--dport", "9", "-j", "DROP"];
    const log = (await readFile(join(logs, "trio/n1/agent.log"), "utf8")).matchAll(/"backend":"(\w+)"/g);
    const backend = [...log].at(-1)?.[1] ?? "";
    await docker(["exec", `gauntlet-${RUN}-trio-n1`, `iptables-${backend}`, ...add]);
    await expect(trio.cuts("n1")).rejects.toThrow("n1: its packet rules are no cuts that were asked for");
    await trio.cut("n1", []);
    expect(await trio.cuts("n1")).toEqual([]);
    await settled(trio);
  });

  test.each(["in", "out"] as const)("a one-way cut (%s) drops packets and heals", async (direction) => {
    const leader = await leaderOf(trio);
    const follower = trio.nodes.find((node) => node !== leader) ?? "";
    const [node, peer] = direction === "in" ? [follower, leader] : [leader, follower];
    await trio.cut(node, [{ peer, direction, traffic: "peer" }]);
    expect([...(await dropped(node, [peer])).keys()]).toEqual([peer]);
    expect(await trio.cuts(node)).toEqual([{ peer, direction, traffic: "peer" }]);
    await trio.cut(node, []);
    await settled(trio);
  });

  test("kill -9 leaves the machine as it was: its packet rules, its clock, its disk", async () => {
    const leader = await leaderOf(trio);
    const node = trio.nodes.find((name) => name !== leader) ?? "";
    const { starts } = await trio.process(node);
    await trio.cut(node, [{ peer: leader, direction: "in", traffic: "peer" }]);
    await trio.setClock(node, { wallOffsetMs: 90_000, wallRate: 1, monotonicRate: 1 });
    await trio.signal(node, "SIGKILL");
    expect(await trio.process(node)).toEqual({ state: "exited", code: null, signal: "SIGKILL", starts });
    await expect(trio.signal(node, "SIGSTOP")).rejects.toThrow(
      `${node}: signal: cannot send SIGSTOP: the server does not run`,
    );
    await trio.start(node);
    expect(await trio.process(node)).toMatchObject({ state: "running", starts: starts + 1 });
    expect(await trio.cuts(node)).toEqual([{ peer: leader, direction: "in", traffic: "peer" }]);
    const before = await total(node);
    await until("more dropped packets", async () => ((await total(node)) > before ? true : undefined));
    const reading = await until("the clock", () => trio.readClock(node, 0).catch(() => undefined));
    expect(reading.wallOffsetMs).toBeGreaterThan(80_000);
    await trio.setClock(node, { wallOffsetMs: 0, wallRate: 1, monotonicRate: 1 });
    await trio.cut(node, []);
    await settled(trio);
  });

  test("a paused server is held by the kernel and does not answer; resumed, it does", async () => {
    await trio.signal("n2", "SIGSTOP");
    // What its machine says of it needs no answer of the server.
    await trio.setClock("n2", { wallOffsetMs: -1500.5, wallRate: 1, monotonicRate: 1.25 });
    expect(await trio.clockSetting("n2")).toEqual({
      wallOffsetMs: -1500.5,
      wallRate: 1,
      monotonicRate: 1.25,
    });
    await trio.setClock("n2", { wallOffsetMs: 0, wallRate: 1, monotonicRate: 1 });
    expect(await trio.clockSetting("n2")).toEqual({ wallOffsetMs: 0, wallRate: 1, monotonicRate: 1 });
    expect(await trio.process("n2")).toMatchObject({ state: "paused" });
    expect((await trio.view()).get("n2")).toEqual({ role: "unknown", term: null, commitIndex: null });
    await trio.signal("n2", "SIGCONT");
    expect(await trio.process("n2")).toMatchObject({ state: "running" });
    await settled(trio);
  });

  test("SIGTERM ends a server cleanly", async () => {
    await trio.signal("n3", "SIGTERM");
    const state = await until("the end of the server", async () => {
      const now = await trio.process("n3");
      return now.state === "exited" ? now : undefined;
    });
    expect(state).toMatchObject({ code: 0, signal: null });
    await trio.start("n3");
    await settled(trio);
  });

  test("the clocks of a server follow what was set, and nobody else's do", async () => {
    for (const rate of [0.5, 2]) {
      await trio.setClock("n1", { wallOffsetMs: -30_000, wallRate: 1, monotonicRate: rate });
      // Not all ticks that a busy machine misses are made up for: one window may be measured low, not all of them.
      const reading = await until(`rate ${rate}`, async () => {
        const now = await trio.readClock("n1", 600);
        return now.timerRate > rate * 0.75 ? now : undefined;
      });
      expect(reading.timerRate).toBeLessThan(rate * 1.25);
      expect(Math.abs(reading.wallOffsetMs + 30_000)).toBeLessThan(1000);
      expect(Math.abs((await trio.readClock("n2", 0)).wallOffsetMs)).toBeLessThan(1000);
    }
    await trio.setClock("n1", { wallOffsetMs: 0, wallRate: 1, monotonicRate: 1 });
    expect(Math.abs((await trio.readClock("n1", 0)).wallOffsetMs)).toBeLessThan(500);
  });

  test("a wall clock drifts from when it is told to, its timers do not, and it is taken back at once", async () => {
    const asked = { wallOffsetMs: 10_000, wallRate: 0.5, monotonicRate: 1 };
    const askedAtMs = performance.now();
    await trio.setClock("n1", asked);
    const setAtMs = performance.now();
    await sleep(1000);
    const readAtMs = performance.now();
    const reading = await trio.readClock("n1", 0);
    const lost = 10_000 - reading.wallOffsetMs;
    // Half of the time since; how exactly it is measured depends on how quickly the server answers.
    expect(lost).toBeGreaterThan((readAtMs - setAtMs) / 2 - 100);
    expect(lost).toBeLessThan((performance.now() - askedAtMs) / 2 + 100);
    expect(await trio.clockSetting("n1")).toEqual(asked);
    const ticks = await until("true timers", async () => {
      const { timerRate } = await trio.readClock("n1", 600);
      return timerRate > 0.75 ? timerRate : undefined;
    });
    expect(ticks).toBeLessThan(1.25);
    await trio.setClock("n1", { wallOffsetMs: 0, wallRate: 1, monotonicRate: 1 });
    expect(Math.abs((await trio.readClock("n1", 0)).wallOffsetMs)).toBeLessThan(100);
  });

  test("a drifting wall clock neither jumps nor goes back when its rate changes", async () => {
    const script = `
      const uptime = () => Number(require("fs").readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1000;
      const begun = { trueMs: uptime(), wallMs: Date.now() };
      console.log("begun");
      let last = Date.now();
      let backs = 0;
      let ended = false;
      process.stdin.once("data", () => { ended = true; });
      const spin = () => {
        for (let i = 0; i < 1000; i += 1) {
          const now = Date.now();
          if (now < last) backs += 1;
          last = now;
        }
        if (!ended) { setImmediate(spin); return; }
        console.log(JSON.stringify({ backs, trueMs: uptime() - begun.trueMs, wallMs: Date.now() - begun.wallMs }));
        process.exit(0);
      };
      spin();
    `;
    const preload = ["-e", `LD_PRELOAD=${PATHS.shim}`, "-e", `GAUNTLET_CLOCK_PAGE=${PATHS.clockPage}`];
    const child = spawn("docker", [
      "exec",
      "-i",
      ...preload,
      `gauntlet-${RUN}-single-n1`,
      "node",
      "-e",
      script,
    ]);
    const lines: string[] = [];
    const read = eachLine(child.stdout, (line) => lines.push(line));
    await until("the process", async () => (lines.length > 0 ? true : undefined));
    const setRate = (wallRate: number): Promise<void> =>
      single.setClock("n1", { wallOffsetMs: 0, wallRate, monotonicRate: 1 });
    for (let i = 0; i < 60; i += 1) await setRate([0.5, 2, 1.5, 0.75][i % 4] ?? 1).then(() => sleep(15));
    child.stdin.write("end\n");
    await read;
    await setRate(1);
    const { backs, trueMs, wallMs } = JSON.parse(lines[1] ?? "") as Record<string, number>;
    expect(backs).toBe(0);
    expect((wallMs ?? 0) / (trueMs ?? 1)).toBeGreaterThan(0.49);
    expect((wallMs ?? 0) / (trueMs ?? 1)).toBeLessThan(2.02);
  });

  test("under changes of rate, time neither jumps nor goes back, and every kind of wait follows", async () => {
    // The kernel's own count of seconds in /proc/uptime is true time, whatever the shim says.
    const script = `
      const line = (what) => {
        const trueMs = Number(require("fs").readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1000;
        process.stdout.write(JSON.stringify({ what, trueMs, virtualMs: Number(process.hrtime.bigint()) / 1e6 }) + "\\n");
      };
      line("begin");
      let last = process.hrtime.bigint();
      for (const end = last + 1200000000n; last < end;) {
        const now = process.hrtime.bigint();
        if (now < last) { line("went back"); process.exit(1); }
        last = now;
      }
      line("spun");
      process.stdin.once("data", () => {
        line("slow");
        setTimeout(() => {
          line("timer");
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
          line("waited");
          process.exit(0);
        }, 600);
      });
    `;
    const preload = ["-e", `LD_PRELOAD=${PATHS.shim}`, "-e", `GAUNTLET_CLOCK_PAGE=${PATHS.clockPage}`];
    const container = `gauntlet-${RUN}-single-n1`;
    const child = spawn("docker", ["exec", "-i", ...preload, container, "node", "-e", script]);
    const seen: { what: string; trueMs: number; virtualMs: number }[] = [];
    const read = eachLine(child.stdout, (text) => seen.push(JSON.parse(text) as (typeof seen)[number]));
    const setRate = (monotonicRate: number): Promise<void> =>
      single.setClock("n1", { wallOffsetMs: 0, wallRate: 1, monotonicRate });
    for (let i = 0; seen.length < 2 && child.exitCode === null; i += 1) {
      await setRate([0.5, 2, 1, 0.75][i % 4] ?? 1);
      await sleep(5);
    }
    await setRate(0.5);
    child.stdin.write("go\n");
    await read;
    await setRate(1);
    expect(seen.map(({ what }) => what)).toEqual(["begin", "spun", "slow", "timer", "waited"]);
    const spans = seen.slice(1).map((line, i) => {
      const before = seen[i] ?? line;
      return { virtualMs: line.virtualMs - before.virtualMs, trueMs: line.trueMs - before.trueMs };
    });
    const [mixed, , timer, waited] = spans.map(({ virtualMs, trueMs }) => virtualMs / trueMs);
    expect(mixed).toBeGreaterThan(0.48);
    expect(mixed).toBeLessThan(2.1);
    for (const rate of [timer, waited]) {
      expect(rate).toBeGreaterThan(0.45);
      expect(rate).toBeLessThan(0.55);
    }
    // A wait may end late on a busy machine, never early.
    for (const span of spans.slice(2)) expect(span.virtualMs).toBeGreaterThan(598);
  });

  test("a lost channel is opened again and costs the server nothing", async () => {
    const before = await single.process("n1");
    await docker(["exec", `gauntlet-${RUN}-single-n1`, "pkill", "-f", PATHS.relay]);
    const after = await until("the channel", () => single.process("n1").catch(() => undefined));
    expect(after).toEqual(before);
    expect(single.failures()).toEqual([]);
  });

  test("server and agent write their logs into the run's directory", async () => {
    const lines = (await readFile(join(logs, "trio/n1/agent.log"), "utf8")).trim().split("\n");
    const whats = lines.map((line) => (JSON.parse(line) as { what: string }).what);
    expect(whats).toEqual(expect.arrayContaining(["agent listens", "server started", "clock set"]));
    expect((await stat(join(logs, "trio/n1/server.log"))).size).toBeGreaterThan(0);
  });

  test("a container that ends by itself is a failure of the rig, with its reason", async () => {
    await docker(["kill", `gauntlet-${RUN}-single-n1`]);
    const failures = await until("the failure", async () =>
      single.failures().length > 0 ? single.failures() : undefined,
    );
    expect(failures[0]).toMatchObject({ node: "n1" });
    expect(failures[0]?.reason).toContain("its container ended unexpectedly (exit code 137)");
    await expect(single.process("n1")).rejects.toThrow("n1: process: its container ended unexpectedly");
  });

  test("start() that is interrupted, or that cannot succeed, leaves nothing", async () => {
    for (const afterMs of [0, 150, 500, 1000]) {
      const runId = `${RUN}-abort-${afterMs}`;
      const signal = AbortSignal.timeout(afterMs);
      const hosts = DockerHosts.start({ runId, nodes: 3, image, logsDir: join(logs, "abort"), signal });
      // On a fast machine the last one may be up in time.
      await hosts.then(
        (up) => up.stop(),
        (error: unknown) => expect(messageOf(error)).toContain("interrupted"),
      );
      expect(await remains(runId)).toBe("");
    }
    const runId = `${RUN}-no-image`;
    const options = { runId, nodes: 1, image: "gauntlet-node:none", logsDir: join(logs, "none") };
    await expect(DockerHosts.start(options)).rejects.toThrow("gauntlet-node:none");
    expect(await remains(runId)).toBe("");
  });

  test("what a dead process left is removed; a live run is left alone; a signal handler can clean up", async () => {
    // Both children begin a cluster; one is killed when it stands, one is interrupted on the way.
    const [left, interrupted] = ["left", "interrupted"].map((name) => owner(`${RUN}-${name}`));
    if (left === undefined || interrupted === undefined) return;
    const interruptedEnds = once(interrupted, "exit");
    await until("the first container", async () =>
      (await remains(`${RUN}-interrupted`)) === "" ? undefined : true,
    );
    interrupted.kill("SIGINT");
    await interruptedEnds;
    expect(await remains(`${RUN}-interrupted`)).toBe("");

    await until("the other cluster", async () => (stood.has(left) ? true : undefined));
    const leftEnds = once(left, "exit");
    left.kill("SIGKILL");
    await leftEnds;
    expect(await remains(`${RUN}-left`)).not.toBe("");
    expect(attachedLoops(`${RUN}-left`)).toHaveLength(1);
    expect(await removeLeftovers({ olderThanMs: 3_600_000 })).not.toContain(`${RUN}-left`);
    expect(await removeLeftovers()).toContain(`${RUN}-left`);
    expect(await remains(`${RUN}-left`)).toBe("");
    expect(attachedLoops(`${RUN}-left`)).toEqual([]);
    expect(await trio.process("n1")).toMatchObject({ state: "running" });
  });

  test("stop() leaves no container, network or volume", async () => {
    expect(await remains(trio.runId)).not.toBe("");
    await trio.stop();
    expect(await remains(trio.runId)).toBe("");
    await expect(execa("docker", ["network", "inspect", `gauntlet-${trio.runId}`])).rejects.toThrow(
      /no such|not found/i,
    );
  });
});

const stood = new WeakSet<ChildProcess>();

/** Another rig: starts one node, then waits to be ended. */
function owner(runId: string): ChildProcess {
  const options = JSON.stringify({ runId, nodes: 1, image, logsDir: join(logs, runId) });
  const script = `
    import { DockerHosts, removeOwnedNow } from ${JSON.stringify(DIST)};
    process.on("SIGINT", () => { removeOwnedNow(); process.exit(130); });
    await DockerHosts.start(${options});
    console.log("stands");
    setInterval(() => undefined, 1000);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  void eachLine(child.stdout, () => stood.add(child));
  return child;
}
