import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestCluster } from "./testing/cluster.js";

const installed = spawnSync("etcdctl", ["version"]).error === undefined;
const inCi = process.env["CI"] === "true";
if (!installed && !inCi) {
  console.warn(
    "skipped: all tests of etcdctl.test.ts, because etcdctl is not on the PATH (Debian: etcd-client)",
  );
}

/** In CI a missing etcdctl fails the tests instead of skipping them. */
describe.skipIf(!installed && !inCi)("Debian's etcdctl", () => {
  let cluster: TestCluster;
  let endpoints: string;

  beforeAll(async () => {
    if (!installed) throw new Error("etcdctl must be on the PATH in CI: apt-get install etcd-client");
    cluster = await TestCluster.start(3);
    endpoints = cluster.nodes.map((node) => node.clientAddress).join(",");
  });

  afterAll(async () => {
    await cluster?.stop();
  });

  function etcdctl(
    args: readonly string[],
    input = "",
  ): { code: number | null; stdout: string; stderr: string } {
    const environment = { ...process.env, ETCDCTL_API: "3" };
    const options = { input, encoding: "utf8", env: environment, timeout: 20_000 } as const;
    const { status, stdout, stderr } = spawnSync("etcdctl", ["--endpoints", endpoints, ...args], options);
    return { code: status, stdout, stderr };
  }

  function output(args: readonly string[], input = ""): string {
    const { code, stdout, stderr } = etcdctl(args, input);
    if (code !== 0) throw new Error(`etcdctl ${args.join(" ")} exited with ${code}: ${stderr}`);
    return stdout;
  }

  function json(args: readonly string[]): unknown {
    return JSON.parse(output([...args, "-w", "json"]));
  }

  test("puts and gets", () => {
    expect(output(["put", "fruit/apple", "red"])).toBe("OK\n");
    expect(output(["put", "fruit/plum", "blue"])).toBe("OK\n");
    expect(output(["put", "fruit/apple", "green", "--prev-kv"])).toBe("OK\nfruit/apple\nred\n");
    expect(output(["get", "fruit/apple"])).toBe("fruit/apple\ngreen\n");
    expect(output(["get", "fruit/apple", "--rev", "2"])).toBe("fruit/apple\nred\n");
    expect(output(["get", "--prefix", "fruit/"])).toBe("fruit/apple\ngreen\nfruit/plum\nblue\n");
    expect(output(["get", "--prefix", "fruit/", "--sort-by=MODIFY", "--order=DESCEND", "--limit=1"])).toBe(
      "fruit/apple\ngreen\n",
    );
    expect(output(["get", "nothing"])).toBe("");
    expect(json(["get", "fruit/apple"])).toMatchObject({
      header: { revision: 4 },
      kvs: [{ key: "ZnJ1aXQvYXBwbGU=", create_revision: 2, mod_revision: 4, version: 2, value: "Z3JlZW4=" }],
      count: 1,
    });
  });

  test("runs both branches of a txn", () => {
    const txn = (value: string) =>
      `value("fruit/apple") = "${value}"\nversion("fruit/apple") > "1"\n\n` +
      "put chosen success\nget fruit/apple\n\n" +
      "put chosen failure\ndel nothing\n\n";
    expect(output(["txn"], txn("green"))).toBe("SUCCESS\n\nOK\n\nfruit/apple\ngreen\n");
    expect(output(["get", "chosen", "--print-value-only"])).toBe("success\n");
    expect(output(["txn"], txn("red"))).toBe("FAILURE\n\nOK\n\n0\n");
    expect(output(["get", "chosen", "--print-value-only"])).toBe("failure\n");
  });

  test("deletes", () => {
    expect(output(["del", "fruit/plum"])).toBe("1\n");
    expect(output(["del", "fruit/plum"])).toBe("0\n");
    expect(output(["del", "--prefix", "--prev-kv", "fruit/"])).toBe("1\nfruit/apple\ngreen\n");
    expect(output(["get", "--prefix", "fruit/"])).toBe("");
  });

  test("shows the status of the endpoints", () => {
    const states = json(["endpoint", "status"]) as {
      Endpoint: string;
      Status: Record<string, unknown> & { header: { member_id: number; revision: number }; leader: number };
    }[];
    expect(states.map((state) => state.Endpoint).join(",")).toBe(endpoints);
    for (const { Status } of states) {
      expect(Status).toMatchObject({ version: "3.4.0-gauntlet", raftTerm: expect.any(Number) });
      expect(Status["raftIndex"]).toBe(Status["raftAppliedIndex"]);
      expect(Status["dbSize"]).toBeGreaterThan(0);
      expect(Status).not.toHaveProperty("errors");
    }
    const ids = states.map(({ Status }) => Status.header.member_id);
    expect(new Set(ids).size).toBe(3);
    expect(ids).toContain(states[0]?.Status.leader);
    expect(new Set(states.map(({ Status }) => Status.leader)).size).toBe(1);
  });

  test("finds the endpoints healthy", () => {
    const { code, stdout, stderr } = etcdctl(["endpoint", "health"]);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    // It tells its result on the standard error stream.
    const lines = (stdout + stderr).trimEnd().split("\n").toSorted();
    const expected = cluster.nodes.map((node) => `${node.clientAddress} is healthy`).toSorted();
    expect(lines.map((line) => line.replace(/: .*/, ""))).toEqual(expected);
  });

  test("lists the members", () => {
    const lines = output(["member", "list"]).trimEnd().split("\n");
    const members = lines.map((line) => line.split(", "));
    for (const [id, state, name, peerUrl, clientUrl, learner] of members) {
      const node = cluster.nodes.find((each) => each.name === name);
      expect(id).toMatch(/^[0-9a-f]{1,13}$/);
      expect([state, clientUrl, learner]).toEqual(["started", `http://${node?.clientAddress}`, "false"]);
      expect(peerUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    }
    expect(members.map(([, , name]) => name).toSorted((a = "", b = "") => a.localeCompare(b))).toEqual([
      "n1",
      "n2",
      "n3",
    ]);
  });

  test("is told in etcd's words what is wrong", () => {
    const empty = etcdctl(["put", "", "x"]);
    expect([empty.code, empty.stderr.split("\n").at(-2)]).toEqual([
      1,
      "Error: etcdserver: key is not provided",
    ]);
    const future = etcdctl(["get", "chosen", "--rev", "900000"]);
    expect([future.code, future.stderr.split("\n").at(-2)]).toEqual([
      1,
      "Error: etcdserver: mvcc: required revision is a future revision",
    ]);
  });
});
