import { once } from "node:events";
import { constants, createServer as createHttp2Server } from "node:http2";
import type { ServerHttp2Stream } from "node:http2";
import { createServer as createTcpServer, Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import type { EtcdClientOptions } from "./etcd-client.js";
import { EtcdClient } from "./etcd-client.js";
import { errorOf, freePort, startKvProcess } from "./testing/harness.js";
import type { KvServerOptions } from "./testing/kv-server.js";
import { startKvServer } from "./testing/kv-server.js";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) {
    await close();
  }
});

const DEADLINE_MS = 10_000;
const WRITE = { key: "k", value: "v" };

function client(ports: readonly number[], options: Partial<EtcdClientOptions> = {}): EtcdClient {
  const endpoints = ports.map((port) => `127.0.0.1:${port}`);
  const etcd = new EtcdClient({ endpoints, deadlineMs: DEADLINE_MS, ...options });
  closers.push(() => etcd.close());
  return etcd;
}

/** A real gRPC server that counts the calls reaching its handlers. */
async function counting(options: Partial<KvServerOptions> = {}): Promise<{ port: number; calls: string[] }> {
  const calls: string[] = [];
  const { server, port } = await startKvServer({
    port: 0,
    range: (answer) => answer(null, { header: { revision: 7 } }),
    put: (answer) => answer(null, { header: { revision: 8 } }),
    arrived: (method) => calls.push(method),
    ...options,
  });
  closers.push(() => server.forceShutdown());
  return { port, calls };
}

/** A server one layer down, where streams can be refused and connections cut. Counts requests. */
async function http2Server(
  onRequest: (stream: ServerHttp2Stream, socket: Socket) => void,
): Promise<{ port: number; requests: () => number }> {
  let requests = 0;
  let socket = new Socket();
  const server = createHttp2Server();
  server.on("connection", (connection: Socket) => {
    socket = connection;
  });
  server.on("stream", (stream) => {
    requests += 1;
    stream.on("error", () => undefined);
    stream.resume();
    stream.once("end", () => onRequest(stream, socket));
  });
  server.on("session", (session) => {
    session.on("error", () => undefined);
    closers.push(() => session.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  return { port: (server.address() as AddressInfo).port, requests: () => requests };
}

/** Long enough for a hidden retry: the longest reconnect back-off and more. */
const settle = (): Promise<void> => sleep(700);

describe("a write that provably never left is `fail`", () => {
  test("nobody listens", async () => {
    const error = await errorOf(client([await freePort()]).put(WRITE));
    expect(error).toMatchObject({ outcome: "fail", code: "never-sent", grpcCode: status.UNAVAILABLE });
    expect(error.cause).toBeInstanceOf(Error);
  });

  test("the peer accepts the connection and never speaks", async () => {
    const seen: Buffer[] = [];
    const server = createTcpServer((socket) => {
      socket.on("data", (data) => seen.push(data));
      closers.push(() => socket.destroy());
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    closers.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const error = await errorOf(client([port], { deadlineMs: 300 }).put(WRITE));
    expect(error).toMatchObject({ outcome: "fail", code: "never-sent", grpcCode: status.DEADLINE_EXCEEDED });
    await settle();
    // The HTTP/2 preface and settings may be there, a request may not.
    expect(Buffer.concat(seen).includes("etcdserverpb")).toBe(false);
  });

  test("the name does not resolve", async () => {
    const etcd = client([], { endpoints: ["no-such-host.invalid:2379"] });
    expect(await errorOf(etcd.put(WRITE))).toMatchObject({ outcome: "fail", code: "never-sent" });
  });

  test("the client is closed", async () => {
    const etcd = client([await freePort()]);
    etcd.close();
    expect(await errorOf(etcd.put(WRITE))).toMatchObject({ outcome: "fail", code: "never-sent" });
  });
});

describe("a write that may have arrived is `info`, and is sent once", () => {
  const refusals: readonly (readonly [string, status, string])[] = [
    ["UNAVAILABLE", status.UNAVAILABLE, "etcdserver: request timed out"],
    ["an error passed on from the server's own peer", status.UNAVAILABLE, "No connection established"],
    ["a deadline of the server's own peer", status.DEADLINE_EXCEEDED, "Waiting for LB pick"],
    ["UNKNOWN", status.UNKNOWN, "boom"],
  ];

  test.each(refusals)("the server answers %s", async (_, code, details) => {
    const first = await counting({ put: (answer) => answer({ code, details }) });
    const second = await counting();
    const error = await errorOf(client([first.port, second.port]).put(WRITE));
    await settle();
    expect(error).toMatchObject({ outcome: "info", grpcCode: code });
    expect(first.calls).toEqual(["put"]);
    expect(second.calls).toEqual([]);
  });

  test("the deadline passes while the server holds the call", async () => {
    const { port, calls } = await counting({ put: () => undefined });
    const etcd = client([port]);
    await etcd.range({ key: "k" });
    const error = await errorOf(etcd.put(WRITE, { deadlineMs: 200 }));
    await settle();
    expect(error).toMatchObject({ outcome: "info", code: "deadline-exceeded" });
    expect(calls).toEqual(["range", "put"]);
  });

  test("a deadline that was over before the call began", async () => {
    const { port, calls } = await counting();
    const etcd = client([port]);
    await etcd.range({ key: "k" });
    // grpc-js ends such a call for its caller, and sends it all the same.
    expect(await errorOf(etcd.put(WRITE, { deadlineMs: -1 }))).toMatchObject({ outcome: "info" });
    await settle();
    expect(calls.length).toBeLessThanOrEqual(2);
  });

  test("the connection is reset after the request was received", async () => {
    const { port, requests } = await http2Server((_, socket) => socket.resetAndDestroy());
    const error = await errorOf(client([port]).put(WRITE));
    await settle();
    expect(error.outcome).toBe("info");
    expect(requests()).toBe(1);
  });

  test("the server refuses the stream, which gRPC would silently send again", async () => {
    const { port, requests } = await http2Server((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM));
    const error = await errorOf(client([port]).put(WRITE));
    await settle();
    expect(error.outcome).toBe("info");
    expect(requests()).toBe(1);
  });

  test("the server says GOAWAY and closes", async () => {
    const { port, requests } = await http2Server((stream) => {
      stream.session?.goaway(constants.NGHTTP2_NO_ERROR, 0);
      stream.session?.destroy();
    });
    const error = await errorOf(client([port]).put(WRITE));
    await settle();
    expect(error.outcome).toBe("info");
    expect(requests()).toBe(1);
  });

  test("the server is killed in the middle of the call, and its successor never sees it", async () => {
    const first = await startKvProcess(0);
    closers.push(() => first.kill());
    const etcd = client([first.port]);
    const call = errorOf(etcd.put(WRITE));
    await first.arrived(1);
    await first.kill();
    expect(await call).toMatchObject({ outcome: "info", code: "unavailable" });
    const second = await startKvProcess(first.port);
    closers.push(() => second.kill());
    // The restarted server is used again within the reconnect back-off.
    await expect.poll(() => etcd.range({ key: "k" }).then(() => "answered", String)).toBe("answered");
    await settle();
    expect(second.calls.filter((name) => name === "put")).toEqual([]);
  });

  test("the server is paused, and gets the call once when it goes on", async () => {
    const server = await startKvProcess(0);
    closers.push(() => server.kill());
    const etcd = client([server.port]);
    await etcd.range({ key: "k" });
    server.child.kill("SIGSTOP");
    const error = await errorOf(etcd.put(WRITE, { deadlineMs: 300 }));
    expect(error).toMatchObject({ outcome: "info", code: "deadline-exceeded" });
    server.child.kill("SIGCONT");
    await etcd.range({ key: "k" });
    await settle();
    expect(server.calls.filter((name) => name === "put").length).toBeLessThanOrEqual(1);
  });
});

test("a client that was closed while nobody listened does not connect when somebody does", async () => {
  const port = await freePort();
  const etcd = client([port]);
  await errorOf(etcd.put(WRITE));
  etcd.close();
  let connections = 0;
  const server = createTcpServer((socket) => {
    connections += 1;
    closers.push(() => socket.destroy());
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  await settle();
  expect(connections).toBe(0);
});

describe("endpoints", () => {
  test("a write goes on to the next endpoint only when it never left", async () => {
    const { port, calls } = await counting();
    const answer = await client([await freePort(), port]).put(WRITE);
    expect(answer.header.revision).toBe(8);
    expect(calls).toEqual(["put"]);
  });

  test("a read goes on when the endpoint answers UNAVAILABLE, and later calls begin there", async () => {
    const first = await counting({
      range: (answer) => answer({ code: status.UNAVAILABLE, details: "etcdserver: leader changed" }),
    });
    const second = await counting();
    const etcd = client([first.port, second.port]);
    expect((await etcd.range({ key: "k" })).header.revision).toBe(7);
    await etcd.put(WRITE);
    expect(first.calls).toEqual(["range"]);
    expect(second.calls).toEqual(["range", "put"]);
  });

  test("each endpoint is tried at most once a call", async () => {
    const answer: KvServerOptions["range"] = (send) => send({ code: status.UNAVAILABLE, details: "no" });
    const [first, second] = [await counting({ range: answer }), await counting({ range: answer })];
    expect(await errorOf(client([first.port, second.port]).range({ key: "k" }))).toMatchObject({
      outcome: "fail",
      code: "unavailable",
    });
    expect([first.calls, second.calls]).toEqual([["range"], ["range"]]);
  });

  test("a list without endpoints is refused", () => {
    expect(() => new EtcdClient({ endpoints: [], deadlineMs: 1 })).toThrow(/at least one/);
  });
});
