import { afterEach, expect, test } from "vitest";
import type { Report } from "../replica/report.js";
import { freePorts, until } from "../testing/cluster.js";
import { CLUSTER_ID, PeersWorld, chunksOf, heartbeat, snapshot } from "../testing/peers-world.js";
import { peerOptions } from "./options.js";

let world = new PeersWorld();

afterEach(() => {
  world.end();
  world = new PeersWorld();
});

test("messages go both ways, each on its sender's own connection, in order", async () => {
  // What waits for a dial that fails is dropped.
  const { one, two } = await world.pair({ dialTimeoutMs: 30_000 });
  one.transport.connect();
  two.transport.connect();
  one.transport.send([heartbeat(1), heartbeat(2)]);
  two.transport.send([heartbeat(3, 2, 1)]);
  one.transport.send([heartbeat(4)]);
  await until("all are there", async () =>
    two.received.length === 3 && one.received.length === 1 ? true : null,
  );
  expect(two.rounds()).toEqual([1, 2, 4]);
  expect(one.rounds()).toEqual([3]);
});

test("a report reaches all that are connected; the last one replaces those that wait", async () => {
  const { one, two } = await world.pair();
  const report = (hash: number): Report => ({
    alarms: ["NOSPACE"],
    hashes: [{ index: 256, revision: 9, hash }],
    hashFormat: 2,
  });
  one.transport.report(report(1));
  one.transport.connect();
  await until("it is connected", async () => (one.connected.length === 1 ? true : null));
  one.transport.report(report(2));
  one.transport.report(report(0xffffffff));
  await until("a report is there", async () => (two.reports.length > 0 ? true : null));
  one.transport.send([heartbeat(1)]);
  await until("a message is there", async () => (two.received.length > 0 ? true : null));
  expect(two.reports).toEqual([[1, report(0xffffffff)]]);
});

test("a member that is not known here is taken in, and dialled where it says that it is", async () => {
  const { two, port } = await world.pair();
  const [threePort = 0] = await freePorts(1);
  const three = { id: 3, name: "three", peerUrls: [`http://127.0.0.1:${threePort}`] };
  const members = [{ id: 2, name: "two", peerUrls: [`http://127.0.0.1:${port}`] }, three];
  const identity = { clusterId: CLUSTER_ID, self: three, members };
  const newcomer = await world.open(identity, threePort, peerOptions(1000, 1024));
  newcomer.transport.connect();
  two.transport.connect();
  newcomer.transport.send([heartbeat(1, 3, 2)]);
  await until("it is heard", async () => (two.received.length > 0 ? true : null));
  two.transport.send([heartbeat(2, 2, 3)]);
  await until("it hears", async () => (newcomer.received.length > 0 ? true : null));
  expect(newcomer.rounds()).toEqual([2]);
});

test("a member that was removed is cut off, refused by name, and dialled no more", async () => {
  const { one, two } = await world.connectedPair();
  two.transport.connect();
  await until("both are connected", async () => (two.connected.length === 1 ? true : null));
  two.transport.setMembers([{ id: 2, name: "two", peerUrls: [] }], [1]);
  await until("its stream has ended", async () => (one.ended.length > 0 ? true : null));
  expect(one.ended[0]).toBe("removed");
  await until("it has dialled again", async () => (two.refused.length > 0 ? true : null));
  expect(two.refused[0]).toBe("member 1 was removed from the cluster");
  two.transport.send([heartbeat(1, 2, 1)]);
  two.transport.report({ alarms: [], hashes: [], hashFormat: 1 });
  await expect(one.transport.stream(snapshot(), chunksOf(Buffer.alloc(1), 1))).rejects.toThrow(
    "not connected",
  );
  expect(one.received).toEqual([]);
});
