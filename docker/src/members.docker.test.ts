import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, kvClient } from "@gauntlet/client";
import type { Membership, NodeName } from "@gauntlet/nemesis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DockerHosts } from "./hosts.js";
import { ensureImages } from "./image.js";
import { DockerMembers } from "./members.js";
import { engineForTests, until } from "./testing/containers.js";

/** Machines that join and leave a real cluster, by its own API. */

const engine = await engineForTests();
const RUN = `test-members-${process.pid}`;

let logs = "";
let hosts: DockerHosts;
let members: DockerMembers;

function leader(): Promise<NodeName> {
  return until("a leader", async () => {
    const leaders = [...(await hosts.view())].filter(([, { role }]) => role === "leader");
    return leaders.length === 1 ? leaders[0]?.[0] : undefined;
  });
}

/** Once nothing is under way and the members are these. */
function becomes(voters: readonly NodeName[], learners: readonly NodeName[] = []): Promise<Membership> {
  return until(`voters ${voters.join(", ")}`, async () => {
    const now = await members.membership().catch(() => null);
    const isThere =
      now?.settled === true &&
      now.voters.toSorted().join() === voters.join() &&
      now.learners.join() === learners.join();
    return isThere && now !== null ? now : undefined;
  });
}

async function write(node: NodeName, key: string): Promise<void> {
  const etcd = connect({ endpoint: hosts.endpoints.get(node)?.client ?? "", deadlineMs: 2_000 });
  const client = kvClient(etcd);
  try {
    await until(`a write at ${node}`, async () =>
      (await client.write(key, key)).type === "ok" ? true : undefined,
    );
  } finally {
    etcd.close();
  }
}

describe.skipIf(engine === null)("members of a cluster of containers", { timeout: 180_000 }, () => {
  beforeAll(async () => {
    logs = await mkdtemp(join(tmpdir(), "gauntlet-members-"));
    const { image } = await ensureImages({ log: (line) => console.log(line) });
    hosts = await DockerHosts.start({ runId: RUN, nodes: 3, spares: 1, image, logsDir: logs });
    if (!(hosts.members instanceof DockerMembers)) throw new Error("these hosts change no members");
    members = hosts.members;
    await leader();
  }, 300_000);

  afterAll(async () => {
    await hosts?.stop();
    await rm(logs, { recursive: true, force: true });
  }, 120_000);

  test("at first: the nodes are voters, the spare is no member and does not run", async () => {
    expect(hosts.nodes).toEqual(["n1", "n2", "n3"]);
    expect(members.spares).toEqual(["n4"]);
    await becomes(["n1", "n2", "n3"]);
    expect([...(await hosts.view()).keys()]).toEqual(["n1", "n2", "n3"]);
    expect(await hosts.process("n4")).toMatchObject({ state: "exited", starts: 0 });
  });

  test("both capabilities are proved, and the members are as before", async () => {
    const probed = await hosts.probe();
    expect(probed["member.change"]).toMatchObject({ available: true });
    expect(probed["member.transfer"]).toMatchObject({ available: true });
    await becomes(["n1", "n2", "n3"]);
  });

  test("the leader hands over to whom it is told", async () => {
    const old = await leader();
    const to = hosts.nodes.find((node) => node !== old) ?? "";
    await members.transfer(to);
    expect(await until(`${to} as leader`, async () => ((await leader()) === to ? to : undefined))).toBe(to);
  });

  test("a spare replaces a voter and the voter replaces it again; writes go on at both", async () => {
    await write("n1", "before");
    const followers = hosts.nodes.filter((node) => node !== "n1");
    const gone = (await leader()) === "n3" ? "n2" : "n3";
    const rest = ["n1", ...followers.filter((node) => node !== gone)];
    await members.change({ type: "replace", node: gone, by: "n4" });
    await expect(members.change({ type: "remove", node: "n1" })).rejects.toThrow("is under way");
    await becomes([...rest, "n4"]);
    expect([...(await hosts.view()).keys()]).toContain("n4");
    await write("n4", "during");
    await members.change({ type: "replace", node: "n4", by: gone });
    await becomes(["n1", "n2", "n3"]);
    await write(gone, "after");
    expect([...(await hosts.view()).keys()]).toEqual(["n1", "n2", "n3"]);
  });

  test("one voter leaves, and comes back empty as a learner that is promoted", async () => {
    const gone = (await leader()) === "n3" ? "n2" : "n3";
    await members.change({ type: "remove", node: gone });
    await becomes(["n1", "n2", "n3"].filter((node) => node !== gone));
    await members.change({ type: "add", node: gone, as: "promotable" });
    const { voters, learners } = await becomes(["n1", "n2", "n3"]);
    expect([voters.length, learners.length]).toEqual([3, 0]);
    await write(gone, "back");
  });

  test("what etcd's API does not know is refused", async () => {
    expect(members.lacks).toEqual(["demote"]);
    await expect(members.change({ type: "demote", node: "n1" })).rejects.toThrow("no learner of a voter");
    await expect(members.change({ type: "remove", node: "n4" })).rejects.toThrow("n4 is no member");
  });
});
