import { afterEach, expect, test } from "vitest";
import { toSafeNumber } from "@gauntlet/proto";
import { TestCluster, until } from "./testing/cluster.js";
import type { TestNode } from "./testing/cluster.js";
import { bytes } from "./testing/grpc.js";
import { Load } from "./testing/load.js";

const NODES = 5;
const WRITERS = 4;
/** More entries than a leader keeps for peers that lag. */
const FILL = 6000;
const FILL_AT_ONCE = 100;
/** On a machine that does other things too. */
const LIMIT_MS = 300_000;
/** Small, so that who joins late gets a snapshot and not the log from its beginning. */
const FLAGS = ["--checkpoint-log-bytes=65536", "--segment-bytes=65536"];

let cluster: TestCluster | null = null;

afterEach(async () => {
  await cluster?.stop();
  cluster = null;
});

/** A change is refused while others are under way, or while not all members are connected: asked again until it is made. */
function changed<Answer>(what: string, change: () => Promise<Answer>): Promise<Answer> {
  return until(what, change);
}

async function idOf(node: TestNode): Promise<number> {
  const { header } = await node.client.status({});
  return toSafeNumber(header?.member_id ?? 0);
}

/** Brings a new node in and takes `old` out. */
async function replace(
  running: TestCluster,
  old: TestNode,
  name: string,
  asLearner: boolean,
): Promise<TestNode> {
  const veteran = running.running.find((node) => node !== old) ?? old;
  const oldId = await idOf(old);
  const newcomer = await running.newcomer(name);
  const add = { peerURLs: [newcomer.peerUrl], isLearner: asLearner };
  const { member } = await changed(`${name} is added`, () => veteran.client.memberAdd(add));
  newcomer.start();
  const id = toSafeNumber(member?.ID ?? 0);
  if (asLearner) await changed(`${name} is promoted`, () => veteran.client.memberPromote({ ID: id }));
  await until(`${name} serves`, () => newcomer.client.range({ key: bytes("load/0/0") }));
  // Asked of the new one: it is a member like any other.
  await changed(`${old.name} is removed`, () => removed(newcomer, oldId));
  expect(await old.exit()).toBe(3);
  return newcomer;
}

/** A first attempt may have done it and been answered with an error. */
async function removed(node: TestNode, id: number): Promise<true> {
  const { members } = await node.client.memberList({ linearizable: true });
  if (members?.some((member) => toSafeNumber(member.ID ?? 0) === id))
    await node.client.memberRemove({ ID: id });
  return true;
}

/** Of these keys. */
async function missingAt(node: TestNode, keys: readonly string[]): Promise<readonly string[]> {
  const { kvs } = await until("it can be read", () =>
    node.client.range({ key: bytes("load/"), range_end: bytes("load0") }),
  );
  const stored = new Set(kvs?.map(({ key }) => Buffer.from(key ?? []).toString()));
  return keys.filter((key) => !stored.has(key));
}

/** Entries that who joins has to get from a snapshot. */
async function fill(node: TestNode): Promise<void> {
  for (let at = 0; at < FILL; at += FILL_AT_ONCE) {
    const keys = Array.from({ length: FILL_AT_ONCE }, (_, more) => `fill/${at + more}`);
    const put = (key: string) => node.client.put({ key: bytes(key), value: bytes(key) });
    await Promise.all(keys.map((key) => until("it is written", () => put(key))));
  }
}

test.each([
  ["first as learners", true],
  ["at once as voters", false],
])(
  "all five nodes are replaced under load, %s, and nothing acknowledged is lost",
  async (how, asLearner) => {
    cluster = await TestCluster.start(NODES, undefined, FLAGS);
    const running = cluster;
    const founders = [...running.nodes];
    let serving: readonly TestNode[] = founders;
    await fill(await running.leader());
    const load = new Load(WRITERS, () => serving);
    for (const [at, old] of founders.entries()) {
      const rest = serving.filter((node) => node !== old);
      const newcomer = await replace(running, old, `n${NODES + 1 + at}`, asLearner);
      serving = [...rest, newcomer];
      expect(newcomer.process?.logged("snapshot installed")).not.toEqual([]);
    }
    await load.stop();
    expect(founders.every((node) => node.process === null)).toBe(true);
    const { members } = await (await running.leader()).client.memberList({});
    expect(
      members?.map(({ name }) => name).toSorted((a = "", b = "") => (a ?? "").localeCompare(b ?? "")),
    ).toEqual(serving.map(({ name }) => name).toSorted((a, b) => a.localeCompare(b)));
    for (const node of serving) expect(await missingAt(node, load.acknowledged)).toEqual([]);
    console.info(
      `replaced ${NODES} nodes ${how}: ${load.acknowledged.length} writes acknowledged, ${load.failures} failed, ` +
        `the longest stretch without one ${Math.round(load.longestGapMs)} ms (election timeout 500 ms)`,
    );

    // They know each other by what they have written down, whatever their flags say of those who are gone.
    await Promise.all(running.running.map((node) => node.end("SIGKILL")));
    for (const node of serving) node.start();
    await running.leader();
    for (const node of serving) expect(await missingAt(node, load.acknowledged)).toEqual([]);
  },
  LIMIT_MS,
);

test(
  "a cluster of one grows to three, and then lives without the first",
  async () => {
    cluster = await TestCluster.start(1);
    const running = cluster;
    const [founder] = running.nodes;
    if (founder === undefined) throw new Error("there is a node");
    await founder.client.put({ key: bytes("load/0"), value: bytes("alone") });
    for (const name of ["n2", "n3"]) {
      const newcomer = await running.newcomer(name);
      const add = { peerURLs: [newcomer.peerUrl], isLearner: false };
      await changed(`${name} is added`, () => founder.client.memberAdd(add));
      newcomer.start();
      // A learner does not answer that.
      await until(`${name} votes`, () => newcomer.client.range({ key: bytes("load/0") }));
    }
    await founder.end("SIGKILL");
    const leader = await running.leader();
    await until("it can be written", () => leader.client.put({ key: bytes("load/1"), value: bytes("two") }));
    expect(await missingAt(leader, ["load/0", "load/1"])).toEqual([]);
  },
  LIMIT_MS,
);

/** Suspends the process, and has the others change something before they miss it. */
async function changedUnseenBy<Answer>(
  node: TestNode,
  what: string,
  change: () => Promise<Answer>,
): Promise<Answer> {
  return until(what, async () => {
    node.process?.child.kill("SIGSTOP");
    try {
      return await change();
    } catch (error) {
      node.process?.child.kill("SIGCONT");
      throw error;
    }
  });
}

// It neither has the entries that made the new one a member nor knows where that is dialled; each needs the other's vote.
test(
  "a member that was away while all others were replaced elects the one that took their place",
  async () => {
    cluster = await TestCluster.start(3);
    const running = cluster;
    const leader = await running.leader();
    const [other, absent] = await running.followers();
    if (other === undefined || absent === undefined) throw new Error("a leader of three has two followers");
    await leader.client.put({ key: bytes("load/0"), value: bytes("three") });
    const newcomer = await running.newcomer("n4");
    const add = { peerURLs: [newcomer.peerUrl], isLearner: true };
    const { member } = await changedUnseenBy(absent, "n4 is added", () => leader.client.memberAdd(add));
    // With it goes what came after it was suspended, and was not read.
    await absent.end("SIGKILL");
    newcomer.start();
    const id = toSafeNumber(member?.ID ?? 0);
    await changed("n4 is promoted", () => leader.client.memberPromote({ ID: id }));
    await until("n4 votes", () => newcomer.client.range({ key: bytes("load/0") }));
    const otherId = await idOf(other);
    await changed("one is removed", () => removed(newcomer, otherId));
    expect(await other.exit()).toBe(3);
    await leader.end("SIGKILL");

    absent.start();
    const elected = await running.leader();
    expect(elected).toBe(newcomer);
    await until("it can be written", () => elected.client.put({ key: bytes("load/1"), value: bytes("two") }));
    for (const node of [absent, newcomer]) expect(await missingAt(node, ["load/0", "load/1"])).toEqual([]);
  },
  LIMIT_MS,
);
