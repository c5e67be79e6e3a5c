import { Metadata, status } from "@grpc/grpc-js";
import { etcdserverpb } from "@gauntlet/proto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestCluster, until } from "./testing/cluster.js";
import type { TestNode } from "./testing/cluster.js";
import { bytes } from "./testing/grpc.js";

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start(3);
});

afterAll(async () => {
  await cluster.stop();
});

async function put(node: TestNode, key: string, value: string): Promise<number> {
  const response = await node.client.put({ key: bytes(key), value: bytes(value) });
  return Number(response.header?.revision);
}

async function get(node: TestNode, key: string, serializable = false): Promise<string | null> {
  const { kvs } = await node.client.range({ key: bytes(key), serializable });
  const value = kvs?.[0]?.value;
  return value ? Buffer.from(value).toString() : null;
}

/** Both values as one read-only transaction finds them. */
async function getBoth(node: TestNode, ...keys: readonly string[]): Promise<readonly string[]> {
  const { responses } = await node.client.txn({
    success: keys.map((key) => ({ request_range: { key: bytes(key) } })),
  });
  return (responses ?? []).map(({ response_range }) => text(response_range?.kvs?.[0]?.value));
}

function text(value: Uint8Array | null | undefined): string {
  return Buffer.from(value ?? []).toString();
}

/** The gRPC code of a call that must fail. */
async function codeOf(call: Promise<unknown>): Promise<number> {
  const error = await call.then(
    () => new Error("the call succeeded"),
    (reason: unknown) => reason,
  );
  expect(error).toHaveProperty("code");
  return (error as { code: number }).code;
}

async function metric(node: TestNode, line: RegExp): Promise<number> {
  const text = await (await fetch(`${node.metricsUrl}/metrics`)).text();
  return Number(line.exec(text)?.[1]);
}

describe("three nodes", () => {
  test("write through any of them and read the write from all", async () => {
    for (const writer of cluster.nodes) {
      await put(writer, "shared", writer.name);
      const values = await Promise.all(cluster.nodes.map((reader) => get(reader, "shared")));
      expect(values).toEqual(cluster.nodes.map(() => writer.name));
    }
  });

  test("number all writes on one line of revisions, whoever takes them", async () => {
    const revisions = await Promise.all(
      Array.from({ length: 30 }, (_, at) => {
        const node = cluster.nodes[at % 3];
        if (node === undefined) throw new Error("no node");
        return put(node, `many-${at}`, "v");
      }),
    );
    const sorted = revisions.toSorted((a, b) => a - b);
    expect(sorted.map((revision) => revision - (sorted[0] ?? 0))).toEqual(
      Array.from({ length: 30 }, (_, at) => at),
    );
  });

  test("show one state to a transaction of reads alone, while both keys change together", async () => {
    const [writer, reader] = await cluster.followers();
    if (writer === undefined || reader === undefined) throw new Error("too few followers");
    const stop = new AbortController();
    const writes = (async () => {
      for (let at = 0; !stop.signal.aborted; at++) {
        const puts = ["left", "right"].map((key) => ({
          request_put: { key: bytes(key), value: bytes(`${at}`) },
        }));
        await writer.client.txn({ success: puts });
      }
    })();
    const seen: (readonly string[])[] = [];
    await until("it saw many states", async () => {
      seen.push(...(await Promise.all(Array.from({ length: 10 }, () => getBoth(reader, "left", "right")))));
      return new Set(seen.map(String)).size > 20 ? true : null;
    });
    stop.abort();
    await writes;
    expect(seen.filter(([left, right]) => left !== right)).toEqual([]);
  });

  test("say who answers, and agree on everything else", async () => {
    const leader = await cluster.leader();
    const answers = await Promise.all(cluster.nodes.map((node) => node.client.status({})));
    const ids = answers.map((answer) => String(answer.header?.member_id));
    expect(new Set(ids).size).toBe(3);
    expect(new Set(answers.map((answer) => String(answer.header?.cluster_id))).size).toBe(1);
    expect(new Set(answers.map((answer) => String(answer.raftTerm))).size).toBe(1);
    expect(answers.map((answer) => String(answer.leader))).toEqual(
      cluster.nodes.map(() => ids[cluster.nodes.indexOf(leader)]),
    );
    expect(answers.map((answer) => answer.errors)).toEqual([[], [], []]);
  });

  test("list the members, and where clients dial them", async () => {
    for (const node of cluster.nodes) {
      const { members } = await node.client.memberList({ linearizable: true });
      const urls = (members ?? []).flatMap(({ name, clientURLs }) =>
        (clientURLs ?? []).map((url) => `${name} ${url}`),
      );
      expect(urls.toSorted()).toEqual(
        cluster.nodes.map((each) => `${each.name} http://${each.clientAddress}`),
      );
    }
  });

  test("refuse what is wrong by etcd's code and text", async () => {
    const [node] = cluster.nodes;
    if (node === undefined) throw new Error("no node");
    const { client } = node;
    await expect(client.put({ key: bytes("") })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: "etcdserver: key is not provided",
    });
    await expect(client.range({ key: bytes("a"), revision: 1e9 })).rejects.toMatchObject({
      code: status.OUT_OF_RANGE,
      details: "etcdserver: mvcc: required revision is a future revision",
    });
    const big = client.put({ key: bytes("big"), value: new Uint8Array(1.5 * 1024 * 1024) });
    await expect(big).rejects.toMatchObject({ details: "etcdserver: request is too large" });
    await expect(
      client.alarm({ action: etcdserverpb.AlarmRequest.AlarmAction.ACTIVATE }),
    ).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
    const fits = new Uint8Array(1.5 * 1024 * 1024 - 100);
    await client.put({ key: bytes("big"), value: fits });
    const follower = (await cluster.followers())[0];
    await follower?.client.put({ key: bytes("big"), value: fits });
    expect((await follower?.client.range({ key: bytes("big") }))?.kvs?.[0]?.value).toHaveLength(fits.length);
  });

  test("show their state on /health and /metrics", async () => {
    const leader = await cluster.leader();
    const health = await fetch(`${leader.metricsUrl}/health`);
    expect([health.status, await health.json()]).toEqual([200, { health: "true", reason: "" }]);
    expect(await metric(leader, /^etcd_server_is_leader (\d+)$/m)).toBe(1);
    expect(await metric(leader, /^gauntlet_raft_role\{role="leader"\} (\d+)$/m)).toBe(1);
    expect(await metric(leader, /^gauntlet_raft_role\{role="follower"\} (\d+)$/m)).toBe(0);
    expect(await metric(leader, /^gauntlet_server_tick_interval_ms (\d+)$/m)).toBe(10);
    expect(await metric(leader, /^gauntlet_wal_fsync_seconds_count (\d+)$/m)).toBeGreaterThan(0);
    expect(await metric(leader, /^gauntlet_propose_commit_seconds_count (\d+)$/m)).toBeGreaterThan(0);
    const before = await metric(leader, /^gauntlet_server_ticks_total (\d+)$/m);
    await until("the node ticks", async () =>
      (await metric(leader, /^gauntlet_server_ticks_total (\d+)$/m)) > before ? true : null,
    );
    expect((await fetch(`${leader.metricsUrl}/`)).status).toBe(404);
    expect((await fetch(`${leader.metricsUrl}/health`, { method: "POST" })).status).toBe(405);
  });
});

describe("kill -9", () => {
  test("of the leader under load loses nothing that was acknowledged", async () => {
    const leader = await cluster.leader();
    const followers = await cluster.followers();
    const acknowledged = new Map<string, string>();
    const stop = new AbortController();
    const writers = followers.map(async (node, writer) => {
      for (let at = 0; !stop.signal.aborted; at++) {
        const key = `load-${writer}-${at}`;
        const done = await put(node, key, String(at)).then(
          () => true,
          () => false,
        );
        if (done) acknowledged.set(key, String(at));
      }
    });
    await until("some writes are acknowledged", async () => (acknowledged.size > 20 ? true : null));
    await leader.end("SIGKILL");
    const atTheKill = acknowledged.size;
    await until("writes go on", async () => (acknowledged.size > atTheKill + 20 ? true : null));
    stop.abort();
    await Promise.all(writers);
    expect(await cluster.leader()).not.toBe(leader);

    leader.start();
    await cluster.leader();
    for (const node of cluster.nodes) {
      const { kvs } = await node.client.range({ key: bytes("load-"), range_end: bytes("load.") });
      const found = new Map((kvs ?? []).map(({ key, value }) => [text(key), text(value)]));
      for (const [key, value] of acknowledged) expect(found.get(key), `${key} at ${node.name}`).toBe(value);
    }
  });

  test("of all at once loses nothing that was acknowledged", async () => {
    const node = await cluster.leader();
    const revision = await put(node, "before-the-end", "kept");
    await Promise.all(cluster.nodes.map((each) => each.end("SIGKILL")));
    for (const each of cluster.nodes) each.start();
    await cluster.leader();
    for (const each of cluster.nodes) {
      expect(await get(each, "before-the-end")).toBe("kept");
      expect(await put(each, "after", each.name)).toBeGreaterThan(revision);
    }
  });
});

describe("a node without a quorum", () => {
  test("answers what needs none, and refuses the rest without deciding anything", async () => {
    const [last, ...others] = await cluster.followers().then((nodes) => nodes.toReversed());
    if (last === undefined) throw new Error("no follower");
    await put(last, "quorum", "held");
    expect(await get(last, "quorum")).toBe("held");
    const gone = cluster.nodes.filter((node) => node !== last);
    expect(gone).toHaveLength(others.length + 1);
    await Promise.all(gone.map((node) => node.end("SIGKILL")));

    expect(await get(last, "quorum", true)).toBe("held");
    expect(await codeOf(get(last, "quorum"))).toBe(status.UNAVAILABLE);
    expect(await codeOf(getBoth(last, "quorum"))).toBe(status.UNAVAILABLE);
    expect(await codeOf(put(last, "quorum", "lost?"))).toBe(status.UNAVAILABLE);

    const answer = await until("it knows that there is no leader", async () => {
      const state = await last.client.status({});
      return String(state.leader) === "0" ? state : null;
    });
    expect(answer.errors).toEqual(["etcdserver: no leader"]);
    await expect(get(last, "quorum")).rejects.toMatchObject({ details: "etcdserver: no leader" });
    await expect(put(last, "quorum", "lost")).rejects.toMatchObject({ details: "etcdserver: no leader" });
    const metadata = new Metadata();
    metadata.set("hasleader", "true");
    const serializable = { key: bytes("quorum"), serializable: true };
    await expect(last.client.range(serializable, metadata)).rejects.toMatchObject({
      details: "etcdserver: no leader",
    });
    const health = await fetch(`${last.metricsUrl}/health`);
    expect([health.status, await health.json()]).toEqual([
      503,
      { health: "false", reason: "RAFT NO LEADER" },
    ]);

    await last.end("SIGKILL");
    last.start();
    await until("it is back", () => last.client.status({}));
    // Nothing is applied yet.
    const txn = { success: [{ request_range: serializable }] };
    for (const call of [last.client.range(serializable), last.client.txn(txn)]) {
      await expect(call).rejects.toMatchObject({ details: "etcdserver: no leader" });
    }

    for (const node of gone) node.start();
    await cluster.leader();
    const replayed = await until("its log is applied", () => get(last, "quorum", true));
    expect(["held", "lost?"]).toContain(replayed);
    // The first refused write may or may not have been taken; the second was certainly not.
    expect(["held", "lost?"]).toContain(await get(last, "quorum"));
  });
});

describe("a leader that has just lost its quorum", () => {
  test("is not healthy, although it believes to lead", async () => {
    const leader = await cluster.leader();
    const followers = await cluster.followers();
    await Promise.all(followers.map((node) => node.end("SIGKILL")));
    const health = await fetch(`${leader.metricsUrl}/health`);
    expect([health.status, await health.json()]).toEqual([
      503,
      { health: "false", reason: expect.stringMatching(/^(QGET ERROR:etcdserver: .+|RAFT NO LEADER)$/) },
    ]);
    for (const node of followers) node.start();
    await cluster.leader();
  });
});

describe("a stopped leader", () => {
  test("that comes back has been replaced, and answers with what was written meanwhile", async () => {
    const paused = await cluster.leader();
    await put(paused, "paused", "old");
    paused.process?.child.kill("SIGSTOP");
    const [other] = cluster.nodes.filter((node) => node !== paused);
    if (other === undefined) throw new Error("no other node");
    await until("another node leads", async () => {
      const { leader, header } = await other.client.status({});
      return String(leader) !== "0" && (await put(other, "paused", "new")) && header ? true : null;
    });
    // Sent while it sleeps: among the first things that it sees.
    const transactions = Promise.allSettled(
      Array.from({ length: 20 }, () => getBoth(paused, "paused", "paused")),
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    paused.process?.child.kill("SIGCONT");
    // Whatever it believes at first, it must not answer with the old value.
    const read = (await transactions).flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    expect(read).toEqual(read.map(() => ["new", "new"]));
    const value = await until("it answers", () => get(paused, "paused"));
    expect(value).toBe("new");
    expect(await cluster.leader()).not.toBe(paused);
  });
});

describe("SIGTERM", () => {
  test("ends every node cleanly", async () => {
    const processes = cluster.nodes.map((node) => node.process);
    const codes = await Promise.all(cluster.nodes.map((node) => node.end("SIGTERM")));
    expect(codes).toEqual([0, 0, 0]);
    for (const process of processes) {
      const [first = ""] = process?.stdout.split("\n") ?? [];
      expect(first.split('"member":')).toHaveLength(2);
      expect(process?.logged("stopping")).toHaveLength(1);
      expect(process?.logged("stopped")).toHaveLength(1);
      expect(process?.stderr).toBe("");
    }
  });
});

describe("three nodes with leases", () => {
  test("a leader that was paused reads nothing older than what its successor has acknowledged", async () => {
    const leased = await TestCluster.start(3, undefined, ["--read-lease-clock-uncertainty=0.1"]);
    try {
      for (let round = 0; round < 3; round += 1) {
        const old = await leased.leader();
        const [other] = await leased.followers();
        if (other === undefined) throw new Error("nobody follows");
        await put(old, "leased", `old ${round}`);
        expect(await get(old, "leased")).toBe(`old ${round}`);
        old.process?.child.kill("SIGSTOP");
        await until("a successor takes a write", () => put(other, "leased", `new ${round}`));
        // Sent while it sleeps: among the first things that it sees.
        const reads = Promise.allSettled(Array.from({ length: 20 }, () => get(old, "leased")));
        await new Promise((resolve) => setTimeout(resolve, 50));
        old.process?.child.kill("SIGCONT");
        const values = (await reads).flatMap((read) => (read.status === "fulfilled" ? [read.value] : []));
        expect(values).toEqual(values.map(() => `new ${round}`));
        expect(await until("it serves again", () => get(old, "leased"))).toBe(`new ${round}`);
      }
    } finally {
      await leased.stop();
    }
  });
});
