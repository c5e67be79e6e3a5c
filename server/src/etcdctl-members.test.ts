import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestCluster, until } from "./testing/cluster.js";
import type { TestNode } from "./testing/cluster.js";

const installed = spawnSync("etcdctl", ["version"]).error === undefined;
const inCi = process.env["CI"] === "true";
if (!installed && !inCi) {
  console.warn("skipped: all tests of etcdctl-members.test.ts, because etcdctl is not on the PATH");
}

interface Member {
  readonly ID: number;
  readonly name?: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs?: readonly string[];
  readonly isLearner?: boolean;
}

/** In the order in which they stand: each goes on from where the one before left the cluster. */
describe.skipIf(!installed && !inCi)("Debian's etcdctl, on members", () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    if (!installed) throw new Error("etcdctl must be on the PATH in CI: apt-get install etcd-client");
    cluster = await TestCluster.start(3);
  });

  afterAll(async () => {
    await cluster?.stop();
  });

  /** A learner answers so little that it is not asked unless it is meant. */
  let learning: TestNode | null = null;

  function askable(): readonly TestNode[] {
    return cluster.running.filter((node) => node !== learning);
  }

  function etcdctl(args: readonly string[], nodes: readonly TestNode[] = askable()) {
    const endpoints = nodes.map((node) => node.clientAddress).join(",");
    const environment = { ...process.env, ETCDCTL_API: "3" };
    const options = { encoding: "utf8", env: environment, timeout: 20_000 } as const;
    // It asks a hundred times where it is told UNAVAILABLE, as of a learner; five seconds are not always enough for that.
    const flags = ["--endpoints", endpoints, "--command-timeout=15s"];
    const { status, stdout, stderr } = spawnSync("etcdctl", [...flags, ...args], options);
    return { code: status, stdout, stderr };
  }

  function output(args: readonly string[], nodes?: readonly TestNode[]): string {
    const { code, stdout, stderr } = etcdctl(args, nodes);
    if (code !== 0) throw new Error(`etcdctl ${args.join(" ")} exited with ${code}: ${stderr}`);
    return stdout;
  }

  /** Changes are refused while a member is not connected to all others for a while: at first, and after each change. */
  function outputSoon(args: readonly string[]): Promise<string> {
    return until(`etcdctl ${args.join(" ")}`, async () => output(args));
  }

  /** The last line of what it complains of. */
  function complaint(args: readonly string[], nodes?: readonly TestNode[]): string {
    const { code, stderr } = etcdctl(args, nodes);
    expect(code).not.toBe(0);
    return stderr.trimEnd().split("\n").at(-1) ?? "";
  }

  function members(): readonly Member[] {
    const { members: all } = JSON.parse(output(["member", "list", "-w", "json"])) as { members: Member[] };
    return all;
  }

  function hexIdOf(name: string): string {
    const id = members().find((member) => member.name === name)?.ID;
    if (id === undefined) throw new Error(`${name} is no member`);
    return id.toString(16);
  }

  let learner: TestNode;

  test("adds a learner, which joins, and answers next to nothing", async () => {
    learner = await cluster.newcomer("n4");
    const added = await outputSoon(["member", "add", "n4", "--learner", `--peer-urls=${learner.peerUrl}`]);
    expect(added).toMatch(/^Member +[0-9a-f]+ added to cluster +[0-9a-f]+/);
    const unstarted = members().find((member) => member.peerURLs.includes(learner.peerUrl));
    expect(unstarted).toMatchObject({ isLearner: true });
    expect(unstarted?.name ?? "").toBe("");
    learner.start();
    learning = learner;
    await until("it is published", async () => {
      const own = members().find((member) => member.name === "n4");
      return own?.clientURLs?.includes(`http://${learner.clientAddress}`) === true ? own : null;
    });
    output(["put", "before", "promotion"]);
    await until("it has the log", async () => {
      const { code, stdout } = etcdctl(["get", "before", "--consistency=s"], [learner]);
      return code === 0 && stdout === "before\npromotion\n" ? true : null;
    });
    expect(complaint(["get", "before"], [learner])).toBe("Error: etcdserver: rpc not supported for learner");
    expect(complaint(["member", "list"], [learner])).toBe("Error: etcdserver: rpc not supported for learner");
    const [state] = JSON.parse(output(["endpoint", "status", "-w", "json"], [learner])) as {
      Status: Record<string, unknown>;
    }[];
    expect(state?.Status).toMatchObject({ isLearner: true, dbSize: expect.any(Number) });
  });

  test("is refused a second learner, an address that is taken, and ids that nobody has", () => {
    const add = ["member", "add", "n5", "--peer-urls=http://127.0.0.1:1"];
    expect(complaint([...add, "--learner"])).toBe("Error: etcdserver: too many learner members in cluster");
    expect(complaint(["member", "add", "n5", `--peer-urls=${learner.peerUrl}`])).toBe(
      "Error: etcdserver: Peer URLs already exists",
    );
    expect(complaint(["member", "add", "n5", "--peer-urls=https://127.0.0.1:1"])).toContain(
      "Error: etcdserver: given member URLs are invalid",
    );
    expect(complaint(["member", "remove", "abcdef"])).toBe("Error: etcdserver: member not found");
    expect(complaint(["member", "promote", "abcdef"])).toBe("Error: etcdserver: member not found");
    const update = ["member", "update", "abcdef", "--peer-urls=http://127.0.0.1:1"];
    expect(complaint(update)).toBe("Error: etcdserver: member not found");
    expect(complaint(["member", "promote", hexIdOf("n1")])).toBe(
      "Error: etcdserver: can only promote a learner member",
    );
    expect(complaint(["move-leader", hexIdOf("n4")])).toContain("etcdserver: bad leader transferee");
  });

  test("promotes the learner, which then answers all", async () => {
    expect(await outputSoon(["member", "promote", hexIdOf("n4")])).toContain("promoted in cluster");
    learning = null;
    expect(members().some((member) => member.isLearner)).toBe(false);
    await until("it answers", async () => output(["get", "before"], [learner]));
    expect(output(["get", "before"], [learner])).toBe("before\npromotion\n");
    expect(output(["member", "list"], [learner]).trimEnd().split("\n")).toHaveLength(4);
  });

  test("moves the leadership", async () => {
    const leader = await cluster.leader();
    const target = cluster.running.find((node) => node !== leader) ?? leader;
    const targetId = hexIdOf(target.name);
    // Two endpoints of which neither leads: it has nobody to ask.
    const others = cluster.running.filter((node) => node !== leader);
    expect(complaint(["move-leader", targetId], others.slice(0, 2))).toContain("no leader endpoint");
    expect(output(["move-leader", targetId])).toContain(`to ${targetId}`);
    expect(await cluster.leader()).toBe(target);
  });

  test("updates an address; a member that comes back where it was says so", async () => {
    const node = cluster.nodes[0];
    if (node === undefined) throw new Error("there are nodes");
    const moved = "http://127.0.0.1:9";
    const id = hexIdOf("n1");
    await outputSoon(["member", "update", id, `--peer-urls=${moved}`]);
    expect(members().find((member) => member.name === "n1")?.peerURLs).toEqual([moved]);
    output(["put", "still", "connected"]);
    await node.end("SIGTERM");
    node.start();
    await until("it is where its flags say", async () => {
      return members().find((member) => member.name === "n1")?.peerURLs[0] === node.peerUrl ? true : null;
    });
    await cluster.leader();
  });

  test("removes a member, which stops for good, and whose id does not come back", async () => {
    const leader = await cluster.leader();
    const id = hexIdOf(leader.name);
    expect(await outputSoon(["member", "remove", id])).toMatch(/^Member +[0-9a-f]+ removed from cluster/);
    expect(await leader.process?.exit()).toBe(3);
    expect(
      leader.process?.logged("this member was removed from the cluster, and stops for good"),
    ).toHaveLength(1);
    leader.process = null;
    output(["put", "after", "removal"]);
    expect(members()).toHaveLength(3);
    // What is left of it does not come back either, though its own log may not say why.
    leader.start();
    expect(await leader.exit()).toBe(3);
    const add = ["member", "add", leader.name, `--peer-urls=${leader.peerUrl}`, "-w", "json"];
    const { member } = JSON.parse(await outputSoon(add)) as { member: Member };
    expect(member.ID.toString(16)).not.toBe(id);
    // Three of four have started: a fifth voter that has not would leave them without a quorum to spare.
    await outputSoon(["member", "remove", member.ID.toString(16)]);
  });

  test("compares hashes, lists no alarms, defragments", async () => {
    const hashes = () => {
      const all = JSON.parse(output(["endpoint", "hashkv", "-w", "json"])) as { HashKV: { hash: number } }[];
      return all.map(({ HashKV }) => HashKV.hash);
    };
    output(["put", "one", "more"]);
    const equal = await until("all have applied it", async () => {
      const all = hashes();
      return new Set(all).size === 1 ? all : null;
    });
    expect(equal).toHaveLength(3);
    output(["put", "one", "less"]);
    expect(hashes()).not.toContain(equal[0]);
    const [{ code }, before] = [etcdctl(["endpoint", "hashkv", "--rev", "900000"]), hashes()];
    expect([code, before.length]).toEqual([1, 3]);
    expect(output(["alarm", "list"])).toBe("");
    expect(output(["alarm", "disarm"])).toBe("");
    expect(output(["defrag"])).toContain("Finished defragmenting etcd member");
  });
});
