import { once } from "node:events";
import { createServer as createHttp2Server } from "node:http2";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { nodeClock } from "../runtime/clock.js";
import { freePorts } from "../testing/cluster.js";
import { PeerLink } from "./link.js";
import type { LinkEnd } from "./link.js";
import { askMembers } from "./members.js";
import { peerOptions } from "./options.js";
import { introduce } from "./protocol.js";

/** grpc-js dials again about a second after it dialled in vain. */
const REDIAL_MS = 2000;

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** How many connections come to `port`, where nobody listens before, while a client that was not ended would dial. */
async function connectionsTo(port: number): Promise<number> {
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    closers.push(() => socket.destroy());
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  await sleep(REDIAL_MS);
  return count;
}

test("who asked for the members before any was there does not dial them later", async () => {
  const [port = 0] = await freePorts(1);
  expect(await askMembers([`http://127.0.0.1:${port}`], 1000)).toEqual([]);
  expect(await connectionsTo(port)).toBe(0);
});

test("a link that is given up does not dial later, even if the peer went between probe and call", async () => {
  const peer = createHttp2Server();
  peer.on("session", (probe) => {
    // Answers the one that is there, and is gone for the next.
    peer.close();
    probe.on("error", () => undefined);
  });
  peer.listen(0, "127.0.0.1");
  await once(peer, "listening");
  const { port } = peer.address() as AddressInfo;
  const peerUrls = [`http://127.0.0.1:${port}`];
  const metadata = introduce({ clusterId: 1, self: { id: 1 } }, 2, { clientUrl: "", peerUrl: "" });
  const ended = new Promise<LinkEnd>((resolve) => {
    const observer = {
      connected: () => undefined,
      disconnected: (_peer: unknown, end: LinkEnd) => {
        link.stop();
        resolve(end);
      },
      dropped: () => undefined,
      sent: () => undefined,
    };
    const options = peerOptions(20_000, 1024);
    const link = new PeerLink({ id: 2, name: "two", peerUrls }, metadata, options, nodeClock, observer);
    void link.run();
  });
  const { kind, reason } = await ended;
  expect(kind).toBe("unreachable");
  expect(reason).toContain("ECONNREFUSED");
  expect(await connectionsTo(port)).toBe(0);
});
