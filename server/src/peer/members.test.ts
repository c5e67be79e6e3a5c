import { afterEach, expect, test } from "vitest";
import { freePorts } from "../testing/cluster.js";
import { CLUSTER_ID, PeersWorld } from "../testing/peers-world.js";
import { byPeerUrl, fetchMembers } from "./members.js";
import type { MembersAnswer } from "./members.js";
import { peerOptions } from "./options.js";

let world = new PeersWorld();

afterEach(() => {
  world.end();
  world = new PeersWorld();
});

function member(id: number, name = "", ...peerUrls: string[]): MembersAnswer["members"][number] {
  return { id, name, peerUrls, clientUrls: [] };
}

test("who joins asks all, and is found by its own URL in any answer", async () => {
  const { one, two, port } = await world.pair();
  const [onePort = 0, deadPort = 0] = await freePorts(2);
  const third = await world.open(
    { clusterId: CLUSTER_ID, self: { id: 9, name: "nine", peerUrls: [] }, members: [] },
    onePort,
    peerOptions(1000, 1024),
  );
  const urls = [port, onePort, deadPort].map((each) => `http://127.0.0.1:${each}`);
  const own = "http://127.0.0.1:2390";
  expect(one.members).toBeNull();

  await expect(fetchMembers(urls, byPeerUrl(own), 300)).rejects.toThrow(
    "none of the cluster's members answers",
  );
  third.members = { clusterId: CLUSTER_ID, members: [member(1, "one"), member(2, "two")], removed: [1] };
  await expect(fetchMembers(urls, byPeerUrl(own), 300)).rejects.toThrow(
    `"etcdctl member add <name> --peer-urls=${own}"`,
  );
  two.members = { clusterId: CLUSTER_ID, members: [member(1), member(4, "", `${own}/`)], removed: [] };
  const joined = await fetchMembers(urls, byPeerUrl(own), 300);
  expect(joined.self).toEqual(member(4, "", `${own}/`));
  expect(joined.cluster.members.map(({ id }) => id)).toEqual([4, 2]);
  two.members = { clusterId: 5, members: [], removed: [] };
  await expect(fetchMembers(urls, byPeerUrl(own), 300)).rejects.toThrow("members of two clusters, ");
});

test("who is not known yet is found once it is", async () => {
  const { two, port } = await world.pair();
  two.members = { clusterId: CLUSTER_ID, members: [], removed: [] };
  const joining = fetchMembers([`http://127.0.0.1:${port}`], byPeerUrl("http://127.0.0.1:2390"), 20_000);
  setTimeout(() => {
    two.members = { clusterId: CLUSTER_ID, members: [member(4, "", "http://127.0.0.1:2390")], removed: [] };
  }, 400);
  expect((await joining).self.id).toBe(4);
});
