import { Client, Metadata, credentials, status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { peerService } from "@gauntlet/proto";
import { afterEach, expect, test } from "vitest";
import type { Message } from "../raft/message.js";
import { until } from "../testing/cluster.js";
import { CLUSTER_ID, PeersWorld, heartbeat, snapshot } from "../testing/peers-world.js";
import { toWire } from "./codec.js";
import { introduce } from "./protocol.js";

let world = new PeersWorld();

afterEach(() => {
  world.end();
  world = new PeersWorld();
});

/** Speaks to member 2 by hand: its answer's code, once the stream has ended. */
function sendByHand(port: number, metadata: Metadata, messages: readonly Message[]): Promise<number> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    "grpc.enable_http_proxy": 0,
  });
  return new Promise((resolve) => {
    const { path, requestSerialize, responseDeserialize } = peerService.send;
    const done = (error: ServiceError | null) => {
      client.close();
      resolve(error?.code ?? status.OK);
    };
    const stream = client.makeClientStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      metadata,
      done,
    );
    stream.on("error", () => undefined);
    stream.write({ messages: messages.map(toWire) });
    stream.end();
  });
}

const URLS = { clientUrl: "", peerUrl: "" };

function idsOf(id: number, clusterId = CLUSTER_ID): { clusterId: number; self: { id: number } } {
  return { clusterId, self: { id } };
}

test.each([
  ["another cluster", introduce(idsOf(1, 78), 2, URLS), "is of cluster 4e"],
  ["this member's own id", introduce(idsOf(2), 2, URLS), "which it cannot be"],
  ["no id", introduce(idsOf(0), 2, URLS), "which it cannot be"],
  ["another receiver", introduce(idsOf(1), 9, URLS), "member 9"],
  ["no introduction at all", new Metadata(), "protocol"],
])("a stream of %s is refused", async (_what, metadata, reason) => {
  const { two, port } = await world.pair();
  expect(await sendByHand(port, metadata, [heartbeat(1)])).toBe(status.FAILED_PRECONDITION);
  expect(two.refused).toHaveLength(1);
  expect(two.refused[0]).toContain(reason);
  expect(two.received).toEqual([]);
});

test("a message that is not its stream's to carry is dropped, the rest is taken", async () => {
  const { two, port } = await world.pair();
  const metadata = introduce(idsOf(1), 2, URLS);
  const messages = [heartbeat(1), heartbeat(2, 3, 2), heartbeat(3, 1, 9), snapshot(1, 2), heartbeat(4)];
  expect(await sendByHand(port, metadata, messages)).toBe(status.OK);
  expect(two.rounds()).toEqual([1, 4]);
  expect(two.misdirected).toEqual([
    "a message from 3 to 2",
    "a message from 1 to 9",
    "a message from 1 to 2: a snapshot without its state",
  ]);
});

test("messages are taken from a member's newest stream only", async () => {
  const { one, two, port } = await world.pair();
  one.transport.connect();
  await until("it is connected", async () => (one.connected.length === 1 ? true : null));
  const metadata = introduce(idsOf(1), 2, URLS);
  expect(await sendByHand(port, metadata, [heartbeat(7)])).toBe(status.OK);
  await until("the older stream has ended, and is dialled again", async () =>
    one.connected.length === 2 ? true : null,
  );
  one.transport.send([heartbeat(8)]);
  await until("it carries messages", async () => (two.received.length === 2 ? true : null));
  expect(two.rounds()).toEqual([7, 8]);
});
