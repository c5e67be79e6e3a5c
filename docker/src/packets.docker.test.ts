import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type NodeName, type PacketCounts, type PacketShape, UNSHAPED } from "@gauntlet/nemesis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eachLine } from "./agent/lines.js";
import { docker } from "./docker-cli.js";
import { DockerHosts } from "./hosts.js";
import { ensureImages } from "./image.js";
import { engineForTests, until } from "./testing/containers.js";

/** Real packets between real containers, counted at both ends. */

const run = promisify(execFile);
const engine = await engineForTests();
const RUN = `test-packets-${process.pid}`;
const PORT = 5000;
const NONE: PacketCounts = { lost: 0, delayed: 0, reordered: 0, duplicated: 0, slowed: 0 };

let logs = "";
let hosts: DockerHosts;

const container = (node: NodeName): string => `gauntlet-${RUN}-${node}`;
const addressOf = (node: NodeName): string => hosts.endpoints.get(node)?.client.split(":")[0] ?? "";

async function settled(): Promise<true> {
  return until("one leader and its followers", async () => {
    const roles = [...(await hosts.view()).values()].map(({ role }) => role).toSorted();
    return roles.join() === ["follower", "follower", "leader"].join() ? true : undefined;
  });
}

function shape(node: NodeName, peer: NodeName, part: Partial<PacketShape>): Promise<void> {
  return hosts.packets.shape(node, new Map([[peer, { ...UNSHAPED, ...part }]]));
}

async function countsTo(node: NodeName, peer: NodeName): Promise<PacketCounts> {
  return (await hosts.packets.counts(node)).get(peer) ?? NONE;
}

/** Prints the number and the time of arrival of each datagram, until the socket is quiet for a second. */
const RECEIVE = `
  const socket = require("dgram").createSocket("udp4");
  let quiet;
  socket.on("message", (m) => {
    console.log(m.readUInt32LE(0) + " " + performance.now());
    clearTimeout(quiet);
    quiet = setTimeout(() => process.exit(), 1000);
  });
  socket.bind(${PORT}, () => console.log("ready"));
`;
const SEND = `
  const [host, count, bytes, pauseMs] = process.argv.slice(1);
  const socket = require("dgram").createSocket("udp4");
  (async () => {
    for (let i = 0; i < Number(count); i += 1) {
      const m = Buffer.alloc(Number(bytes));
      m.writeUInt32LE(i, 0);
      await new Promise((done) => socket.send(m, ${PORT}, host, done));
      if (pauseMs !== "0") await new Promise((done) => setTimeout(done, Number(pauseMs)));
    }
    socket.close();
  })();
`;

interface Arrival {
  readonly number: number;
  readonly atMs: number;
}

/** Datagrams from one node to another, as they arrive. */
async function datagrams(
  from: NodeName,
  to: NodeName,
  { count, bytes = 100, pauseMs = 0 }: { count: number; bytes?: number; pauseMs?: number },
): Promise<readonly Arrival[]> {
  const receiver = spawn("docker", ["exec", "-i", container(to), "node", "-e", RECEIVE]);
  const lines: string[] = [];
  const ended = eachLine(receiver.stdout, (line) => lines.push(line));
  await until("the receiver", async () => (lines.length > 0 ? true : undefined));
  const args = [addressOf(to), count, bytes, pauseMs].map(String);
  await run("docker", ["exec", container(from), "node", "-e", SEND, ...args]);
  await ended;
  return lines.slice(1).map((line) => {
    const [number = "", atMs = ""] = line.split(" ");
    return { number: Number(number), atMs: Number(atMs) };
  });
}

/** Times of `count` dials to a port where nothing listens, milliseconds, the quickest first. */
async function dials(from: NodeName, to: NodeName, count: number): Promise<readonly number[]> {
  const script = `
    const times = [];
    const dial = (left) => {
      if (left === 0) { console.log(JSON.stringify(times)); return; }
      const begun = performance.now();
      require("net").connect(9, "${addressOf(to)}").on("error", () => {
        times.push(performance.now() - begun);
        dial(left - 1);
      });
    };
    dial(${count});
  `;
  const times = await docker(["exec", container(from), "node", "-e", script]);
  return (JSON.parse(times) as number[]).toSorted((a, b) => a - b);
}

const median = (sorted: readonly number[]): number => sorted[sorted.length >> 1] ?? 0;
const isInOrder = (arrivals: readonly Arrival[]): boolean =>
  arrivals.every(({ number }, i) => number >= (arrivals[i - 1]?.number ?? 0));

describe.skipIf(engine === null)("packets between containers", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    logs = await mkdtemp(join(tmpdir(), "gauntlet-packets-"));
    const { image } = await ensureImages({ log: (line) => console.log(line) });
    hosts = await DockerHosts.start({ runId: RUN, nodes: 3, image, logsDir: logs });
    await settled();
  }, 300_000);

  afterAll(async () => {
    await hosts?.stop();
    await rm(logs, { recursive: true, force: true });
  }, 120_000);

  test("shapes are read back with the peers they are for, and taken back leave nothing", async () => {
    expect(await hosts.packets.shapeOf("n1")).toEqual(new Map());
    const shapes = new Map<NodeName, PacketShape>([
      ["n2", { ...UNSHAPED, lossShare: 0.1, delayMs: 12.5, jitterMs: 3, bytesPerSecond: 123_456 }],
      ["n3", { ...UNSHAPED, reorderShare: 1 / 3, reorderMs: 40, duplicateShare: 0.07 }],
    ]);
    await hosts.packets.shape("n1", shapes);
    expect(await hosts.packets.shapeOf("n1")).toEqual(shapes);
    expect([...(await hosts.packets.counts("n1")).keys()]).toEqual(["n2", "n3"]);
    await shape("n1", "n3", { delayMs: 1 });
    expect(await hosts.packets.shapeOf("n1")).toEqual(new Map([["n3", { ...UNSHAPED, delayMs: 1 }]]));
    await hosts.packets.shape("n1", new Map());
    expect(await hosts.packets.shapeOf("n1")).toEqual(new Map());
    expect(await hosts.packets.counts("n1")).toEqual(new Map());
    const mangle = await docker(["exec", container("n1"), "sh", "-c", "iptables-save -t mangle"]);
    expect(mangle).not.toContain("NFQUEUE");
    await expect(shape("n1", "n9", {})).rejects.toThrow('n1 has no link to "n9"');
    await expect(shape("n1", "n1", {})).rejects.toThrow('n1 has no link to "n1"');
  });

  test("delay: what one node sends to one peer is late by it, and nothing else is", async () => {
    await shape("n1", "n2", { delayMs: 50 });
    const shaped = await dials("n1", "n2", 21);
    const other = await dials("n1", "n3", 21);
    const back = await dials("n3", "n1", 21);
    await hosts.packets.shape("n1", new Map());
    const healed = await dials("n1", "n2", 21);
    console.log(
      `50 ms asked for: p50 ${median(shaped).toFixed(1)} ms; other links ${median(other).toFixed(1)} and ${median(back).toFixed(1)} ms; healed ${median(healed).toFixed(1)} ms`,
    );
    expect(shaped[0]).toBeGreaterThanOrEqual(50);
    for (const times of [other, back, healed]) expect(times[0]).toBeLessThan(50);
  });

  test("delay keeps the order, jitter need not; every datagram arrives once", async () => {
    await shape("n1", "n2", { delayMs: 80 });
    const steady = await datagrams("n1", "n2", { count: 200 });
    await shape("n1", "n2", { delayMs: 80, jitterMs: 80 });
    const jittery = await datagrams("n1", "n2", { count: 200 });
    await hosts.packets.shape("n1", new Map());
    for (const arrivals of [steady, jittery]) {
      expect(new Set(arrivals.map(({ number }) => number)).size).toBe(200);
      expect(arrivals).toHaveLength(200);
    }
    expect(isInOrder(steady)).toBe(true);
    expect(isInOrder(jittery)).toBe(false);
  });

  test("loss and duplicates: what arrives is what was sent, less what was lost, and what was sent twice", async () => {
    const leader = await until(
      "a leader",
      async () => [...(await hosts.view())].find(([, { role }]) => role === "leader")?.[0],
    );
    // Between followers, so that few packets but ours are counted.
    const [from = "", to = ""] = hosts.nodes.filter((node) => node !== leader);
    await shape(from, to, { lossShare: 0.3, duplicateShare: 0.4 });
    const arrivals = await datagrams(from, to, { count: 1000, pauseMs: 1 });
    const { lost, duplicated, ...others } = await countsTo(from, to);
    await hosts.packets.shape(from, new Map());
    const distinct = new Set(arrivals.map(({ number }) => number)).size;
    console.log(
      `of 1000 datagrams ${1000 - distinct} lost (30 % asked for) and ${arrivals.length - distinct} doubled (40 % of the rest)`,
    );
    // Some packets of the servers are counted with them.
    expect(1000 - distinct).toBeLessThanOrEqual(lost);
    expect(arrivals.length - distinct).toBeLessThanOrEqual(duplicated);
    expect(others).toEqual({ delayed: 0, reordered: 0, slowed: 0 });
    // Six standard deviations.
    expect(Math.abs(1000 - distinct - 300)).toBeLessThan(87);
    expect(Math.abs(arrivals.length - distinct - 0.4 * distinct)).toBeLessThan(93);
  });

  test("reordering: the packets that are held are overtaken, the others keep their order", async () => {
    await shape("n1", "n2", { reorderShare: 0.2, reorderMs: 60 });
    const arrivals = await datagrams("n1", "n2", { count: 300, pauseMs: 1 });
    const { reordered } = await countsTo("n1", "n2");
    await hosts.packets.shape("n1", new Map());
    expect(arrivals).toHaveLength(300);
    // Whoever came after a later one.
    let newest = -1;
    const late = arrivals.filter(({ number }) => {
      const isLate = number < newest;
      newest = Math.max(newest, number);
      return isLate;
    });
    expect(late.length).toBeGreaterThan(0);
    expect(late.length).toBeLessThanOrEqual(reordered);
  });

  test("rate: no more than so many bytes a second", async () => {
    const rate = 200_000;
    await shape("n1", "n2", { bytesPerSecond: rate });
    const arrivals = await datagrams("n1", "n2", { count: 400, bytes: 972 });
    const { slowed } = await countsTo("n1", "n2");
    await hosts.packets.shape("n1", new Map());
    expect(arrivals).toHaveLength(400);
    expect(isInOrder(arrivals)).toBe(true);
    const tookMs = (arrivals.at(-1)?.atMs ?? 0) - (arrivals[0]?.atMs ?? 0);
    // With 28 bytes of header each.
    const bytes = 399 * 1000;
    console.log(`${rate} bytes/s asked for: ${Math.round((bytes / tookMs) * 1000)} bytes/s`);
    expect(tookMs).toBeGreaterThan((bytes / rate) * 1000 - 50);
    expect(slowed).toBeGreaterThan(350);
  });

  test("a heal lets go of what is held, and of nothing twice", async () => {
    await shape("n1", "n2", { delayMs: 20_000 });
    const sent = datagrams("n1", "n2", { count: 50 });
    await until("50 packets held", async () =>
      (await countsTo("n1", "n2")).delayed >= 50 ? true : undefined,
    );
    const healedMs = performance.now();
    await hosts.packets.shape("n1", new Map());
    const arrivals = await sent;
    expect(performance.now() - healedMs).toBeLessThan(15_000);
    expect(arrivals.map(({ number }) => number)).toEqual([...Array(50).keys()]);
    await settled();
  });

  test("neither the rig's channel nor clients are touched", async () => {
    const hard = { ...UNSHAPED, lossShare: 0.95, delayMs: 5_000 };
    await hosts.packets.shape(
      "n1",
      new Map([
        ["n2", hard],
        ["n3", hard],
      ]),
    ); // prettier-ignore
    expect(await hosts.ping("n1")).toBeLessThan(2_500);
    expect((await hosts.view()).get("n1")?.role).not.toBe("unknown");
    await hosts.packets.shape("n1", new Map());
    await settled();
  });

  test("shapes and cuts of one node do not touch each other; both outlive the server", async () => {
    const cut = { peer: "n2", direction: "both", traffic: "all" } as const;
    await shape("n1", "n2", { delayMs: 30 });
    await hosts.cut("n1", [cut]);
    await hosts.signal("n1", "SIGKILL");
    const shapes = new Map([["n2", { ...UNSHAPED, delayMs: 30 }]]);
    expect(await hosts.packets.shapeOf("n1")).toEqual(shapes);
    expect(await hosts.cuts("n1")).toEqual([cut]);
    // A packet that was held meets the cut when it goes out.
    const before = (await hosts.droppedPackets("n1")).get("n2") ?? 0;
    expect(await datagramsNobodyHears("n1", "n2", 20)).toBe(0);
    expect((await hosts.droppedPackets("n1")).get("n2") ?? 0).toBeGreaterThanOrEqual(before + 20);
    await hosts.cut("n1", []);
    expect(await hosts.packets.shapeOf("n1")).toEqual(shapes);
    expect((await dials("n1", "n2", 5))[0]).toBeGreaterThanOrEqual(30);
    await hosts.packets.shape("n1", new Map());
    await hosts.start("n1");
    await settled();
  });

  test("without its program a shape is told to be none, and packets pass; it can be healed and set again", async () => {
    await shape("n1", "n2", { delayMs: 200 });
    await docker(["exec", container("n1"), "pkill", "-x", "packets"]);
    await expect(
      until("the end of the program", () => hosts.packets.shapeOf("n1").then(() => undefined)),
    ).rejects.toThrow(
      "n1: read-packets: packets are to be shaped, but the program that shapes packets ended",
    );
    expect((await dials("n1", "n2", 5))[0]).toBeLessThan(200);
    await hosts.packets.shape("n1", new Map());
    expect(await hosts.packets.shapeOf("n1")).toEqual(new Map());
    await shape("n1", "n2", { delayMs: 20 });
    expect((await dials("n1", "n2", 5))[0]).toBeGreaterThanOrEqual(20);
    await hosts.packets.shape("n1", new Map());
  });

  test("a rule in the shaper's chain that nobody asked for is seen", async () => {
    await shape("n1", "n2", { delayMs: 1 });
    const add = `-A NEM-SHAPE -d ${addressOf("n3")} -j DROP`;
    await docker(["exec", container("n1"), "sh", "-c", `iptables -t mangle ${add}`]);
    await expect(hosts.packets.shapeOf("n1")).rejects.toThrow("a rule that was not set here");
    await hosts.packets.shape("n1", new Map());
    expect(await hosts.packets.shapeOf("n1")).toEqual(new Map());
  });

  test("reset: connections with the peers named are destroyed and counted, and come back", async () => {
    const leader = await until(
      "a leader",
      async () => [...(await hosts.view())].find(([, { role }]) => role === "leader")?.[0],
    );
    const [peer = "", other = ""] = hosts.nodes.filter((node) => node !== leader);
    const ports = (node: NodeName, to: NodeName): Promise<string> =>
      docker(["exec", container(node), "ss", "-tnH", "state", "established", "dst", addressOf(to)]);
    // Each dials the other, once.
    const pair = (node: NodeName, to: NodeName): Promise<string> =>
      until(`two connections between ${node} and ${to}`, async () => {
        const now = await ports(node, to);
        return now.split("\n").length === 2 ? now : undefined;
      });
    const [before, kept] = await Promise.all([pair(leader, peer), pair(leader, other)]);
    expect(await hosts.packets.reset(leader, [peer])).toBe(2);
    const after = await pair(leader, peer);
    expect(socketsOf(after).filter((socket) => socketsOf(before).includes(socket))).toEqual([]);
    expect(socketsOf(await ports(leader, other))).toEqual(socketsOf(kept));
    expect(await hosts.packets.reset(leader, [])).toBe(0);
    await settled();
  });
});

/** Both ends of each socket that `ss` lists: what is queued in it changes. */
function socketsOf(listed: string): string[] {
  return listed
    .split("\n")
    .map((line) => line.trim().split(/\s+/).slice(-2).join(" "))
    .toSorted();
}

async function datagramsNobodyHears(from: NodeName, to: NodeName, count: number): Promise<number> {
  const receiver = spawn("docker", ["exec", "-i", container(to), "timeout", "2", "node", "-e", RECEIVE]);
  const lines: string[] = [];
  const ended = eachLine(receiver.stdout, (line) => lines.push(line));
  const args = [addressOf(to), count, 100, 0].map(String);
  await run("docker", ["exec", container(from), "node", "-e", SEND, ...args]);
  await ended;
  return lines.filter((line) => line !== "ready").length;
}
