import { afterEach, expect, test } from "vitest";
import type { Message } from "../raft/message.js";
import { until } from "../testing/cluster.js";
import { PeersWorld, heartbeat } from "../testing/peers-world.js";

let world = new PeersWorld();

afterEach(() => {
  world.end();
  world = new PeersWorld();
});

test("a cut connection is given up, what was meant for it dropped, and a healed one used at once", async () => {
  const { one, two, gate } = await world.pair({ pingAfterMs: 50, pingTimeoutMs: 200, dialTimeoutMs: 200 });
  one.transport.connect();
  await until("it is connected", async () => (one.connected.length === 1 ? true : null));
  gate.shut();
  await until("it is given up and dialled in vain", async () =>
    one.ended.includes("unreachable") ? true : null,
  );
  expect(one.ended[0]).toBe("lost");
  one.transport.send([heartbeat(1)]);
  expect(one.dropped).toBe(1);
  gate.open();
  await until("it is connected again", async () => (one.connected.length === 2 ? true : null));
  one.transport.send([heartbeat(2)]);
  await until("a message arrives", async () => (two.received.length > 0 ? true : null));
  expect(two.rounds()).toEqual([2]);
});

test("a full queue drops what comes on top", async () => {
  const { one, two } = await world.pair({ maxQueuedMessages: 3, dialTimeoutMs: 30_000 });
  one.transport.send([1, 2, 3, 4, 5].map((round) => heartbeat(round)));
  expect(one.dropped).toBe(2);
  one.transport.connect();
  await until("the rest arrives", async () => (two.received.length === 3 ? true : null));
  expect(two.rounds()).toEqual([1, 2, 3]);
  const data = [new Uint8Array(40_000_000)];
  const large: Message = { from: 1, to: 2, term: 1, type: "propose", id: 1, data };
  one.transport.send([large, large]);
  expect(one.dropped).toBe(3);
});

test("a member that moves is dialled at its new address; one that stays keeps its connection", async () => {
  const { one, two, port } = await world.connectedPair();
  const at = (...peerUrls: string[]) => [{ id: 2, name: "two", peerUrls }];
  const url = `http://127.0.0.1:${port}`;
  one.transport.setMembers(at(url), []);
  await until("it is dialled anew", async () => (one.connected.length === 2 ? true : null));
  one.transport.setMembers(at("http://127.0.0.1:1", url), []);
  one.transport.send([heartbeat(1)]);
  await until("a message arrives", async () => (two.received.length === 1 ? true : null));
  expect(one.connected).toHaveLength(2);
  expect(one.ended).toHaveLength(1);
});

test("where the first address does not answer, the next is tried", async () => {
  const { one, two, port } = await world.pair();
  one.transport.setMembers(
    [{ id: 2, name: "two", peerUrls: ["http://127.0.0.1:1", `http://127.0.0.1:${port}`] }],
    [],
  );
  one.transport.connect();
  await until("it is connected", async () => (one.connected.length === 1 ? true : null));
  one.transport.send([heartbeat(1)]);
  await until("a message arrives", async () => (two.received.length === 1 ? true : null));
  expect(one.ended).toEqual(["unreachable"]);
});
